"""`stoker-plugin-check record` against a cloud that is really asked: what it writes is a cloud.yaml to begin with.

recorded_cloud_test.py KIT PLUGIN FAKECLOUD: the kit, the lambda plugin and the folder of fakecloud.
"""
import os
import subprocess
import sys
import tempfile
import unittest

KIT, PLUGIN, FAKECLOUD = sys.argv[1:4]
sys.path.insert(0, FAKECLOUD)
from running_cloud import RunningCloud  # pylint: disable=import-error,wrong-import-position

HOST = "cloud.lambda.ai"


class Recorded(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stoker-recorded-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.file = os.path.join(self.folder, "cloud.recorded.yaml")
        self.cloud = self.enterContext(RunningCloud("--cloud", "lambda", "--speed", "100"))

    def record(self, secret):
        environment = dict(os.environ) | ({} if secret is None else {"STOKER_CHECK_API_KEY": secret})
        words = [KIT, "record", PLUGIN, "--fixtures", self.folder, "--endpoint", f"{HOST}={self.cloud.urls['lambda']}"]
        return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)

    def test_is_a_cloud_for_the_kit(self):
        secret = self.cloud.secrets["lambda"]["good"]
        ran = self.record(secret)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stdout, f"wrote {self.file}\n")
        with open(self.file, encoding="utf-8") as text:
            yaml = text.read()
        self.assertNotIn(secret, yaml)
        self.assertIn('value: "Bearer {secret.api_key}"', yaml)
        for route in ("GET /api/v1/instances", "GET /api/v1/instance-types"):
            self.assertIn(f'"{route}": {{status: 200, body: {{', yaml)
        os.rename(self.file, os.path.join(self.folder, "cloud.yaml"))
        checked = subprocess.run([KIT, PLUGIN, "--fixtures", self.folder, "--include", "rules-kept|secrets-stay|cancel-at"],
                                 capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("3 success\n", checked.stdout)

    def test_changes_nothing_there(self):
        self.record(self.cloud.secrets["lambda"]["good"])
        with open(self.cloud.folder / "history.jsonl", encoding="utf-8") as text:
            methods = {word.split('"')[3] for line in text for word in line.split(", ") if word.startswith('"method"')}
        self.assertEqual(methods, {"GET"})

    def test_says_what_is_missing(self):
        ran = self.record(None)
        self.assertEqual((ran.returncode, ran.stdout), (2, ""))
        self.assertEqual(ran.stderr, "stoker-plugin-check: the secret `api_key` is not given; put it into the environment, "
                                     "as STOKER_CHECK_API_KEY\n")

    def test_a_refused_secret_writes_nothing(self):
        ran = self.record("made-up")
        self.assertEqual(ran.returncode, 2)
        self.assertIn("validate ended with STOKER_E_AUTH", ran.stderr)
        self.assertNotIn("made-up", ran.stderr)
        self.assertFalse(os.path.exists(self.file))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[4:])
