"""Answers that are held back until a test lets them go, their client hangs up, or their time is over."""
import itertools
import select
import socket
import threading

LOOK_AGAIN_MS = 250  # real: for virtual deadlines, that a push of the clock brings nearer
HUNG_UP = select.POLLHUP | select.POLLERR | select.POLLRDHUP


class Held:
    def __init__(self, id, about):
        self.id, self.about, self.way = id, about, None
        self.waking, self.asleep = socket.socketpair()

    def wake(self, way):
        self.way = self.way or way
        self.waking.send(b"x")

    def close(self):
        self.waking.close()
        self.asleep.close()


class Gate:
    def __init__(self, clock):
        self._clock, self._ids = clock, itertools.count(1)
        self._lock, self._held, self._shut = threading.Lock(), {}, False

    def held(self):
        with self._lock:
            return [{"id": held.id, **held.about} for held in self._held.values()]

    def release(self, which, way):
        """How many were let go."""
        with self._lock:
            chosen = [held for held in self._held.values() if which in ("all", held.id)]
            for held in chosen:
                held.wake(way)
        return len(chosen)

    def shut(self):
        with self._lock:
            self._shut = True
            for held in self._held.values():
                held.wake("reset")

    def hold(self, connection, about, until_ms=None, entered=None):
        """Blocks. "answer", "reset", "time over" (virtual `until_ms`), or "hung up" where there is a connection."""
        held = Held(next(self._ids), about)
        with self._lock:
            if self._shut:
                held.close()
                return "reset"
            self._held[held.id] = held
        try:
            if entered:
                entered(held.id)
            return self._wait(held, connection, until_ms)
        finally:
            with self._lock:
                del self._held[held.id]
                held.close()

    def _wait(self, held, connection, until_ms):
        poll = select.poll()
        poll.register(held.asleep, select.POLLIN)
        if connection is not None:
            poll.register(connection, select.POLLRDHUP)
        while True:
            wait_ms = None
            if until_ms is not None:
                left_ms = self._clock.real_s(until_ms - self._clock.now_ms()) * 1000
                if left_ms <= 0:
                    return "time over"
                wait_ms = min(left_ms, LOOK_AGAIN_MS)
            for descriptor, events in poll.poll(wait_ms):
                if descriptor == held.asleep.fileno():
                    return held.way
                if events & HUNG_UP:
                    return "hung up"
