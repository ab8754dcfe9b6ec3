"""Virtual time: it starts at the real time, runs `speed` times as fast, and can be pushed forward."""
import heapq
import itertools
import threading
import time
from datetime import datetime, timezone


class Event:
    def __init__(self, t_ms, act):
        self.t_ms, self.act, self.cancelled = t_ms, act, False

    def cancel(self):
        self.cancelled = True


class VirtualClock:
    """Events run in the order of their times under `lock`, each told the time it was due, however late it runs."""

    def __init__(self, lock, speed=1.0, start_ms=None):
        self.lock, self.speed = lock, speed
        self._start_ms = int(time.time() * 1000) if start_ms is None else start_ms
        self._mono, self._pushed_ms = time.monotonic(), 0
        self._order, self._events = itertools.count(), []
        self._changed, self._ended = threading.Condition(), False
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
        self._thread.start()

    def now_ms(self):
        return self._start_ms + self._pushed_ms + int((time.monotonic() - self._mono) * 1000 * self.speed)

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

    def end(self):
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

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


def iso(t_ms):
    return datetime.fromtimestamp(t_ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
