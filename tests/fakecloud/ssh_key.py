"""An SSH key object at a cloud."""
import base64
import hashlib
from dataclasses import dataclass


@dataclass
class SshKey:
    id: object
    name: str
    public_key: str
    created_ms: int
    account: str = "main"
    foreign: bool = False  # was there before the test began

    def blob(self):
        return blob_of(self.public_key)

    def fingerprint(self):
        """MD5, as DigitalOcean has it."""
        return ":".join(f"{byte:02x}" for byte in hashlib.md5(self.blob()).digest())


def blob_of(public_key):
    """The key without its type and comment; throws ValueError when it is none."""
    words = public_key.split()
    if len(words) < 2 or not words[0].startswith(("ssh-", "ecdsa-", "sk-")):
        raise ValueError("not a public key")
    blob = base64.b64decode(words[1], validate=True)
    kind = words[0].encode()
    if blob[: 4 + len(kind)] != len(kind).to_bytes(4, "big") + kind:
        raise ValueError("not a public key")
    return blob
