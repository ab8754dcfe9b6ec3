"""DigitalOcean's SSH key objects, which take a while to be seen."""
from exchange import Answer, Refused
from ssh_key import SshKey, blob_of

FIRST_ID = 512_189


def key_json(key):
    return {"id": key.id, "fingerprint": key.fingerprint(), "public_key": key.public_key, "name": key.name}


class Keys:
    def __init__(self, cloud):
        self._cloud = cloud
        self._next_id = FIRST_ID

    def make(self, name, public_key, t_ms, account="main", foreign=False):
        self._next_id += 7
        return SshKey(self._next_id, name, public_key, t_ms, account, foreign)

    @staticmethod
    def _named(keys, identifier):
        return next((key for key in keys if str(identifier) in (str(key.id), key.fingerprint())), None)

    def usable(self, request, identifier):
        """A key that a droplet can be made with by now, by id or fingerprint."""
        return self._named(self._cloud.visible_keys(request), identifier)

    def _found(self, request):
        """Asked for by itself a key is there at once; only lists and droplets wait for it."""
        mine = [key for key in self._cloud.keys if key.account == request.credential.account]
        key = self._named(mine, request.values["id"])
        if key is None:
            raise Refused(self._cloud.error(404))
        return key

    def list(self, request):
        keys = self._cloud.faulty_list(request, self._cloud.visible_keys(request))
        return self._cloud.page(request, "ssh_keys", [key_json(key) for key in keys])

    def get(self, request):
        return Answer(200, {"ssh_key": key_json(self._found(request))})

    def create(self, request):
        body = self._cloud.body(request)
        name, public = body.get("name"), body.get("public_key")
        if not isinstance(name, str) or not name:
            self._cloud.refuse("Name can't be blank")
        try:
            blob = blob_of(public)
        except (ValueError, TypeError, AttributeError):
            self._cloud.refuse("Key invalid, key should be of the format `type key [comment]`")
        # A key too young to be seen is no obstacle to its double.
        if any(key.blob() == blob for key in self._cloud.visible_keys(request)):
            self._cloud.refuse("SSH Key is already in use on your account")
        for _ in range(self._cloud.how_many(request)):
            key = self.make(name, public, request.t_ms, request.credential.account)
            self._cloud.add_key(key, request.t_ms)
        return Answer(201, {"ssh_key": key_json(key)})

    def rename(self, request):
        key = self._found(request)
        key.name = str(self._cloud.body(request).get("name") or key.name)
        return Answer(200, {"ssh_key": key_json(key)})

    def delete(self, request):
        self._cloud.delete_key(self._found(request), request.t_ms)
        return Answer(204)
