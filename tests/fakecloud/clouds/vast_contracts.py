"""Vast's instances: containers that a taken ask becomes, told of by their contracts."""
import json
import secrets

from clouds.vast_market import PLACES
from exchange import Answer
from instance import Instance

FIRST_ID = 20_123_456
MAX_SCRIPT = 4048
CANARY = "fakecloud-canary-"  # begins every jupyter token: a client that keeps one can be found out
# What only the start script of a container is told, and its sleep, in the cloud's time.
PROLOGUE = """#!/bin/bash
export CONTAINER_ID={id} CONTAINER_API_KEY={key} VAST_CONTAINERLABEL=C.{id} PUBLIC_IPADDR={address}
export PATH=/usr/lib/fakecloud/own:$PATH
/bin/sleep {late}
"""

# sshd, process 1, says on its standard error what became of a login.
AWAIT_CONTACT = """until grep -q preauth /proc/1/fd/2; do /bin/sleep 0.1; done
"""


class Contracts:
    def __init__(self, cloud):
        self._cloud, self._next_id = cloud, FIRST_ID

    def json(self, request, one, t_ms):
        state = self._cloud.state_shown(request, one, t_ms)
        stopped = state == "stopped"
        side = "stopped" if stopped else "running"
        out = {
            "id": one.id, "label": one.name or None, "cur_state": side, "next_state": side, "intended_status": side,
            "actual_status": state if t_ms >= one.facts["told_ms"] else None,
            "status_msg": self._cloud.settings["status_msg"] or ("success, running" if state == "running" else None),
            "image_uuid": one.facts["image"], "image_runtype": one.facts["runtype"], "dph_base": one.price_micros / 1e6,
            "dph_total": one.price_micros / 1e6, "start_date": one.created_ms / 1000,
            "end_date": one.created_ms / 1000 + self._cloud.settings["asked_s"], "ssh_host": "ssh5.vast.ai",
            "ssh_port": 13456, "disk_space": one.facts["disk"], "jupyter_token": one.facts["jupyter_token"],
            "geolocation": PLACES[one.region], "ports": None,
        }
        for name in ("machine_id", "host_id", "num_gpus", "gpu_name", "gpu_ram", "is_bid", "inet_up_cost",
                     "inet_down_cost", "storage_cost", "reliability2"):
            out[name] = one.type.facts[name]
        if address := one.address_at(t_ms):
            out["public_ipaddr"] = address + "\n"  # so the vendor sends it
            if state not in ("loading", "stopped", "exited"):
                out["ports"] = {"22/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(one.port)}]}
        return out

    # Making one.

    def rent(self, request):
        cloud, account = self._cloud, request.credential.account
        body, number = cloud.body(request), cloud.number(request)
        script, label, disk = body.get("onstart") or "", body.get("label") or "", body.get("disk", 10)
        if not body.get("image") and not body.get("template_hash_id"):
            cloud.refuse("image is missing")
        if body.get("runtype", "ssh_direct") not in ("ssh", "ssh_direct", "ssh_proxy"):
            cloud.refuse("runtype is not one that this cloud has")
        if not isinstance(script, str) or len(script) > MAX_SCRIPT:
            cloud.refuse(f"onstart has at most {MAX_SCRIPT} characters")
        if not isinstance(label, str) or len(label) > 256:
            cloud.refuse("label has at most 256 characters")
        if not isinstance(disk, (int, float)) or disk <= 0:
            cloud.refuse("disk is a number of GB")
        if len(cloud.rentals.open_of(account, request.t_ms)) + 1 > cloud.settings["quota"]:
            cloud.refuse("You have spent too much in too short a time.", 400, "spend_rate_limit")
        if cloud.settings["credit"] <= 0:
            cloud.refuse("Your account lacks credit.", 400, "insufficient_credit")
        taken = cloud.market.take(account, number)
        if taken is None:
            cloud.refuse(f"error 404/3603: no_such_ask Instance type by id {number} is not available.", 404,
                         "no_such_ask")
        made = [self._make(request, body, *taken) for _ in range(cloud.how_many(request))]
        return self._answer(request, made[0])

    def _make(self, request, body, type, country):
        cloud = self._cloud
        self._next_id += 3
        key = secrets.token_hex(32)
        cloud.world.history.hide(key)
        price = cloud.market.price_micros(type, body.get("disk", 10))
        one = Instance(self._next_id, body.get("label") or "", [], type, country,
                       int(price * cloud.agreed_factor(request)), request.t_ms, request.credential.account,
                       user_data="#!/bin/bash\n", facts=self.facts(body, request.t_ms) | {"key": key})
        cloud.rentals.add(one, request.t_ms)
        one.cloud_init.script = self._script(one, body.get("onstart") or "")
        speed = cloud.world.clock.speed
        one.cloud_init.write_files += [("/usr/lib/fakecloud/way-out", 0o644, cloud.world.urls["vast"].encode()),
                                       ("/usr/lib/fakecloud/speed", 0o644, str(speed).encode())]
        return one

    def _script(self, one, onstart):
        settings = self._cloud.settings
        prologue = PROLOGUE.format(id=one.id, key=one.facts["key"], address=one.address, late=settings["script_late_s"])
        return prologue + AWAIT_CONTACT * settings["script_awaits_contact"] + onstart

    def facts(self, body, t_ms):
        return {"image": body.get("image", "vastai/base-image:cuda-12.8"), "runtype": body.get("runtype", "ssh_direct"),
                "disk": float(body.get("disk", 10)), "jupyter_token": CANARY + secrets.token_hex(16), "key": None,
                "told_ms": t_ms + int(self._cloud.settings["told_s"] * 1000)}

    def _answer(self, request, one):
        cloud = self._cloud
        if cloud.settings["refuses_and_makes"]:
            for event in one.events:
                event.cancel()
            cloud.rentals.off(one, request.t_ms, "its create was refused")
            answer = cloud.error(400, "invalid_price", "The bid is too low.")
            answer.body["new_contract"] = one.id
            return answer
        shown = one.id
        if request.suffers("wrong-id"):
            shown = next((other.id for other in cloud.rentals
                          if other.foreign and other.account == request.credential.account), one.id + 1)
        return Answer(200, {"success": True, "new_contract": shown,
                            "instance_api_key": CANARY + secrets.token_hex(16)})

    # What is there.

    def list(self, request):
        cloud, query = self._cloud, request.query
        try:
            limit, filters = int(query.get("limit", 25)), json.loads(query.get("select_filters", "{}"))
        except ValueError:
            cloud.refuse("limit or select_filters can't be read", 400, "invalid_request")
        if not 1 <= limit <= 25 or set(filters) - {"label"}:
            cloud.refuse("limit is at most 25, and label the one filter here", 400, "invalid_request")
        label = filters.get("label", {}).get("eq")
        shown = [one for one in cloud.listed(request) if label in (None, one.name)]
        token = query.get("after_token", "")
        begin = cloud.pages.get(token, 0) if token else 0
        if token and token not in cloud.pages:
            cloud.refuse("after_token is not known", 400, "invalid_token")
        page, end = shown[begin : begin + limit], begin + limit
        next_token = cloud.page_token(end) if end < len(shown) else None
        if request.suffers("repeated-page"):
            to = request.fault.get("page", "same")
            next_token = cloud.page_token(begin if to == "same" else 0 if to == "first" else to)
        seen = cloud.seen_ms(request)
        labels = {}
        for one in shown:
            labels[one.name] = labels.get(one.name, 0) + 1
        return Answer(200, {"success": True, "instances_found": len(page), "total_instances": len(shown),
                            "label_counts": labels, "next_token": next_token,
                            "instances": [self.json(request, one, seen) for one in page]})

    def get(self, request):
        one = self._cloud.found(request, self._cloud.number(request))
        return Answer(200, {"instances": one and self.json(request, one, request.t_ms)})

    def found(self, request, status=404):
        one = self._cloud.found(request, self._cloud.number(request))
        if one is None:
            self._cloud.refuse("Instance not found.", status, "no_such_instance")
        return one

    # What is done to it.

    def delete(self, request):
        self._cloud.rentals.delete(self.found(request), request.t_ms)
        return Answer(200, {"success": True})

    def reboot(self, request):
        self._cloud.rentals.on(self.found(request, 400), request.t_ms)
        return Answer(200, {"success": True})

    def attach(self, request):
        one, key = self.found(request), self._cloud.body(request).get("ssh_key")
        if not isinstance(key, str) or not key.startswith("ssh-"):
            self._cloud.refuse("ssh_key is no public key")
        if one.foreign:
            self._cloud.rentals.foreign_touched.append(one.id)
        else:
            one.cloud_init.authorized_keys.append(key)
        return Answer(200, {"success": True, "msg": "Key attached."})
