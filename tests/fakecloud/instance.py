"""A rented machine as the cloud's books have it. What it was at any past time can be asked, for lists that lag."""
from dataclasses import dataclass, field

from catalogue import MachineType


@dataclass(eq=False)  # each is itself, however alike two are
class Instance:
    id: object
    name: str
    tags: list  # ["key:value"] or as the cloud has them
    type: MachineType
    region: str
    price_micros: int  # an hour, as agreed at its creation
    created_ms: int
    account: str = "main"
    foreign: bool = False  # was there before the test began
    address: str = ""
    port: int = 22  # of its sshd
    keys: list = field(default_factory=list)  # the SshKeys that log in
    user_data: str = ""
    facts: dict = field(default_factory=dict)  # what only its cloud says
    states: list = field(default_factory=list)  # [(t_ms, state)]
    address_from_ms: float = float("inf")
    get_from_ms: int = 0
    list_from_ms: int = 0
    gone_ms: float = float("inf")  # from when on it is shown no more
    billed_from_ms: int | None = None  # while the meter runs
    ended_ms: int | None = None  # a delete was accepted, or the cloud took it away: the bill ends here
    deleted_ms: int | None = None  # the first accepted delete
    delete_requests: int = 0  # accepted ones
    billed_micros: int = 0  # of the stretches that are over
    events: list = field(default_factory=list)  # what is still to come, all of it off when it ends
    cloud_init: object = None
    shutdown: object = None  # the event of a `shutdown -P +N`

    def set_state(self, t_ms, state):
        self.states.append((t_ms, state))

    def state_at(self, t_ms):
        state = self.states[0][1]
        for since, name in self.states:
            if since > t_ms:
                break
            state = name
        return state

    def exists_at(self, t_ms):
        return self.created_ms <= t_ms < self.gone_ms

    def address_at(self, t_ms):
        return self.address if self.address_from_ms <= t_ms else ""

    def bills_at(self, t_ms):
        """Whether someone must still delete it, paid for already or soon."""
        return self.created_ms <= t_ms and (self.ended_ms is None or t_ms < self.ended_ms)

    def brief(self):
        return {"id": self.id, "name": self.name, "tags": self.tags, "price_micros": self.price_micros}
