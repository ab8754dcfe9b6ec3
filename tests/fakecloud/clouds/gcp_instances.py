"""Compute Engine's instances: what an insert asks for, what becomes of it, and how it ends."""
import re
import secrets
import uuid

from clouds.gcp_catalogue import FAMILIES, ZONES, price_micros, region_of
from exchange import Answer, Refused
from instance import Instance
from ssh_key import SshKey
from virtual_clock import iso

NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?\Z")
LABEL_KEY, LABEL_VALUE = re.compile(r"[a-z][_\-a-z0-9]{0,62}\Z"), re.compile(r"[_\-a-z0-9]{0,63}\Z")
IMAGE = re.compile(r"(?:.*/)?projects/([^/]+)/global/images/family/([^/]+)\Z")
NOTICE_S = 30  # between the announcement that a spot machine is taken away and its end
LEAST_RUN_S, MOST_RUN_S = 30, 120 * 86_400
STOCKOUT = ("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS",
            "The zone 'projects/{project}/zones/{zone}' does not have enough resources available to fulfill the request.")
QUOTA = ("QUOTA_EXCEEDED", "Quota 'GPUS_ALL_REGIONS' exceeded. Limit: {limit} globally.")


class Instances:
    def __init__(self, cloud):
        self._cloud = cloud

    def json(self, request, vm, t_ms):
        place = f"{self._cloud.link(request)}/zones/{vm.region}"
        outside = {"name": "external-nat", "type": "ONE_TO_ONE_NAT"}
        if vm.address_at(t_ms):
            outside["natIP"] = vm.address
        return {
            "kind": "compute#instance",
            "id": str(vm.id),
            "name": vm.name,
            "zone": place,
            "machineType": f"{place}/machineTypes/{vm.type.facts['machine']}",
            "status": self._cloud.state_shown(request, vm, t_ms),
            "creationTimestamp": iso(vm.created_ms - 8 * 3_600_000).replace("Z", ".000-08:00"),
            "labels": dict(vm.facts["labels"]),
            "labelFingerprint": "42WmSpB8rSM=",
            "scheduling": vm.facts["scheduling"],
            "networkInterfaces": [{"name": "nic0", "networkIP": vm.facts["private_ip"], "accessConfigs": [outside]}],
            "selfLink": f"{place}/instances/{vm.name}",
        }

    # What is asked for.

    def _type(self, body, zone):
        refuse = self._cloud.refuse
        named = re.fullmatch(r"(?:.*/)?zones/([^/]+)/machineTypes/([^/]+)", str(body.get("machineType")))
        guests = body.get("guestAccelerators") or []
        if named is None or named[1] != zone:
            refuse("Invalid value for field 'resource.machineType'.")
        name = named[2]
        if guests:
            name += f"+{guests[0]['acceleratorCount']}x{guests[0]['acceleratorType'].rpartition('/')[2]}"
        type = self._cloud.type_named(name)
        if type is None or zone not in type.stock:
            refuse(f"Invalid value for field 'resource.machineType': '{named[2]}' with these GPUs is not to be had.")
        return type

    def _check_disk(self, body):
        disks = body.get("disks") or [{}]
        wanted = disks[0].get("initializeParams", {})
        image = IMAGE.match(str(wanted.get("sourceImage")))
        if not disks[0].get("boot") or image is None:
            self._cloud.refuse("Invalid value for field 'resource.disks[0]'.")
        if image.groups() not in FAMILIES:
            self._cloud.refuse(f"The resource 'projects/{image[1]}/global/images/family/{image[2]}' was not found", 404)
        if int(wanted.get("diskSizeGb", 0)) < FAMILIES[image.groups()]:
            self._cloud.refuse("Requested disk size cannot be smaller than the image size.")

    def _scheduling(self, body):
        wanted, refuse = body.get("scheduling") or {}, self._cloud.refuse
        if wanted.get("onHostMaintenance") != "TERMINATE":
            refuse("Instances with guest accelerators do not support live migration.")
        if wanted.get("provisioningModel") not in ("SPOT", "STANDARD"):
            refuse("Invalid value for field 'resource.scheduling.provisioningModel'.")
        if wanted["provisioningModel"] == "SPOT" and wanted.get("automaticRestart"):
            refuse("Spot instances can not restart automatically.")
        limit = wanted.get("maxRunDuration")
        if limit and not LEAST_RUN_S <= int(limit["seconds"]) <= MOST_RUN_S:
            refuse("Invalid value for field 'resource.scheduling.maxRunDuration'.")
        if limit and wanted.get("instanceTerminationAction") not in ("STOP", "DELETE"):
            refuse("'instanceTerminationAction' must be specified.")
        return wanted

    def _wanted(self, request, body):
        """(name, type, scheduling, labels, metadata), or a refusal."""
        refuse, zone, name = self._cloud.refuse, request.values["zone"], body.get("name")
        if zone not in ZONES:
            refuse(f"The resource 'zones/{zone}' was not found", 404)
        if not isinstance(name, str) or not NAME.match(name):
            refuse("Invalid value for field 'resource.name': must be a match of regex "
                   "'(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'")
        labels = body.get("labels") or {}
        if len(labels) > 64 or not all(LABEL_KEY.match(key) and LABEL_VALUE.match(value)
                                       for key, value in labels.items()):
            refuse("Invalid value for field 'resource.labels'.")
        network = (body.get("networkInterfaces") or [{}])[0].get("network", "")
        if not network.endswith("global/networks/default"):
            refuse(f"The resource '{network}' was not found", 404)
        type = self._type(body, zone)
        self._check_disk(body)
        metadata = {one["key"]: one["value"] for one in (body.get("metadata") or {}).get("items", [])}
        return name, type, self._scheduling(body), labels, metadata

    def _request_id(self, request):
        given = request.query.get("requestId")
        try:
            if given is not None and uuid.UUID(given).int == 0:
                raise ValueError
        except ValueError:
            self._cloud.refuse("Invalid value for field 'requestId'.")
        return given

    def _named(self, account, zone, name, t_ms):
        return next((one for one in self._cloud.rentals if (one.account, one.region, one.name) == (account, zone, name)
                     and one.exists_at(t_ms)), None)

    def insert(self, request):
        cloud, zone, account, t_ms = self._cloud, request.values["zone"], request.credential.account, request.t_ms
        request_id = self._request_id(request)
        known = cloud.zone_operations.of_request(account, request_id, t_ms) if request_id else None
        if known:
            return Answer(200, cloud.zone_operations.json(request, known))
        name, type, scheduling, labels, metadata = self._wanted(request, cloud.body(request))
        if self._named(account, zone, name, t_ms):
            raise Refused(cloud.error(409, "alreadyExists", f"The resource '{name}' already exists"))
        vm = self._vm(request, name, type, scheduling, labels, metadata)
        gpus = sum(one.type.facts["gpus"] for one in cloud.rentals.open_of(account, t_ms) if not one.foreign)
        error = None
        if gpus + type.facts["gpus"] > cloud.settings["quota"]:
            error = QUOTA[0], QUOTA[1].format(limit=cloud.settings["quota"])
        elif not type.take(zone):
            error = STOCKOUT[0], STOCKOUT[1].format(project=request.values["project"], zone=zone)
        if error is None or cloud.settings["error_leaves_machine"]:
            self._begin(vm, t_ms)
        seconds = cloud.settings["operation_s" if error is None else "stockout_s"]
        operation = cloud.zone_operations.begin("insert", zone, (name, vm.id), t_ms, seconds, account, request_id, error)
        answer = Answer(200, cloud.zone_operations.json(request, operation))
        if request.suffers("wrong-id"):
            answer.body["targetId"] = str(next((one.id for one in cloud.rentals if one.foreign), vm.id + 1))
        return answer

    def _vm(self, request, name, type, scheduling, labels, metadata):
        keys = []
        if metadata.get("enable-oslogin") == "FALSE":  # OS Login is on in this project unless a machine says no
            keys = [SshKey(0, "metadata", line.partition(":")[2], request.t_ms)
                    for line in metadata.get("ssh-keys", "").splitlines()]
        spot = scheduling["provisioningModel"] == "SPOT"
        price = price_micros(type, self._cloud.types.values(), spot)
        facts = {"labels": labels, "scheduling": scheduling, "metadata": metadata,
                 "private_ip": f"10.128.0.{secrets.randbelow(250) + 2}"}
        return Instance(secrets.randbits(62) + 1, name, [f"{key}:{value}" for key, value in labels.items()], type,
                        request.values["zone"], price, request.t_ms, request.credential.account, keys=keys,
                        user_data=metadata.get("user-data", ""), facts=facts)

    def _begin(self, vm, t_ms):
        rentals, boot_s = self._cloud.rentals, self._cloud.settings["boot_s"]
        rentals.add(vm, t_ms)
        vm.set_state(t_ms + int(boot_s * 500), "STAGING")
        limit = vm.facts["scheduling"].get("maxRunDuration")
        if limit:
            ends_ms = t_ms + int(boot_s * 1000) + int(limit["seconds"]) * 1000
            vm.events.append(self._cloud.world.clock.at(ends_ms, lambda t: self._run_out(vm, t)))

    def _run_out(self, vm, t_ms):
        """The cloud's own fuse."""
        self._cloud.world.history.write(self._cloud.name, "run-out", t_ms, **vm.brief())
        self._terminate(vm, t_ms, "its maxRunDuration")

    def _terminate(self, vm, t_ms, why):
        if vm.facts["scheduling"].get("instanceTerminationAction", "STOP") == "DELETE":
            self._cloud.rentals.preempt(vm, t_ms)
        else:
            self._cloud.rentals.off(vm, t_ms, why)

    def preempt(self, vm, t_ms):
        if vm.ended_ms is None:
            vm.set_state(t_ms, "STOPPING")
            self._cloud.world.history.write(self._cloud.name, "preemption-announced", t_ms, **vm.brief())
            ends_ms = t_ms + NOTICE_S * 1000
            vm.events.append(self._cloud.world.clock.at(ends_ms, lambda t: self._terminate(vm, t, "preempted")))

    # What is there, and how it ends.

    def _found(self, request):
        """By name, or by id as well."""
        zone, account, wanted = request.values["zone"], request.credential.account, request.values["instance"]
        for vm in self._cloud.rentals:
            if (vm.account, vm.region) == (account, zone) and wanted in (vm.name, str(vm.id)):
                if vm.get_from_ms <= request.t_ms < vm.gone_ms:
                    return vm
        raise Refused(self._cloud.error(404, message=f"The resource '{zone}/instances/{wanted}' was not found"))

    def get(self, request):
        return Answer(200, self.json(request, self._found(request), request.t_ms))

    def list(self, request):
        shown, seen = self._cloud.listed(request), self._cloud.seen_ms(request)
        return self._cloud.aggregated(request, "instances", [(one.region, self.json(request, one, seen))
                                                             for one in shown])

    def delete(self, request):
        cloud, vm = self._cloud, self._found(request)
        cloud.rentals.delete(vm, request.t_ms)
        operation = cloud.zone_operations.begin("delete", vm.region, (vm.name, vm.id), request.t_ms,
                                                cloud.settings["delete_s"], vm.account, self._request_id(request))
        return Answer(200, cloud.zone_operations.json(request, operation))
