"""The keys and tokens a cloud knows, good ones and bad ones, and where a test finds them."""
import json
import os
from dataclasses import dataclass

STATES = ("active", "expired", "revoked", "inactive")  # inactive: the key is right, its account is blocked


@dataclass
class Credential:
    name: str  # by which a test speaks of it
    secret: str
    state: str = "active"
    account: str = "main"
    missing: tuple = ()  # the scopes it lacks

    def may(self, *scopes):
        return not set(scopes) & set(self.missing)


class Credentials:
    def __init__(self, credentials):
        self._by_secret = {credential.secret: credential for credential in credentials}

    def find(self, secret):
        return self._by_secret.get(secret)

    def named(self, name):
        for credential in self._by_secret.values():
            if credential.name == name:
                return credential
        raise KeyError(name)

    def __iter__(self):
        return iter(self._by_secret.values())

    def as_json(self):
        """{"good": secret, ..., "without": {scope: secret}}"""
        out = {one.name: one.secret for one in self if not one.name.startswith("without ")}
        lacking = {one.name.removeprefix("without "): one.secret for one in self if one.name.startswith("without ")}
        return {**out, "without": lacking} if lacking else out


def read_credentials(entries):
    """Of a seed file: [{"name", "secret", "state", "account", "missing": [scope]}]"""
    out = []
    for entry in entries:
        credential = Credential(**{**entry, "missing": tuple(entry.get("missing", ()))})
        if credential.state not in STATES:
            raise ValueError(f"credential {credential.name}: there is no state {credential.state!r}")
        out.append(credential)
    return out


def write_credentials(path, clouds):
    data = {cloud.name: cloud.credentials.as_json() for cloud in clouds}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(data, file, indent=1)
