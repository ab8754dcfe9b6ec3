"""Vast.ai's API as it is spoken at console.vast.ai: v0, and the list of instances in v1."""
import secrets
import zlib

from cloud import Cloud
from clouds.vast_contracts import Contracts
from clouds.vast_market import Market, found, vast_types
from credential import Credential, Credentials, read_credentials
from exchange import Answer, Operation, Refused
from instance import Instance
from meter import Meter
from rate_limit import Spacing, Window
from rentals import Life

SCOPES = ("misc", "user_read", "user_write", "instance_read", "instance_write")
ERRORS = {  # status -> error, msg
    400: ("invalid_args", "The request has invalid arguments."),
    401: ("auth_error", "Invalid user key"),
    403: ("forbidden", "This key may not do that."),
    404: ("no_such_instance", "Instance not found."),
}
FIRST_PORT, LAST_PORT = 20_000, 29_999  # of a host's, mapped to those of its containers


class Vast(Cloud):
    name = "vast"
    hosts = ("console.vast.ai",)
    bills_from = "active"
    bills_off = False
    is_container = True
    life = Life("loading", "running", "stopped", preempted="exited")
    meter = Meter(step_ms=1000)
    settings = {
        "boot_s": 30,
        "ssh_s": 2,
        "get_lag_s": 2,
        "list_lag_s": 10,
        "told_s": 3,  # from the creation to a status
        "script_late_s": 0.5,  # real: from sshd to the start script
        "script_awaits_contact": False,  # and not before somebody has exchanged keys with sshd
        "quota": 20,
        "credit": 37.12,
        "asked_s": 2_500_000,  # how long a host still lets its machine
        "rows": 64,  # of a search, at most
        "ignored": ["reliability2"],  # filters that a search leaves unheeded
        "status_msg": "",  # what hosts say of every container
        "refuses_and_makes": False,  # a create is refused, and leaves a stopped contract
        "searches_per_minute": 10,  # 0: no limit of any kind
    }

    def __init__(self, world, seed):
        self.contracts, self.market = Contracts(self), Market(self)
        super().__init__(world, seed)
        self.pages = {}  # token -> where the page begins
        self._searches, self._spacing = Window(60_000), Spacing(20 * world.clock.speed + 100)
        self.seed_foreign(seed)

    def catalogue(self):
        return vast_types()

    def make_credentials(self, seeded):
        if seeded is not None:
            return Credentials(read_credentials(seeded))

        def key(name, **more):
            return Credential(name, secrets.token_hex(32), **more)

        return Credentials([key("good"), key("expired", state="expired"), key("revoked", state="revoked"),
                            key("other", account="other")]
                           + [key("without " + scope, missing=(scope,)) for scope in SCOPES])

    def seed_foreign(self, data):
        now = self.world.clock.now_ms()
        for number, entry in enumerate(data.get("instances", [])):
            type = self.types[entry["type"]]
            self.rentals.add_foreign(
                Instance(1_000_000 + number, entry["name"], [], type, entry["region"], type.price_micros, now,
                         entry.get("account", "main"), facts=self.contracts.facts({}, now)), now)

    def table(self):
        contracts = self.contracts
        table = [  # name, method, path, act, scope, seconds between two calls
            ("users.current", "GET", "/v0/users/current", self._user, "user_read", 0),
            ("bundles", "POST", "/v0/bundles", self._bundles, "misc", 0),
            ("asks.rent", "PUT", "/v0/asks/{id}", contracts.rent, "instance_write", 4.5),
            ("instances.list-v0", "GET", "/v0/instances", self._moved, "instance_read", 0),
            ("instances.list", "GET", "/v1/instances", contracts.list, "instance_read", 1),
            ("instances.get", "GET", "/v0/instances/{id}", contracts.get, "instance_read", 2),
            ("instances.delete", "DELETE", "/v0/instances/{id}", contracts.delete, "instance_write", 3),
            ("instances.reboot", "PUT", "/v0/instances/reboot/{id}", contracts.reboot, "instance_write", 1),
            ("keys.attach", "POST", "/v0/instances/{id}/ssh", contracts.attach, "instance_write", 2),
        ]
        self._every_s = {name: every_s for name, *_, every_s in table}
        return [Operation(name, method, "/api" + path, act, (scope,)) for name, method, path, act, scope, _ in table]

    def error(self, status, code=None, message=None, request=None):
        if status == 429:
            return Answer(429, {"detail": message or "API requests too frequent endpoint threshold=4.5"})
        usual = ERRORS.get(status, ("unknown", "The request could not be carried out."))
        return Answer(status, {"success": False, "error": code or usual[0], "msg": message or usual[1]})

    def no_operation(self, request):
        return self.error(404, "not_found", "There is no such endpoint.")

    def refuse(self, message, status=400, code=None):
        raise Refused(self.error(status, code, message))

    # Who may come in.

    @staticmethod
    def _key_of(request):
        kind, _, rest = request.headers.get("authorization", "").partition(" ")
        return rest.strip() if kind.lower() == "bearer" else ""

    def credential_of(self, request):
        return self.credentials.find(self._key_of(request))

    def admit(self, request):
        credential = self.credential_of(request) or self._own_key(request)
        if credential is None or credential.state != "active":
            self.refuse("Invalid user key", 404, "auth_error")
        request.credential = credential
        if request.operation and not credential.may(*request.operation.scopes):
            raise Refused(self.error(403))
        if self.settings["searches_per_minute"] and request.operation:
            self._limit(request)

    def _own_key(self, request):
        """A container's, good for its own end."""
        key = self._key_of(request)
        for one in self.rentals:
            if key and key == one.facts["key"]:
                mine = request.operation and request.operation.name == "instances.delete"
                if mine and request.values["id"] == str(one.id):
                    self.world.history.write(self.name, "ends-itself", request.t_ms, **one.brief())
                    return Credential("container", key, account=one.account)
                raise Refused(self.error(403))
        return None

    def _limit(self, request):
        who, name = request.credential.account, request.operation.name
        every_s = self._every_s[name]
        if every_s and not self._spacing.allows((who, name), request.t_ms, int(every_s * 1000)):
            raise Refused(self.error(429, message=f"API requests too frequent endpoint threshold={every_s}"))
        if name == "bundles":
            self._searches.limit = self.settings["searches_per_minute"]
            if self._searches.is_full(who, request.t_ms):
                raise Refused(self.error(429, message="API requests too frequent endpoint threshold=6.0"))
            self._searches.count(who, request.t_ms)

    # What is asked.

    def body(self, request):
        try:
            body = request.json()
        except ValueError:
            self.refuse("The body is not JSON.", 483, "invalid_json")
        if not isinstance(body, dict):
            self.refuse("The body is not an object.")
        return body

    def number(self, request):
        if not request.values["id"].isdigit():
            self.refuse("id is a number")
        return int(request.values["id"])

    def page_token(self, begin):
        token = secrets.token_urlsafe(12) + "+/="  # it has to be escaped
        self.pages[token] = begin
        return token

    def agreed_factor(self, request):
        return request.fault.get("factor", 2) if request.suffers("dearer") else 1

    def next_port(self):
        return FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT)

    # What is told.

    def _user(self, request):
        account = zlib.crc32(request.credential.account.encode())
        return Answer(200, {"id": account, "key_id": 9, "email": "someone@example.com", "balance": 0.0,
                            "credit": self.settings["credit"], "ssh_key": "", "sid": ""})

    def _bundles(self, request):
        body = self.body(request)
        disk = body.get("allocated_storage", 5)
        asks = self.market.asks(request.credential.account, disk, request.t_ms)
        try:
            shown = found(self.faulty_list(request, list(asks)), body, self.settings["ignored"])
        except ValueError as error:
            self.refuse(f"{error} is not a filter")
        return Answer(200, {"offers": shown[: min(body.get("limit", 64), self.settings["rows"])]})

    def _moved(self, request):
        self.refuse("GET /api/v0/instances/ is gone, use /api/v1/instances/", 410, "deprecated_endpoint")


CLOUD = Vast
