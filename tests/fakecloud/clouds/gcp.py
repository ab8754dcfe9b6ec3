"""Compute Engine's API v1 as it is spoken at compute.googleapis.com, with OAuth and the price list beside it."""
import base64
import re
from email.utils import formatdate

from clouds.gcp_catalogue import FAMILIES, GPUS, ZONES, gcp_types, skus
from clouds.gcp_identity import Identity, project_of
from clouds.gcp_instances import Instances
from clouds.gcp_operations import Operations
from cloud import Cloud
from exchange import Answer, Operation, Refused
from instance import Instance
from meter import Meter
from rate_limit import Window
from rentals import Life

SERVICE = "6F81-5844-456A"  # Compute Engine, in the price list
PROJECT = "/compute/v1/projects/{project}"
REASONS = {  # status -> reason, message
    400: ("invalid", "Invalid value."),
    401: ("authError", "Request had invalid authentication credentials."),
    403: ("forbidden", "The caller does not have permission"),
    404: ("notFound", "The resource was not found"),
    409: ("conflict", "The request conflicts with another."),
    412: ("conditionNotMet", "Precondition Failed"),
    429: ("rateLimitExceeded", "Rate Limit Exceeded"),
    503: ("backendError", "Backend Error"),
}


class Gcp(Cloud):
    name = "gcp"
    hosts = ("compute.googleapis.com", "oauth2.googleapis.com", "cloudbilling.googleapis.com", "169.254.169.254")
    bills_from = "active"
    bills_off = False
    login = "ubuntu"
    life = Life("PROVISIONING", "RUNNING", "TERMINATED", deleting="STOPPING")
    meter = Meter(step_ms=1000, least_ms=60_000)
    settings = {
        "boot_s": 20,
        "ssh_s": 10,
        "delete_s": 15,
        "operation_s": 8,  # from an accepted insert to the end of its operation
        "stockout_s": 6,
        "operation_kept_s": 86_400,
        "token_s": 3599,
        "quota": 64,  # GPUS_ALL_REGIONS
        "per_second": 20,
        "page_most": 500,
        "error_leaves_machine": False,  # an insert that fails leaves its machine all the same
        "unreachable": [],  # zones that lists know nothing of
        "api_enabled": True,
        "billing_api_enabled": True,
    }

    def __init__(self, world, seed):
        self.identity, self.instances, self.zone_operations = Identity(self), Instances(self), Operations(self)
        super().__init__(world, seed)
        self._second = Window(1000)
        self.seed_foreign(seed)

    def catalogue(self):
        return gcp_types()

    def make_credentials(self, seeded):
        return self.identity.make_credentials(seeded)

    def seed_foreign(self, data):
        now = self.world.clock.now_ms()
        for number, entry in enumerate(data.get("instances", [])):
            type, labels = self.types[entry["type"]], entry.get("labels", {})
            self.rentals.add_foreign(
                Instance(4_000_000_000_000_000_000 + number, entry["name"], list(labels), type, entry["region"],
                         type.price_micros, now, entry.get("account", "main"),
                         facts={"labels": labels, "scheduling": {}, "metadata": {}, "private_ip": "10.128.0.1"}), now)

    def table(self):
        zone, vms, operations = PROJECT + "/zones/{zone}", self.instances, self.zone_operations
        return [Operation(*row) for row in [
            ("token", "POST", "/token", self.identity.token),
            ("metadata.token", "GET", "/computeMetadata/v1/instance/service-accounts/default/token",
             self.identity.metadata_token),
            ("metadata.project", "GET", "/computeMetadata/v1/project/project-id", self.identity.metadata_project),
            ("skus", "GET", "/v1/services/{service}/skus", self._skus),
            ("project", "GET", PROJECT, self._project),
            ("accelerators", "GET", PROJECT + "/aggregated/acceleratorTypes", self._accelerators),
            ("machine-types", "GET", PROJECT + "/aggregated/machineTypes", self._machine_types),
            ("instances.list", "GET", PROJECT + "/aggregated/instances", vms.list),
            ("instances.insert", "POST", zone + "/instances", vms.insert),
            ("instances.get", "GET", zone + "/instances/{instance}", vms.get),
            ("instances.delete", "DELETE", zone + "/instances/{instance}", vms.delete),
            ("operations.list", "GET", zone + "/operations", operations.list),
            ("operations.get", "GET", zone + "/operations/{operation}", operations.get),
            ("operations.wait", "POST", zone + "/operations/{operation}/wait", operations.get),
            ("images.family", "GET", PROJECT + "/global/images/family/{family}", self._family),
        ]]

    def error(self, status, code=None, message=None, request=None):
        usual = REASONS.get(status, ("internalError", "Internal Error"))
        message, reason = message or usual[1], code or usual[0]
        return Answer(status, {"error": {"code": status, "message": message, "errors": [
            {"message": message, "domain": "global", "reason": reason}]}})

    def refuse(self, message, status=400, reason=None):
        raise Refused(self.error(status, reason, message))

    def no_operation(self, request):
        return self.error(404)

    def body(self, request):
        try:
            body = request.json()
        except ValueError:
            self.refuse("Parse Error", reason="parseError")
        if not isinstance(body, dict):
            self.refuse("Parse Error", reason="parseError")
        return body

    def link(self, request):
        return f"https://www.googleapis.com/compute/v1/projects/{request.values['project']}"

    def finish(self, request, answer):
        answer.headers["date"] = formatdate(request.t_ms / 1000, usegmt=True)

    def preempted(self, instance, t_ms):
        self.instances.preempt(instance, t_ms)

    # Who may come in.

    def credential_of(self, request):
        if request.operation is not None and request.operation.name == "token":
            return self.identity.grantee(request)
        return self.identity.bearer(request)[0]

    def admit(self, request):
        if request.operation is not None and request.operation.name in ("token", "metadata.token", "metadata.project"):
            return
        credential, until_ms = self.identity.bearer(request)
        if credential is None or until_ms <= request.t_ms or credential.state in ("expired", "revoked"):
            raise Refused(self.error(401))
        request.credential = credential
        self._limit(request)
        self._require_api(request)
        project = request.values.get("project")
        public = request.operation is not None and request.operation.name == "images.family"
        if credential.state == "inactive" or (project and not public and project != project_of(credential.account)):
            self.refuse(f"Required 'compute.projects.get' permission for 'projects/{project}'", 403)

    def _limit(self, request):
        # Packets of an honest client may bunch up by 20 ms, real time.
        self._second.limit = self.settings["per_second"] + int(0.02 * self.world.clock.speed * 10)
        who = request.credential.account
        if self._second.is_full(who, request.t_ms):
            self.refuse("Rate Limit Exceeded", 403, "rateLimitExceeded")
        self._second.count(who, request.t_ms)

    def _require_api(self, request):
        billing = request.operation is not None and request.operation.name == "skus"
        if self.settings["billing_api_enabled" if billing else "api_enabled"]:
            return
        api, name = ("cloudbilling", "Cloud Billing") if billing else ("compute", "Compute Engine")
        project = project_of(request.credential.account)
        answer = self.error(403, "accessNotConfigured",
                            f"{name} API has not been used in project {project} before or it is disabled. Enable it by "
                            f"visiting https://console.developers.google.com/apis/api/{api}.googleapis.com/overview"
                            f"?project={project} then retry.")
        answer.body["error"] |= {"status": "PERMISSION_DENIED", "details": [{"reason": "SERVICE_DISABLED"}]}
        raise Refused(answer)

    # Lists over all zones.

    def _wants(self, request):
        """What the filter lets through."""
        text = request.query.get("filter", "")
        by_label = re.fullmatch(r"labels\.([a-z0-9_-]+)\s*=\s*([a-z0-9_-]*)", text)
        by_id, by_name = re.fullmatch(r"id\s*=\s*(\d+)", text), re.fullmatch(r'name eq "(.*)"', text)
        if by_label:
            return lambda item: item.get("labels", {}).get(by_label[1]) == by_label[2]
        if by_id:
            return lambda item: item["id"] == by_id[1]
        if by_name:
            return lambda item: re.fullmatch(by_name[1], item["name"])
        if text:
            self.refuse("Invalid value for field 'filter'.")
        return lambda item: True

    def aggregated(self, request, key, items):
        """`items`: (zone, JSON)."""
        wants = self._wants(request)
        items = [(zone, item) for zone, item in items if zone not in self.settings["unreachable"] and wants(item)]
        try:
            size = min(int(request.query.get("maxResults", 500)), self.settings["page_most"])
            start = int(base64.urlsafe_b64decode(request.query.get("pageToken") or "MA=="))
        except ValueError:
            self.refuse("Invalid value for field 'pageToken'.")
        scopes = {f"zones/{zone}": {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "none", "data": []}}
                  for zone in ZONES}
        for zone in self.settings["unreachable"]:
            scopes[f"zones/{zone}"] = {"warning": {"code": "UNREACHABLE", "message": "The zone did not answer."}}
        for zone, item in items[start : start + size]:
            scope = scopes[f"zones/{zone}"]
            scope.pop("warning", None)
            scope.setdefault(key, []).append(item)
        answer = Answer(200, {"kind": f"compute#{key}AggregatedList", "items": scopes})
        following = start + size if start + size < len(items) else None
        if request.suffers("repeated-page"):
            to = request.fault.get("page", "same")
            following = {"same": start, "first": 0}.get(to, to if isinstance(to, str) else (to - 1) * size)
        if following is not None:
            answer.body["nextPageToken"] = base64.urlsafe_b64encode(str(following).encode()).decode()
        return answer

    # What the project is, and what is on offer.

    def _project(self, request):
        quota = {"metric": "GPUS_ALL_REGIONS", "limit": float(self.settings["quota"]), "usage": 0.0}
        return Answer(200, {"kind": "compute#project", "id": "1", "name": request.values["project"], "quotas": [quota]})

    def _accelerators(self, request):
        def item(name, zone):
            return {"id": "1", "name": name, "zone": f"{self.link(request)}/zones/{zone}",
                    "maximumCardsPerInstance": GPUS[name][4]}

        shown = [(zone, item(name, zone)) for name in GPUS for zone in GPUS[name][5]]
        return self.aggregated(request, "acceleratorTypes", self.faulty_list_of(request, shown))

    def _machine_types(self, request):
        def item(facts, zone):
            out = {"id": "1", "name": facts["machine"], "zone": f"{self.link(request)}/zones/{zone}".rpartition("/")[2],
                   "guestCpus": facts["vcpus"], "memoryMb": facts["gib"] * 1024}
            if not facts["attached"]:
                out["accelerators"] = [{"guestAcceleratorType": facts["accelerator"],
                                        "guestAcceleratorCount": facts["gpus"]}]
            return out

        shown = {(zone, type.facts["machine"]): (zone, item(type.facts, zone))
                 for type in self.types.values() for zone in type.stock}
        return self.aggregated(request, "machineTypes", self.faulty_list_of(request, list(shown.values())))

    def faulty_list_of(self, request, shown):
        kept = self.faulty_list(request, [pair[1] for pair in shown])
        return [pair for pair in shown if any(pair[1] is one for one in kept)]

    def _family(self, request):
        project, family = request.values["project"], request.values["family"]
        if (project, family) not in FAMILIES:
            self.refuse(f"The resource 'projects/{project}/global/images/family/{family}' was not found", 404)
        return Answer(200, {"name": family + "-v20261101", "family": family, "status": "READY",
                            "diskSizeGb": str(FAMILIES[project, family])})

    def _skus(self, request):
        if request.values["service"] != SERVICE:
            raise Refused(self.error(404))
        try:
            size, start = int(request.query.get("pageSize", 5000)), int(request.query.get("pageToken") or 0)
        except ValueError:
            self.refuse("Invalid page token.")
        size = min(size, self.settings["page_most"])
        shown = self.faulty_list(request, list(skus(self.types.values())))
        following = str(start + size) if start + size < len(shown) else ""
        if request.suffers("repeated-page"):
            to = request.fault.get("page", "same")
            following = str({"same": start, "first": 0}.get(to, to))
        return Answer(200, {"skus": shown[start : start + size], "nextPageToken": following})


CLOUD = Gcp
