"""What is billed, by the vendors' steps and minimums."""
import threading
import time
import unittest

from clouds.digitalocean import DigitalOcean
from clouds.lambda_cloud import LambdaCloud
from meter import HOUR_MS
from rate_limit import Spacing, Window
from running_cloud import RunningCloud
from virtual_clock import AT_WORK, TICK_S, VirtualClock, iso


class Steps(unittest.TestCase):
    def test_lambda_bills_begun_minutes(self):
        meter = LambdaCloud.meter
        self.assertEqual(meter.micros(6_000_000, 0, 1), 100_000)
        self.assertEqual(meter.micros(6_000_000, 0, 60_000), 100_000)
        self.assertEqual(meter.micros(6_000_000, 0, 60_001), 200_000)
        self.assertEqual(meter.micros(6_000_000, 5, HOUR_MS + 5), 6_000_000)

    def test_digitalocean_bills_seconds_from_a_minute_and_a_cent_on(self):
        meter = DigitalOcean.meter
        self.assertEqual(meter.micros(3_600_000, 0, 1), 60_000)
        self.assertEqual(meter.micros(3_600_000, 0, 61_500), 62_000)
        self.assertEqual(meter.micros(8_930, 0, 1000), 10_000)

    def test_what_never_began_costs_nothing(self):
        self.assertEqual(LambdaCloud.meter.micros(6_000_000, None, HOUR_MS), 0)


class Limits(unittest.TestCase):
    def test_spacing_forgives_a_late_packet_and_not_more(self):
        spacing = Spacing(40)
        allowed = [spacing.allows("a", t, 1000) for t in (0, 959, 960, 1000, 1930)]
        self.assertEqual(allowed, [True, False, True, False, True])
        self.assertTrue(spacing.allows("b", 0, 1000))

    def test_a_window_slides(self):
        window = Window(60_000, 2)
        for t in (0, 30_000):
            self.assertFalse(window.is_full("a", t))
            window.count("a", t)
        self.assertTrue(window.is_full("a", 59_999))
        self.assertEqual(window.oldest_ends_ms("a", 59_999), 60_000)
        self.assertFalse(window.is_full("a", 60_000))


class VirtualTime(unittest.TestCase):
    def test_it_runs_as_fast_as_told(self):
        with RunningCloud("--cloud", "lambda", "--speed", "1000") as cloud:
            first = cloud.order("/state")["t_ms"]
            time.sleep(0.1)
            second = cloud.order("/state")["t_ms"]
            cloud.advance(3600)
            self.assertGreaterEqual(cloud.order("/state")["t_ms"] - second, 3_600_000)
        self.assertGreater(second - first, 100)

    def test_it_is_slow_while_a_request_is_at_work(self):
        clock = VirtualClock(threading.Lock(), speed=1000)
        self.addCleanup(clock.end)
        with clock.at_work():
            began, first = time.monotonic(), clock.now_ms()
            time.sleep(0.2)
            passed = clock.now_ms() - first
            real_s = time.monotonic() - began
        self.assertGreater(passed, 0)
        self.assertLessEqual(passed, (real_s + 4 * TICK_S) * 1000 * 1000 * AT_WORK + 1)

    def test_written_as_clouds_do(self):
        self.assertEqual(iso(1_793_527_200_000), "2026-11-01T10:00:00Z")


if __name__ == "__main__":
    unittest.main()
