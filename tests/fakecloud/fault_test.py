"""Each fault, seen from the client and from the books."""
import http.client
import json
import socket
import threading
import time
import unittest

from digitalocean_test import DigitalOceanTest
from lambda_test import LambdaTest
from running_cloud import RunningCloud, eventually


class LambdaFault(LambdaTest):
    def setUp(self):
        super().setUp()
        self.add_key()

    def fault(self, operation, fault, **more):
        self.cloud.fault("lambda", operation, fault, **more)

    def created(self):
        return self.cloud.judgement("lambda")["creates"]

    def last_request(self, operation="launch"):
        return [one for one in self.cloud.history("request") if one["operation"] == operation][-1]

    def listed(self):
        return self.call("GET", "/instances").json["data"]


class Refusals(LambdaFault):
    def test_refuse_does_not_act(self):
        self.fault("launch", "refuse", status=400, code="global/quota-exceeded", message="No more.",
                   headers={"retry-after": "7"})
        reply = self.launch()
        self.assertEqual(self.code(reply), (400, "global/quota-exceeded"))
        self.assertEqual((reply.json["error"]["message"], reply.headers["retry-after"]), ("No more.", "7"))
        self.assertEqual(self.created(), 0)
        self.assertEqual(self.launch().status, 200)

    def test_refuse_with_a_gateways_page(self):
        self.fault("launch", "refuse", status=502, body="<html>Bad gateway</html>")
        reply = self.launch()
        self.assertEqual((reply.status, reply.headers["content-type"], reply.bytes),
                         (502, "text/html", b"<html>Bad gateway</html>"))

    def test_redirect_to_another_host(self):
        self.fault("instances.list", "redirect", to="evil.example", status=301)
        reply = self.call("GET", "/instances")
        self.assertEqual((reply.status, reply.headers["location"]), (301, "https://evil.example/api/v1/instances"))

    def test_reset_before_acting(self):
        self.fault("launch", "reset")
        with self.assertRaises(ConnectionResetError):
            self.launch()
        self.assertEqual((self.created(), self.last_request()["status"]), (0, "dropped"))

    def test_time_out_without_acting(self):
        self.fault("launch", "time-out")
        with self.assertRaises(TimeoutError):
            self.call("POST", "/instance-operations/launch", self.wanted(), timeout=0.3)
        self.assertEqual(self.created(), 0)

    def test_time_out_ends_by_itself(self):
        self.fault("launch", "time-out", seconds=600)
        threading.Timer(0.3, self.cloud.advance, [600]).start()
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionError)):
            self.launch()


class ActedAllTheSame(LambdaFault):
    def test_then_500(self):
        self.fault("launch", "act-then-500")
        self.assertEqual(self.code(self.launch()), (500, "global/internal-error"))
        self.assertEqual(self.created(), 1)
        self.assertEqual((self.last_request()["status"], self.last_request()["fault"]), (500, "act-then-500"))

    def test_then_time_out(self):
        self.fault("launch", "act-then-time-out")
        with self.assertRaises(TimeoutError):
            self.call("POST", "/instance-operations/launch", self.wanted(), timeout=0.3)
        self.assertEqual((self.created(), self.last_request()["status"]), (1, "dropped"))
        self.assertTrue(eventually(lambda: self.cloud.order("/held") == []))

    def test_then_reset(self):
        self.fault("launch", "act-then-reset")
        with self.assertRaises(ConnectionResetError):
            self.launch()
        self.assertEqual(self.created(), 1)

    def test_truncated_at_a_byte(self):
        for at in (0, 1, 20):
            self.fault("launch", "truncate", at=at)
            with self.assertRaises(http.client.IncompleteRead) as caught:
                self.launch()
            self.assertEqual(len(caught.exception.partial), at)
        self.fault("launch", "truncate", at=5, **{"as": "reset"})
        with self.assertRaises((ConnectionResetError, http.client.IncompleteRead)):
            self.launch()
        self.assertEqual(self.created(), 4)

    def test_garbage(self):
        for variant, broken in [
            ("html", lambda body: body.startswith(b"<html>")),
            ("utf8", lambda body: b"\xff" in body),
            ("deep", lambda body: body.count(b"[") == 100_000),
            ("empty", lambda body: body == b""),
            ("null", lambda body: body == b"null"),
            ("array", lambda body: body == b"[]"),
            ("cut", lambda body: body.startswith(b'{"data"') and not body.endswith(b"}")),
            ("huge", lambda body: len(body) > 10 << 20),
            ("no-id", lambda body: json.loads(body) == {"data": {"instance_ids": []}}),
            ("odd-id", lambda body: list(json.loads(body)["data"]["instance_ids"][0]) == ["value"]),
            ("other-type-id", lambda body: isinstance(json.loads(body)["data"]["instance_ids"][0], int)),
        ]:
            self.fault("launch", "garbage", **{"as": variant})
            reply = self.launch()
            self.assertTrue(reply.status == 200 and broken(reply.bytes), variant)
        self.assertEqual(self.created(), 11)
        self.fault("launch", "garbage", acts=False)
        self.assertEqual(self.launch().status, 200)
        self.assertEqual(self.created(), 11)

    def test_slow_drip(self):
        self.fault("instances.list", "slow-drip", ms=20)
        began = time.monotonic()
        self.assertEqual(self.listed(), [])
        self.assertGreater(time.monotonic() - began, 0.2)

    def test_double_and_dearer_and_the_wrong_id(self):
        self.fault("launch", "double")
        self.fault("launch", "dearer", next=2)
        self.rent()
        self.cloud.advance(5)
        self.assertEqual([one["name"] for one in self.listed()], ["one", "one"])
        self.rent(name="dear")
        self.cloud.advance(5)
        self.assertEqual(self.listed()[-1]["instance_type"]["price_cents_per_hour"], 258)
        self.fault("launch", "wrong-id")
        id = self.rent(name="wrong")
        self.cloud.advance(5)
        self.assertNotIn(id, [one["id"] for one in self.listed()])


