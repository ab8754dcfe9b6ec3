"""A fakecloud of its own for one test, and a client of it."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from dataclasses import dataclass
from urllib.parse import urlsplit

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
GOOD = object()  # the good credential of the cloud that is called


def specs_folder():
    """The vendors' documents: from the environment, else beside the checkout, else None."""
    given = os.environ.get("STOKER_SPECS")
    folder = pathlib.Path(given) if given else HERE.parents[2] / "shared" / "specs"
    return folder if (folder / "lambda-openapi.json").exists() else None


def make_key(path, comment="test"):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path], check=True)
    return pathlib.Path(str(path) + ".pub").read_text().strip()


def eventually(condition, within_s=20):
    deadline = time.monotonic() + within_s
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


@dataclass
class Reply:
    status: int
    headers: object
    bytes: bytes

    @property
    def json(self):
        return json.loads(self.bytes)


class RunningCloud:
    def __init__(self, *words, seed=None, script=None, prefix=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fakecloud-test-"))
        self._words = list(words)
        for option, data in (("--seed-state", seed), ("--script", script)):
            if data is not None:
                path = self.folder / (option.strip("-") + ".json")
                path.write_text(json.dumps(data))
                self._words += [option, str(path)]
        specs = specs_folder()
        if specs and "--specs" not in words:
            self._words += ["--specs", str(specs)]
        self._prefix = list(prefix)

    def __enter__(self):
        self.errors = open(self.folder / "stderr", "wb")
        self.process = subprocess.Popen(
            [*self._prefix, PYTHON, HERE / "fakecloud.py", "--folder", self.folder, *self._words],
            stdin=subprocess.DEVNULL, stderr=self.errors)
        ready = self.folder / "ready.json"
        eventually(lambda: ready.exists() or self.process.poll() is not None)
        if not ready.exists():
            self.__exit__()
            raise RuntimeError("fakecloud does not start: " + self.said)
        self.urls = json.loads(ready.read_text())
        self.secrets = json.loads((self.folder / "credentials.json").read_text())
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.code = self.process.wait(20)
        self.errors.close()
        self.said = (self.folder / "stderr").read_text()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, cloud, timeout=20):
        url = urlsplit(self.urls[cloud])
        return http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)

    def call(self, cloud, method, path, body=None, secret=GOOD, agent="stoker-test/1", headers=None, timeout=20):
        """`body`: bytes as they are, anything else as JSON."""
        connection = self.connect(cloud, timeout)
        try:
            fields = dict(headers or {})
            if secret is GOOD:
                secret = self.secrets[cloud]["good"]
            if secret:
                fields.setdefault("Authorization", "Bearer " + secret)
            if agent:
                fields["User-Agent"] = agent
            if body is not None:
                fields.setdefault("Content-Type", "application/json")
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.putrequest(method, path, skip_accept_encoding=True, skip_host="Host" in fields)
            for name, value in fields.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def order(self, path, body=None):
        """Tells the control something, or asks it when there is no body."""
        reply = self.call("control", "GET" if body is None else "POST", path, body, secret=None)
        if reply.status != 200:
            raise ValueError(reply.json["error"])
        return reply.json

    def fault(self, cloud, operation, fault, **more):
        self.order("/faults", {"cloud": cloud, "operation": operation, "fault": fault, "next": 1, **more})

    def advance(self, seconds):
        self.order("/advance", {"ms": int(seconds * 1000)})

    def judgement(self, cloud):
        return self.order("/judgement")[cloud]

    def history(self, *what):
        entries = [json.loads(line) for line in (self.folder / "history.jsonl").read_text().splitlines()]
        return [entry for entry in entries if not what or entry["what"] in what]


class CloudTest(unittest.TestCase):
    """One fakecloud a test, ended with it; it must have been silent, and all traffic in keeping with the documents."""

    words = ()
    seed = None
    violations_expected = False

    def setUp(self):
        # Time hardly moves but when a test pushes it: a slow computer changes nothing.
        self.cloud = self.enter(RunningCloud("--speed", "0.01", *self.words, seed=self.seed))
        self.addCleanup(self._end)

    def enter(self, cloud):
        cloud.__enter__()
        return cloud

    def _end(self):
        violations = [] if self.violations_expected else self.cloud.history("violation")
        self.cloud.__exit__()
        self.assertEqual(violations, [])
        self.assertEqual((self.cloud.code, self.cloud.said), (0, ""))
