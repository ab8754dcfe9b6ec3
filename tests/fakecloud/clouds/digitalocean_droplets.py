"""DigitalOcean's droplets: what a create asks for, what a list shows, and what a delete leaves."""
import re
import secrets

from clouds.digitalocean_catalogue import REGIONS
from exchange import Answer, Refused
from instance import Instance
from virtual_clock import iso

NAME = re.compile(r"[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]\Z")
FIRST_ID = 3_164_444
MAX_USER_DATA = 64 << 10


class Droplets:
    def __init__(self, cloud):
        self._cloud = cloud
        self._next_id = FIRST_ID

    def json(self, request, droplet, t_ms):
        cloud, credential = self._cloud, request.credential
        image = droplet.facts["image"]
        address = droplet.address_at(t_ms)
        gone = droplet.ended_ms is not None and t_ms >= droplet.ended_ms
        out = {
            "id": droplet.id,
            "name": droplet.name,
            "memory": droplet.type.facts["memory"],
            "vcpus": droplet.type.facts["vcpus"],
            "disk": droplet.type.facts["disk"],
            "disk_info": droplet.type.facts["disk_info"],
            "locked": gone or cloud.actions.is_busy(droplet, t_ms),
            "status": cloud.state_shown(request, droplet, t_ms),
            "kernel": None,
            "created_at": iso(droplet.created_ms),
            "features": ["droplet_agent", "private_networking"],
            "backup_ids": [],
            "next_backup_window": None,
            "snapshot_ids": [],
            "volume_ids": [],
            "size": cloud.size_json(droplet.type, droplet.price_micros),
            "size_slug": droplet.type.name,
            "networks": {"v4": [], "v6": []},
            "region": cloud.region_json(droplet.region),
            "vpc_uuid": "760e09ef-dc84-11e8-981e-3cfdfeaae000",
        }
        if address:
            out["networks"]["v4"] = [
                {"ip_address": droplet.facts["private_ip"], "netmask": "255.255.240.0", "gateway": "nil",
                 "type": "private"},
                {"ip_address": address, "netmask": "255.255.240.0", "gateway": "127.0.0.1", "type": "public"},
            ]
        if "gpu_info" in droplet.type.facts:
            out["gpu_info"] = droplet.type.facts["gpu_info"]
        if credential.may("tag:read"):
            out["tags"] = list(droplet.tags)
        if credential.may("image:read"):
            out["image"] = image
        return out

    # What is asked for.

    def _wanted(self, body):
        """(names, size, region, image), or a refusal."""
        cloud = self._cloud
        names = body["names"] if isinstance(body.get("names"), list) else [body.get("name")]
        if not names or len(names) > 10 or not all(
                isinstance(name, str) and len(name) <= 255 and NAME.match(name) for name in names):
            cloud.refuse("Name Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
        size = cloud.type_named(body.get("size"))
        if size is None:
            cloud.refuse("You specified an invalid size for Droplet creation.")
        image = next((one for one in cloud.images if body.get("image") in (one["id"], one["slug"])), None)
        if image is None:
            cloud.refuse("You specified an invalid image for Droplet creation.")
        region = body.get("region")
        if region is None:
            region = next(iter(size.listed_in()), next(iter(REGIONS)))
        if not isinstance(region, str) or region not in REGIONS:
            cloud.refuse("You specified an invalid region for Droplet creation.")
        if region not in image["regions"]:
            cloud.refuse("The image is not available in region " + region + ".")
        return names, size, region, image

    def _scopes(self, request, body):
        needed = ["image:read"]
        needed += ["tag:create"] * bool(body.get("tags")) + ["ssh_key:read"] * bool(body.get("ssh_keys"))
        needed += ["vpc:read"] * bool(body.get("vpc_uuid")) + ["block_storage:read"] * bool(body.get("volumes"))
        if not request.credential.may(*needed):
            raise Refused(self._cloud.error(403))

    def _keys(self, request, wanted):
        if not isinstance(wanted, list):
            self._cloud.refuse("ssh_keys must be a list.")
        found = [self._cloud.key_objects.usable(request, one) for one in wanted]
        missing = [str(one) for one, key in zip(wanted, found) if key is None]
        if missing:
            self._cloud.refuse(f"{', '.join(missing)} are invalid key identifiers for Droplet creation.")
        return found

    def create(self, request):
        cloud = self._cloud
        body, account = cloud.body(request), request.credential.account
        names, size, region, image = self._wanted(body)
        self._scopes(request, body)
        tags = body.get("tags") or []
        if not isinstance(tags, list) or not all(cloud.tags.is_name(tag) for tag in tags):
            cloud.refuse("Tags may only contain letters, numbers, colons, dashes, and underscores.")
        user_data = body.get("user_data") or ""
        if not isinstance(user_data, str) or len(user_data.encode()) > MAX_USER_DATA:
            cloud.refuse("User data may have at most 64 KiB.")
        keys = self._keys(request, body.get("ssh_keys") or [])
        if cloud.settings["restricted"]:
            cloud.refuse("This size is currently restricted for your account. Please open a support ticket.")
        if len(cloud.rentals.open_of(account, request.t_ms)) + len(names) > cloud.settings["quota"]:
            cloud.refuse("creating this/these droplet(s) will exceed your droplet limit")
        self._take(size, region, len(names))
        cloud.tags.add(tags)
        made, actions = [], []
        for name in names * cloud.how_many(request):
            self._next_id += 11
            droplet = Instance(self._next_id, name, list(tags), size, region, cloud.agreed_price(request, size),
                               request.t_ms, account, keys=keys, user_data=user_data, facts=self.facts(image))
            cloud.rentals.add(droplet, request.t_ms)
            actions.append(cloud.actions.begin(droplet, "create", request.t_ms, cloud.settings["boot_s"]))
            made.append(droplet)
        return self._created(request, body, made[: len(names)], actions[: len(names)])

    @staticmethod
    def facts(image):
        return {"image": image, "private_ip": f"10.20.{secrets.randbelow(250)}.{secrets.randbelow(250)}"}

    def _take(self, size, region, count):
        for done in range(count):
            if size.take(region):
                continue
            for _ in range(done):
                size.give_back(region)
            elsewhere = [one for one in size.listed_in() if one != region]
            answer = self._cloud.error(422, message="Size is not available in this region." if elsewhere else
                                       "Size is unavailable: we are temporarily unavailable at this capacity.")
            if elsewhere:
                answer.body["error_attributes"] = {"available_regions": elsewhere}
            raise Refused(answer)

    def _created(self, request, body, made, actions):
        shown = [self.json(request, droplet, request.t_ms) for droplet in made]
        if request.suffers("wrong-id"):
            foreign = next((one.id for one in self._cloud.rentals
                            if one.foreign and one.account == request.credential.account), self._next_id + 1)
            shown[0]["id"] = foreign
        links = {"actions": [{"id": one["id"], "rel": "create", "href": f"{request.base}/v2/actions/{one['id']}"}
                             for one in actions]}
        if isinstance(body.get("names"), list):
            return Answer(202, {"droplets": shown, "links": links})
        return Answer(202, {"droplet": shown[0], "links": links})

    # What is there.

    def found(self, request):
        droplet = self._cloud.found(request, request.values["id"])
        if droplet is None:
            raise Refused(self._cloud.error(404))
        return droplet

    def get(self, request):
        return Answer(200, {"droplet": self.json(request, self.found(request), request.t_ms)})

    def tagged(self, request, tag):
        if not request.credential.may("tag:read"):
            raise Refused(self._cloud.error(403))
        return [one for one in self._cloud.listed(request) if tag in one.tags]

    def list(self, request):
        tag, name, kind = (request.query.get(key) for key in ("tag_name", "name", "type"))
        if tag is not None and (name is not None or kind is not None):
            self._cloud.refuse("tag_name can not be combined with name or type.")
        if kind not in (None, "droplets", "gpus"):
            self._cloud.refuse("type is droplets or gpus.")
        if tag is not None:
            shown = self.tagged(request, tag)
        else:
            # The trap: without type=gpus a list has no GPU droplet, and says nothing of it.
            shown = [one for one in self._cloud.listed(request)
                     if ("gpu_info" in one.type.facts) == (kind == "gpus")
                     and (name is None or one.name.lower() == name.lower())]
        seen = self._cloud.seen_ms(request)
        return self._cloud.page(request, "droplets", [self.json(request, one, seen) for one in shown])

    # What ends.

    def _delete(self, request, droplet):
        cloud = self._cloud
        ending = droplet.deleted_ms is not None
        if ending or (cloud.settings["busy_refuses_delete"] and cloud.actions.is_busy(droplet, request.t_ms)):
            cloud.refuse("Droplet already has a pending event.")
        cloud.actions.begin(droplet, "destroy", request.t_ms, cloud.settings["gone_lag_s"])
        cloud.rentals.delete(droplet, request.t_ms)

    def delete(self, request):
        self._delete(request, self.found(request))
        return Answer(204)

    def delete_by_tag(self, request):
        tag = request.query.get("tag_name")
        if tag is None:
            self._cloud.refuse("tag_name is missing.")
        for droplet in self.tagged(request, tag):
            self._delete(request, droplet)
        return Answer(204)

    def associated(self, request):
        self.found(request)
        return Answer(200, {kind: [] for kind in (
            "reserved_ips", "floating_ips", "snapshots", "volumes", "volume_snapshots")})

    def delete_dangerous(self, request):
        if request.headers.get("x-dangerous") != "true":
            self._cloud.refuse("X-Dangerous must be true.")
        self._delete(request, self.found(request))
        return Answer(202)
