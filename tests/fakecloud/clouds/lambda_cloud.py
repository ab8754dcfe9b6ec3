"""Lambda Cloud's API v1 as it is spoken at cloud.lambda.ai."""
import base64
import re
import secrets

from cloud import Cloud
from clouds.lambda_catalogue import REGIONS, lambda_images, lambda_types
from credential import Credential, Credentials, read_credentials
from exchange import Answer, Operation, Refused
from instance import Instance
from meter import Meter
from rate_limit import Spacing
from rentals import Life
from ssh_key import SshKey, blob_of

# The front turns these away before the API sees them: default agents of libraries, and none at all.
TURNED_AWAY = re.compile(r"\s*\Z|python|curl|libcurl|wget|java|go-http-client|okhttp|ruby|axios|node", re.I)
CANARY = "fakecloud-canary-"  # begins every jupyter token: a client that keeps one can be found out
PREFIX = "/api/v1"
CODES = {  # status -> code, message
    400: ("global/invalid-parameters", "Invalid request data."),
    401: ("global/invalid-api-key", "API key was invalid, expired, or deleted."),
    403: ("global/account-inactive", "Your account is inactive."),
    404: ("global/object-does-not-exist", "Specified object does not exist."),
    409: ("global/internal-error", "An internal server error occurred."),
    429: ("global/rate-limited", "Too many requests."),
}
NO_CAPACITY = "instance-operations/launch/insufficient-capacity"
QUOTA = "global/quota-exceeded"


def tag_faults(tags):
    if not isinstance(tags, list):
        yield "tags is a list"
        return
    for tag in tags:
        if not isinstance(tag, dict) or not all(isinstance(tag.get(part), str) for part in ("key", "value")):
            yield "a tag has a key and a value"
        elif not re.fullmatch(r"[a-z][a-z0-9-:]+", tag["key"]) or len(tag["key"]) > 55:
            yield "tag key"
        elif tag["key"].startswith("lambda-ai-"):
            yield "tag key is reserved"
        elif len(tag["value"]) > 128:
            yield "tag value"


