"""Vast's dialect, rule by rule."""
import json
import unittest
import urllib.parse

from running_cloud import CloudTest

QUICK = {"vast": {"settings": {"searches_per_minute": 0, "get_lag_s": 0, "list_lag_s": 0}}}


class VastTest(CloudTest):
    words = ("--cloud", "vast")
    seed = QUICK

    def call(self, method, path, body=None, **more):
        return self.cloud.call("vast", method, "/api" + path, body, **more)

    def code(self, reply):
        return reply.status, reply.json["error"]

    def search(self, **filters):
        reply = self.call("POST", "/v0/bundles/", {"type": "on-demand", "allocated_storage": 32, **filters})
        self.assertEqual(reply.status, 200, reply.bytes)
        return reply.json["offers"]

    def ask(self, gpu="H100 SXM"):
        return self.search(gpu_name={"in": [gpu]}, reliability2={"gte": 0.97}, verified={"eq": True},
                           direct_port_count={"gte": 1})[0]

    def rent(self, id, **more):
        return self.call("PUT", f"/v0/asks/{id}/", {"image": "pytorch", "disk": 32, "label": "mine", **more})

    def rented(self, **more):
        reply = self.rent(self.ask()["id"], **more)
        self.assertTrue(reply.json["success"], reply.bytes)
        return reply.json["new_contract"]

    def get(self, id):
        return self.call("GET", f"/v0/instances/{id}/").json["instances"]

    def listed(self, **query):
        text = urllib.parse.urlencode(query)
        return self.call("GET", "/v1/instances/" + (f"?{text}" if text else "")).json


class Admission(VastTest):
    def test_a_bad_key_is_404_and_says_so(self):
        for which in ("expired", "revoked"):
            reply = self.call("GET", "/v0/users/current/", secret=self.cloud.secrets["vast"][which])
            self.assertEqual(self.code(reply), (404, "auth_error"))
        self.assertEqual(self.code(self.call("GET", "/v1/instances/", secret="made-up")), (404, "auth_error"))

    def test_a_key_lacks_what_it_was_not_given(self):
        without = self.cloud.secrets["vast"]["without"]["instance_write"]
        self.assertEqual(self.call("DELETE", "/v0/instances/1/", secret=without).status, 403)
        self.assertEqual(self.call("GET", "/v1/instances/", secret=without).status, 200)

    def test_who_it_is_and_what_is_left(self):
        user = self.call("GET", "/v0/users/current/").json
        self.assertEqual(user["credit"], 37.12)


class AgainstTheDocument(VastTest):
    violations_expected = True

    def test_the_old_list_is_gone_and_not_empty(self):
        self.assertEqual(self.code(self.call("GET", "/v0/instances/")), (410, "deprecated_endpoint"))

    def test_a_page_has_at_most_25(self):
        self.assertEqual(self.call("GET", "/v1/instances/?limit=26").status, 400)


class Limits(VastTest):
    seed = {}

    def test_each_call_has_a_floor(self):
        self.assertEqual(self.call("GET", "/v1/instances/").status, 200)
        refused = self.call("GET", "/v1/instances/")
        self.assertEqual(refused.status, 429)
        self.assertTrue(refused.json["detail"].endswith("threshold=1"), refused.json)
        self.cloud.advance(1)
        self.assertEqual(self.call("GET", "/v1/instances/").status, 200)

    def test_ten_searches_a_minute(self):
        for _ in range(10):
            self.search()
        self.assertEqual(self.call("POST", "/v0/bundles/", {}).status, 429)
        self.cloud.advance(60)
        self.search()


class Market(VastTest):
    def test_filters_hold_but_for_one_that_is_ignored(self):
        self.assertEqual({one["gpu_name"] for one in self.search(gpu_name={"in": ["H200"]})}, {"H200"})
        self.assertEqual({one["num_gpus"] for one in self.search(num_gpus={"gte": 8})}, {8})
        self.assertEqual({one["geolocation"] for one in self.search(geolocation={"in": ["NL"]})}, {"Amsterdam, NL"})
        self.assertIn(0.71, {one["reliability2"] for one in self.search(reliability2={"gte": 0.9})})
        ask = self.ask()
        self.assertEqual(self.search(id={"eq": ask["id"]}), [])
        self.assertEqual(self.search(ask_contract_id={"eq": ask["id"]})[0]["id"], ask["id"])

    def test_what_is_no_filter_is_refused(self):
        reply = self.call("POST", "/v0/bundles/", {"num_gpus": {"about": 3}})
        self.assertEqual(self.code(reply), (400, "invalid_args"))

    def test_the_price_is_with_the_disk(self):
        small = self.search(allocated_storage=10, order=[["dph_total", "asc"]])[0]
        large = self.search(allocated_storage=500, order=[["dph_total", "asc"]])[0]
        self.assertGreater(large["dph_total"], small["dph_total"])

    def test_rows_end_at_the_cap(self):
        self.cloud.order("/settings", {"cloud": "vast", "settings": {"rows": 3}})
        self.assertEqual(len(self.search(limit=500)), 3)

    def test_an_ask_is_taken_once_and_asked_anew_under_another_number(self):
        first = self.ask()
        self.assertEqual(self.rent(first["id"]).status, 200)
        self.assertEqual(self.code(self.rent(first["id"])), (404, "no_such_ask"))
        self.assertEqual(self.search(ask_contract_id={"eq": first["id"]}), [])
        self.assertNotEqual(self.ask()["id"], first["id"])
        self.cloud.order("/capacity", {"cloud": "vast", "type": "1x_H200", "left": 1})
        self.assertEqual(self.rent(self.ask("H200")["id"]).status, 200)
        self.assertEqual(self.search(gpu_name={"in": ["H200"]}), [])
        self.assertEqual(self.cloud.judgement("vast")["creates"], 2)

    def test_accounts_take_nothing_from_each_other(self):
        mine, other = self.ask()["id"], self.cloud.secrets["vast"]["other"]
        reply = self.call("PUT", f"/v0/asks/{mine}/", {"image": "pytorch"}, secret=other)
        self.assertEqual(self.code(reply), (404, "no_such_ask"))


