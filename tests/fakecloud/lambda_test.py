"""Lambda's dialect, rule by rule."""
import base64
import pathlib
import tempfile
import unittest

from running_cloud import CloudTest, make_key

QUICK = {"lambda": {"settings": {"request_every_s": 0, "launch_every_s": 0}}}


class LambdaTest(CloudTest):
    words = ("--cloud", "lambda")
    seed = QUICK

    def call(self, method, path, body=None, **more):
        return self.cloud.call("lambda", method, "/api/v1" + path, body, **more)

    def code(self, reply):
        return reply.status, reply.json["error"]["code"]

    def add_key(self, name="k"):
        with tempfile.TemporaryDirectory() as folder:
            public = make_key(pathlib.Path(folder) / "key")
        return self.call("POST", "/ssh-keys", {"name": name, "public_key": public}).json["data"]

    def wanted(self, **more):
        return {"region_name": "us-east-1", "instance_type_name": "gpu_1x_a10", "ssh_key_names": ["k"], "name": "one",
                **more}

    def launch(self, **more):
        return self.call("POST", "/instance-operations/launch", self.wanted(**more))

    def rent(self, **more):
        reply = self.launch(**more)
        self.assertEqual(reply.status, 200, reply.bytes)
        return reply.json["data"]["instance_ids"][0]

    def terminate(self, *ids):
        return self.call("POST", "/instance-operations/terminate", {"instance_ids": list(ids)})

    def status(self, id):
        reply = self.call("GET", "/instances/" + id)
        return reply.json["data"]["status"] if reply.status == 200 else reply.status


class Admission(LambdaTest):
    def test_a_good_key_as_bearer_or_as_a_user_without_password(self):
        good = self.cloud.secrets["lambda"]["good"]
        basic = base64.b64encode((good + ":").encode()).decode()
        self.assertEqual(self.call("GET", "/instances").status, 200)
        self.assertEqual(self.call("GET", "/instances", headers={"Authorization": "Basic " + basic}).status, 200)

    def test_bad_keys(self):
        secrets = self.cloud.secrets["lambda"]
        for secret in (None, "nonsense", secrets["expired"], secrets["revoked"]):
            reply = self.call("GET", "/instances", secret=secret)
            self.assertEqual(self.code(reply), (401, "global/invalid-api-key"))
        reply = self.call("GET", "/instances", secret=secrets["inactive"])
        self.assertEqual(self.code(reply), (403, "global/account-inactive"))

    def test_a_key_that_is_revoked_meanwhile(self):
        self.cloud.order("/credentials", {"cloud": "lambda", "name": "good", "state": "revoked"})
        self.assertEqual(self.call("GET", "/instances").status, 401)

    def test_default_agents_are_turned_away_without_json(self):
        for agent in ("", "Python-urllib/3.11", "curl/8.5.0"):
            reply = self.call("GET", "/instances", agent=agent)
            self.assertEqual((reply.status, reply.bytes), (403, b"error code: 1010"))

    def test_only_the_vendors_host_or_loopback(self):
        self.assertEqual(self.call("GET", "/instances", headers={"Host": "cloud.lambda.ai"}).status, 200)
        self.assertEqual(self.call("GET", "/instances", headers={"Host": "example.com"}).status, 421)

    def test_one_account_does_not_see_anothers(self):
        self.add_key()
        id = self.rent()
        self.cloud.advance(60)
        other = self.cloud.secrets["lambda"]["other"]
        self.assertEqual(self.call("GET", "/instances", secret=other).json["data"], [])
        self.assertEqual(self.call("GET", "/instances/" + id, secret=other).status, 404)


class Limits(LambdaTest):
    seed = None

    def test_one_request_a_second_and_no_header_that_says_so(self):
        self.assertEqual(self.call("GET", "/instances").status, 200)
        refused = self.call("GET", "/instances")
        self.assertEqual(refused.status, 429)
        self.assertNotIn("retry-after", refused.headers)
        self.cloud.advance(1)
        self.assertEqual(self.call("GET", "/instances").status, 200)

    def test_one_launch_in_twelve_seconds(self):
        self.add_key()
        self.cloud.advance(1)
        self.rent()
        self.cloud.advance(2)
        self.assertEqual(self.launch().status, 429)
        self.cloud.advance(10.5)
        self.assertEqual(self.launch().status, 200)


