"""Instances with a body: a real login, a real power-off, and nothing left behind."""
import os
import pathlib
import signal
import subprocess
import sys
import unittest

from running_cloud import HERE, RunningCloud, eventually, make_key

# Port 22 of every loopback address is free where the network is one's own.
ALONE = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
QUICK = {"boot_s": 1, "address_s": 0, "ssh_s": 0, "get_lag_s": 0, "list_lag_s": 0, "key_lag_s": 0}
USER_DATA = """#cloud-config
ssh_deletekeys: true
ssh_keys:
  ed25519_private: |
{private}
  ed25519_public: {public}
ssh_authorized_keys:
  - {second}
bootcmd:
  - [sh, -c, "test -e /run/stoker-armed || shutdown -P +30"]
"""


def is_shared(process, kind):
    return os.readlink(process / "ns" / kind) == os.readlink("/proc/self/ns/" + kind)


def indented(text):
    return "\n".join("    " + line for line in text.splitlines())


@unittest.skipUnless(os.geteuid() == 0, "only root can make machines")
class Machines(unittest.TestCase):
    def setUp(self):
        seed = {"lambda": {"settings": {**QUICK, "request_every_s": 0, "launch_every_s": 0}},
                "digitalocean": {"settings": QUICK}}
        self.cloud = RunningCloud("--machines", "sshd", "--speed", "20", seed=seed)
        try:
            self.cloud.__enter__()
        except RuntimeError as error:
            if self.cloud.code == 77 or "can't be bound" in self.cloud.said:
                self.skipTest(self.cloud.said)
            raise error
        self.addCleanup(self._end)
        self.folder = self.cloud.folder
        self.host = make_key(self.folder / "host", "")
        self.keys = {name: make_key(self.folder / name) for name in ("first", "second")}
        self.user_data = USER_DATA.format(private=indented((self.folder / "host").read_text()), public=self.host,
                                          second=self.keys["second"])

    def _end(self):
        self.cloud.__exit__()
        self.assertEqual((self.cloud.code, self.cloud.said), (0, ""))

    def call(self, method, path, body=None):
        cloud = "lambda" if path.startswith("/api") else "digitalocean"
        return self.cloud.call(cloud, method, path, body)

    def rent_lambda(self, user_data):
        self.call("POST", "/api/v1/ssh-keys", {"name": "k", "public_key": self.keys["first"]})
        reply = self.call("POST", "/api/v1/instance-operations/launch", {
            "region_name": "us-east-1", "instance_type_name": "gpu_1x_a10", "ssh_key_names": ["k"],
            "name": "stk-one-1", "user_data": user_data})
        return self.await_ready(reply.json["data"]["instance_ids"][0])

    def rent_digitalocean(self, user_data=""):
        key = self.call("POST", "/v2/account/keys", {"name": "k", "public_key": self.keys["first"]}).json["ssh_key"]
        reply = self.call("POST", "/v2/droplets", {
            "name": "stk-two-1", "size": "gpu-h100x1-80gb", "image": "gpu-h100x1-base", "region": "tor1",
            "ssh_keys": [key["id"]], "user_data": user_data})
        return self.await_ready(reply.json["droplet"]["id"])

    def await_ready(self, id):
        def ready():
            return [one for one in self.cloud.history("ready", "machine-failed") if one["id"] == id]

        self.assertEqual([one["what"] for one in eventually(ready)], ["ready"])
        return id, ready()[0]["address"]

    def ssh(self, key, user, address, command, host_key=None):
        known = self.folder / "known"
        known.write_text(f"{address} {' '.join((host_key or self.host).split()[:2])}\n")
        return subprocess.run(
            ["ssh", "-F", "/dev/null", "-i", self.folder / key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o",
             f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR",
             f"{user}@{address}", command], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30)

    def test_a_login_with_the_host_key_that_was_sent(self):
        _, address = self.rent_lambda(self.user_data)
        for key in self.keys:
            there = self.ssh(key, "ubuntu", address, 'echo $USER $HOME; hostname; sudo -n true && sudo -n id -u; '
                                                    '/usr/bin/python3 -c "print(7)"; ls /tmp /home')
            self.assertEqual(there.stdout.split(), ["ubuntu", "/home/ubuntu", "stk-one-1", "0", "7", "/home:", "ubuntu",
                                                    "/tmp:"], there.stderr)
        self.assertNotEqual(self.ssh("first", "root", address, "true").returncode, 0)
        self.assertNotEqual(self.ssh("host", "ubuntu", address, "true").returncode, 0)
        self.assertNotEqual(self.ssh("first", "ubuntu", address, "true", self.keys["first"]).returncode, 0)

    def test_without_a_host_key_in_the_user_data_it_has_one_of_its_own(self):
        _, address = self.rent_digitalocean()
        self.assertIn("Host key verification failed", self.ssh("first", "root", address, "true").stderr)
        scan = subprocess.run(["ssh-keyscan", "-t", "ed25519", address], capture_output=True, text=True, timeout=30)
        own = scan.stdout.split(" ", 1)[1]
        self.assertEqual(self.ssh("first", "root", address, "echo $HOME", own).stdout, "/root\n")

    def test_machines_share_nothing(self):
        _, one = self.rent_lambda(self.user_data)
        _, two = self.rent_digitalocean(self.user_data)
        self.assertNotEqual(one, two)
        self.ssh("first", "ubuntu", one, "touch /tmp/mark ~/mark /dev/shm/mark; sleep 300 >/dev/null 2>&1 &")
        there = self.ssh("first", "root", two, "ls /tmp /home /root /dev/shm; ps ax | grep -c '[s]leep 300'")
        self.assertNotIn("mark", there.stdout)
        self.assertTrue(there.stdout.endswith("0\n"), there.stdout)
        self.assertFalse(pathlib.Path("/tmp/mark").exists())

    def test_off_from_inside_goes_on_costing(self):
        id, address = self.rent_digitalocean(self.user_data)
        self.ssh("first", "root", address, "poweroff")
        self.assertTrue(eventually(lambda: self.cloud.history("off")))
        self.assertTrue(eventually(lambda: self.ssh("first", "root", address, "true").returncode == 255))
        self.assertEqual(self.call("GET", f"/v2/droplets/{id}").json["droplet"]["status"], "off")
        first = self.cloud.judgement("digitalocean")["micros_billed"]
        self.cloud.advance(3600)
        self.assertGreater(self.cloud.judgement("digitalocean")["micros_billed"], first + 3_000_000)

    def test_on_again(self):
        id, address = self.rent_digitalocean(self.user_data)
        self.cloud.order(f"/machines/{id}/power_off", {})
        self.cloud.order(f"/machines/{id}/power_on", {})
        self.assertTrue(eventually(lambda: len(self.cloud.history("ready")) == 2))
        self.assertEqual(self.ssh("first", "root", address, "echo again").stdout, "again\n")

    def test_ubuntu_turns_it_off_with_sudo(self):
        _, address = self.rent_lambda(self.user_data)
        self.assertIn("must be root", self.ssh("first", "ubuntu", address, "/usr/sbin/poweroff").stderr)
        self.ssh("first", "ubuntu", address, "sudo -n poweroff")
        self.assertTrue(eventually(lambda: self.cloud.history("off")))

    def test_the_boot_grace_counts_virtual_minutes(self):
        _, address = self.rent_lambda(self.user_data)
        self.assertTrue(eventually(lambda: self.cloud.history("shutdown-scheduled")))
        self.assertEqual(self.cloud.history("off"), [])
        self.cloud.advance(30 * 60)
        self.assertEqual(self.cloud.history("off")[0]["why"], "its shutdown timer")

    def test_the_boot_grace_is_called_off(self):
        _, address = self.rent_lambda(self.user_data)
        self.ssh("first", "ubuntu", address, "sudo -n shutdown -c")
        self.assertTrue(eventually(lambda: self.cloud.history("shutdown-cancelled")))
        self.cloud.advance(3600)
        self.assertEqual(self.cloud.history("off"), [])

    def test_a_deleted_one_is_gone_with_its_processes(self):
        id, address = self.rent_lambda(self.user_data)
        self.assertEqual(self.machines(), 1)
        self.call("POST", "/api/v1/instance-operations/terminate", {"instance_ids": [id]})
        self.assertTrue(eventually(lambda: self.machines() == 0))
        self.assertEqual(self.ssh("first", "ubuntu", address, "true").returncode, 255)

    def test_nothing_is_left_after_the_end(self):
        self.rent_lambda(self.user_data)
        self.assertEqual(self.machines(), 1)
        self.cloud.process.terminate()
        self.assertEqual(self.cloud.process.wait(20), 0)
        self.assertEqual(self.machines(), 0)
        self.assertNotIn(str(self.folder), pathlib.Path("/proc/mounts").read_text())

    def machines(self):
        """How many machines there are: process namespaces with an sshd, in this network."""
        found = set()
        for process in pathlib.Path("/proc").iterdir():
            try:
                if is_shared(process, "net") and not is_shared(process, "pid"):
                    if (process / "comm").read_text() == "sshd\n":
                        found.add(os.readlink(process / "ns/pid"))
            except OSError:
                pass
        return len(found)


@unittest.skipUnless(os.geteuid() == 0, "only root can make machines")
class KilledFakecloud(Machines):
    """Only what is of its own: a fakecloud that gets SIGKILL takes its machines along."""

    def _end(self):
        self.cloud.__exit__()

    def test_nothing_is_left_after_the_end(self):
        self.rent_lambda(self.user_data)
        self.cloud.process.send_signal(signal.SIGKILL)
        self.cloud.process.wait()
        self.assertTrue(eventually(lambda: self.machines() == 0))


def load_tests(loader, _, __):
    suite = loader.loadTestsFromTestCase(Machines)
    suite.addTest(KilledFakecloud("test_nothing_is_left_after_the_end"))
    return suite


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        del sys.argv[1]
    elif subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0:
        os.execvp(ALONE[0], [*ALONE, sys.executable, "-B", str(HERE / "machine_test.py"), "--alone", *sys.argv[1:]])
    unittest.main()
