"""One request of a client and the answer to it, and the table that says which operation a request is."""
import json
import re
from dataclasses import dataclass, field


class Refused(Exception):
    """Thrown while an operation is carried out: the answer is this one, and nothing was done."""

    def __init__(self, answer):
        super().__init__("refused")
        self.answer = answer


@dataclass
class Request:
    method: str
    path: str
    query: dict  # name -> the last value given
    headers: object  # of the http package: get() knows no case
    body: bytes
    base: str  # what absolute links begin with
    operation: object = None
    nth: int = 0  # the how-many-th request of its operation
    values: dict = field(default_factory=dict)  # what stood for {id} in the path
    fault: object = None
    credential: object = None
    t_ms: int = 0

    def json(self):
        """Throws ValueError."""
        return json.loads(self.body.decode("utf-8"))

    def suffers(self, kind):
        return self.fault is not None and self.fault.kind == kind


@dataclass
class Answer:
    status: int
    body: object = None  # bytes as they are, None for no body, anything else as JSON
    headers: dict = field(default_factory=dict)

    def bytes(self):
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Operation:
    name: str
    method: str
    path: str  # "/v2/droplets/{id}"
    act: object  # Request -> Answer
    scopes: tuple = ()

    def __post_init__(self):
        parts = re.split(r"\{([a-z_]+)\}", self.path)
        pattern = "".join(f"(?P<{part}>[^/]+)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
        self.pattern = re.compile(pattern + r"/?\Z")


class Operations:
    """The first that fits is taken, so fixed paths stand before those with a {name}."""

    def __init__(self, operations):
        self._all = operations

    def find(self, request):
        for operation in self._all:
            found = operation.pattern.match(request.path)
            if found and operation.method == request.method:
                request.values = found.groupdict()
                return operation
        return None

    def names(self):
        return {operation.name for operation in self._all}
