"""The way of one request to a cloud: its operation is found, its fault begins, the cloud answers, the fault goes on."""
import delivery
from exchange import Answer
from listener import Connection

SILENT = ("reset", "time-out")  # nothing is done and nothing said
DONE_IN_SILENCE = ("act-then-reset", "act-then-time-out")


def reason_of(answer):
    """What the cloud gives as the reason of a refusal, for the history."""
    if answer.status < 400 or not isinstance(answer.body, dict):
        return {}
    error = answer.body.get("error")
    if isinstance(error, str):
        return {"reason": error}
    return {"reason": error.get("code") if isinstance(error, dict) else answer.body.get("message")}


class CloudConnection(Connection):
    cloud = None
    gate = None

    def exchange(self, request):
        """False when the connection can't serve another request."""
        if not self._is_meant(request):
            self._note(request, 421)
            return delivery.deliver(self.connection, Answer(421, {"error": "this host is not here"}), None)
        with self.cloud.world.lock:
            self.cloud.find(request)
        kind = request.fault.kind if request.fault else ""
        if kind in SILENT:
            return self._say_nothing(request)
        if kind == "hold-then-act" and not self._passes_gate(request, None):
            return False
        with self.cloud.world.clock.at_work(), self.cloud.world.lock:
            answer = self.cloud.answer(request)
            if kind not in DONE_IN_SILENCE and kind != "act-then-hold":
                # Under the lock: the book has the requests in the order in which they were carried out.
                self._note(request, answer.status, **reason_of(answer))
        if kind in DONE_IN_SILENCE:
            return self._say_nothing(request)
        if kind == "act-then-hold" and not self._passes_gate(request, answer.status):
            return False
        return delivery.deliver(self.connection, answer, request.fault)

    def _is_meant(self, request):
        host = self.headers.get("host", "").lower()
        if self.cloud.is_host(host):
            request.base = "https://" + host
            return True
        port = self.server.server_address[1]
        return host in (f"127.0.0.1:{port}", f"localhost:{port}")

    def _note(self, request, status, **more):
        operation = request.operation.name if request.operation else "unknown"
        fault = request.fault.kind if request.fault else None
        self.cloud.world.history.write(
            self.cloud.name, "request", method=request.method, path=request.path, operation=operation, nth=request.nth,
            status=status, fault=fault, query=sorted(request.query), **more)

    def _about(self, request):
        return {"cloud": self.cloud.name, "operation": request.operation.name, "nth": request.nth,
                "fault": request.fault.kind}

    def _say_nothing(self, request):
        self._note(request, "dropped")
        way = "reset"
        if request.fault.kind.endswith("time-out"):
            until_ms = self.cloud.world.clock.now_ms() + int(request.fault.get("seconds", delivery.NEVER_S) * 1000)
            way = self.gate.hold(self.connection, self._about(request), until_ms)
        if way == "reset":
            delivery.reset(self.connection)
        return False

    def _passes_gate(self, request, status):
        """Waits for a release; whether it goes on from there. What is yet to be done is done with nobody there, too."""
        way = self.gate.hold(None if status is None else self.connection, self._about(request),
                             entered=lambda id: self._note(request, "held", held=id))
        self.cloud.world.history.write(
            self.cloud.name, "released", operation=request.operation.name, nth=request.nth, way=way,
            status=status if way == "answer" else "dropped")
        if way == "reset":
            delivery.reset(self.connection)
        return way == "answer"


def cloud_connection(cloud, gate):
    """The handler class of one cloud's listener."""
    return type("CloudConnection", (CloudConnection,), {"cloud": cloud, "gate": gate})
