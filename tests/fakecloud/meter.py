"""What a vendor bills for an instance: the time in its steps, never less than its minimum."""
from dataclasses import dataclass

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Meter:
    step_ms: int
    least_ms: int = 0
    least_micros: int = 0

    def micros(self, per_hour_micros, from_ms, to_ms):
        if from_ms is None or to_ms <= from_ms:
            return 0
        steps = -(-(to_ms - from_ms) // self.step_ms)
        billed_ms = max(steps * self.step_ms, self.least_ms)
        return max(-(-per_hour_micros * billed_ms // HOUR_MS), self.least_micros)