class Renting(VastTest):
    def test_what_is_wrong_is_refused_and_takes_nothing(self):
        id = self.ask()["id"]
        for wrong in ({"image": None}, {"onstart": "x" * 4049}, {"label": "x" * 257}, {"disk": 0}):
            reply = self.rent(id, **wrong) if wrong != {"image": None} else self.call(
                "PUT", f"/v0/asks/{id}/", {"disk": 32})
            self.assertEqual(self.code(reply), (400, "invalid_args"), wrong)
        self.cloud.order("/settings", {"cloud": "vast", "settings": {"credit": 0}})
        self.assertEqual(self.code(self.rent(id)), (400, "insufficient_credit"))
        self.assertEqual(self.ask()["id"], id)

    def test_an_error_may_come_as_200(self):
        self.cloud.fault("vast", "asks.rent", "refuse", status=200, code="no_such_ask")
        reply = self.rent(self.ask()["id"])
        self.assertEqual((reply.status, reply.json["success"], reply.json["error"]), (200, False, "no_such_ask"))

    def test_a_refusal_may_make_an_instance(self):
        self.cloud.order("/settings", {"cloud": "vast", "settings": {"refuses_and_makes": True}})
        reply = self.rent(self.ask()["id"])
        self.assertEqual(self.code(reply), (400, "invalid_price"))
        self.cloud.advance(120)
        made = self.get(reply.json["new_contract"])
        self.assertEqual((made["label"], made["cur_state"], made["intended_status"]), ("mine", "stopped", "stopped"))


class Life(VastTest):
    def test_from_nothing_told_to_running_to_null(self):
        id = self.rented()
        self.assertIsNone(self.get(id)["actual_status"])
        self.cloud.advance(5)
        self.assertEqual((self.get(id)["actual_status"], self.get(id)["ports"]), ("loading", None))
        self.cloud.advance(30)
        running = self.get(id)
        self.assertEqual(running["actual_status"], "running")
        self.assertTrue(running["public_ipaddr"].endswith("\n"))
        self.assertEqual(self.call("DELETE", f"/v0/instances/{id}/").json, {"success": True})
        self.assertIsNone(self.get(id))
        self.assertEqual(self.code(self.call("DELETE", f"/v0/instances/{id}/")), (404, "no_such_instance"))

    def test_a_restart_maps_another_port(self):
        id = self.rented()
        self.cloud.advance(60)
        ports = {self.get(id)["ports"]["22/tcp"][0]["HostPort"]}
        for _ in range(3):
            self.assertEqual(self.call("PUT", f"/v0/instances/reboot/{id}/").status, 200)
            ports.add(self.get(id)["ports"]["22/tcp"][0]["HostPort"])
        self.assertGreater(len(ports), 1)

    def test_a_new_one_shows_late(self):
        self.cloud.order("/settings", {"cloud": "vast", "settings": {"get_lag_s": 2, "list_lag_s": 10}})
        id = self.rented()
        self.assertIsNone(self.get(id))
        self.cloud.advance(3)
        self.assertIsNotNone(self.get(id))
        self.assertEqual(self.listed()["instances"], [])
        self.cloud.advance(10)
        self.assertEqual(self.listed()["instances"][0]["id"], id)

    def test_the_list_comes_in_pages(self):
        made = [self.rented(label=f"one-{number}") for number in range(5)]
        first = self.listed(limit=2)
        self.assertEqual((first["instances_found"], first["total_instances"]), (2, 5))
        second = self.listed(limit=2, after_token=first["next_token"])
        last = self.listed(limit=2, after_token=second["next_token"])
        self.assertIsNone(last["next_token"])
        pages = [one["id"] for page in (first, second, last) for one in page["instances"]]
        self.assertEqual(pages, made)
        self.assertEqual(self.listed(select_filters=json.dumps({"label": {"eq": "one-3"}}))["total_instances"], 1)
        self.assertEqual(self.call("GET", "/v1/instances/?after_token=made-up").json["error"], "invalid_token")


if __name__ == "__main__":
    unittest.main()