class Held(LambdaFault):
    def held_launch(self, fault):
        self.fault("launch", fault)
        outcome = []

        def ask():
            try:
                outcome.append(self.launch().status)
            except OSError as error:
                outcome.append(type(error).__name__)

        thread = threading.Thread(target=ask)
        thread.start()
        held = eventually(lambda: self.cloud.order("/held"))
        return thread, outcome, held[0]

    def test_released_with_its_answer(self):
        thread, outcome, held = self.held_launch("act-then-hold")
        self.assertEqual((held["operation"], held["nth"], self.created()), ("launch", 1, 1))
        self.assertEqual(self.last_request()["status"], "held")
        self.assertEqual(self.cloud.order("/release", {"which": held["id"], "as": "answer"}), {"released": 1})
        thread.join()
        self.assertEqual(outcome, [200])
        self.assertEqual(self.cloud.history("released")[0]["way"], "answer")

    def test_released_by_a_reset(self):
        thread, outcome, _ = self.held_launch("act-then-hold")
        self.cloud.order("/release", {"which": "all", "as": "reset"})
        thread.join()
        self.assertEqual((outcome, self.created()), (["ConnectionResetError"], 1))

    def test_held_before_it_acts(self):
        thread, outcome, held = self.held_launch("hold-then-act")
        self.assertEqual(self.created(), 0)
        self.cloud.order("/release", {"which": held["id"]})
        thread.join()
        self.assertEqual((outcome, self.created()), ([200], 1))

    def test_a_client_that_is_killed_meanwhile(self):
        self.fault("launch", "act-then-hold")
        connection = self.cloud.connect("lambda")
        connection.request("POST", "/api/v1/instance-operations/launch", json.dumps(self.wanted()),
                           {"Authorization": "Bearer " + self.cloud.secrets["lambda"]["good"], "User-Agent": "x",
                            "Content-Type": "application/json"})
        eventually(lambda: self.cloud.order("/held"))
        connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()
        self.assertTrue(eventually(lambda: self.cloud.history("released")))
        self.assertEqual(self.cloud.history("released")[0]["way"], "hung up")


    def test_what_is_yet_to_be_done_is_done_with_nobody_there(self):
        self.fault("launch", "hold-then-act")
        connection = self.cloud.connect("lambda")
        connection.request("POST", "/api/v1/instance-operations/launch", json.dumps(self.wanted()),
                           {"Authorization": "Bearer " + self.cloud.secrets["lambda"]["good"], "User-Agent": "x",
                            "Content-Type": "application/json"})
        eventually(lambda: self.cloud.order("/held"))
        connection.close()
        time.sleep(0.1)
        self.assertEqual((len(self.cloud.order("/held")), self.created()), (1, 0))
        self.cloud.order("/release", {})
        self.assertTrue(eventually(lambda: self.created() == 1))


