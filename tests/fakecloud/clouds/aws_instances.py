"""EC2's machines: what a launch asks for and what its token means, what a list shows, and what ends one."""
import base64
import secrets

from clouds.aws_answers import ec2_answer
from clouds.aws_catalogue import SPOT_SHARE, subnet_of
from clouds.aws_signature import numbered
from instance import Instance
from virtual_clock import iso

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
NOT_FOUND = "InvalidInstanceID.NotFound"
SPOT = "InstanceMarketOptions."


class Machines:
    def __init__(self, cloud):
        self._cloud = cloud
        self._tokens = {}  # (account, zone, token) -> (parameters, instances)

    # What a launch asks for.

    def launch(self, request):
        form, cloud = request.form, self._cloud
        zone = self._zone(request)
        token = form.get("ClientToken", "")
        if len(token) > 64:
            cloud.refuse(400, "InvalidParameterValue", "ClientToken has at most 64 characters")
        # Zonal, for the subnet says the zone: in another zone the same token makes another machine.
        key = (request.credential.account, zone, token)
        if token and key in self._tokens:
            return self._again(request, *self._tokens[key])
        made = self._make(request, zone)
        if token:
            self._tokens[key] = (dict(form), made)
        return self._launched(request, made[:1])

    def _again(self, request, parameters, made):
        if parameters != request.form:
            self._cloud.refuse(400, "IdempotentParameterMismatch",
                               "The request uses the same client token as a previous, but non-identical request.")
        if made[0].ended_ms is not None:
            self._cloud.refuse(400, "IdempotentInstanceTerminated",
                               "The client token is associated with an instance that is terminated.")
        return self._launched(request, made[:1])

    def _zone(self, request):
        subnet = request.form.get("NetworkInterface.1.SubnetId")
        zone = next((one for one in self._cloud.zones(request) if subnet_of(one) == subnet), None)
        if zone is None:
            self._cloud.refuse(400, "InvalidSubnetID.NotFound", f"The subnet ID '{subnet}' does not exist")
        return zone

    def _make(self, request, zone):
        form, cloud, account = request.form, self._cloud, request.credential.account
        type = cloud.type_named(form.get("InstanceType"))
        image = cloud.images.get(form.get("ImageId"))
        if type is None or form.get("MinCount") != "1" or form.get("MaxCount") != "1":
            cloud.refuse(400, "InvalidParameterValue", "Invalid value for InstanceType, MinCount or MaxCount")
        if image is None or image["region"] != request.scope.region:
            cloud.refuse(400, "InvalidAMIID.NotFound", f"The image id '[{form.get('ImageId')}]' does not exist")
        if image["architecture"] != type.facts["arch"]:
            cloud.refuse(400, "InvalidParameterValue", "The architecture of the image does not fit the instance type")
        self._check_disk(form, image)
        self._check_house_rules(request)
        groups = [cloud.groups.usable(request, id) for id in numbered(form, "NetworkInterface.1.SecurityGroupId")]
        try:
            user_data = base64.b64decode(form.get("UserData", ""), validate=True).decode()
        except ValueError:
            cloud.refuse(400, "InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
        if len(user_data) > 16 << 10:
            cloud.refuse(400, "InvalidParameterValue", "User data is limited to 16384 bytes")
        if zone not in type.stock:
            cloud.refuse(400, "Unsupported", f"Your requested instance type ({type.name}) is not supported in {zone}.")
        if len(cloud.rentals.open_of(account, request.t_ms)) + 1 > cloud.settings["quota"]:
            cloud.refuse(400, "VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit.")
        if not type.take(zone):
            cloud.refuse(500, "InsufficientInstanceCapacity",
                         f"We currently do not have sufficient {type.name} capacity in {zone}.")
        spot = form.get(SPOT + "MarketType") == "spot"
        price = cloud.agreed_price(request, type)
        tags = cloud.tags_for(form, "instance")
        made = []
        for _ in range(cloud.how_many(request)):
            shown_tags = sorted(f"{key}:{value}" for key, value in tags.items())
            one = Instance("i-" + secrets.token_hex(8) + "0", tags.get("Name", ""), shown_tags, type, zone,
                           int(price * SPOT_SHARE) if spot else price, request.t_ms, account,
                           user_data=user_data, facts={**self.facts(tags, spot, form), "groups": groups})
            cloud.rentals.add(one, request.t_ms)
            made.append(one)
        return made

    @staticmethod
    def facts(tags, spot=False, form=None):
        form = form or {}
        return {"tags": tags, "spot": spot, "token": form.get("ClientToken"), "image": form.get("ImageId"),
                "on_shutdown": form.get("InstanceInitiatedShutdownBehavior", "stop"),
                "private_ip": f"172.31.{secrets.randbelow(250)}.{secrets.randbelow(250)}"}

    def _check_disk(self, form, image):
        disk = {name: form.get("BlockDeviceMapping.1." + name)
                for name in ("DeviceName", "Ebs.VolumeSize", "Ebs.DeleteOnTermination")}
        if disk["DeviceName"] not in (None, image["root"]):
            self._cloud.refuse(400, "InvalidBlockDeviceMapping", "the root device of the image is another one")
        if disk["Ebs.VolumeSize"] is not None and int(disk["Ebs.VolumeSize"]) < image["gib"]:
            self._cloud.refuse(400, "InvalidBlockDeviceMapping",
                               f"Volume of size {disk['Ebs.VolumeSize']}GB is smaller than snapshot")
        if disk["Ebs.DeleteOnTermination"] == "false":
            self._cloud.violation(request=None, detail="the disk would outlive its machine")

    def _check_house_rules(self, request):
        """EC2 takes launches without these; a client of ours must not send one."""
        form = request.form
        wanted = {"MetadataOptions.HttpTokens": "required", "InstanceInitiatedShutdownBehavior": "terminate",
                  "NetworkInterface.1.AssociatePublicIpAddress": "true",
                  "BlockDeviceMapping.1.Ebs.DeleteOnTermination": "true"}
        if form.get(SPOT + "MarketType") == "spot":
            wanted |= {SPOT + "SpotOptions.SpotInstanceType": "one-time"}
        for name, value in wanted.items():
            if form.get(name) != value:
                self._cloud.violation(request, f"{name} is not {value}")
        if any(key in form for key in ("SubnetId", "SecurityGroupId.1")):
            self._cloud.refuse(400, "InvalidParameterCombination", "Network interfaces and an instance-level subnet ID")
        for id in numbered(form, "NetworkInterface.1.SecurityGroupId"):
            if not self._cloud.groups.usable(request, id).lets_ssh_in():
                self._cloud.violation(request, "nobody could log in: the security group has no rule for port 22")

    def _launched(self, request, made):
        shown = [self.xml(request, one, request.t_ms) for one in made]
        if request.suffers("wrong-id"):
            foreign = [one.id for one in self._cloud.rentals if one.foreign and one.account == request.credential.account]
            shown[0]["instanceId"] = foreign[0] if foreign else "i-" + secrets.token_hex(8) + "0"
        return ec2_answer("RunInstances", {"reservationId": "r-" + secrets.token_hex(8) + "0",
                                           "ownerId": self._cloud.account_id(request), "instancesSet": shown})

    # What is there.

    def xml(self, request, one, t_ms):
        state = self._cloud.state_shown(request, one, t_ms)
        address = one.address_at(t_ms) if state == "running" else ""
        return {
            "instanceId": one.id, "imageId": one.facts["image"],
            "instanceState": {"code": CODES.get(state, 96), "name": state},
            "privateIpAddress": one.facts["private_ip"], "ipAddress": address or None,
            "instanceType": one.type.name, "launchTime": iso(one.created_ms).replace("Z", ".000Z"),
            "placement": {"availabilityZone": one.region, "tenancy": "default"},
            "stateReason": self._reason(one, state), "clientToken": one.facts["token"],
            "instanceLifecycle": "spot" if one.facts["spot"] else None,
            "tagSet": [{"key": key, "value": value} for key, value in one.facts["tags"].items()],
            "groupSet": [{"groupId": group.id, "groupName": group.name} for group in one.facts.get("groups", ())],
        }

    @staticmethod
    def _reason(one, state):
        if state not in ("terminated", "shutting-down"):
            return {"code": "pending", "message": "pending"} if state == "pending" else None
        usual = "Client.UserInitiatedShutdown" if one.deleted_ms is not None else "Server.InternalError"
        code = one.facts.get("reason", usual)
        return {"code": code, "message": code}

    def describe(self, request):
        ids = numbered(request.form, "InstanceId")
        if ids:
            return self._get(request, ids)
        seen = self._cloud.seen_ms(request)
        shown = [one for one in self._cloud.listed(request) if one.region in self._cloud.zones(request)]
        facts = {"instance-state-name": lambda one: one.state_at(seen), "client-token": lambda one: one.facts["token"]}
        shown = self._cloud.filtered(request, shown, facts, lambda one: one.facts["tags"])
        return self._cloud.page(request, "reservationSet", [
            {"reservationId": "r-" + one.id[2:], "ownerId": self._cloud.account_id(request),
             "instancesSet": [self.xml(request, one, seen)]} for one in shown])

    def _found(self, request, id):
        if not id.startswith("i-"):
            self._cloud.refuse(400, "InvalidInstanceID.Malformed", f'Invalid id: "{id}"')
        one = self._cloud.found(request, id)
        if one is None or one.region not in self._cloud.zones(request):
            self._cloud.refuse(400, NOT_FOUND, f"The instance ID '{id}' does not exist")
        return one

    def _get(self, request, ids):
        if "MaxResults" in request.form:
            self._cloud.refuse(400, "InvalidParameterCombination", "InstanceId and MaxResults exclude each other")
        return ec2_answer("DescribeInstances", {"reservationSet": [
            {"reservationId": "r-" + one.id[2:], "ownerId": self._cloud.account_id(request),
             "instancesSet": [self.xml(request, one, request.t_ms)]}
            for one in [self._found(request, id) for id in ids]]})

    def terminate(self, request):
        """All are found before anything is done to any. What is terminated may be again."""
        found = [self._found(request, id) for id in numbered(request.form, "InstanceId")]
        if not found:
            self._cloud.refuse(400, "MissingParameter", "The request must contain the parameter InstanceId")
        before = [one.state_at(request.t_ms) for one in found]
        for one, state in zip(found, before):
            if state not in ("terminated",):
                self._cloud.rentals.delete(one, request.t_ms)
        return ec2_answer("TerminateInstances", {"instancesSet": [
            {"instanceId": one.id, "previousState": {"code": CODES[was], "name": was},
             "currentState": {"code": CODES[one.state_at(request.t_ms)], "name": one.state_at(request.t_ms)}}
            for one, was in zip(found, before)]})