class LambdaCloud(Cloud):
    name = "lambda"
    hosts = ("cloud.lambda.ai",)
    bills_from = "active"
    login = "ubuntu"
    life = Life("booting", "active", "unhealthy", "terminating", "terminated", "preempted")
    meter = Meter(step_ms=60_000)
    settings = {
        "boot_s": 30,
        "address_s": -5,
        "get_lag_s": 2,
        "list_lag_s": 5,
        "delete_s": 10,
        "gone_lag_s": 60,
        "quota": 20,
        "request_every_s": 1,
        "launch_every_s": 12,
        "not_found_status": 404,  # of a launch that names what does not exist; 400 is seen as well
    }

    def __init__(self, world, seed):
        super().__init__(world, seed)
        # Packets of an honest client may bunch up by this much, real time.
        slack_ms = 20 * world.clock.speed
        self._requests, self._launches = Spacing(slack_ms + 20), Spacing(slack_ms + 200)
        self.images = list(lambda_images(lambda text: secrets.token_hex(16)))
        self.seed_foreign(seed)

    def catalogue(self):
        return lambda_types()

    def make_credentials(self, seeded):
        if seeded is not None:
            return Credentials(read_credentials(seeded))
        return Credentials([
            Credential(name, f"secret_{name}_{secrets.token_hex(16)}.{secrets.token_urlsafe(24)}", state, account)
            for name, state, account in [("good", "active", "main"), ("expired", "expired", "main"),
                                         ("revoked", "revoked", "main"), ("inactive", "inactive", "blocked"),
                                         ("other", "active", "other")]])

    def seed_foreign(self, data):
        now = self.world.clock.now_ms()
        for entry in data.get("keys", []):
            self.keys.append(SshKey(secrets.token_hex(16), entry["name"], entry["public_key"], 0,
                                    entry.get("account", "main"), foreign=True))
        for entry in data.get("instances", []):
            type = self.types[entry["type"]]
            self.rentals.add_foreign(
                Instance(secrets.token_hex(16), entry["name"], entry.get("tags", []), type, entry["region"],
                         type.price_micros, now, entry.get("account", "main"), keys=self.keys[:1],
                         facts=self._facts(entry)), now)

    def table(self):
        return [Operation(name, method, PREFIX + path, act) for name, method, path, act in [
            ("instance-types", "GET", "/instance-types", self._types),
            ("images", "GET", "/images", self._images),
            ("ssh-keys.list", "GET", "/ssh-keys", self._list_keys),
            ("ssh-keys.create", "POST", "/ssh-keys", self._create_key),
            ("ssh-keys.delete", "DELETE", "/ssh-keys/{id}", self._delete_key),
            ("launch", "POST", "/instance-operations/launch", self._launch),
            ("terminate", "POST", "/instance-operations/terminate", self._terminate),
            ("restart", "POST", "/instance-operations/restart", self._restart),
            ("instances.list", "GET", "/instances", self._list),
            ("instances.get", "GET", "/instances/{id}", self._get),
            ("instances.rename", "POST", "/instances/{id}", self._rename),
            ("file-systems", "GET", "/file-systems", lambda request: Answer(200, {"data": []})),
        ]]

    def error(self, status, code=None, message=None, request=None):
        usual = CODES.get(status, ("global/unknown", "An unknown error occurred."))
        if status == 500:
            usual = CODES[409]
        error = {"code": code or usual[0], "message": message or usual[1], "suggestion": "Check the request."}
        return Answer(status, {"error": error})

    def no_operation(self, request):
        return self.error(404)

    def _refuse(self, message, status=400, code=None):
        raise Refused(self.error(status, code, message))

    def credential_of(self, request):
        return self.credentials.find(secret_of(request.headers.get("authorization", "")))

    def admit(self, request):
        if TURNED_AWAY.match(request.headers.get("user-agent", "")):
            raise Refused(Answer(403, b"error code: 1010", {"content-type": "text/plain; charset=UTF-8"}))
        credential = self.credential_of(request)
        if credential is None or credential.state in ("expired", "revoked"):
            raise Refused(self.error(401))
        if credential.state == "inactive":
            raise Refused(self.error(403))
        request.credential = credential
        self._limit(request, self._requests, "request_every_s")
        if request.operation and request.operation.name == "launch":
            self._limit(request, self._launches, "launch_every_s")

    def _limit(self, request, spacing, setting):
        if not spacing.allows(request.credential.account, request.t_ms, int(self.settings[setting] * 1000)):
            raise Refused(self.error(429))

    def _body(self, request):
        try:
            body = request.json()
        except ValueError:
            self._refuse("The body is not JSON.")
        if not isinstance(body, dict):
            self._refuse("The body is not an object.")
        return body

    # What is on offer.

    def _type_json(self, type, price_micros=None):
        cents = (type.price_micros if price_micros is None else price_micros) // 10_000
        return {"name": type.name, "price_cents_per_hour": cents, **type.facts}

    @staticmethod
    def _region_json(region):
        return {"name": region, "description": REGIONS.get(region, region)}

    def _types(self, request):
        shown = self.faulty_list(request, list(self.types.values()))
        return Answer(200, {"data": {
            type.name: {"instance_type": self._type_json(type),
                        "regions_with_capacity_available": [self._region_json(name) for name in type.listed_in()]}
            for type in shown}})

    def _images(self, request):
        return Answer(200, {"data": self.faulty_list(request, self.images)})

    # SSH keys.

    @staticmethod
    def _key_json(key):
        return {"id": key.id, "name": key.name, "public_key": key.public_key}

    def _list_keys(self, request):
        keys = self.faulty_list(request, self.visible_keys(request))
        return Answer(200, {"data": [self._key_json(key) for key in keys]})

    def _create_key(self, request):
        body = self._body(request)
        name, public = body.get("name"), body.get("public_key")
        if not isinstance(name, str) or not 1 <= len(name) <= 64:
            self._refuse("name has 1 to 64 characters.")
        if public is None:
            self._refuse("This cloud makes no key pairs: send public_key.")
        try:
            if len(public) > 4096:
                raise ValueError
            blob = blob_of(public)
        except (ValueError, TypeError, AttributeError):
            self._refuse("public_key is not a public key.")
        mine = [key for key in self.keys if key.account == request.credential.account]
        if any(key.name == name or key.blob() == blob for key in mine):
            self._refuse("An SSH key with this name or content exists already.")
        for _ in range(self.how_many(request)):
            key = SshKey(secrets.token_hex(16), name, public, request.t_ms, request.credential.account)
            self.add_key(key, request.t_ms)
        return Answer(200, {"data": self._key_json(key)})

    def _delete_key(self, request):
        for key in self.keys:
            if key.id == request.values["id"] and key.account == request.credential.account:
                self.delete_key(key, request.t_ms)
                return Answer(200, {"data": {}})
        self._refuse("There is no such SSH key.")

    # Instances.

    def _launch(self, request):
        body = self._body(request)
        account, settings = request.credential.account, self.settings
        if body.get("quantity", 1) != 1:
            self._refuse("Requested too many instances; only one can be launched at a time.")
        region, name = body.get("region_name"), body.get("name")
        type = self.type_named(body.get("instance_type_name"))
        if not isinstance(region, str) or region not in REGIONS:
            self._refuse("region_name is not a region.")
        if type is None:
            self._refuse("instance_type_name is not an instance type.")
        names = body.get("ssh_key_names")
        if not isinstance(names, list) or len(names) != 1:
            self._refuse("ssh_key_names has exactly one name.")
        if name is not None and (not isinstance(name, str) or len(name) > 64):
            self._refuse("name has at most 64 characters.")
        hostname = body.get("hostname")
        if hostname is not None and not re.fullmatch(r"[a-z0-9][0-9a-z-]{0,62}", str(hostname)):
            self._refuse("hostname is not a host name.")
        for fault in tag_faults(body.get("tags", [])):
            self._refuse(f"Invalid {fault}.")
        user_data = body.get("user_data", "")
        if not isinstance(user_data, str) or len(user_data.encode()) > 1 << 20:
            self._refuse("user_data is text of at most 1 MB.")
        key = next((one for one in self.visible_keys(request) if one.name == names[0]), None)
        if key is None:
            self._refuse("There is no SSH key of this name.", settings["not_found_status"], CODES[404][0])
        self._check_image(body.get("image"), type, region)
        if len(self.rentals.open_of(account, request.t_ms)) + 1 > settings["quota"]:
            self._refuse("Quota exceeded.", code=QUOTA)
        if not type.take(region):
            self._refuse("Not enough capacity to fulfill launch request.", code=NO_CAPACITY)
        ids = []
        for _ in range(self.how_many(request)):
            instance = Instance(
                secrets.token_hex(16), name or "", [f"{tag['key']}:{tag['value']}" for tag in body.get("tags", [])],
                type, region, self.agreed_price(request, type), request.t_ms, account, keys=[key],
                user_data=user_data, facts=self._facts(body))
            self.rentals.add(instance, request.t_ms)
            ids.append(instance.id)
        if request.suffers("wrong-id"):
            ids = [one.id for one in self.rentals if one.foreign and one.account == account] or [secrets.token_hex(16)]
        return Answer(200, {"data": {"instance_ids": ids[:1]}})

    @staticmethod
    def _facts(body):
        token = CANARY + secrets.token_hex(16)
        return {"hostname": body.get("hostname"), "tags": body.get("tags", []), "jupyter_token": token,
                "private_ip": f"10.19.{secrets.randbelow(250)}.{secrets.randbelow(250)}"}

    def _check_image(self, image, type, region):
        if image is None:
            return
        if not isinstance(image, dict) or not {"id", "family"} & set(image):
            self._refuse("image has an id or a family.")
        for one in self.images:
            fits = one["region"]["name"] == region and one["architecture"] == type.facts["architecture"]
            if fits and (one["id"] == image.get("id") or one["family"] == image.get("family")):
                return
        self._refuse("There is no such image in this region.", self.settings["not_found_status"], CODES[404][0])

    def _instance_json(self, request, instance, t_ms):
        status = self.state_shown(request, instance, t_ms)
        reason = {"terminating": "vm-is-terminating", "terminated": "vm-is-terminating",
                  "booting": "vm-has-not-launched"}.get(status)
        action = {"available": True} if reason is None else {
            "available": False, "reason_code": reason, "reason_description": "Not in this state."}
        out = {
            "id": instance.id,
            "status": status,
            "ssh_key_names": [key.name for key in instance.keys],
            "file_system_names": [],
            "region": self._region_json(instance.region),
            "instance_type": self._type_json(instance.type, instance.price_micros),
            "actions": {one: action for one in ("migrate", "rebuild", "restart", "cold_reboot")},
            "tags": instance.facts["tags"],
        }
        out["actions"]["terminate"] = action if status in ("terminating", "terminated") else {"available": True}
        if instance.name:
            out["name"] = instance.name
        address = instance.address_at(t_ms)
        if address:
            token = instance.facts["jupyter_token"]
            out |= {"ip": address, "private_ip": instance.facts["private_ip"],
                    "hostname": instance.facts["hostname"] or address.replace(".", "-"), "jupyter_token": token,
                    "jupyter_url": f"https://{instance.id}.lambdaspaces.invalid/lab?token={token}"}
        return out

    def _list(self, request):
        seen = self.seen_ms(request)
        return Answer(200, {"data": [self._instance_json(request, one, seen) for one in self.listed(request)]})

    def _found(self, request, id):
        instance = self.found(request, id)
        if instance is None:
            self._refuse("Specified instance does not exist.", 404)
        return instance

    def _get(self, request):
        instance = self._found(request, request.values["id"])
        return Answer(200, {"data": self._instance_json(request, instance, request.t_ms)})

    def _rename(self, request):
        instance = self._found(request, request.values["id"])
        name = self._body(request).get("name", "")
        if not isinstance(name, str) or len(name) > 64:
            self._refuse("name has at most 64 characters.")
        instance.name = name
        return Answer(200, {"data": self._instance_json(request, instance, request.t_ms)})

    def _named_ids(self, request):
        """All are found before anything is done to any."""
        ids = self._body(request).get("instance_ids")
        if not isinstance(ids, list) or not ids:
            self._refuse("instance_ids is a list of ids.")
        return [self._found(request, id) for id in ids]

    def _terminate(self, request):
        instances = self._named_ids(request)
        for instance in instances:
            self.rentals.delete(instance, request.t_ms)
        shown = [self._instance_json(request, one, request.t_ms) for one in instances]
        return Answer(200, {"data": {"terminated_instances": shown}})

    def _restart(self, request):
        instances = self._named_ids(request)
        for instance in instances:
            self.rentals.on(instance, request.t_ms)
        shown = [self._instance_json(request, one, request.t_ms) for one in instances]
        return Answer(200, {"data": {"restarted_instances": shown}})


def secret_of(authorization):
    """Bearer, or Basic with the key as the user and no password."""
    kind, _, rest = authorization.partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        try:
            user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
            return user if not password else ""
        except ValueError:
            pass
    return ""


CLOUD = LambdaCloud
