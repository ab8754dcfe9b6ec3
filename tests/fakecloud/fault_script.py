"""The faults that a test orders: which call of which operation suffers what."""
from dataclasses import dataclass, field

# What may be said about each kind beside where it strikes.
KINDS = {
    "refuse": {"status", "code", "message", "headers", "body"},  # does not act
    "act-then-500": {"status", "code", "message", "body"},
    "act-then-time-out": {"seconds"},
    "act-then-hold": set(),
    "hold-then-act": set(),
    "act-then-reset": set(),
    "truncate": {"at", "as"},
    "empty-list": set(),
    "repeated-page": {"page"},
    "slow-drip": {"ms"},
    "garbage": {"as", "acts"},
    "time-out": {"seconds"},  # does not act
    "reset": set(),  # does not act
    "stale-list": {"ms"},
    "omit": {"instance"},
    "double": set(),
    "dearer": {"factor"},
    "redirect": {"to", "status"},  # does not act
    "strange-state": {"state"},
    "wrong-id": set(),
}
PLACE = {"cloud", "operation", "account", "nth", "from", "to", "every", "next", "skip", "fault"}
NEVER_ACTS = {"refuse", "time-out", "reset", "redirect"}
ALTERS_ACT = {"empty-list", "repeated-page", "stale-list", "omit", "double", "dearer", "strange-state", "wrong-id"}


@dataclass
class Fault:
    cloud: str
    operation: str
    kind: str
    account: str | None = None  # only its calls are struck, and only they are counted
    first: int = 1
    last: float = float("inf")
    every: int = 1
    more: dict = field(default_factory=dict)

    def strikes(self, nth):
        return self.first <= nth <= self.last and (nth - self.first) % self.every == 0

    def acts(self):
        return self.more.get("acts", True) and self.kind not in NEVER_ACTS

    def get(self, key, default=None):
        return self.more.get(key, default)


def parse_fault(entry, operations, counted):
    """Throws ValueError. `operations`: cloud -> names; `counted`: (cloud, operation, account) -> calls so far."""
    if not isinstance(entry, dict):
        raise ValueError("a fault is an object")
    kind, cloud, operation = (entry.get(key) for key in ("fault", "cloud", "operation"))
    if kind not in KINDS:
        raise ValueError(f"there is no fault {kind!r}; there are {', '.join(sorted(KINDS))}")
    if cloud not in operations:
        raise ValueError(f"there is no cloud {cloud!r}; there are {', '.join(sorted(operations))}")
    if operation not in operations[cloud]:
        raise ValueError(f"{cloud} has no operation {operation!r}; it has {', '.join(sorted(operations[cloud]))}")
    # "to" is the last call, but for a redirect the host to go to.
    to_host = kind == "redirect" and isinstance(entry.get("to"), str)
    unknown = set(entry) - PLACE - KINDS[kind]
    if unknown:
        raise ValueError(f"{kind} knows no {', '.join(sorted(unknown))}")
    more = {key: entry[key] for key in KINDS[kind] if key in entry}
    fault = Fault(cloud, operation, kind, entry.get("account"), more=more)
    if "next" in entry:
        fault.first = counted(cloud, operation, fault.account) + entry.get("skip", 0) + 1
        fault.last = fault.first + entry["next"] - 1
    if "nth" in entry:
        fault.first = fault.last = entry["nth"]
    fault.first = entry.get("from", fault.first)
    if "to" in entry and not to_host:
        fault.last = entry["to"]
    if "every" in entry:
        fault.every = entry["every"]
        fault.first = entry.get("from", fault.every)
    if not (isinstance(fault.every, int) and fault.every > 0 and isinstance(fault.first, int)):
        raise ValueError("nth, from, to, every and next are whole numbers from 1 on")
    return fault


class FaultScript:
    def __init__(self, operations):
        self._operations, self._faults, self._counts = operations, [], {}

    def add(self, entries):
        self._faults += [parse_fault(entry, self._operations, self.count) for entry in entries]

    def count(self, cloud, operation, account=None):
        """`account` None: of all accounts."""
        return self._counts.get((cloud, operation, account), 0)

    def next(self, cloud, operation, account):
        """Counts one more call; gives its number among all and the first fault that strikes it."""
        for one in {None, account}:
            self._counts[cloud, operation, one] = self.count(cloud, operation, one) + 1
        for fault in self._faults:
            is_meant = (fault.cloud, fault.operation) == (cloud, operation) and fault.account in (None, account)
            if is_meant and fault.strikes(self.count(cloud, operation, fault.account)):
                return self.count(cloud, operation), fault
        return self.count(cloud, operation), None

    def lift(self, cloud, account):
        """Forgets the faults of an account, of all where it is None."""
        self._faults = [one for one in self._faults if one.cloud != cloud or account not in (None, one.account)]