class Offers(LambdaTest):
    def test_types_are_a_map_with_cents_and_stock(self):
        types = self.call("GET", "/instance-types").json["data"]
        self.assertEqual(types["gpu_1x_h100_pcie"]["instance_type"]["price_cents_per_hour"], 329)
        self.assertEqual(types["gpu_8x_b200_sxm6"]["regions_with_capacity_available"], [])
        self.assertGreater(len(types["gpu_1x_a10"]["regions_with_capacity_available"]), 1)
        self.assertEqual(types["gpu_1x_gh200"]["instance_type"]["architecture"], "arm64")
        self.assertEqual(types["cpu_4x_general"]["instance_type"]["specs"]["gpus"], 0)

    def test_images_have_families_for_each_region(self):
        images = self.call("GET", "/images").json["data"]
        mine = {(one["family"], one["architecture"]) for one in images if one["region"]["name"] == "us-east-3"}
        self.assertIn(("lambda-stack-24-04", "arm64"), mine)
        self.assertIn(("lambda-stack-24-04", "x86_64"), mine)

    def test_the_control_changes_price_and_stock(self):
        self.cloud.order("/prices", {"cloud": "lambda", "type": "gpu_1x_a10", "micros_per_hour": 2_000_000})
        self.cloud.order("/capacity", {"cloud": "lambda", "type": "gpu_1x_a10", "left": 0})
        one = self.call("GET", "/instance-types").json["data"]["gpu_1x_a10"]
        self.assertEqual(one["instance_type"]["price_cents_per_hour"], 200)
        self.assertEqual(one["regions_with_capacity_available"], [])


class Keys(LambdaTest):
    def test_made_listed_and_deleted(self):
        key = self.add_key()
        self.assertEqual(self.call("GET", "/ssh-keys").json["data"], [key])
        self.assertEqual(self.call("DELETE", "/ssh-keys/" + key["id"]).json, {"data": {}})
        self.assertEqual(self.call("GET", "/ssh-keys").json["data"], [])
        self.assertEqual(self.code(self.call("DELETE", "/ssh-keys/" + key["id"]))[0], 400)

    def test_a_double_or_a_bad_one_is_refused(self):
        key = self.add_key()
        for body in ({"name": "k", "public_key": key["public_key"]}, {"name": "x", "public_key": key["public_key"]},
                     {"name": "x", "public_key": "nonsense"}):
            reply = self.call("POST", "/ssh-keys", body)
            self.assertEqual(self.code(reply), (400, "global/invalid-parameters"))


class Launch(LambdaTest):
    violations_expected = True  # what is asked for here is wrong on purpose

    def setUp(self):
        super().setUp()
        self.add_key()

    def test_what_is_refused_and_how(self):
        invalid, absent = (400, "global/invalid-parameters"), (404, "global/object-does-not-exist")
        for more, code in [
            ({"ssh_key_names": []}, invalid),
            ({"ssh_key_names": ["k", "k"]}, invalid),
            ({"ssh_key_names": ["nobody"]}, absent),
            ({"region_name": "mars-1"}, invalid),
            ({"instance_type_name": "gpu_9x"}, invalid),
            ({"image": {"family": "windows"}}, absent),
            ({"quantity": 2}, invalid),
            ({"name": "x" * 65}, invalid),
            ({"hostname": "-no"}, invalid),
            ({"tags": [{"key": "Upper", "value": "x"}]}, invalid),
            ({"tags": [{"key": "lambda-ai-x", "value": "x"}]}, invalid),
            ({"tags": [{"key": "ok", "value": "x" * 129}]}, invalid),
            ({"region_name": "us-west-3"}, (400, "instance-operations/launch/insufficient-capacity")),
        ]:
            self.assertEqual(self.code(self.launch(**more)), code, more)
        self.assertEqual(self.code(self.call("POST", "/instance-operations/launch", b"{"))[0], 400)
        self.assertEqual(self.cloud.judgement("lambda")["creates"], 0)

    def test_a_list_promises_more_than_there_is(self):
        types = self.call("GET", "/instance-types").json["data"]
        region = types["gpu_1x_b200_sxm6"]["regions_with_capacity_available"][0]["name"]
        reply = self.launch(instance_type_name="gpu_1x_b200_sxm6", region_name=region)
        self.assertEqual(self.code(reply), (400, "instance-operations/launch/insufficient-capacity"))

    def test_the_last_one_and_its_return(self):
        self.cloud.order("/capacity", {"cloud": "lambda", "type": "gpu_1x_a10", "region": "us-east-1", "left": 1})
        id = self.rent()
        self.assertEqual(self.launch().status, 400)
        self.cloud.advance(10)
        self.terminate(id)
        self.assertEqual(self.launch().status, 200)

    def test_quota(self):
        self.cloud.order("/quota", {"cloud": "lambda", "instances": 1})
        self.rent()
        self.assertEqual(self.code(self.launch()), (400, "global/quota-exceeded"))


