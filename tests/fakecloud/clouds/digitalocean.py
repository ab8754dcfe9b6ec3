"""DigitalOcean's API v2 as it is spoken at api.digitalocean.com."""
import hashlib
import secrets
import uuid

from cloud import Cloud
from clouds.digitalocean_actions import Actions
from clouds.digitalocean_catalogue import REGIONS, digitalocean_images, digitalocean_types
from clouds.digitalocean_droplets import Droplets
from clouds.digitalocean_keys import Keys
from clouds.digitalocean_tags import Tags
from credential import Credential, Credentials, read_credentials
from exchange import Answer, Operation, Refused
from instance import Instance
from meter import Meter
from rate_limit import Window
from rentals import Life
from virtual_clock import iso

SCOPES = ("account:read", "droplet:create", "droplet:read", "droplet:update", "droplet:delete", "ssh_key:create",
          "ssh_key:read", "ssh_key:update", "ssh_key:delete", "sizes:read", "regions:read", "image:read", "tag:create",
          "tag:read", "tag:delete", "actions:read", "billing:read")
ERRORS = {  # status -> id, message
    400: ("bad_request", "The request could not be understood."),
    401: ("unauthorized", "Unable to authenticate you"),
    403: ("forbidden", "You are not authorized to perform this operation"),
    404: ("not_found", "The resource you were accessing could not be found."),
    409: ("conflict", "The request could not be completed due to a conflict."),
    422: ("unprocessable_entity", "The request could not be processed."),
    429: ("too_many_requests", "API rate limit exceeded."),
}