class Lists(LambdaFault):
    def setUp(self):
        super().setUp()
        self.first, self.second = self.rent(), self.rent(name="two")
        self.cloud.advance(60)

    def ids(self):
        return [one["id"] for one in self.listed()]

    def test_empty(self):
        self.fault("instances.list", "empty-list")
        self.assertEqual((self.ids(), self.ids()), ([], [self.first, self.second]))

    def test_without_one(self):
        self.fault("instances.list", "omit", instance=2)
        self.assertEqual(self.ids(), [self.first])
        self.fault("instances.list", "omit", instance=self.first)
        self.assertEqual(self.ids(), [self.second])

    def test_as_it_was(self):
        self.fault("instances.list", "stale-list", ms=40_000)
        self.assertEqual([one["status"] for one in self.listed()], ["booting", "booting"])
        self.terminate(self.first)
        self.cloud.advance(300)
        self.fault("instances.list", "stale-list", ms=300_000)
        self.assertEqual(len(self.ids()), 2)
        self.assertEqual(self.ids(), [self.second])

    def test_a_state_never_seen_before(self):
        self.fault("instances.list", "strange-state", state="hibernating")
        self.assertEqual({one["status"] for one in self.listed()}, {"hibernating"})


class Pages(DigitalOceanTest):
    def test_a_next_that_leads_nowhere(self):
        for page, number in (("same", "2"), ("first", "1"), (4, "4")):
            self.cloud.fault("digitalocean", "sizes", "repeated-page", page=page)
            links = self.call("GET", "/sizes?per_page=10&page=2").json["links"]["pages"]
            self.assertIn(f"page={number}&", links["next"])

    def test_the_second_page_fails(self):
        self.cloud.order("/faults", [{"cloud": "digitalocean", "operation": "sizes", "nth": 2, "fault": "refuse"}])
        self.assertEqual(self.call("GET", "/sizes?per_page=10").status, 200)
        self.assertEqual(self.call("GET", "/sizes?per_page=10&page=2").json["id"], "server_error")

    def test_a_create_with_the_id_of_another(self):
        self.cloud.fault("digitalocean", "droplets.create", "wrong-id")
        self.cloud.fault("digitalocean", "droplets.create", "dearer", next=2, factor=3)
        id = self.create().json["droplet"]["id"]
        dear = self.create().json["droplet"]
        self.cloud.advance(30)
        self.assertNotIn(id, self.ids("?type=gpus"))
        self.assertAlmostEqual(dear["size"]["price_hourly"], 3 * 3.39)


class Script(unittest.TestCase):
    def test_read_from_a_file(self):
        place = {"cloud": "digitalocean", "operation": "account", "fault": "refuse"}
        script = [place | {"from": 2, "to": 3, "status": 503}, place | {"every": 5, "status": 502}]
        with RunningCloud("--cloud", "digitalocean", script=script) as cloud:
            statuses = [cloud.call("digitalocean", "GET", "/v2/account").status for _ in range(10)]
        self.assertEqual(statuses, [200, 503, 503, 200, 502, 200, 200, 200, 200, 502])

    def test_of_one_account(self):
        place = {"cloud": "digitalocean", "operation": "account", "account": "other", "fault": "refuse", "status": 503}

        def statuses(cloud, name, calls):
            secret = cloud.secrets["digitalocean"][name]
            return [cloud.call("digitalocean", "GET", "/v2/account", secret=secret).status for _ in range(calls)]

        with RunningCloud("--cloud", "digitalocean", script=[place | {"nth": 2}]) as cloud:
            self.assertEqual((statuses(cloud, "good", 3), statuses(cloud, "other", 3)), ([200] * 3, [200, 503, 200]))
            cloud.order("/faults", place | {"skip": 1, "next": 2})
            self.assertEqual((statuses(cloud, "good", 2), statuses(cloud, "other", 2)), ([200] * 2, [200, 503]))
            cloud.order("/lift", {"cloud": "digitalocean", "account": "other"})
            self.assertEqual(statuses(cloud, "other", 1), [200])

    def test_what_it_does_not_take(self):
        with RunningCloud("--cloud", "lambda") as cloud:
            for more, text in [
                ({"fault": "explode"}, "no fault 'explode'"),
                ({"operation": "fly"}, "no operation 'fly'"),
                ({"cloud": "nowhere"}, "no cloud 'nowhere'"),
                ({"ms": 5}, "refuse knows no ms"),
                ({"every": 0}, "whole numbers"),
            ]:
                with self.assertRaisesRegex(ValueError, text):
                    cloud.order("/faults", {"cloud": "lambda", "operation": "launch", "fault": "refuse", **more})


if __name__ == "__main__":
    unittest.main()
