"""How far a long job is: a line now and then, with the rate and the time left."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from trainers.progress import duration


class Progress:
    """Prints `what: 120 of 400, 8.2/s, 0:34 left` every few seconds; on a terminal the line replaces itself."""

    def __init__(self, what: str, total: int, every: float | None = None, out: TextIO = sys.stdout) -> None:
        self._what = what
        self._total = total
        self._out = out
        self._live = out.isatty()
        self._every = every if every is not None else 1.0 if self._live else 10.0
        self._start = self._last = time.monotonic()
        self.done = 0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._start

    def add(self, count: int) -> None:
        """`count` more are done."""
        self.done += count
        now = time.monotonic()
        if now - self._last >= self._every:
            self._last = now
            self._print(self.line())

    def line(self) -> str:
        """Where the job stands."""
        rate = self.done / max(self.seconds, 1e-9)
        # The total is counted from the index and may be a little off: never promise less than nothing.
        left = max(0, self._total - self.done) / rate if rate else 0.0
        return f"{self._what}: {self.done:,} of {max(self._total, self.done):,}, {rate:.1f}/s, {duration(left)} left"

    def finish(self) -> None:
        """Say what was done in all."""
        rate = self.done / max(self.seconds, 1e-9)
        self._print(f"{self._what}: {self.done:,} in {duration(self.seconds)}, {rate:.1f}/s")
        if self._live:
            self._out.write("\n")

    def _print(self, line: str) -> None:
        self._out.write(f"\r\x1b[2K{line}" if self._live else f"{line}\n")
        self._out.flush()
