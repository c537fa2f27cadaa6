"""Progress of a long job: one line, rewritten on a terminal, repeated now and then in a log, and a table a minute."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from shards.statistics import duration, hours, table

LOG_EVERY_SECONDS = 15.0  # between lines where the output is no terminal
TABLE_EVERY_SECONDS = 60.0  # between tables


@dataclass
class SplitProgress:
    """What a job has built of one split. `done` counts the shards of earlier jobs too."""

    shards: int
    done: int
    samples: int = 0
    seconds: float = 0.0
    rejects: int = 0
    built: int = 0
    begun: float | None = None  # when its first shard was begun, on the monotonic clock
    last: float = 0.0  # when its last shard came

    def row(self, name: str) -> tuple[str, ...]:
        """Its row of the table."""
        elapsed = max(self.last - self.begun, 1e-3) if self.begun is not None else 0.0
        left = duration(elapsed / self.built * (self.shards - self.done)) if self.built else "waiting"
        return (
            name,
            f"{self.done:,}/{self.shards:,}",
            f"{self.samples:,}",
            hours(self.seconds),
            f"{self.seconds / elapsed:,.0f}" if elapsed else "-",
            f"{self.rejects:,}",
            left if self.done < self.shards else "done",
        )


class Progress:
    """Shards done of those planned, with the rate and the time left, of each split and of the whole job."""

    def __init__(self, splits: Mapping[str, SplitProgress]) -> None:
        self._splits = splits
        self._shards = sum(split.shards - split.done for split in splits.values())  # to be built by this job
        self._started = self._printed = self._tabled = time.monotonic()
        self._terminal = sys.stdout.isatty()

    def add(self, name: str, samples: int, seconds: float, rejects: int, wall: float = 0.0) -> None:
        """Count a finished shard of a split, `wall` seconds in the making, and show the line and table when due."""
        now = time.monotonic()
        split = self._splits[name]
        split.done += 1
        split.built += 1
        split.samples += samples
        split.seconds += seconds
        split.rejects += rejects
        split.begun = max(self._started, now - wall) if split.begun is None else split.begun
        split.last = now
        last = self._built == self._shards
        table_due = last or now - self._tabled >= TABLE_EVERY_SECONDS
        if self._terminal or table_due or now - self._printed >= LOG_EVERY_SECONDS:
            self._printed = now
            end = "\n" if table_due or not self._terminal else ""
            print(("\r\033[K" if self._terminal else "") + self.line(now), end=end, flush=True)
        if table_due:
            self._tabled = now
            print(self.table(), flush=True)

    @property
    def _built(self) -> int:
        return sum(split.built for split in self._splits.values())

    def line(self, now: float) -> str:
        """What there is to say at time `now` of the monotonic clock."""
        splits, built = self._splits.values(), self._built
        elapsed = max(now - self._started, 1e-3)
        left = elapsed / built * (self._shards - built) if built else 0.0
        seconds = sum(split.seconds for split in splits)
        return (
            f"building: {built}/{self._shards} shards, {sum(split.samples for split in splits):,} samples, "
            f"{duration(seconds)} of audio, {seconds / elapsed:,.0f} × real time, "
            f"{sum(split.rejects for split in splits):,} rejected, {duration(left)} left"
        )

    def table(self) -> str:
        """A row per split: shards there are and shards planned; samples, hours, rate and rejects of this job."""
        head = ("split", "shards", "samples", "hours", "× real time", "rejects", "left")
        return table(head, [split.row(name) for name, split in self._splits.items()])
