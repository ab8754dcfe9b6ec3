"""Compute Engine's dialect, rule by rule."""
import base64
import json
import pathlib
import subprocess
import tempfile
import unittest
from urllib.parse import urlencode

from running_cloud import CloudTest

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
IMAGE = "projects/deeplearning-platform-release/global/images/family/common-cu129-ubuntu-2204-nvidia-580"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed(file, claims, header=None):
    header = {"alg": "RS256", "kid": file["private_key_id"], "typ": "JWT", **(header or {})}
    message = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "key"
        key.write_text(file["private_key"])
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=message.encode(),
                              capture_output=True, check=True)
    return message + "." + b64(made.stdout)


class GcpTest(CloudTest):
    words = ("--cloud", "gcp")

    def setUp(self):
        super().setUp()
        self._tokens = {}

    def file(self, name="good"):
        return json.loads(self.cloud.secrets["gcp"][name])

    def now_s(self):
        return self.cloud.order("/state")["t_ms"] // 1000

    def claims(self, name="good", **more):
        now = self.now_s()
        return {"iss": self.file(name)["client_email"], "scope": SCOPE, "aud": "https://oauth2.googleapis.com/token",
                "iat": now - 10, "exp": now + 3500, **more}

    def post(self, form):
        return self.cloud.call("gcp", "POST", "/token", urlencode(form).encode(), secret=None,
                               headers={"Content-Type": "application/x-www-form-urlencoded"})

    def exchange(self, name="good", header=None, **claims):
        assertion = signed(self.file(name), self.claims(name, **claims), header)
        return self.post({"grant_type": JWT_GRANT, "assertion": assertion})

    def token(self, name="good"):
        if name not in self._tokens:
            self._tokens[name] = self.exchange(name).json["access_token"]
        return self._tokens[name]

    def call(self, method, path, body=None, name="good", **more):
        project = "project-other" if name == "other" else "project-main"
        more.setdefault("secret", self.token(name))
        return self.cloud.call("gcp", method, f"/compute/v1/projects/{project}" + path, body, **more)

    def body(self, name="stk-one", zone="us-central1-a", machine="g2-standard-4", **more):
        return {
            "name": name,
            "machineType": f"zones/{zone}/machineTypes/{machine}",
            "disks": [{"boot": True, "autoDelete": True,
                       "initializeParams": {"sourceImage": IMAGE, "diskSizeGb": "100"}}],
            "networkInterfaces": [{"network": "global/networks/default"}],
            "scheduling": {"provisioningModel": "STANDARD", "onHostMaintenance": "TERMINATE",
                           "instanceTerminationAction": "DELETE", "maxRunDuration": {"seconds": "3600"}},
            "labels": {"stk-install": "abc"},
            "metadata": {"items": [{"key": "enable-oslogin", "value": "FALSE"},
                                   {"key": "ssh-keys", "value": "ubuntu:ssh-ed25519 AAAA"}]},
            **more,
        }

    def insert(self, query="", zone="us-central1-a", **more):
        return self.call("POST", f"/zones/{zone}/instances{query}", self.body(zone=zone, **more))

    def operation(self, started, zone="us-central1-a"):
        return self.call("GET", f"/zones/{zone}/operations/{started.json['name']}").json

    def vm(self, name="stk-one", zone="us-central1-a"):
        return self.call("GET", f"/zones/{zone}/instances/{name}")

    def listed(self, query=""):
        items = self.call("GET", "/aggregated/instances" + query).json["items"]
        return [one["name"] for scope in items.values() for one in scope.get("instances", [])]

    def reason(self, reply):
        return reply.status, reply.json["error"]["errors"][0]["reason"]


