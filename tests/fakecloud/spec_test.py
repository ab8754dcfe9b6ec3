"""Traffic against the vendors' own documents. Without them there is nothing to test."""
import unittest

from digitalocean_test import DigitalOceanTest
from lambda_test import LambdaTest
from running_cloud import specs_folder


@unittest.skipIf(specs_folder() is None, "no vendors' documents: set STOKER_SPECS to their folder")
class LambdaSpec(LambdaTest):
    violations_expected = True

    def violations(self):
        return [(one["side"], one["operation"], one["detail"]) for one in self.cloud.judgement("lambda")["violations"]]

    def test_what_a_client_gets_wrong(self):
        self.add_key()
        self.call("GET", "/instances?page=2")
        self.call("GET", "/nowhere")
        self.launch(ssh_key_names="k", tags=[{"key": "Upper", "value": "x"}])
        self.call("POST", "/instance-operations/terminate", {})
        self.call("POST", "/ssh-keys", b"{", headers={"Content-Type": "text/plain"})
        seen = self.violations()
        for one in [
            ("request", "instances.list", "query page is not known"),
            ("request", "unknown", "there is no GET /api/v1/nowhere"),
            ("request", "launch", 'body/ssh_key_names: type "array"'),
            ("request", "launch", 'body/tags/0/key: pattern "^[a-z][a-z0-9-:]+$"'),
            ("request", "terminate", 'body: required ["instance_ids"]'),
            ("request", "ssh-keys.create", "content-type is not application/json"),
            ("request", "ssh-keys.create", "the body is not JSON"),
        ]:
            self.assertIn(one, seen)
        self.assertEqual([one for one in seen if one[0] == "answer"], [])
        self.assertEqual(len(self.cloud.history("violation")), len(seen))

    def test_a_violation_never_repeats_what_was_sent(self):
        self.add_key()
        self.launch(user_data=["a-secret-of-the-user"])
        self.assertEqual(len(self.violations()), 1)
        self.assertNotIn("a-secret", str(self.violations()))

    def test_a_faulty_answer_is_no_violation(self):
        for fault in ("empty-list", "strange-state", "garbage", "act-then-500"):
            self.cloud.fault("lambda", "instances.list", fault)
            self.call("GET", "/instances")
        self.assertEqual(self.violations(), [])


@unittest.skipIf(specs_folder() is None, "no vendors' documents: set STOKER_SPECS to their folder")
class DigitalOceanSpec(DigitalOceanTest):
    violations_expected = True

    def violations(self):
        found = self.cloud.judgement("digitalocean")["violations"]
        return [(one["side"], one["operation"], one["detail"]) for one in found]

    def test_what_a_client_gets_wrong(self):
        self.call("GET", "/sizes?per_page=500")
        self.call("GET", "/droplets?type=tpus")
        self.call("GET", "/droplets/abc")
        self.call("DELETE", "/droplets")
        self.create(size=7)
        seen = self.violations()
        for one in [
            ("request", "sizes", "query per_page: maximum 200"),
            ("request", "droplets.list", 'query type: enum ["droplets", "gpus"]'),
            ("request", "droplets.get", 'path droplet_id: type "integer"'),
            ("request", "droplets.delete-by-tag", "query tag_name is missing"),
        ]:
            self.assertIn(one, seen)
        self.assertTrue(any(one[:2] == ("request", "droplets.create") for one in seen))
        self.assertEqual([one for one in seen if one[0] == "answer"], [])


class WithoutDocuments(unittest.TestCase):
    def test_nullable_becomes_a_type_or_null(self):
        from spec import modern

        self.assertEqual(modern({"type": "string", "nullable": True, "enum": ["a"]}),
                         {"type": ["string", "null"], "nullable": True, "enum": ["a", None]})
        self.assertEqual(modern({"allOf": [{"nullable": False}], "nullable": True})["anyOf"][0], {"type": "null"})


if __name__ == "__main__":
    unittest.main()
