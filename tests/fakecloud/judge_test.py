"""The judge: it must see a leak, a double, a key left behind, and what was someone else's."""
import pathlib
import tempfile
import unittest

from digitalocean_test import DigitalOceanTest
from lambda_test import QUICK, LambdaTest
from running_cloud import make_key


class Leaks(LambdaTest):
    def setUp(self):
        super().setUp()
        self.key = self.add_key()

    def judge(self, what):
        return self.cloud.judgement("lambda")[what]

    def test_all_clean(self):
        id = self.rent()
        self.cloud.advance(60)
        self.terminate(id)
        self.call("DELETE", "/ssh-keys/" + self.key["id"])
        judgement = self.cloud.judgement("lambda")
        self.assertEqual(judgement | {"micros_billed": 0}, {
            "creates": 1, "deletes": 1, "alive": [], "doubled": [], "keys_left": [], "micros_billed": 0,
            "double_deleted": [], "foreign_touched": [], "violations": []})

    def test_a_leak_is_alive_and_goes_on_costing(self):
        id = self.rent()
        self.cloud.advance(30 + 3600)
        first = self.judge("micros_billed")
        self.cloud.advance(3600)
        self.assertEqual([one["id"] for one in self.judge("alive")], [id])
        self.assertGreaterEqual(self.judge("micros_billed") - first, 1_290_000)

    def test_the_meter_runs_from_active_to_terminate(self):
        id = self.rent()
        self.assertEqual(self.judge("micros_billed"), 0)
        self.cloud.advance(30 + 90)
        self.terminate(id)
        self.cloud.advance(7200)
        self.assertEqual(self.judge("micros_billed"), 2 * 1_290_000 // 60)
        started, stopped = self.cloud.history("meter-started", "meter-stopped")
        self.assertEqual((stopped["micros"], started["id"]), (43_000, id))

    def test_the_price_that_was_agreed_counts(self):
        id = self.rent()
        self.cloud.order("/prices", {"cloud": "lambda", "type": "gpu_1x_a10", "micros_per_hour": 99_000_000})
        self.cloud.advance(60)
        self.terminate(id)
        self.assertEqual(self.judge("micros_billed"), 21_500)

    def test_a_double(self):
        first = self.rent()
        self.rent()
        self.rent(name="other")
        self.assertEqual(self.judge("doubled"), ["one"])
        self.cloud.advance(60)
        self.terminate(first)
        self.assertEqual(self.judge("doubled"), ["one"])  # once is for ever

    def test_of_one_account(self):
        self.rent()
        self.assertEqual(self.cloud.order("/judgement/main")["lambda"]["creates"], 1)
        other = self.cloud.order("/judgement/other")["lambda"]
        self.assertEqual((other["creates"], other["alive"], other["keys_left"]), (0, [], []))

    def test_one_after_the_other_is_no_double(self):
        first = self.rent()
        self.cloud.advance(60)
        self.terminate(first)
        self.cloud.advance(1)
        self.rent()
        self.assertEqual(self.judge("doubled"), [])

    def test_a_key_left(self):
        self.assertEqual(self.judge("keys_left"), [{"id": self.key["id"], "name": "k"}])
        self.call("DELETE", "/ssh-keys/" + self.key["id"])
        self.assertEqual(self.judge("keys_left"), [])

    def test_the_books_tell_a_life(self):
        id = self.rent(tags=[{"key": "stk-job", "value": "7"}])
        self.cloud.advance(60)
        self.terminate(id)
        self.cloud.advance(100)
        lines = [one for one in self.cloud.history() if one.get("id") == id]
        self.assertEqual([one["what"] for one in lines], ["created", "booted", "meter-started", "delete-requested",
                                                         "meter-stopped", "gone"])
        for line in lines:
            self.assertEqual((line["cloud"], line["tags"], line["price_micros"]),
                             ("lambda", ["stk-job:7"], 1_290_000))
        times = [one["t_ms"] for one in lines]
        self.assertEqual(times, sorted(times))
        self.assertEqual(times[1] - times[0], 30_000)

    def test_requests_are_numbered_by_operation(self):
        self.call("GET", "/instances?cluster_id=x")
        self.call("GET", "/instances")
        self.call("GET", "/nonsense")
        requests = [(one["operation"], one["nth"], one["status"], one["query"], one["path"])
                    for one in self.cloud.history("request")][1:]
        self.assertEqual(requests, [("instances.list", 1, 200, ["cluster_id"], "/api/v1/instances"),
                                    ("instances.list", 2, 200, [], "/api/v1/instances"),
                                    ("unknown", 0, 404, [], "/api/v1/nonsense")])
        self.violations_expected = True


class Off(DigitalOceanTest):
    def test_off_still_bills(self):
        id = self.rent()
        self.cloud.advance(60)
        self.cloud.order(f"/machines/{id}/power_off", {})
        self.assertEqual(self.call("GET", f"/droplets/{id}").json["droplet"]["status"], "off")
        first = self.cloud.judgement("digitalocean")["micros_billed"]
        self.cloud.advance(3600)
        self.assertAlmostEqual(self.cloud.judgement("digitalocean")["micros_billed"] - first, 3_390_000, delta=30_000)
        self.assertEqual(self.cloud.history("meter-stopped"), [])

    def test_the_boot_grace_of_the_user_data_turns_it_off(self):
        grace = '#cloud-config\nbootcmd:\n  - [sh, -c, "test -e /run/stoker-armed || shutdown -P +30"]\npackages: [x]\n'
        id = self.rent(user_data=grace)
        self.cloud.advance(25 + 30 * 60 - 2)
        self.assertEqual(self.call("GET", f"/droplets/{id}").json["droplet"]["status"], "active")
        self.cloud.advance(5)
        self.assertEqual(self.call("GET", f"/droplets/{id}").json["droplet"]["status"], "off")
        self.assertEqual([one["minutes"] for one in self.cloud.history("shutdown-scheduled")], [30])
        self.assertEqual([one["key"] for one in self.cloud.history("cloud-init-ignored")], ["packages"])

    def test_the_cloud_takes_one_back(self):
        id = self.rent()
        self.cloud.advance(60)
        self.cloud.order(f"/machines/{id}/preempt", {})
        self.assertEqual(self.call("GET", f"/droplets/{id}").status, 404)
        self.assertEqual(self.cloud.judgement("digitalocean")["alive"], [])


class Foreign(DigitalOceanTest):
    seed = {"digitalocean": {
        "instances": [{"name": "theirs", "type": "gpu-h100x1-80gb", "region": "tor1", "tags": ["t"]},
                      {"name": "web", "type": "s-1vcpu-1gb", "region": "nyc3"}]}}

    def test_theirs_is_there_and_no_leak_of_ours(self):
        self.assertEqual(self.ids("?type=gpus"), [1_000_000])
        self.assertEqual(self.ids(), [1_000_001])
        judgement = self.cloud.judgement("digitalocean")
        self.assertEqual((judgement["alive"], judgement["creates"], judgement["micros_billed"]), ([], 0, 0))

    def test_touching_it_is_seen(self):
        self.call("DELETE", "/droplets/1000000")
        self.assertEqual(self.cloud.judgement("digitalocean")["foreign_touched"], [1_000_000])


class ForeignKeys(LambdaTest):
    with tempfile.TemporaryDirectory() as folder:
        seed = {"lambda": {**QUICK["lambda"], "keys": [
            {"name": "theirs", "public_key": make_key(pathlib.Path(folder) / "key")}]}}

    def test_theirs_is_not_left_behind_but_missed(self):
        key = self.call("GET", "/ssh-keys").json["data"][0]
        self.assertEqual(self.cloud.judgement("lambda")["keys_left"], [])
        self.call("DELETE", "/ssh-keys/" + key["id"])
        self.assertEqual(self.cloud.judgement("lambda")["foreign_touched"], [key["id"]])


if __name__ == "__main__":
    unittest.main()
