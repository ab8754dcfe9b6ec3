"""What every cloud does alike: it finds the operation, suffers the fault, lets in who may come in, and acts.

A cloud is one module of clouds/ with a subclass of this named CLOUD; nothing else names it. Most is in its table() of
operations. A cloud that tells operations apart by something else than method and path overrides operation_of(), one
that ends a machine which powers itself off overrides powered_off(), one that speaks no JSON answers with bytes.
"""
import fnmatch
import os
import sys
import traceback

from exchange import Operations, Refused
from fault_script import ALTERS_ACT
from rentals import Rentals

# What a seed file or the control may change, in virtual seconds; a cloud has its own values and more of them.
SETTINGS = {
    "boot_s": 20,  # from the creation to active
    "address_s": 0,  # from active to an address, negative when it shows before
    "ssh_s": 3,  # from active to a listening sshd
    "get_lag_s": 0,  # how long a new instance is not found by its id
    "list_lag_s": 0,  # how long a new instance is missing from lists
    "key_lag_s": 0,  # how long a new key is missing from lists and useless
    "delete_s": 0,  # from an accepted delete to the end
    "gone_lag_s": 0,  # how long an ended one is still shown
}


class Cloud:
    name = ""
    hosts = ()  # the vendor's, that clients mean; patterns of fnmatch
    bills_from = "created"  # or "active"
    bills_off = True  # whether a machine that is off costs as much as one that is on
    login = "root"
    is_container = False  # its machines have no power to turn off, and a start script in the place of cloud-init
    life = None  # rentals.Life
    meter = None  # meter.Meter
    settings = {}

    def __init__(self, world, seed):
        self.world = world
        unknown = set(seed.get("settings", {})) - set(SETTINGS) - set(self.settings)
        if unknown:
            raise ValueError(f"{self.name} has no setting {', '.join(sorted(unknown))}")
        self.settings = {**SETTINGS, **self.settings, **seed.get("settings", {})}
        self.operations = Operations(self.table())
        self.types = {type.name: type for type in self.catalogue()}
        self.rentals = Rentals(self, self.life)
        self.credentials = self.make_credentials(seed.get("credentials"))
        for credential in self.credentials:
            world.history.hide(credential.secret)
        self.keys = []
        self.spec = None  # spec.Spec, where one is given
        self.violations = []

    # What a cloud says of itself.

    def table(self):
        raise NotImplementedError

    def catalogue(self):
        raise NotImplementedError

    def make_credentials(self, seeded):
        raise NotImplementedError

    def credential_of(self, request):
        """The one that a request shows, whatever it is worth; None where it is none of ours."""
        return None

    def admit(self, request):
        """Throws Refused, or sets request.credential."""
        raise NotImplementedError

    def error(self, status, code=None, message=None, request=None):
        """An Answer in the vendor's dialect; code and message have their usual values for the status."""
        raise NotImplementedError

    def no_operation(self, request):
        raise NotImplementedError

    def finish(self, request, answer):
        """Headers that every answer carries."""

    def seed_foreign(self, data):
        """Instances and keys of a seed file that were there before."""

    def operation_of(self, request):
        return self.operations.find(request)

    def next_port(self):
        """Where the sshd of a machine listens from its next start on."""
        return 22

    def powered_off(self, instance, t_ms, why):
        """The machine turned itself off."""
        self.rentals.off(instance, t_ms, why)

    # What all do.

    def is_host(self, host):
        return any(fnmatch.fnmatchcase(host.removesuffix(":443"), pattern) for pattern in self.hosts)

    def find(self, request):
        """Which operation a request is, its how-manyeth, and what it will suffer. Needs the world's lock."""
        request.operation = self.operation_of(request)
        if request.operation is not None:
            credential = self.credential_of(request)
            account = credential.account if credential else None
            request.nth, request.fault = self.world.script.next(self.name, request.operation.name, account)

    def answer(self, request):
        """Needs the world's lock."""
        self.world.clock.run_due()
        request.t_ms = self.world.clock.now_ms()
        if request.fault is not None and not request.fault.acts():
            return self.distorted(request)
        try:
            answer = self._let_in_and_act(request)
        except Refused as refused:
            answer = refused.answer
        except Exception as error:  # a fault of the fake itself must be found, and not be taken for the cloud's
            answer = self._broken(request, error)
        self.finish(request, answer)
        if request.suffers("act-then-500"):
            answer = self.distorted(request)
        return answer

    def _let_in_and_act(self, request):
        self.admit(request)
        self._check(request, "request", lambda: self.spec.request_faults(request))
        try:
            answer = self.no_operation(request) if request.operation is None else request.operation.act(request)
        except Refused as refused:
            answer = refused.answer
        self._check(request, "answer", lambda: self.spec.answer_faults(request, answer))
        return answer

    def _broken(self, request, error):
        """Says where, and no values: they may be secrets."""
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in frames]
        self.world.history.write(self.name, "broken", request.t_ms, kind=type(error).__name__, where=where)
        print("fakecloud:", type(error).__name__, "at", " ".join(where), file=sys.stderr, flush=True)
        return self.error(500)

    def _check(self, request, side, faults):
        altered = request.fault is not None and request.fault.kind in ALTERS_ACT and side == "answer"
        if self.spec is None or altered:
            return
        for detail in faults():
            name = request.operation.name if request.operation else "unknown"
            self.violations.append({"side": side, "operation": name, "nth": request.nth, "detail": detail})
            self.world.history.write(self.name, "violation", request.t_ms, **self.violations[-1])

    def distorted(self, request):
        """The answer of a fault that stands in for the cloud's own."""
        fault = request.fault
        if fault.kind == "redirect":
            to = fault.get("to", "elsewhere.invalid")
            target = to if "://" in to else f"https://{to}{request.path}"
            answer = self.error(fault.get("status", 302))
            answer.headers["location"] = target
            return answer
        default = {"act-then-500": 500, "refuse": 500, "garbage": 200}.get(fault.kind, 500)
        answer = self.error(fault.get("status", default), fault.get("code"), fault.get("message"))
        if fault.get("body") is not None:
            answer.body = fault.get("body").encode()
            answer.headers["content-type"] = "text/html"
        answer.headers.update(fault.get("headers", {}))
        return answer

    # What the operations of any cloud need.

    def type_named(self, name):
        return self.types.get(name) if isinstance(name, str) else None

    def seen_ms(self, request):
        """The time whose books a list shows."""
        return request.t_ms - request.fault.get("ms", 60_000) if request.suffers("stale-list") else request.t_ms

    def listed(self, request):
        """The instances that a list shows to this caller, oldest first."""
        seen = self.seen_ms(request)
        shown = [one for one in self.rentals
                 if one.account == request.credential.account and one.exists_at(seen) and one.list_from_ms <= seen]
        return self.faulty_list(request, shown)

    def faulty_list(self, request, shown):
        if request.suffers("empty-list"):
            return []
        if request.suffers("omit"):
            which = request.fault.get("instance", 1)
            shown = [one for i, one in enumerate(shown, 1)
                     if which not in (i, getattr(one, "id", None), getattr(one, "name", None))]
        return shown

    def found(self, request, id):
        """One that can be had by its id, or None."""
        for one in self.rentals:
            if str(one.id) == str(id) and one.account == request.credential.account:
                return one if one.get_from_ms <= request.t_ms < one.gone_ms else None
        return None

    def state_shown(self, request, instance, t_ms):
        if request.suffers("strange-state"):
            return request.fault.get("state", "reticulating")
        return instance.state_at(t_ms)

    def visible_keys(self, request):
        seen = self.seen_ms(request) - int(self.settings["key_lag_s"] * 1000)
        return [key for key in self.keys if key.account == request.credential.account and key.created_ms <= seen]

    def add_key(self, key, t_ms):
        self.keys.append(key)
        self.world.history.write(self.name, "key-created", t_ms, id=key.id, name=key.name)

    def delete_key(self, key, t_ms):
        if key in self.keys:
            self.keys.remove(key)
            self.world.history.write(self.name, "key-deleted", t_ms, id=key.id, name=key.name, foreign=key.foreign)
            if key.foreign:
                self.rentals.foreign_touched.append(key.id)

    def how_many(self, request):
        return 2 if request.suffers("double") else 1

    def agreed_price(self, request, type):
        return int(type.price_micros * (request.fault.get("factor", 2) if request.suffers("dearer") else 1))
