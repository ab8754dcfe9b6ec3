"""What a further cloud gets for one file of its own: here one that bills nothing while a machine is off."""
import pathlib
import tempfile
import threading
import unittest

from catalogue import MachineType, Stock
from cloud import Cloud
from clouds import all_clouds
from credential import Credential, Credentials
from exchange import Answer, Operation
from fault_script import FaultScript
from history import History
from instance import Instance
from judgement import judge
from meter import Meter
from no_machines import NoMachines
from rentals import Life
from virtual_clock import VirtualClock
from world import World

HOUR_S = 3600


class Third(Cloud):
    name = "third"
    hosts = ("api.*.third.example",)
    bills_off = False
    life = Life("pending", "running", "stopped")
    meter = Meter(step_ms=1000, least_ms=60_000)

    def table(self):
        return [Operation("machines.list", "GET", "/machines",
                          lambda request: Answer(200, [one.id for one in self.listed(request)]))]

    def catalogue(self):
        return [MachineType("m", 3_600_000, {"here": Stock()})]

    def make_credentials(self, seeded):
        return Credentials([Credential("good", "secret")])

    def admit(self, request):
        request.credential = self.credentials.named("good")


class AFurtherCloud(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        lock = threading.RLock()
        self.clock = VirtualClock(lock, speed=0.01)
        self.addCleanup(self.clock.end)
        history = History(pathlib.Path(folder.name) / "history.jsonl", self.clock.now_ms)
        self.addCleanup(history.close)
        self.cloud = Third(World(lock, self.clock, history, NoMachines()), {})
        self.cloud.world.script = FaultScript({"third": self.cloud.operations.names()})
        now = self.clock.now_ms()
        self.machine = Instance(1, "one", [], self.cloud.types["m"], "here", 3_600_000, now)
        with lock:
            self.cloud.rentals.add(self.machine, now)

    def pass_s(self, seconds):
        self.clock.advance(seconds * 1000)

    def billed(self):
        return judge(self.cloud, self.clock.now_ms())["micros_billed"]

    def test_the_meter_pauses_while_it_is_off(self):
        self.pass_s(HOUR_S)
        with self.cloud.world.lock:
            self.cloud.powered_off(self.machine, self.clock.now_ms(), "a test")
        self.pass_s(10 * HOUR_S)
        self.assertAlmostEqual(self.billed(), 3_600_000, delta=5000)
        with self.cloud.world.lock:
            self.cloud.rentals.on(self.machine, self.clock.now_ms())
        self.pass_s(HOUR_S)
        self.assertAlmostEqual(self.billed(), 2 * 3_600_000, delta=5000)
        self.assertEqual([one["id"] for one in judge(self.cloud, self.clock.now_ms())["alive"]], [1])

    def test_hosts_may_be_a_pattern(self):
        self.assertTrue(self.cloud.is_host("api.eu.third.example:443"))
        self.assertFalse(self.cloud.is_host("api.eu.third.example.org"))

    def test_clouds_are_found_by_their_files(self):
        self.assertLessEqual({"digitalocean", "lambda"}, set(all_clouds()))


if __name__ == "__main__":
    unittest.main()