class Tokens(GcpTest):
    def refusal(self, reply):
        return reply.status, reply.json["error"], reply.json["error_description"]

    def test_a_jwt_is_exchanged_for_a_token_that_opens_the_project(self):
        reply = self.exchange()
        self.assertEqual((reply.status, reply.json["expires_in"], reply.json["token_type"]), (200, 3599, "Bearer"))
        self.assertEqual(self.call("GET", "").json["name"], "project-main")

    def test_the_signature_is_verified(self):
        assertion = signed(self.file(), self.claims())
        head, claims, signature = assertion.split(".")
        forged = b64(json.dumps(self.claims(scope="everything")).encode())
        for wrong in (f"{head}.{forged}.{signature}", f"{head}.{claims}.{signature[:-8]}AAAAAAAA",
                      f"{head}.{claims}.", assertion[:-2]):
            reply = self.post({"grant_type": JWT_GRANT, "assertion": wrong})
            self.assertEqual(self.refusal(reply), (400, "invalid_grant", "Invalid JWT Signature."), wrong)

    def test_what_else_is_refused(self):
        now = self.now_s()
        for more, text in [({"iat": now + 3600, "exp": now + 7200}, "reasonable timeframe"),
                           ({"iat": now - 7200, "exp": now - 3600}, "reasonable timeframe"),
                           ({"iat": now, "exp": now + 3700}, "reasonable timeframe"),
                           ({"iss": "nobody@nowhere"}, "account not found"),
                           ({"aud": "https://elsewhere.example"}, "audience")]:
            reply = self.exchange(**more)
            self.assertEqual(reply.status, 400)
            self.assertIn(text, reply.json["error_description"])
        self.assertEqual(self.exchange(header={"alg": "none"}).json["error"], "invalid_grant")
        self.assertEqual(self.exchange(header={"kid": "0"}).json["error"], "invalid_grant")
        self.assertEqual(self.exchange("revoked").json["error"], "invalid_grant")
        self.assertEqual(self.post({"grant_type": "password"}).json["error"], "unsupported_grant_type")

    def test_a_person_is_known_by_a_refresh_token(self):
        file = self.file("person")
        form = {"grant_type": "refresh_token",
                **{key: file[key] for key in ("client_id", "client_secret", "refresh_token")}}
        token = self.post(form).json["access_token"]
        self.assertEqual(self.call("GET", "", secret=token).status, 200)
        self.assertEqual(self.post({**form, "refresh_token": "1//other"}).json["error"], "invalid_grant")
        self.assertEqual(self.post({**form, "client_secret": "x"}).json["error"], "invalid_client")

    def test_the_metadata_server_wants_its_header(self):
        path = "/computeMetadata/v1/instance/service-accounts/default/token"
        self.assertEqual(self.cloud.call("gcp", "GET", path, secret=None).status, 403)
        reply = self.cloud.call("gcp", "GET", path, secret=None, headers={"Metadata-Flavor": "Google"})
        self.assertEqual(self.call("GET", "", secret=reply.json["access_token"]).status, 200)

    def test_tokens_expire(self):
        token = self.token()
        self.cloud.advance(3598)
        self.assertEqual(self.call("GET", "", secret=token).status, 200)
        self.cloud.advance(2)
        self.assertEqual(self.reason(self.call("GET", "", secret=token)), (401, "authError"))

    def test_whose_project_it_is(self):
        self.assertEqual(self.reason(self.call("GET", "", secret=None)), (401, "authError"))
        self.assertEqual(self.reason(self.call("GET", "", secret=self.token("other"))), (403, "forbidden"))
        self.assertEqual(self.call("GET", "", name="other").status, 200)

    def test_the_history_has_neither_keys_nor_tokens(self):
        token = self.token()
        self.call("GET", "")
        book = (self.cloud.folder / "history.jsonl").read_text()
        self.assertNotIn(token, book)
        self.assertNotIn("PRIVATE KEY", book)


