"""What a first boot makes of user data: the part of cloud-init that a rented machine of ours needs."""
import re
import shlex
from dataclasses import dataclass, field

import yaml

KNOWN = {"ssh_deletekeys", "ssh_keys", "ssh_authorized_keys", "bootcmd", "runcmd", "write_files"}
SHUTDOWN = re.compile(r"\bshutdown\s+(?:-[hP]\s+)?\+(\d+)")


@dataclass
class CloudInit:
    host_private: str = ""
    host_public: str = ""
    authorized_keys: list = field(default_factory=list)
    bootcmd: list = field(default_factory=list)  # shell lines
    runcmd: list = field(default_factory=list)
    write_files: list = field(default_factory=list)  # [(path, mode, bytes)]
    script: str = ""  # user data that is a program itself
    ignored: list = field(default_factory=list)  # names of what is not understood

    def shutdowns(self):
        """The minutes of each `shutdown -P +N` at boot, for a machine that has no body to run it."""
        return [int(minutes) for line in self.bootcmd for minutes in SHUTDOWN.findall(line)]


def shell_lines(commands):
    return [command if isinstance(command, str) else shlex.join(map(str, command)) for command in commands]


def read_files(entries, ignored):
    for entry in entries:
        if set(entry) - {"path", "content", "permissions", "owner"} or entry.get("owner", "root:root") != "root:root":
            ignored.append("write_files: " + ",".join(sorted(entry)))
            continue
        mode = int(str(entry.get("permissions", "0644")), 8)
        yield entry["path"], mode, str(entry.get("content", "")).encode()


def parse_user_data(text):
    """Bad user data boots a machine all the same, without what it asked for."""
    init = CloudInit()
    if not text.strip():
        return init
    if text.startswith("#!"):
        init.script = text
        return init
    if text.split("\n", 1)[0].strip() != "#cloud-config":
        init.ignored.append("user data that is neither #cloud-config nor a script")
        return init
    try:
        data = yaml.safe_load(text) or {}
        init.ignored += sorted(str(key) for key in set(data) - KNOWN)
        keys = data.get("ssh_keys") or {}
        init.host_private, init.host_public = keys.get("ed25519_private", ""), keys.get("ed25519_public", "")
        init.ignored += sorted("ssh_keys: " + key for key in set(keys) - {"ed25519_private", "ed25519_public"})
        init.authorized_keys = [str(key) for key in data.get("ssh_authorized_keys") or []]
        init.bootcmd = shell_lines(data.get("bootcmd") or [])
        init.runcmd = shell_lines(data.get("runcmd") or [])
        init.write_files = list(read_files(data.get("write_files") or [], init.ignored))
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, KeyError) as error:
        return CloudInit(ignored=[f"user data that can't be read: {type(error).__name__}"])
    return init
