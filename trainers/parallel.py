"""What ranks agree on in a step, and micro-batches of equal number for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from trainers.batch import TASK_IDS, Batch, Example, collate, partition
from trainers.loss import task_sums
from trainers.tokens import Tokenizer


@dataclass(frozen=True)
class Worker:
    """One of the processes that train together. The process group exists already."""

    rank: int
    world_size: int
    device: torch.device

    def gathered(self, numbers: Sequence[int]) -> Tensor:
        """(world_size, numbers) int64, on the CPU: every rank's numbers."""
        own = torch.tensor(numbers, dtype=torch.int64, device=self.device)
        everyone = [torch.empty_like(own) for _ in range(self.world_size)]
        dist.all_gather(everyone, own)
        return torch.stack(everyone).cpu()

    def summed(self, sums: Tensor) -> Tensor:
        """The sum over ranks, on the CPU."""
        total = sums.to(self.device, copy=True)
        dist.all_reduce(total)
        return total.cpu()

    def wait(self) -> None:
        """Return when every rank is here."""
        self.gathered([0])


def silence(tokenizer: Tokenizer, n_mels: int) -> Example:
    """An example without labels, which adds nothing to a loss: for ranks that have one micro-batch less than others."""
    return Example(
        key="",
        task=0,
        mels=(torch.zeros(n_mels, 8),),
        positions=(4,),
        tokens=(tokenizer.end_id,),
        labelled=(),
        seconds=0.0,
    )


def equal_parts(
    examples: Sequence[Example], positions: int, worker: Worker, filler: Example
) -> tuple[list[list[Example]], int]:
    """Micro-batches of at most `positions` each, as many as every other rank makes.

    ZeRO communicates in every pass, so a rank with fewer passes than the others would leave them waiting for ever.

    Returns:
        The parts, and the number of labels over all ranks.
    """
    parts = partition(examples, positions)
    everyone = worker.gathered([len(parts), sum(example.label_count for example in examples)])
    most, labels = int(everyone[:, 0].max()), int(everyone[:, 1].sum())
    return parts + [[filler]] * (most - len(parts)), labels


def total_losses(
    forward: Callable[[Batch], tuple[Tensor, Tensor]],
    examples: Sequence[Example],
    positions: int,
    worker: Worker,
    tokenizer: Tokenizer,
    filler: Example,
    dtype: torch.dtype,
) -> Tensor:
    """(tasks, 2) sums of loss and labels over every rank's examples, without gradients; on the CPU."""
    sums = torch.zeros(len(TASK_IDS), 2, dtype=torch.float64, device=worker.device)
    with torch.no_grad():
        for part in equal_parts(examples, positions, worker, filler)[0]:
            batch = collate(part, tokenizer).to(worker.device, dtype)
            sums += task_sums(forward(batch)[1], batch.label_tasks, len(TASK_IDS))
    return worker.summed(sums)
