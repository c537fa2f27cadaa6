"""The held-out loss per task, on fixed samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow.compute as pc
import torch
from torch import Tensor

from shards.config import ConfigError
from shards.index import read_index
from shards.storage import Storage
from shards.stream.config import StreamConfig
from shards.stream.reader import read_split
from trainers.batch import TASK_IDS


@dataclass(frozen=True)
class HeldOut:
    """One target of a held-out sample; a `TrainingItem`."""

    key: str
    task: str
    prompt: str
    response: str
    waveforms: tuple[np.ndarray, ...]


def held_out(data: StreamConfig, splits: tuple[str, ...], samples_per_task: int) -> list[HeldOut]:
    """The first samples of every task of every split, in index order; the same ones whenever it is asked.

    Tasks that the mixture leaves out and samples longer than the stream plays are left out.

    Raises:
        ShardError: a split has no index.
    """
    found: list[HeldOut] = []
    for split in splits:
        dataset, name = split.split("/")
        index = read_index(Storage(data.shards, **data.storage_options), dataset, name, columns=["targets"])
        tasks = {target["task"] for targets in index["targets"].to_pylist() for target in targets}
        for task in sorted(tasks, key=TASK_IDS.index):
            if data.mixture.tasks.get(task, 1.0) == 0:
                continue
            fitting = (
                evaluand
                for evaluand in read_split(data.shards, split, [task], data.storage_options)
                if sum(map(len, evaluand.waveforms)) <= data.max_seconds * 16_000
            )
            for evaluand in islice(fitting, samples_per_task):
                target = next(target for target in evaluand.sample.targets if target.task == task)
                found.append(HeldOut(evaluand.key, task, target.prompt, target.response, evaluand.waveforms))
    return found


def check_held_out(data: StreamConfig, splits: tuple[str, ...]) -> None:
    """Find out whether `held_out` will find something in every split.

    Raises:
        ConfigError: a split has no target of a task that is learned.
        ShardError: a split has no index.
    """
    storage = Storage(data.shards, **data.storage_options)
    for split in splits:
        dataset, name = split.split("/")
        index = read_index(storage, dataset, name, columns=["seconds", "targets"])
        fitting = index.filter(pc.less_equal(index["seconds"], data.max_seconds))
        tasks = {target["task"] for targets in fitting["targets"].to_pylist() for target in targets}
        if not any(data.mixture.tasks.get(task, 1.0) for task in tasks):
            raise ConfigError(f"validation.splits: {split} has no sample of a task that is learned")


def mean_losses(sums: Tensor) -> dict[str, float]:
    """Nats per label of each task that occurs, from (tasks, 2) sums of loss and labels."""
    return {task: loss / labels for task, (loss, labels) in zip(TASK_IDS, sums.tolist(), strict=True) if labels}


def overall(losses: Mapping[str, float]) -> float:
    """One number to compare checkpoints by: the mean over tasks, so that a rare task counts as much as a common one."""
    return float(torch.tensor(list(losses.values()), dtype=torch.float64).mean())
