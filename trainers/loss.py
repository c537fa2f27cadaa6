"""Cross entropy at label positions, with soft targets for times, and its sums per task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True)
class LossConfig:
    """What is minimised."""

    label_tags: bool = True  # also predict the prompt's tags, from the audio language on
    # A time token's target is spread over its neighbours as a Gaussian of this width in seconds (0: the one token).
    # Times 10 ms apart are then no longer as wrong as times 10 s apart, and a time seen once teaches its neighbours.
    time_smoothing_seconds: float = 0.0
    chunk: int = 4096  # labels whose scores are held at once; more are recomputed in the backward pass


def label_losses(
    score: Callable[[Tensor], Tensor], hidden: Tensor, labels: Tensor, times: tuple[int, int], config: LossConfig
) -> tuple[Tensor, Tensor]:
    """Losses of labels given the hidden states that predict them.

    Args:
        score: hidden states to scores of all ids.
        hidden: (L, W).
        labels: (L,) ids.
        times: ids of the first and after the last time token, in order of time.

    Returns:
        The sum over labels of what is minimised, with its graph, and the cross entropy (L,) in nats, without.
    """

    def chunk_losses(hidden: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        scores = score(hidden).float()
        hard = F.cross_entropy(scores, labels, reduction="none")
        if not config.time_smoothing_seconds:
            return hard.sum(), hard.detach()
        is_time = (labels >= times[0]) & (labels < times[1])
        where = is_time.nonzero().flatten()
        soft = _soft_time_losses(scores[where], labels[where], times, config.time_smoothing_seconds)
        return hard.masked_fill(is_time, 0.0).sum() + soft.sum(), hard.detach()

    if len(labels) <= config.chunk:
        return chunk_losses(hidden, labels)
    parts = [
        checkpoint(chunk_losses, *part, use_reentrant=False)
        for part in zip(hidden.split(config.chunk), labels.split(config.chunk), strict=True)
    ]
    return torch.stack([total for total, _ in parts]).sum(), torch.cat([losses for _, losses in parts])


def _soft_time_losses(scores: Tensor, labels: Tensor, times: tuple[int, int], width_seconds: float) -> Tensor:
    """Cross entropy (L,) against Gaussians around each time; 0.01 s per time token."""
    places = torch.arange(times[1] - times[0], device=scores.device)
    distance = (places - (labels - times[0])[:, None]) * (0.01 / width_seconds)
    target = torch.softmax(-0.5 * distance.square(), dim=-1)
    return torch.logsumexp(scores, dim=-1) - (target * scores[:, times[0] : times[1]]).sum(dim=-1)


def task_sums(losses: Tensor, label_tasks: Tensor, tasks: int) -> Tensor:
    """(tasks, 2) float64: sum of losses and number of labels of each task; sums of two batches add up."""
    sums = torch.zeros(tasks, 2, dtype=torch.float64, device=losses.device)
    sums[:, 0].index_add_(0, label_tasks, losses.double())
    sums[:, 1].index_add_(0, label_tasks, torch.ones_like(losses, dtype=torch.float64))
    return sums