class Life(LambdaTest):
    def setUp(self):
        super().setUp()
        self.add_key()

    def test_from_booting_to_gone(self):
        id = self.rent(tags=[{"key": "stk-job", "value": "1"}], image={"family": "lambda-stack-24-04"})
        self.assertEqual(self.status(id), 404)
        self.cloud.advance(10)
        booting = self.call("GET", "/instances/" + id).json["data"]
        self.assertEqual((booting["status"], booting.get("ip")), ("booting", None))
        self.assertEqual(booting["actions"]["restart"]["reason_code"], "vm-has-not-launched")
        self.cloud.advance(25)
        active = self.call("GET", "/instances/" + id).json["data"]
        self.assertEqual((active["status"], active["ip"]), ("active", "127.0.0.10"))
        self.assertTrue(active["jupyter_token"].startswith("fakecloud-canary-"))
        self.assertEqual(active["tags"], [{"key": "stk-job", "value": "1"}])
        terminated = self.terminate(id).json["data"]["terminated_instances"]
        self.assertEqual([one["status"] for one in terminated], ["terminating"])
        self.cloud.advance(15)
        self.assertEqual(self.status(id), "terminated")
        self.assertEqual([one["id"] for one in self.call("GET", "/instances").json["data"]], [id])
        self.assertEqual(self.terminate(id).status, 200)
        self.cloud.advance(60)
        self.assertEqual(self.status(id), 404)
        self.assertEqual(self.code(self.terminate(id)), (404, "global/object-does-not-exist"))
        self.assertEqual(self.cloud.judgement("lambda")["double_deleted"], [id])

    def test_a_new_one_is_missing_from_the_list_at_first(self):
        id = self.rent()
        self.assertEqual(self.call("GET", "/instances").json["data"], [])
        self.cloud.advance(5)
        self.assertEqual([one["id"] for one in self.call("GET", "/instances").json["data"]], [id])

    def test_one_unknown_id_terminates_nothing(self):
        id = self.rent()
        self.cloud.advance(10)
        self.assertEqual(self.terminate(id, "nobody").status, 404)
        self.assertEqual(self.status(id), "booting")

    def test_rename_and_restart(self):
        id = self.rent()
        self.cloud.advance(60)
        self.assertEqual(self.call("POST", "/instances/" + id, {"name": "two"}).json["data"]["name"], "two")
        reply = self.call("POST", "/instance-operations/restart", {"instance_ids": [id]})
        self.assertEqual([one["id"] for one in reply.json["data"]["restarted_instances"]], [id])

    def test_preempted_and_crashed(self):
        first, second = self.rent(), self.rent(name="two")
        self.cloud.advance(60)
        self.cloud.order(f"/machines/{first}/preempt", {})
        self.cloud.order(f"/machines/{second}/crash", {})
        self.assertEqual((self.status(first), self.status(second)), ("preempted", "active"))
        self.assertEqual([one["id"] for one in self.cloud.judgement("lambda")["alive"]], [second])
        self.terminate(first)
        self.cloud.advance(100)
        self.assertEqual(self.status(first), 404)


if __name__ == "__main__":
    unittest.main()
