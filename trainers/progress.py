"""What a run tells while it trains: one record per interval, and one line of each for people."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from shards.storage import Storage
from trainers.batch import TASK_IDS, Batch
from trainers.loss import task_sums
from trainers.parallel import Worker
from trainers.validation import mean_losses

METRICS = "metrics.jsonl"


@dataclass
class Interval:
    """Sums over the steps since the last record, of this rank."""

    losses: Tensor = field(default_factory=lambda: torch.zeros(len(TASK_IDS), 2, dtype=torch.float64))
    steps: int = 0
    clips: int = 0
    audio_seconds: float = 0.0
    real_positions: int = 0
    positions: int = 0
    waited_seconds: float = 0.0  # for the stream
    told: bool = False  # its record was asked for
    began: float = field(default_factory=time.perf_counter)

    def add(self, batch: Batch, losses: Tensor) -> None:
        """Count a micro-batch with the cross entropy of its labels."""
        if not batch.label_count:
            return  # the filler of a rank that has one micro-batch less than others
        self.losses = self.losses.to(losses.device)
        self.losses += task_sums(losses, batch.label_tasks, len(TASK_IDS))
        self.clips += batch.size
        self.audio_seconds += batch.seconds
        self.real_positions += batch.real_positions
        self.positions += batch.positions

    def record(self, worker: Worker) -> dict[str, Any]:
        """The interval over all ranks; every rank has to ask."""
        self.told = True
        own = [self.clips, self.audio_seconds, self.real_positions, self.positions, self.waited_seconds]
        clips, audio_seconds, real, positions, waited = worker.summed(torch.tensor(own, dtype=torch.float64)).tolist()
        losses = worker.summed(self.losses)
        seconds = time.perf_counter() - self.began
        total, labels = losses.sum(dim=0).tolist()
        return {
            "loss": total / max(1.0, labels),
            "losses": mean_losses(losses),
            "steps": self.steps,
            "labels": int(labels),
            "clips": int(clips),
            "audio_seconds": round(audio_seconds, 3),
            "seconds": round(seconds, 3),
            "padding": round(1 - real / max(1.0, positions), 4),
            "waiting": round(waited / worker.world_size / seconds, 4),
        }


class Metrics:
    """The run's records, kept as JSON lines beside its output; those after the step a run goes on from are dropped."""

    def __init__(self, storage: Storage, step: int) -> None:
        self._storage = storage
        former = (storage.read_if_there(METRICS) or b"").decode().splitlines()
        self._lines = [line for line in former if json.loads(line)["step"] <= step]

    def add(self, record: dict[str, Any]) -> None:
        """Write one more record."""
        self._lines.append(json.dumps(record))
        self._storage.replace(METRICS, "".join(f"{line}\n" for line in self._lines).encode())


def describe(record: dict[str, Any], steps: int) -> str:
    """A record as one line."""
    if record["kind"] == "diverged":
        return f"step {record['step']}/{steps}  the gradient is no finite number"
    by_task = " ".join(f"{task} {loss:.3f}" for task, loss in record["losses"].items())
    if record["kind"] == "validation":
        return f"step {record['step']}/{steps}  held-out loss {record['loss']:.4f} ({by_task})" + (
            "  best so far" if record["best"] else ""
        )
    seconds = record["seconds"]
    left = (steps - record["step"]) * seconds / record["steps"]
    return (
        f"step {record['step']}/{steps}  loss {record['loss']:.4f} ({by_task})  lr {record['lr']:.2e}  "
        f"{record['clips'] / seconds:.1f} clips/s  {record['audio_seconds'] / seconds:.1f} audio-s/s  "
        f"padding {record['padding']:.0%}  waiting {record['waiting']:.0%}  {duration(left)} left"
    )


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, as short as may be: 4:07, 1:02:33."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
