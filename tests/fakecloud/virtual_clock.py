"""Virtual time: it starts at the real time, runs `speed` times as fast, and can be pushed forward.

Time that runs faster than real waits for this program: while a busy computer keeps it from its work, or it is at work on
a request, little passes. So what is allowed a virtual minute has as much work done for it on any computer.
"""
import contextlib
import heapq
import itertools
import mmap
import threading
import time
from datetime import datetime, timezone


TICK_S = 0.002
AT_WORK = 1 / 8  # of the speed, as long as a request is at work


class Event:
    def __init__(self, t_ms, act):
        self.t_ms, self.act, self.cancelled = t_ms, act, False

    def cancel(self):
        self.cancelled = True


class VirtualClock:
    """Events run in the order of their times under `lock`, each told the time it was due, however late it runs.

    `file`: where to show the time, but for what it was pushed, to another program: milliseconds since 1970 in 8 bytes, to
    be mapped.
    """

    def __init__(self, lock, speed=1.0, start_ms=None, file=None):
        self.lock, self.speed = lock, speed
        self._now_ms = int(time.time() * 1000) if start_ms is None else start_ms
        self._pushed_ms = 0
        self._shown = None if file is None else shown_in(file)
        self._show()
        self._order, self._events = itertools.count(), []
        self._changed, self._ended, self._at_work = threading.Condition(), False, 0
        self._threads = [threading.Thread(target=run, name="clock", daemon=True) for run in (self._run, self._tick)]
        for thread in self._threads:
            thread.start()

    def now_ms(self):
        return int(self._now_ms) + self._pushed_ms

    def real_s(self, virtual_ms):
        return virtual_ms / 1000 / self.speed

    def at(self, t_ms, act):
        event = Event(t_ms, act)
        with self._changed:
            heapq.heappush(self._events, (t_ms, next(self._order), event))
            self._changed.notify()
        return event

    def run_due(self):
        """The caller holds `lock`; what is seen afterwards is the world as it is now."""
        while True:
            with self._changed:
                if not self._events or self._events[0][0] > self.now_ms():
                    return
                event = heapq.heappop(self._events)[2]
            if not event.cancelled:
                event.act(event.t_ms)

    def advance(self, ms):
        with self.lock:
            self._pushed_ms += ms
            self.run_due()
        with self._changed:
            self._changed.notify()

    @contextlib.contextmanager
    def at_work(self):
        """From when a request has come until it is carried out, what it waits for on purpose left aside."""
        with self._changed:
            self._at_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._at_work -= 1

    def end(self):
        with self._changed:
            self._ended = True
            self._changed.notify()
        for thread in self._threads:
            thread.join()

    def _show(self):
        if self._shown is not None:
            self._shown[0] = int(self._now_ms)  # in one piece, which struct.pack_into is not

    def _tick(self):
        last = time.monotonic()
        while not self._ended:
            time.sleep(TICK_S)
            now = time.monotonic()
            passed, last = now - last, now
            if self.speed > 1:
                passed = min(passed, 4 * TICK_S)
            speed = max(min(1, self.speed), self.speed * AT_WORK) if self._at_work else self.speed
            self._now_ms += passed * 1000 * speed
            self._show()

    def _run(self):
        while True:
            with self._changed:
                if self._ended:
                    return
                wait = self.real_s(self._events[0][0] - self.now_ms()) if self._events else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
            with self.lock:
                self.run_due()


def shown_in(path):
    with open(path, "w+b") as file:
        file.truncate(8)
        return memoryview(mmap.mmap(file.fileno(), 8)).cast("q")


def iso(t_ms):
    return datetime.fromtimestamp(t_ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