class DigitalOcean(Cloud):
    name = "digitalocean"
    hosts = ("api.digitalocean.com",)
    life = Life("new", "active", "off")
    meter = Meter(step_ms=1000, least_ms=60_000, least_micros=10_000)
    settings = {
        "boot_s": 20,
        "address_s": 2,
        "ssh_s": 5,
        "get_lag_s": 5,
        "list_lag_s": 15,
        "key_lag_s": 20,
        "gone_lag_s": 5,
        "quota": 25,
        "action_s": 5,
        "busy_refuses_delete": True,  # a droplet with an event in progress can't be deleted
        "restricted": False,  # the account may rent nothing
        "account_status": "active",
        "per_minute": 250,
        "per_hour": 5000,
        "key_lists_per_minute": 10,
    }

    def __init__(self, world, seed):
        self.droplets, self.key_objects, self.tags, self.actions = Droplets(self), Keys(self), Tags(self), Actions(self)
        super().__init__(world, seed)
        self.images = list(digitalocean_images())
        self._minute, self._hour, self._key_lists = Window(60_000), Window(3_600_000), Window(60_000)
        self.seed_foreign(seed)

    def catalogue(self):
        return digitalocean_types()

    def make_credentials(self, seeded):
        if seeded is not None:
            return Credentials(read_credentials(seeded))

        def token(name, **more):
            return Credential(name, "dop_v1_" + secrets.token_hex(32), **more)

        return Credentials([token("good"), token("expired", state="expired"), token("revoked", state="revoked"),
                            token("other", account="other")]
                           + [token("without " + scope, missing=(scope,)) for scope in SCOPES])

    def seed_foreign(self, data):
        now = self.world.clock.now_ms()
        for entry in data.get("keys", []):
            self.keys.append(self.key_objects.make(entry["name"], entry["public_key"], 0,
                                                   entry.get("account", "main"), foreign=True))
        for number, entry in enumerate(data.get("instances", [])):
            type = self.types[entry["type"]]
            droplet = Instance(1_000_000 + number, entry["name"], entry.get("tags", []), type, entry["region"],
                               type.price_micros, now, entry.get("account", "main"),
                               facts=self.droplets.facts(self.images[-1]))
            self.tags.add(droplet.tags)
            self.rentals.add_foreign(droplet, now)

    def table(self):
        droplets, keys, tags, actions = self.droplets, self.key_objects, self.tags, self.actions
        return [Operation(name, method, "/v2" + path, act, scopes) for name, method, path, act, scopes in [
            ("account", "GET", "/account", self._account, ("account:read",)),
            ("keys.list", "GET", "/account/keys", keys.list, ("ssh_key:read",)),
            ("keys.create", "POST", "/account/keys", keys.create, ("ssh_key:create",)),
            ("keys.get", "GET", "/account/keys/{id}", keys.get, ("ssh_key:read",)),
            ("keys.rename", "PUT", "/account/keys/{id}", keys.rename, ("ssh_key:update",)),
            ("keys.delete", "DELETE", "/account/keys/{id}", keys.delete, ("ssh_key:delete",)),
            ("sizes", "GET", "/sizes", self._sizes, ("sizes:read", "regions:read")),
            ("regions", "GET", "/regions", self._regions, ("regions:read",)),
            ("images", "GET", "/images", self._images, ("image:read",)),
            ("images.get", "GET", "/images/{id}", self._image, ("image:read",)),
            ("droplets.list", "GET", "/droplets", droplets.list, ("droplet:read",)),
            ("droplets.create", "POST", "/droplets", droplets.create, ("droplet:create",)),
            ("droplets.delete-by-tag", "DELETE", "/droplets", droplets.delete_by_tag, ("droplet:delete",)),
            ("actions.create-by-tag", "POST", "/droplets/actions", actions.create_by_tag, ("droplet:update",)),
            ("droplets.get", "GET", "/droplets/{id}", droplets.get, ("droplet:read",)),
            ("droplets.delete", "DELETE", "/droplets/{id}", droplets.delete, ("droplet:delete",)),
            ("droplets.associated", "GET", "/droplets/{id}/destroy_with_associated_resources", droplets.associated,
             ("droplet:read",)),
            ("droplets.delete-dangerous", "DELETE", "/droplets/{id}/destroy_with_associated_resources/dangerous",
             droplets.delete_dangerous, ("droplet:delete",)),
            ("actions.list", "GET", "/droplets/{id}/actions", actions.list, ("droplet:read",)),
            ("actions.create", "POST", "/droplets/{id}/actions", actions.create, ("droplet:update",)),
            ("actions.get-of-droplet", "GET", "/droplets/{id}/actions/{action}", actions.get, ("droplet:read",)),
            ("actions.get", "GET", "/actions/{action}", actions.get, ("actions:read",)),
            ("tags.list", "GET", "/tags", tags.list, ("tag:read",)),
            ("tags.create", "POST", "/tags", tags.create, ("tag:create",)),
            ("tags.get", "GET", "/tags/{id}", tags.get, ("tag:read",)),
            ("tags.delete", "DELETE", "/tags/{id}", tags.delete, ("tag:delete",)),
            ("tags.assign", "POST", "/tags/{id}/resources", tags.assign, ("tag:create",)),
            ("tags.unassign", "DELETE", "/tags/{id}/resources", tags.unassign, ("tag:delete",)),
            ("volumes", "GET", "/volumes", lambda request: self.page(request, "volumes", []), ()),
            ("balance", "GET", "/customers/my/balance", self._balance, ("billing:read",)),
        ]]

    def error(self, status, code=None, message=None, request=None):
        usual = ERRORS.get(status, ("server_error", "Unexpected server-side error"))
        return Answer(status, {"id": code or usual[0], "message": message or usual[1], "request_id": str(uuid.uuid4())})

    def refuse(self, message, status=422):
        raise Refused(self.error(status, message=message))

    def no_operation(self, request):
        return self.error(404)

    def body(self, request):
        try:
            body = request.json()
        except ValueError:
            self.refuse("The body is not JSON.", 400)
        if not isinstance(body, dict):
            self.refuse("The body is not an object.", 400)
        return body

    def credential_of(self, request):
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        return self.credentials.find(secret.strip()) if kind.lower() == "bearer" else None

    def admit(self, request):
        credential = self.credential_of(request)
        if credential is None or credential.state in ("expired", "revoked"):
            raise Refused(self.error(401))
        request.credential = credential
        self._limit(request, credential.secret)
        if credential.state == "inactive" or (request.operation and not credential.may(*request.operation.scopes)):
            raise Refused(self.error(403))

    def _limit(self, request, who):
        now, settings = request.t_ms, self.settings
        self._minute.limit, self._hour.limit = settings["per_minute"], settings["per_hour"]
        self._key_lists.limit = settings["key_lists_per_minute"]
        lists_keys = request.operation and request.operation.name == "keys.list"
        for window, counts in [(self._hour, True), (self._minute, True), (self._key_lists, lists_keys)]:
            if counts and window.is_full(who, now):
                answer = self.error(429)
                if window is not self._hour:  # only the bursts say when
                    answer.headers["retry-after"] = str(-(-(window.oldest_ends_ms(who, now) - now) // 1000))
                raise Refused(answer)
        self._hour.count(who, now)
        self._minute.count(who, now)
        if lists_keys:
            self._key_lists.count(who, now)

    def finish(self, request, answer):
        answer.headers["x-request-id"] = str(uuid.uuid4())
        if request.credential is not None:
            who, now = request.credential.secret, request.t_ms
            answer.headers |= {"ratelimit-limit": str(self._hour.limit),
                               "ratelimit-remaining": str(self._hour.left(who, now)),
                               "ratelimit-reset": str(self._hour.oldest_ends_ms(who, now) // 1000)}

    def page(self, request, key, items):
        """One page of a list, with links to the others."""
        try:
            per_page, number = (int(request.query.get(name, usual)) for name, usual in (("per_page", 20), ("page", 1)))
        except ValueError:
            self.refuse("per_page and page are numbers.")
        if per_page < 1 or number < 1:
            self.refuse("per_page and page are numbers from 1 on.")
        per_page = min(per_page, 200)
        last = max(1, -(-len(items) // per_page))
        rest = "".join(f"&{name}={value}" for name, value in request.query.items() if name not in ("page", "per_page"))
        pages = {}

        def link(name, to):
            pages[name] = f"{request.base}{request.path}?page={to}&per_page={per_page}{rest}"

        if number > 1:
            link("first", 1)
            link("prev", number - 1)
        if number < last:
            link("next", number + 1)
            link("last", last)
        if request.suffers("repeated-page"):
            to = request.fault.get("page", "same")
            link("next", {"same": number, "first": 1}.get(to, to))
        shown = items[(number - 1) * per_page : number * per_page]
        links = {"pages": pages} if pages else {}
        return Answer(200, {key: shown, "links": links, "meta": {"total": len(items)}})

    # What the account is, and what is on offer.

    @staticmethod
    def _id_of(what, request):
        return hashlib.sha1(f"{what} {request.credential.account}".encode()).hexdigest()

    def _account(self, request):
        account = {"floating_ip_limit": 5, "email": "someone@example.com", "name": "Someone",
                   "uuid": self._id_of("user", request), "email_verified": True,
                   "status": self.settings["account_status"], "status_message": "",
                   "team": {"uuid": self._id_of("team", request), "name": "Mine"}}
        if request.credential.may("droplet:read"):
            account["droplet_limit"] = self.settings["quota"]
        return Answer(200, {"account": account})

    def size_json(self, type, price_micros=None):
        hourly = (type.price_micros if price_micros is None else price_micros) / 1e6
        return {"slug": type.name, "price_hourly": hourly, "price_monthly": round(hourly * 672, 2),
                "regions": type.listed_in(), "available": True, **type.facts}

    def region_json(self, region):
        sizes = [type.name for type in self.types.values() if region in type.listed_in()]
        return {"name": REGIONS[region], "slug": region, "features": ["metadata"], "available": True, "sizes": sizes}

    def _sizes(self, request):
        shown = self.faulty_list(request, list(self.types.values()))
        return self.page(request, "sizes", [self.size_json(type) for type in shown])

    def _regions(self, request):
        return self.page(request, "regions", [self.region_json(region) for region in REGIONS])

    def _images(self, request):
        kind, private = request.query.get("type"), request.query.get("private") == "true"
        shown = [] if private or kind == "application" or "tag_name" in request.query else self.images
        return self.page(request, "images", self.faulty_list(request, shown))

    def _image(self, request):
        for image in self.images:
            if request.values["id"] in (str(image["id"]), image["slug"]):
                return Answer(200, {"image": image})
        self.refuse(None, 404)

    def _balance(self, request):
        used = sum(self.rentals.billed(one, request.t_ms) for one in self.rentals
                   if one.account == request.credential.account) / 1e6
        return Answer(200, {"month_to_date_balance": f"{used:.2f}", "account_balance": "0.00",
                            "month_to_date_usage": f"{used:.2f}", "generated_at": iso(request.t_ms)})


CLOUD = DigitalOcean
