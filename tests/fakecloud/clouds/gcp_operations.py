"""Compute Engine's operations: what is being done, which may fail long after it was accepted."""
import secrets

from exchange import Answer, Refused
from virtual_clock import iso

PENDING_MS = 500


class Operations:
    """At most one a request id, for an hour."""

    def __init__(self, cloud):
        self._cloud, self._all, self._by_request = cloud, [], {}

    def begin(self, kind, zone, target, t_ms, lasts_s, account, request_id=None, error=None):
        """`target`: (name, id). `error`: (code, message), to be seen a while before the end."""
        done_ms = t_ms + int(lasts_s * 1000)
        operation = {"name": f"operation-{t_ms}-{secrets.token_hex(6)}", "id": str(secrets.randbits(62)), "kind": kind,
                     "zone": zone, "target": target, "begun_ms": t_ms, "done_ms": done_ms, "account": account,
                     "error": error, "error_ms": (t_ms + done_ms) // 2, "request_id": request_id}
        self._all.append(operation)
        if request_id:
            self._by_request[account, request_id] = operation
        return operation

    def of_request(self, account, request_id, t_ms):
        operation = self._by_request.get((account, request_id))
        return operation if operation and t_ms - operation["begun_ms"] < 3_600_000 else None

    def json(self, request, operation):
        t_ms, (name, id) = request.t_ms, operation["target"]
        place = f"{self._cloud.link(request)}/zones/{operation['zone']}"
        done, running = operation["done_ms"] <= t_ms, operation["begun_ms"] + PENDING_MS <= t_ms
        out = {"kind": "compute#operation", "id": operation["id"], "name": operation["name"], "zone": place,
               "operationType": operation["kind"], "targetLink": f"{place}/instances/{name}", "targetId": str(id),
               "status": "DONE" if done else "RUNNING" if running else "PENDING", "progress": 100 if done else 0,
               "insertTime": iso(operation["begun_ms"]), "selfLink": f"{place}/operations/{operation['name']}"}
        if operation["request_id"]:
            out["clientOperationId"] = operation["request_id"]
        if operation["error"] and operation["error_ms"] <= t_ms:
            code, message = operation["error"]
            out["error"] = {"errors": [{"code": code, "message": message}]}
            out |= {"httpErrorStatusCode": 503, "httpErrorMessage": "SERVICE UNAVAILABLE"}
        return out

    def _is_shown(self, request, operation):
        kept_ms = int(self._cloud.settings["operation_kept_s"] * 1000)
        return (operation["account"] == request.credential.account and operation["zone"] == request.values["zone"]
                and request.t_ms < operation["done_ms"] + kept_ms)

    def get(self, request):
        """Also for wait, which may return whenever it likes."""
        for operation in self._all:
            if operation["name"] == request.values["operation"] and self._is_shown(request, operation):
                return Answer(200, self.json(request, operation))
        raise Refused(self._cloud.error(404))

    def list(self, request):
        shown = [self.json(request, one) for one in self._all if self._is_shown(request, one)]
        return Answer(200, {"kind": "compute#operationList", "items": shown})
