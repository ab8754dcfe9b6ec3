"""EC2, STS, SSM and the price list as they are spoken at *.amazonaws.com, cut down to what renting a machine needs.

Every request's signature is verified. A credential is "ID:SECRET", or "ID:SECRET:TOKEN" for a temporary one.
"""
import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timezone

from cloud import Cloud
from clouds.aws_answers import ec2_answer, error_answer, json_answer, sts_answer
from clouds.aws_catalogue import PARAMETER, SPOT_SHARE, VPC, ZONES, aws_images, aws_types, image_of, subnet_of, type_xml
from clouds.aws_groups import Group, Groups
from clouds.aws_instances import Machines
from clouds.aws_signature import LONGEST_SKEW_S, Scope, form_of, numbered, signature, skew_s, unsigned
from credential import Credential, Credentials, read_credentials
from exchange import Answer, Operation, Refused
from instance import Instance
from meter import Meter
from rate_limit import Window
from rentals import Life
from virtual_clock import iso

USUAL = {400: ("InvalidParameterValue", "The request is not valid."),
         401: ("AuthFailure", "AWS was not able to validate the provided access credentials"),
         403: ("UnauthorizedOperation", "You are not authorized to perform this operation."),
         404: ("NotFound", "There is none."), 409: ("Conflict", "Another operation is in progress."),
         429: ("RequestLimitExceeded", "Request limit exceeded."), 500: ("InternalError", "An internal error has occurred"),
         503: ("Unavailable", "The service is unavailable. Please try again shortly.")}
# service -> how it says that a key is unknown, a signature wrong, a request too old, a session over
AUTH = {"ec2": ((401, "AuthFailure"), (401, "AuthFailure"), (400, "RequestExpired"), (400, "RequestExpired")),
        "sts": ((403, "InvalidClientTokenId"), (403, "SignatureDoesNotMatch"), (403, "SignatureDoesNotMatch"),
                (403, "ExpiredToken"))}
AUTH_JSON = ((400, "UnrecognizedClientException"), (400, "InvalidSignatureException"),
             (400, "InvalidSignatureException"), (400, "ExpiredTokenException"))


