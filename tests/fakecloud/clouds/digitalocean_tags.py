"""DigitalOcean's tags: made on the fly by a droplet, and left behind by it."""
import re

from exchange import Answer

PATTERN = re.compile(r"[a-zA-Z0-9_\-:]{1,255}\Z")


class Tags:
    def __init__(self, cloud):
        self._cloud = cloud
        self.names = []

    def is_name(self, tag):
        return isinstance(tag, str) and PATTERN.match(tag) is not None

    def add(self, tags):
        self.names += [tag for tag in tags if tag not in self.names]

    def _json(self, tag, t_ms):
        count = sum(tag in one.tags and t_ms < one.gone_ms for one in self._cloud.rentals)
        return {"name": tag, "resources": {"count": count, "droplets": {"count": count}}}

    def list(self, request):
        shown = self._cloud.faulty_list(request, [self._json(tag, request.t_ms) for tag in self.names])
        return self._cloud.page(request, "tags", shown)

    def create(self, request):
        name = self._cloud.body(request).get("name")
        if not self.is_name(name):
            error = {"error": "invalid tag name", "messages": ["name is invalid"], "root_causes": []}
            return Answer(400, error)
        self.add([name])
        return Answer(201, {"tag": self._json(name, request.t_ms)})

    def _known(self, request):
        if request.values["id"] not in self.names:
            self._cloud.refuse(None, 404)
        return request.values["id"]

    def get(self, request):
        return Answer(200, {"tag": self._json(self._known(request), request.t_ms)})

    def delete(self, request):
        tag = self._known(request)
        self.names.remove(tag)
        for droplet in self._cloud.rentals:
            if tag in droplet.tags:
                droplet.tags.remove(tag)
        return Answer(204)

    def _droplets(self, request):
        for resource in self._cloud.body(request).get("resources") or []:
            droplet = self._cloud.found(request, resource.get("resource_id"))
            if droplet is None or resource.get("resource_type") != "droplet":
                self._cloud.refuse(None, 404)
            yield droplet

    def assign(self, request):
        tag = self._known(request)
        for droplet in list(self._droplets(request)):
            if tag not in droplet.tags:
                droplet.tags.append(tag)
        return Answer(204)

    def unassign(self, request):
        tag = self._known(request)
        for droplet in list(self._droplets(request)):
            if tag in droplet.tags:
                droplet.tags.remove(tag)
        return Answer(204)