class Refusals(GcpTest):
    def settings(self, **more):
        self.cloud.order("/settings", {"cloud": "gcp", "settings": more})

    def test_an_api_that_is_not_enabled(self):
        self.token()
        self.settings(api_enabled=False)
        reply = self.call("GET", "")
        self.assertEqual(self.reason(reply), (403, "accessNotConfigured"))
        self.assertEqual(reply.json["error"]["details"][0]["reason"], "SERVICE_DISABLED")
        self.assertIn("apis/api/compute.googleapis.com", reply.json["error"]["message"])

    def test_the_rate_limit(self):
        self.token()
        replies = [self.call("GET", "") for _ in range(21)]
        self.assertEqual([reply.status for reply in replies[:20]], [200] * 20)
        self.assertEqual(self.reason(replies[20]), (403, "rateLimitExceeded"))
        self.cloud.advance(1)
        self.assertEqual(self.call("GET", "").status, 200)

    def test_what_an_insert_may_not_be(self):
        for more in [{"name": "Upper"}, {"name": "a" * 64}, {"labels": {"stk": "UPPER"}}, {"labels": {"1": "x"}},
                     {"scheduling": {"provisioningModel": "STANDARD", "onHostMaintenance": "MIGRATE"}},
                     {"scheduling": {"provisioningModel": "STANDARD", "onHostMaintenance": "TERMINATE",
                                     "instanceTerminationAction": "DELETE", "maxRunDuration": {"seconds": "29"}}},
                     {"machine": "z9-none"}, {"machine": "n1-standard-8"}, {"disks": []},
                     {"machineType": "zones/us-east4-a/machineTypes/g2-standard-4"}]:
            self.assertEqual(self.reason(self.insert(**more)), (400, "invalid"), more)
            self.cloud.advance(1)
        for more in [{"zone": "mars-central1-a"}, {"networkInterfaces": [{"network": "global/networks/none"}]}]:
            self.assertEqual(self.insert(**more).status, 404, more)
        for id in ("x", "00000000-0000-0000-0000-000000000000"):
            self.assertEqual(self.insert("?requestId=" + id).status, 400)
        self.assertEqual(self.cloud.judgement("gcp")["creates"], 0)

    def test_a_stockout_shows_in_the_operation(self):
        self.cloud.order("/capacity", {"cloud": "gcp", "type": "g2-standard-4", "left": 0, "region": "us-central1-a"})
        started = self.insert()
        self.assertEqual((started.status, started.json["status"]), (200, "PENDING"))
        self.cloud.advance(4)
        running = self.operation(started)
        self.assertEqual(running["status"], "RUNNING")
        self.assertIn("ZONE_RESOURCE_POOL_EXHAUSTED", running["error"]["errors"][0]["code"])
        self.cloud.advance(3)
        self.assertEqual(self.operation(started)["status"], "DONE")
        self.assertEqual(self.vm().status, 404)
        self.assertEqual(self.insert(zone="us-central1-b").status, 200)

    def test_the_quota_shows_in_the_operation_too(self):
        self.cloud.order("/quota", {"cloud": "gcp", "instances": 0})
        started = self.insert()
        self.cloud.advance(10)
        self.assertEqual(self.operation(started)["error"]["errors"][0]["code"], "QUOTA_EXCEEDED")
        self.assertEqual(self.call("GET", "").json["quotas"][0]["limit"], 0)

    def test_a_failed_insert_may_leave_its_machine(self):
        self.settings(error_leaves_machine=True)
        self.cloud.order("/capacity", {"cloud": "gcp", "type": "g2-standard-4", "left": 0})
        started = self.insert()
        self.cloud.advance(10)
        self.assertIn("error", self.operation(started))
        self.assertEqual(self.vm().status, 200)
        self.assertEqual(len(self.cloud.judgement("gcp")["alive"]), 1)


class Life(GcpTest):
    def test_from_provisioning_to_gone(self):
        started = self.insert()
        self.assertEqual(self.vm().json["status"], "PROVISIONING")
        self.assertEqual(self.vm().json["id"], started.json["targetId"])
        self.cloud.advance(11)
        self.assertEqual((self.vm().json["status"], self.operation(started)["status"]), ("STAGING", "DONE"))
        self.assertNotIn("natIP", self.vm().json["networkInterfaces"][0]["accessConfigs"][0])
        self.cloud.advance(10)
        vm = self.vm().json
        self.assertEqual((vm["status"], vm["networkInterfaces"][0]["accessConfigs"][0]["natIP"]),
                         ("RUNNING", "127.0.0.10"))
        ended = self.call("DELETE", "/zones/us-central1-a/instances/stk-one")
        self.assertEqual((ended.status, self.vm().json["status"]), (200, "STOPPING"))
        self.cloud.advance(16)
        self.assertEqual((self.vm().status, self.operation(ended)["status"]), (404, "DONE"))
        self.assertEqual(self.call("DELETE", "/zones/us-central1-a/instances/stk-one").status, 404)

    def test_a_request_id_is_carried_out_once(self):
        id = "?requestId=11111111-2222-4333-8444-555555555555"
        first, second = self.insert(id), self.insert(id)
        self.assertEqual(first.json["name"], second.json["name"])
        self.assertEqual(first.json["clientOperationId"], id[11:])
        self.assertEqual(self.insert(id, name="stk-two").json["targetLink"], first.json["targetLink"])
        self.assertEqual(self.cloud.judgement("gcp")["creates"], 1)

    def test_a_name_is_taken_once_in_its_zone(self):
        self.insert()
        self.assertEqual(self.reason(self.insert()), (409, "alreadyExists"))
        self.assertEqual(self.insert(zone="us-central1-b").status, 200)

    def test_the_clouds_own_fuse(self):
        self.insert()
        self.cloud.advance(3619)
        self._tokens.clear()
        self.assertEqual(self.vm().json["status"], "RUNNING")
        self.cloud.advance(2)
        self.assertEqual(self.vm().status, 404)
        self.assertEqual(len(self.cloud.history("run-out")), 1)
        self.assertEqual(self.cloud.judgement("gcp")["alive"], [])

    def spot(self, action):
        limits = {"provisioningModel": "SPOT", "onHostMaintenance": "TERMINATE", "instanceTerminationAction": action}
        self.insert(scheduling=limits)
        self.cloud.advance(25)
        self.cloud.order(f"/machines/{self.vm().json['id']}/preempt", {})
        self.assertEqual(self.vm().json["status"], "STOPPING")
        self.cloud.advance(31)

    def test_preemption_comes_with_notice_and_deletes(self):
        self.spot("DELETE")
        self.assertEqual(self.vm().status, 404)

    def test_or_stops_where_nothing_else_is_asked_for(self):
        self.spot("STOP")
        self.assertEqual(self.vm().json["status"], "TERMINATED")

    def test_spot_is_cheaper(self):
        self.insert()
        limits = {"provisioningModel": "SPOT", "onHostMaintenance": "TERMINATE"}
        self.insert(name="stk-two", scheduling=limits)
        prices = [one["price_micros"] for one in self.cloud.judgement("gcp")["alive"]]
        self.assertAlmostEqual(prices[1] / prices[0], 0.4, places=3)

    def test_os_login_leaves_the_keys_unread(self):
        self.insert()
        self.insert(name="stk-two", metadata={"items": [{"key": "ssh-keys", "value": "ubuntu:ssh-ed25519 AAAA"}]})
        shown = self.cloud.order("/state")["clouds"]["gcp"]["instances"]
        self.assertEqual([one["keys"] for one in shown], [["metadata"], []])


