"""Progress of a long job: one line, rewritten on a terminal, repeated now and then in a log."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

LOG_EVERY_SECONDS = 15.0  # between lines where the output is no terminal


@dataclass
class Progress:
    """Shards done of those planned, with the rate and the time left."""

    shards: int
    done: int = 0
    samples: int = 0
    seconds: float = 0.0
    rejects: int = 0

    def __post_init__(self) -> None:
        self._started = self._printed = time.monotonic()
        self._terminal = sys.stdout.isatty()

    def add(self, samples: int, seconds: float, rejects: int) -> None:
        """Count a finished shard and show the line when it is due."""
        self.done += 1
        self.samples += samples
        self.seconds += seconds
        self.rejects += rejects
        now = time.monotonic()
        last = self.done == self.shards
        if self._terminal or last or now - self._printed >= LOG_EVERY_SECONDS:
            self._printed = now
            end = "\n" if last or not self._terminal else ""
            print(("\r\033[K" if self._terminal else "") + self.line(now), end=end, flush=True)

    def line(self, now: float) -> str:
        """What there is to say at time `now` of the monotonic clock."""
        elapsed = max(now - self._started, 1e-3)
        left = elapsed / self.done * (self.shards - self.done) if self.done else 0.0
        return (
            f"building: {self.done}/{self.shards} shards, {self.samples:,} samples, {duration(self.seconds)} of audio, "
            f"{self.seconds / elapsed:,.0f} × real time, {self.rejects:,} rejected, {duration(left)} left"
        )


def duration(seconds: float) -> str:
    """Seconds as people say them: 42 s, 3:05 min, 12.3 h."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)}:{int(seconds % 60):02d} min"
    return f"{seconds / 3600:,.1f} h"