class Aws(Cloud):
    name = "aws"
    hosts = ("*.amazonaws.com",)
    bills_from = "active"
    bills_off = False
    login = "ubuntu"
    life = Life("pending", "running", "stopped", "shutting-down", "terminated", "terminated")
    meter = Meter(step_ms=1000, least_ms=60_000)
    settings = {
        "get_lag_s": 2,
        "list_lag_s": 5,
        "key_lag_s": 1,  # of a security group
        "delete_s": 15,
        "gone_lag_s": 3600,
        "quota": 20,
        "requests": 400,  # in 10 s, of one account
        "skew_s": 0,  # how far the cloud's clock is ahead of everybody's
        "notice_s": 120,  # from the notice of a reclaimed spot machine to its end
        "prices_allowed": True,
        "subnets": True,
    }

    def __init__(self, world, seed):
        super().__init__(world, seed)
        self.images = aws_images()
        self.groups, self.machines = Groups(self), Machines(self)
        self._requests = Window(10_000)
        for credential in self.credentials:
            for part in credential.secret.split(":")[1:]:
                world.history.hide(part)
        self.seed_foreign(seed)

    def catalogue(self):
        return aws_types()

    def make_credentials(self, seeded):
        if seeded is not None:
            return Credentials(read_credentials(seeded))

        def made(name, state, account, token=False):
            key = ("ASIA" if token else "AKIA") + secrets.token_hex(8).upper()
            parts = [key, secrets.token_urlsafe(30)] + [secrets.token_urlsafe(60)] * token
            return Credential(name, ":".join(parts), state, account)

        return Credentials([made("good", "active", "main"), made("session", "active", "main", True),
                            made("expired", "expired", "main", True), made("revoked", "revoked", "main"),
                            made("inactive", "inactive", "blocked"), made("other", "active", "other")])

    def seed_foreign(self, data):
        now = self.world.clock.now_ms()
        for entry in data.get("keys", []):
            self.keys.append(Group("sg-" + secrets.token_hex(8) + "0", entry["name"], "us-east-1", VPC["us-east-1"], {},
                                   0, entry.get("account", "main"), foreign=True))
        for entry in data.get("instances", []):
            type = self.types[entry["type"]]
            self.rentals.add_foreign(
                Instance("i-" + secrets.token_hex(8) + "0", entry["name"], entry.get("tags", []), type,
                         entry["region"], type.price_micros, now, entry.get("account", "main"),
                         facts=self.machines.facts({"Name": entry["name"]})), now)

    # What a request is.

    def table(self):
        return [Operation(name, "POST", "/", act) for name, act in [
            ("identity", lambda request: sts_answer("GetCallerIdentity", {
                "Arn": f"arn:aws:iam::{self.account_id(request)}:user/stoker", "UserId": "AIDAEXAMPLE",
                "Account": self.account_id(request)})),
            ("parameter", self._parameter), ("prices", self._prices), ("types", self._types), ("zones", self._zones),
            ("subnets", self._subnets), ("images", self._images), ("spot-prices", self._spot_prices),
            ("launch", lambda request: self.machines.launch(request)),
            ("instances.list", lambda request: self.machines.describe(request)),
            ("instances.get", lambda request: self.machines.describe(request)),
            ("terminate", lambda request: self.machines.terminate(request)),
            ("groups.create", lambda request: self.groups.create(request)),
            ("groups.open", lambda request: self.groups.open(request)),
            ("groups.list", lambda request: self.groups.list(request)),
            ("groups.delete", lambda request: self.groups.delete(request)),
        ]]

    ACTIONS = {"GetCallerIdentity": "identity", "DescribeInstanceTypes": "types", "DescribeSubnets": "subnets",
               "DescribeInstanceTypeOfferings": "zones", "DescribeImages": "images", "RunInstances": "launch",
               "DescribeSpotPriceHistory": "spot-prices", "DescribeInstances": "instances.list",
               "TerminateInstances": "terminate", "CreateSecurityGroup": "groups.create",
               "AuthorizeSecurityGroupIngress": "groups.open", "DescribeSecurityGroups": "groups.list",
               "DeleteSecurityGroup": "groups.delete", "AmazonSSM.GetParameter": "parameter",
               "AWSPriceListService.GetProducts": "prices"}

    def operation_of(self, request):
        request.form, request.scope = {}, None
        try:
            request.scope = Scope(request.headers.get("authorization"))
            action = request.headers.get("x-amz-target")
            if action is None:
                request.form = form_of(request.body)
                action = request.form.get("Action")
        except ValueError:
            return None
        name = self.ACTIONS.get(action)
        if name == "instances.list" and "InstanceId.1" in request.form:
            name = "instances.get"
        return next((one for one in self.operations._all if one.name == name and request.method == "POST"), None)

    def credential_of(self, request):
        if request.scope is None:
            return None
        return next((one for one in self.credentials if one.secret.split(":")[0] == request.scope.key_id), None)

    def server_ms(self):
        """As its clients have it: a test that pushes the time does not move their clocks."""
        return int(self.world.clock._now_ms) + int(self.settings["skew_s"] * 1000)

    # Who may come in.

    def admit(self, request):
        if request.scope is None:
            self._deny(request, 403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        scope, credential = request.scope, self.credential_of(request)
        unknown, wrong, old, over = AUTH.get(scope.service, AUTH_JSON)
        if credential is None or credential.state == "revoked":
            self._deny(request, *unknown, USUAL[401][1])
        _, secret, *token = credential.secret.split(":")
        date = request.headers.get("x-amz-date", "")
        self._require_fresh(request, date, old)
        host = request.headers.get("host", "").split(":")[0]
        misplaced = host.endswith(".amazonaws.com") and host not in (
            f"{scope.service}.{scope.region}.amazonaws.com", f"api.{scope.service}.{scope.region}.amazonaws.com")
        if misplaced or date[:8] != scope.day or unsigned(request, scope) or not hmac.compare_digest(
                signature(request, scope, date, secret), scope.signature):
            self._deny(request, *wrong, "The request signature we calculated does not match the signature you provided.")
        if (request.headers.get("x-amz-security-token") or "") != (token[0] if token else ""):
            self._deny(request, *unknown, "The security token included in the request is invalid.")
        if credential.state == "expired":
            self._deny(request, *over, "The security token included in the request is expired")
        if credential.state == "inactive":
            self._deny(request, 403, "Blocked", "This account is currently blocked.")
        request.credential = credential
        self._limit(request)
        if scope.region not in ZONES:
            self._deny(request, 403, "OptInRequired", "You are not subscribed to this service.")
        if request.form.get("DryRun") == "true":
            self._deny(request, 412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")

    def _require_fresh(self, request, date, old):
        try:
            skew = skew_s(date, self.server_ms())
        except ValueError:
            self._deny(request, 400, "IncompleteSignature", "Date must be in ISO-8601 'basic format'.")
        if abs(skew) > LONGEST_SKEW_S:
            early = "not yet current" if skew < 0 else "expired"
            self._deny(request, *old, f"Signature {early}: {date} is compared to {iso(self.server_ms())}")

    def _limit(self, request):
        self._requests.limit = self.settings["requests"]
        who = request.credential.account
        if self._requests.is_full(who, request.t_ms):
            self._deny(request, 503, "RequestLimitExceeded", "Request limit exceeded.")
        self._requests.count(who, request.t_ms)

    def _deny(self, request, status, code, message):
        service = request.scope.service if request.scope else "sts"
        raise Refused(error_answer(service, status, code, message))

    def refuse(self, status, code, message):
        raise Refused(error_answer("ec2", status, code, message))

    def error(self, status, code=None, message=None, request=None):
        usual = USUAL.get(status, ("Failure", "It failed."))
        return error_answer("ec2", status, code or usual[0], message or usual[1])

    def no_operation(self, request):
        return error_answer("ec2", 400, "InvalidAction", "The action is not valid for this endpoint.")

    def finish(self, request, answer):
        now = datetime.fromtimestamp(self.server_ms() / 1000, timezone.utc)
        answer.headers["date"] = now.strftime("%a, %d %b %Y %H:%M:%S GMT")

    def violation(self, request, detail):
        self.violations.append({"side": "request", "operation": "launch", "detail": detail})
        self.world.history.write(self.name, "violation", **self.violations[-1])

    # What all operations need.

    @staticmethod
    def account_id(request):
        return str(int(hashlib.sha256(request.credential.account.encode()).hexdigest(), 16))[:12]

    @staticmethod
    def zones(request):
        return ZONES[request.scope.region]

    def tags_for(self, form, kind):
        """Of a resource that is made by this request."""
        at = 1
        while (of := form.get(f"TagSpecification.{at}.ResourceType")) is not None:
            if of == kind:
                prefix = f"TagSpecification.{at}.Tag"
                keys = numbered({name.removesuffix(".Key"): value for name, value in form.items()
                                 if name.startswith(prefix) and name.endswith(".Key")}, prefix)
                tags = {key: form.get(f"{prefix}.{i}.Value", "") for i, key in enumerate(keys, 1)}
                if len(keys) > 50 or any(key.startswith("aws:") or len(key) > 128 for key in keys) or any(
                        len(value) > 256 for value in tags.values()) or len(tags) != len(keys):
                    self.refuse(400, "InvalidParameterValue", "The tags are not valid")
                return tags
            at += 1
        return {}

    def filtered(self, request, items, facts, tags):
        """Those that fit every Filter.N; a filter that is not known is refused."""
        number = 0
        while (name := request.form.get(f"Filter.{(number := number + 1)}.Name")) is not None:
            values = numbered(request.form, f"Filter.{number}.Value")
            if name.startswith("tag:"):
                items = [one for one in items if tags(one).get(name[4:]) in values]
            elif name in facts:
                items = [one for one in items if facts[name](one) in values]
            else:
                self.refuse(400, "InvalidParameterValue", f"The filter '{name}' is invalid")
        return items

    def page(self, request, name, items):
        """One page of a list. The token of the next is opaque, and good for this list alone."""
        most = int(request.form.get("MaxResults", 1000))
        if not 5 <= most <= 1000:
            self.refuse(400, "InvalidMaxResults", "Value is not between 5 and 1000")
        mark = f"{request.form['Action']}:"
        try:
            text = base64.urlsafe_b64decode(request.form.get("NextToken", "")).decode()
            begin = int(text.removeprefix(mark)) if text else 0
        except ValueError:
            self.refuse(400, "InvalidNextToken", "The token is not valid")
        end = begin + most
        if request.suffers("repeated-page"):
            to = request.fault.get("page", "same")
            end = {"same": begin, "first": 0}.get(to, to if isinstance(to, str) else (to - 1) * most)
        more = end < len(items) or request.suffers("repeated-page")
        token = base64.urlsafe_b64encode(f"{mark}{end}".encode()).decode() if more else None
        return ec2_answer(request.form["Action"], {name: items[begin : begin + most], "nextToken": token})

    # What is on offer.

    def _wanted_types(self, request):
        patterns = [value for i in (1, 2, 3) if request.form.get(f"Filter.{i}.Name") == "instance-type"
                    for value in numbered(request.form, f"Filter.{i}.Value")]

        def fits(name, pattern):
            return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern

        return [type for type in self.types.values() if any(fits(type.name, one) for one in patterns)]

    def _types(self, request):
        here = [type for type in self._wanted_types(request) if set(type.stock) & set(self.zones(request))]
        return self.page(request, "instanceTypeSet", [type_xml(one) for one in self.faulty_list(request, here)])

    def _zones(self, request):
        """Where a type is sold at all, which says nothing of whether any is left."""
        if request.form.get("LocationType") != "availability-zone":
            self.refuse(400, "InvalidParameterValue", "LocationType is availability-zone here")
        pairs = [(type, zone) for type in self._wanted_types(request) for zone in type.stock
                 if zone in self.zones(request) and type.stock[zone].listed is not False]
        return self.page(request, "instanceTypeOfferingSet", [
            {"instanceType": type.name, "locationType": "availability-zone", "location": zone}
            for type, zone in self.faulty_list(request, pairs)])

    def _subnets(self, request):
        zones = self.zones(request) if self.settings["subnets"] else []
        facts = {"default-for-az": lambda zone: "true", "subnet-id": subnet_of}
        zones = self.filtered(request, zones, facts, lambda zone: {})
        return self.page(request, "subnetSet", [
            {"subnetId": subnet_of(zone), "vpcId": VPC[request.scope.region], "availabilityZone": zone,
             "availableIpAddressCount": 4000, "defaultForAz": True} for zone in self.faulty_list(request, zones)])

    def _images(self, request):
        for id in numbered(request.form, "ImageId"):
            if self.images.get(id, {}).get("region") != request.scope.region:
                self.refuse(400, "InvalidAMIID.NotFound", f"The image id '[{id}]' does not exist")
        shown = self.faulty_list(request, numbered(request.form, "ImageId"))
        return ec2_answer("DescribeImages", {"imagesSet": [
            {"imageId": id, "imageState": "available", "architecture": self.images[id]["architecture"],
             "rootDeviceName": self.images[id]["root"],
             "blockDeviceMapping": [{"deviceName": self.images[id]["root"],
                                     "ebs": {"volumeSize": self.images[id]["gib"]}}]} for id in shown]})

    def _spot_prices(self, request):
        zone = next((request.form[f"Filter.{i}.Value.1"] for i in (1, 2, 3)
                     if request.form.get(f"Filter.{i}.Name") == "availability-zone"), None)
        pairs = [(type, one) for type in self._wanted_types(request) for one in type.stock
                 if one in self.zones(request) and zone in (None, one) and type.facts["listed"]]
        return self.page(request, "spotPriceHistorySet", [
            {"instanceType": type.name, "productDescription": "Linux/UNIX", "availabilityZone": one,
             "spotPrice": f"{int(type.price_micros * SPOT_SHARE) / 1e6:.6f}", "timestamp": iso(request.t_ms)}
            for type, one in self.faulty_list(request, pairs)])

    def _parameter(self, request):
        name = request.json().get("Name")
        for arch in ("x86_64", "arm64"):
            if name == PARAMETER.format(arch):
                value = image_of(request.scope.region, arch)
                return json_answer({"Parameter": {"Name": name, "Type": "String", "Value": value, "Version": 7}})
        return error_answer("ssm", 400, "ParameterNotFound", "")

    def _prices(self, request):
        if not self.settings["prices_allowed"]:
            return error_answer("pricing", 400, "AccessDeniedException", "not authorized to perform: pricing:GetProducts")
        wanted = {one["Field"]: one["Value"] for one in request.json()["Filters"] if one["Type"] == "TERM_MATCH"}
        shown = [type for type in self.types.values()
                 if type.facts["listed"] and wanted.get("instanceType", type.name) == type.name
                 and set(type.stock) & set(ZONES.get(wanted.get("regionCode"), []))]
        return json_answer({"FormatVersion": "aws_v1", "PriceList": [
            json.dumps({"product": {"attributes": {"instanceType": type.name, "regionCode": wanted["regionCode"]}},
                        "terms": {"OnDemand": {"A.B": {"priceDimensions": {"A.B.C": {
                            "unit": "Hrs", "pricePerUnit": {"USD": f"{type.price_micros / 1e6:.10f}"}}}}}}})
            for type in self.faulty_list(request, shown)]})

    # What becomes of machines.

    def powered_off(self, instance, t_ms, why):
        """InstanceInitiatedShutdownBehavior says whether that ends it."""
        self.rentals.off(instance, t_ms, why)
        if instance.facts["on_shutdown"] == "terminate" and instance.ended_ms is None:
            instance.facts["reason"] = "Client.InstanceInitiatedShutdown"
            self.rentals.preempt(instance, t_ms, "shut-down")

    def reclaim(self, instance, t_ms):
        """A spot machine is told two minutes before."""
        instance.facts["reason"] = "Server.SpotInstanceTermination"
        self.world.history.write(self.name, "reclaim-noticed", t_ms, **instance.brief())
        self.world.clock.at(t_ms + int(self.settings["notice_s"] * 1000), lambda t: self.rentals.preempt(instance, t))


CLOUD = Aws
