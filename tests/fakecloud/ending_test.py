"""How it starts, ends, and keeps secrets."""
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import time
import unittest
import urllib.request

from running_cloud import HERE, PYTHON, RunningCloud, eventually

PROGRAM = [PYTHON, str(HERE / "fakecloud.py")]


class Ending(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fakecloud-test-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def ready(self):
        return eventually((self.folder / "ready.json").exists)

    def run_with(self, *words, prefix=()):
        return subprocess.run([*prefix, *PROGRAM, "--folder", self.folder, *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=30)

    def test_it_ends_on_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with RunningCloud("--cloud", "lambda") as cloud:
                cloud.process.send_signal(number)
                self.assertEqual(cloud.process.wait(10), 0)

    def test_it_ends_when_the_pipe_at_its_input_closes(self):
        process = subprocess.Popen([*PROGRAM, "--folder", self.folder], stdin=subprocess.PIPE)
        self.assertTrue(self.ready())
        process.stdin.close()
        self.assertEqual(process.wait(10), 0)

    def test_it_ends_with_its_parent(self):
        script = '"$@" & echo $!; wait'
        parent = subprocess.Popen(["sh", "-c", script, "sh", *PROGRAM, "--folder", self.folder], text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        pid = int(parent.stdout.readline())
        self.assertTrue(self.ready())
        parent.kill()
        parent.wait()
        parent.stdout.close()
        self.assertTrue(eventually(lambda: not is_running(pid)))

    def test_it_ends_while_answers_are_held(self):
        with RunningCloud("--cloud", "lambda") as cloud:
            cloud.fault("lambda", "instances.list", "time-out")
            connection = cloud.connect("lambda")
            connection.request("GET", "/api/v1/instances")
            eventually(lambda: cloud.order("/held"))
            began = time.monotonic()
            cloud.process.terminate()
            self.assertEqual(cloud.process.wait(10), 0)
            self.assertLess(time.monotonic() - began, 5)
            connection.close()

    def test_bad_usage_is_said(self):
        ended = self.run_with("--specs", "/nonexistent")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("/nonexistent/digitalocean-openapi.json", ended.stderr)
        for data, option, text in [
            ([{"cloud": "lambda", "operation": "launch", "fault": "explode"}], "--script", "no fault 'explode'"),
            ({"lambda": {"settings": {"moon_s": 1}}}, "--seed-state", "no setting moon_s"),
            ({"nowhere": {}}, "--seed-state", "nowhere"),
        ]:
            path = self.folder / "data.json"
            path.write_text(json.dumps(data))
            ended = self.run_with(option, str(path))
            self.assertEqual(ended.returncode, 2)
            self.assertIn(text, ended.stderr)

    def test_a_plain_user_makes_no_machines(self):
        prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        os.chmod(self.folder, 0o777)
        ended = self.run_with("--machines", "sshd", prefix=prefix)
        if "Permission denied" in ended.stderr:
            self.skipTest("the checkout can't be read by a plain user")
        self.assertEqual((ended.returncode, ended.stderr),
                         (77, "fakecloud: --machines sshd: only root can make machines\n"))

    @unittest.skipUnless(os.geteuid() == 0, "only root can make machines")
    def test_machines_want_port_22(self):
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                taken.bind(("127.0.0.10", 22))
                taken.listen()
            except OSError:
                pass  # someone has it already
            ended = self.run_with("--machines", "sshd")
        if ended.returncode == 77:
            self.skipTest(ended.stderr)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("127.0.0.10:22 can't be bound", ended.stderr)
        self.assertIn("unshare -n", ended.stderr)


class Secrets(unittest.TestCase):
    def test_they_are_in_one_private_file_only(self):
        with RunningCloud() as cloud:
            place = cloud.folder / "credentials.json"
            self.assertEqual(stat.S_IMODE(place.stat().st_mode), 0o600)
            good = cloud.secrets["lambda"]["good"]
            cloud.call("lambda", "GET", "/api/v1/instances?key=" + good)
            cloud.call("lambda", "GET", "/api/v1/instances/" + good)
            cloud.call("digitalocean", "GET", "/v2/account")
            cloud.order("/state")
            secrets = [cloud.secrets["digitalocean"]["good"], good]
            written = [path.read_bytes().decode(errors="replace") for path in cloud.folder.iterdir() if path != place and path.is_file()]
            state = json.dumps(cloud.order("/state"))
        for text in [*written, state, cloud.said]:
            for secret in secrets:
                self.assertNotIn(secret, text)
        self.assertIn("<credential>", "".join(written))

    def test_seeded_ones(self):
        seed = {"lambda": {"credentials": [{"name": "good", "secret": "one"}, {"name": "old", "secret": "two",
                                                                              "state": "expired"}]}}
        with RunningCloud("--cloud", "lambda", seed=seed) as cloud:
            self.assertEqual(cloud.secrets, {"lambda": {"good": "one", "old": "two"}})
            self.assertEqual(cloud.call("lambda", "GET", "/api/v1/instances", secret="one").status, 200)
            self.assertEqual(cloud.call("lambda", "GET", "/api/v1/instances", secret="two").status, 401)


@unittest.skipUnless(shutil.which("openssl"), "no openssl to make a certificate with")
class Tls(unittest.TestCase):
    def test_over_https(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = folder + "/key.pem", folder + "/cert.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1",
                            "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
            with RunningCloud("--cloud", "digitalocean", "--tls", certificate, key) as cloud:
                url = cloud.urls["digitalocean"]
                self.assertTrue(url.startswith("https://"))
                context = ssl.create_default_context(cafile=certificate)
                token = cloud.secrets["digitalocean"]["good"]
                asked = urllib.request.Request(url + "/v2/account", headers={"Authorization": "Bearer " + token})
                with urllib.request.urlopen(asked, context=context) as answer:
                    self.assertEqual(answer.status, 200)
                cloud.order("/faults", {"cloud": "digitalocean", "operation": "account", "fault": "reset", "next": 1})
                with self.assertRaises(OSError):
                    urllib.request.urlopen(asked, context=context)
                with self.assertRaises(OSError):  # one that trusts nobody here
                    urllib.request.urlopen(url + "/v2/account")
        self.assertEqual(cloud.said, "")


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
