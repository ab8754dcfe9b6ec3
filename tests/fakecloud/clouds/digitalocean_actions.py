"""DigitalOcean's actions: what is being done to a droplet, and droplets that are busy meanwhile."""
from exchange import Answer
from virtual_clock import iso

FIRST_ID = 36_804_636
POWER = {"power_off": "off", "shutdown": "off", "power_on": "on", "power_cycle": "on", "reboot": "on"}


class Actions:
    def __init__(self, cloud):
        self._cloud = cloud
        self._all = []

    def begin(self, droplet, kind, t_ms, lasts_s):
        action = {"id": FIRST_ID + len(self._all), "type": kind, "droplet": droplet, "begun_ms": t_ms,
                  "done_ms": t_ms + int(lasts_s * 1000)}
        self._all.append(action)
        return action

    def json(self, action, t_ms):
        droplet, done = action["droplet"], action["done_ms"] <= t_ms
        return {
            "id": action["id"],
            "status": "completed" if done else "in-progress",
            "type": action["type"],
            "started_at": iso(action["begun_ms"]),
            "completed_at": iso(action["done_ms"]) if done else None,
            "resource_id": droplet.id,
            "resource_type": "droplet",
            "region": self._cloud.region_json(droplet.region),
            "region_slug": droplet.region,
        }

    def is_busy(self, droplet, t_ms):
        return any(one["droplet"] is droplet and one["done_ms"] > t_ms for one in self._all)

    def _shown(self, request, action):
        return Answer(200, {"action": self.json(action, request.t_ms)})

    def get(self, request):
        for action in self._all:
            of = request.values.get("id")
            mine = action["droplet"].account == request.credential.account
            if mine and str(action["id"]) == request.values["action"] and of in (None, str(action["droplet"].id)):
                return self._shown(request, action)
        self._cloud.refuse(None, 404)

    def list(self, request):
        droplet = self._cloud.droplets.found(request)
        shown = [self.json(one, request.t_ms) for one in self._all if one["droplet"] is droplet]
        return self._cloud.page(request, "actions", shown)

    def _order(self, request, droplet, body):
        kind = body.get("type")
        if kind not in POWER and kind not in ("rename", "snapshot"):
            self._cloud.refuse("You specified an invalid action type.")
        if self.is_busy(droplet, request.t_ms):
            self._cloud.refuse("Droplet already has a pending event.")
        if kind == "rename":
            droplet.name = str(body.get("name") or droplet.name)
        if kind in POWER:
            if POWER[kind] == "off":
                self._cloud.rentals.off(droplet, request.t_ms, kind)
            else:
                self._cloud.rentals.on(droplet, request.t_ms)
        return self.begin(droplet, kind, request.t_ms, self._cloud.settings["action_s"])

    def create(self, request):
        action = self._order(request, self._cloud.droplets.found(request), self._cloud.body(request))
        return Answer(201, {"action": self.json(action, request.t_ms)})

    def create_by_tag(self, request):
        body, tag = self._cloud.body(request), request.query.get("tag_name")
        made = [self._order(request, droplet, body) for droplet in self._cloud.droplets.tagged(request, tag)]
        return Answer(201, {"actions": [self.json(action, request.t_ms) for action in made]})