class Lists(GcpTest):
    def test_filters_and_pages_over_all_zones(self):
        for number in range(3):
            self.insert(name=f"stk-{number}", zone=f"us-central1-{'ab'[number % 2]}")
        self.insert(name="theirs", labels={"stk-install": "xyz"})
        self.assertEqual(sorted(self.listed("?filter=labels.stk-install%3Dabc")), ["stk-0", "stk-1", "stk-2"])
        self.assertEqual(self.reason(self.call("GET", "/aggregated/instances?filter=nonsense")), (400, "invalid"))
        found, token, pages = [], "", 0
        while token is not None:
            page = self.call("GET", f"/aggregated/instances?maxResults=3&pageToken={token}").json
            found += [one["name"] for scope in page["items"].values() for one in scope.get("instances", [])]
            token, pages = page.get("nextPageToken"), pages + 1
        self.assertEqual((sorted(found), pages), (["stk-0", "stk-1", "stk-2", "theirs"], 2))
        self.assertEqual(page["items"]["zones/us-east4-a"]["warning"]["code"], "NO_RESULTS_ON_PAGE")

    def test_a_zone_that_does_not_answer_is_named(self):
        self.insert()
        self.cloud.order("/settings", {"cloud": "gcp", "settings": {"unreachable": ["us-central1-a"]}})
        items = self.call("GET", "/aggregated/instances").json["items"]
        self.assertEqual(items["zones/us-central1-a"]["warning"]["code"], "UNREACHABLE")
        self.assertEqual(self.listed(), [])

    def test_types_by_regular_expression(self):
        query = "?filter=name%20eq%20%22(a2%7Cg2)-.*%7Cn1-standard-8%22"
        items = self.call("GET", "/aggregated/machineTypes" + query).json["items"]["zones/us-central1-a"]
        names = [one["name"] for one in items["machineTypes"]]
        self.assertIn("n1-standard-8", names)
        self.assertIn("a2-ultragpu-1g", names)
        self.assertNotIn("n1-standard-4", names)
        self.assertEqual(len(names), len(set(names)))

    def test_the_parts_add_up_to_the_price_that_is_billed(self):
        reply = self.cloud.call("gcp", "GET", "/v1/services/6F81-5844-456A/skus", secret=self.token())
        parts = {}
        for one in reply.json["skus"]:
            if "us-central1" in one["serviceRegions"]:
                price = one["pricingInfo"][0]["pricingExpression"]["tieredRates"][-1]["unitPrice"]
                parts[one["description"]] = int(price["units"]) + price["nanos"] / 1e9
        total = (4 * parts["G2 Instance Core running in Americas"] + 16 * parts["G2 Instance Ram running in Americas"]
                 + parts["Nvidia L4 GPU running in Americas"])
        self.insert()
        self.assertAlmostEqual(self.cloud.judgement("gcp")["alive"][0]["price_micros"], total * 1e6, delta=1)


if __name__ == "__main__":
    unittest.main()
