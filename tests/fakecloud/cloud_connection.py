"""The way of one request to a cloud: its operation is found, its fault begins, the cloud answers, the fault goes on."""
import delivery
from exchange import Answer
from listener import Connection


def reason_of(answer):
    """What the cloud gives as the reason of a refusal, for the history."""
    if answer.status < 400 or not isinstance(answer.body, dict):
        return {}
    error = answer.body.get("error")
    return {"reason": error.get("code") if isinstance(error, dict) else answer.body.get("message")}


def cloud_connection(cloud, gate):
    """The handler class of one cloud's listener."""

    class CloudConnection(Connection):
        def exchange(self, request):
            host = self.headers.get("host", "").lower()
            own = f"127.0.0.1:{self.server.server_address[1]}"
            if host not in (cloud.host, cloud.host + ":443", own, own.replace("127.0.0.1", "localhost")):
                return self._misdirected(request)
            if host.startswith(cloud.host):
                request.base = "https://" + cloud.host
            world = cloud.world
            with world.lock:
                cloud.find(request)
            fault = request.fault
            kind = fault.kind if fault else ""
            if kind in ("reset", "time-out"):
                return self._say_nothing(request, kind)
            if kind == "hold-then-act" and not self._held(request, None):
                return False
            with world.lock:
                answer = cloud.answer(request)
                if kind == "act-then-reset":
                    self._note(request, "dropped")
                elif kind == "act-then-time-out":
                    pass
                elif kind != "act-then-hold":
                    self._note(request, answer.status, **reason_of(answer))
            if kind == "act-then-reset":
                delivery.reset(self.connection)
                return False
            if kind == "act-then-time-out":
                return self._say_nothing(request, kind)
            if kind == "act-then-hold" and not self._held(request, answer.status):
                return False
            return delivery.deliver(self.connection, answer, fault)

        def _note(self, request, status, **more):
            operation = request.operation.name if request.operation else "unknown"
            fault = request.fault.kind if request.fault else None
            cloud.world.history.write(cloud.name, "request", method=request.method, path=request.path,
                                      operation=operation, nth=request.nth, status=status, fault=fault,
                                      query=sorted(request.query), **more)

        def _misdirected(self, request):
            cloud.world.history.write(cloud.name, "request", method=request.method, path=request.path,
                                      operation="misdirected", nth=0, status=421, fault=None, query=[])
            answer = Answer(421, {"error": "this is " + cloud.host})
            return delivery.deliver(self.connection, answer, None)

        def _say_nothing(self, request, kind):
            self._note(request, "dropped")
            if kind != "reset":
                seconds = request.fault.get("seconds", delivery.NEVER_S)
                until_ms = cloud.world.clock.now_ms() + int(seconds * 1000)
                if gate.hold(self.connection, self._about(request), until_ms) != "reset":
                    return False
            delivery.reset(self.connection)
            return False

        def _held(self, request, status):
            """Whether the client is to get its answer."""
            def entered(id):
                self._note(request, "held", held=id)

            way = gate.hold(self.connection, self._about(request), entered=entered)
            cloud.world.history.write(cloud.name, "released", operation=request.operation.name, nth=request.nth,
                                      way=way, status=status if way == "answer" else "dropped")
            if way == "reset":
                delivery.reset(self.connection)
            return way == "answer"

        def _about(self, request):
            return {"cloud": cloud.name, "operation": request.operation.name, "nth": request.nth,
                    "fault": request.fault.kind}

    return CloudConnection
