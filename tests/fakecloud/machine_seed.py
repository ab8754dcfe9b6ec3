"""The files that make a machine of one instance: users, keys, sshd, the programs that turn it off."""
import os
import pathlib
import re
import shutil
import subprocess

PROGRAMS = {  # where in the machine -> file in machine/
    "usr/lib/fakecloud/boot": "boot.sh",
    "usr/sbin/poweroff": "poweroff.sh",
    "usr/sbin/halt": "poweroff.sh",
    "usr/sbin/reboot": "poweroff.sh",
    "usr/sbin/shutdown": "shutdown.sh",
    "usr/bin/systemctl": "systemctl.sh",
    "usr/bin/sudo": "sudo.sh",
}
CONTAINER_PROGRAMS = {
    "usr/lib/fakecloud/boot": "boot.sh",
    "usr/lib/fakecloud/own/sleep": "sleep.sh",
    "usr/bin/curl": "curl.py",
    **{f"usr/sbin/{name}": "absent.sh" for name in ("poweroff", "halt", "reboot", "shutdown")},
    **{f"usr/bin/{name}": "absent.sh" for name in ("systemctl", "sudo")},
}
SOURCE = pathlib.Path(__file__).resolve().parent / "machine"
USER, USER_ID = "ubuntu", 1000


def add_file(root, path, content, mode=0o644, owner=0):
    """With the folders above it, those belonging to root; content is text or bytes."""
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    place.chmod(mode)
    os.chown(place, owner, owner)


def accounts(login):
    """passwd, shadow and group of the computer below, the cloud's login user in the place of whoever has its id."""
    def without(file, taken):
        lines = pathlib.Path(file).read_text().splitlines()
        return [line for line in lines if line and not taken(line.split(":"))]

    passwd = without("/etc/passwd", lambda f: login == USER and (f[2] == str(USER_ID) or f[0] == USER))
    names = {line.split(":")[0] for line in passwd}
    # The passwords of the computer below are nobody's business in a machine.
    shadow = [f"{name}:*:20000:0:99999:7:::" for name in sorted(names)]
    group = without("/etc/group", lambda f: login == USER and (f[2] == str(USER_ID) or f[0] == USER))
    if login == USER:
        passwd.append(f"{USER}:x:{USER_ID}:{USER_ID}:Ubuntu:/home/{USER}:/bin/bash")
        shadow.append(f"{USER}:*:20000:0:99999:7:::")
        group.append(f"{USER}:x:{USER_ID}:")
    passwd = [re.sub(r"^root:.*", "root:x:0:0:root:/root:/bin/bash", line) for line in passwd]
    return tuple("\n".join(lines) + "\n" for lines in (passwd, shadow, group))


def sshd_config(address, port):
    return (f"ListenAddress {address}:{port}\nHostKey /etc/ssh/ssh_host_ed25519_key\nPidFile none\n"
            "PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "UsePAM no\nAcceptEnv LANG LC_*\nSubsystem sftp /usr/lib/openssh/sftp-server\n")


def host_name(name):
    return re.sub(r"[^a-zA-Z0-9-]+", "-", name)[:63].strip("-") or "machine"


def add_host_key(root, init):
    if init.host_private:
        add_file(root, "etc/ssh/ssh_host_ed25519_key", init.host_private, 0o600)
        add_file(root, "etc/ssh/ssh_host_ed25519_key.pub", init.host_public + "\n")
        return
    (root / "etc/ssh").mkdir(parents=True, exist_ok=True)
    key = root / "etc/ssh/ssh_host_ed25519_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)


def add_commands(root, init):
    if init.bootcmd:
        add_file(root, "usr/lib/fakecloud/bootcmd", "\n".join(init.bootcmd) + "\n")
    script = init.script or ("#!/bin/sh\n" + "\n".join(init.runcmd) + "\n" if init.runcmd else "")
    if script:
        add_file(root, "usr/lib/fakecloud/runcmd", script, 0o755)


def plant(root, instance, login, is_container=False):
    """`root`: a folder that does not exist yet."""
    root = pathlib.Path(root)
    root.mkdir(mode=0o755)
    init = instance.cloud_init
    for path, mode, content in init.write_files:
        add_file(root, path, content, mode)
    passwd, shadow, group = accounts(login)
    name = host_name(instance.name)
    add_file(root, "etc/passwd", passwd)
    add_file(root, "etc/shadow", shadow, 0o600)
    add_file(root, "etc/group", group)
    add_file(root, "etc/hostname", name + "\n")
    add_file(root, "etc/hosts", f"127.0.0.1 localhost\n{instance.address} {name}\n")
    add_file(root, "etc/ssh/sshd_config", sshd_config(instance.address, instance.port))
    add_host_key(root, init)
    add_commands(root, init)
    for path, source in (CONTAINER_PROGRAMS if is_container else PROGRAMS).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCE / source, root / path)
        (root / path).chmod(0o755)
    home, owner = ("root", 0) if login == "root" else (f"home/{login}", USER_ID)
    keys = [key.public_key.strip() for key in instance.keys] + [key.strip() for key in init.authorized_keys]
    add_file(root, f"{home}/.ssh/authorized_keys", "".join(key + "\n" for key in keys), 0o600, owner)
    for folder, mode in ((f"{home}/.ssh", 0o700), (home, 0o700)):
        (root / folder).chmod(mode)
        os.chown(root / folder, owner, owner)
