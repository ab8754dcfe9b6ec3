"""How often a client may call, in virtual time."""
from collections import deque


class Spacing:
    """A client that keeps the pace exactly is not refused for a late packet: `slack_ms`."""

    def __init__(self, slack_ms):
        self._slack_ms, self._last = slack_ms, {}

    def allows(self, who, t_ms, every_ms):
        if t_ms - self._last.get(who, -every_ms) < every_ms - self._slack_ms:
            return False
        self._last[who] = t_ms
        return True


class Window:
    """`limit` calls within any `span_ms`."""

    def __init__(self, span_ms, limit=0):
        self.span_ms, self.limit, self._calls = span_ms, limit, {}

    def _of(self, who, t_ms):
        calls = self._calls.setdefault(who, deque())
        while calls and calls[0] <= t_ms - self.span_ms:
            calls.popleft()
        return calls

    def is_full(self, who, t_ms):
        return len(self._of(who, t_ms)) >= self.limit

    def count(self, who, t_ms):
        self._of(who, t_ms).append(t_ms)

    def left(self, who, t_ms):
        return max(0, self.limit - len(self._of(who, t_ms)))

    def oldest_ends_ms(self, who, t_ms):
        calls = self._of(who, t_ms)
        return (calls[0] if calls else t_ms) + self.span_ms
