"""What the logs of jobs say: how fast a split is being built, and whether anybody is at it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

WINDOW_SECONDS = 600.0  # the rate is that of the last ten minutes in which something was built
SILENT_SECONDS = 180.0  # a job that has built nothing for so long counts as stopped


@dataclass(frozen=True, slots=True)
class Run:
    """One job's work on a split. Times are those of the job's machine, in seconds since 1970."""

    name: str
    last: float  # when the last shard was built
    shards: int
    rate: float  # seconds of audio per second of work
    shard_seconds: float  # work per shard, all workers together
    ended: bool

    def is_alive(self, now: float) -> bool:
        """Whether the job is at work, as far as one can tell."""
        return not self.ended and now - self.last < SILENT_SECONDS


def read_run(name: str, data: bytes) -> Run | None:
    """The work in a `runs/<run>.jsonl`; None where nothing was built. Lines that cannot be read are passed over."""
    built: list[tuple[float, float, float]] = []  # time, seconds of audio, seconds of work
    ended = False
    for line in data.splitlines():
        try:
            event = json.loads(line)
            ended = ended or event["event"] == "end"
            if event["event"] == "built":
                one = float(event["time"]), float(event["seconds"]), float(event["wall"])
                if all(map(math.isfinite, one)):
                    built.append(one)
        except (ValueError, KeyError, TypeError):
            continue
    if not built:
        return None
    last = max(time for time, _, _ in built)
    recent = [one for one in built if one[0] > last - WINDOW_SECONDS]
    begun = max(min(time - wall for time, _, wall in recent), last - WINDOW_SECONDS)
    elapsed = max(last - begun, 1e-3)
    audio = sum(seconds for _, seconds, _ in recent)
    return Run(name, last, len(built), audio / elapsed, elapsed / len(recent), ended)
