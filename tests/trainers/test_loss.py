"""The loss: plain cross entropy, times that are nearly right, sums per task."""

from __future__ import annotations

import pytest
import torch

from trainers.loss import LossConfig, label_losses, task_sums

TIMES = (10, 60)
SCORES = torch.randn(7, 64, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([3, 9, 10, 25, 59, 60, 63])


def losses(scores: torch.Tensor, labels: torch.Tensor, **settings) -> tuple[torch.Tensor, torch.Tensor]:
    return label_losses(lambda hidden: hidden, scores, labels, TIMES, LossConfig(**settings))


def test_without_smoothing_it_is_cross_entropy():
    total, hard = losses(SCORES, LABELS)
    expected = torch.nn.functional.cross_entropy(SCORES, LABELS, reduction="none")
    torch.testing.assert_close(hard, expected)
    torch.testing.assert_close(total, expected.sum())


def test_smoothing_is_cross_entropy_against_a_gaussian():
    total, hard = losses(SCORES, LABELS, time_smoothing_seconds=0.02)
    expected = torch.nn.functional.cross_entropy(SCORES, LABELS, reduction="none")
    torch.testing.assert_close(hard, expected)  # what is reported stays comparable
    for place in (2, 3, 4):
        distance = (torch.arange(10, 60) - LABELS[place]) * 0.01
        target = torch.zeros(64)
        target[10:60] = torch.exp(-0.5 * (distance / 0.02) ** 2)
        target /= target.sum()
        expected[place] = torch.nn.functional.cross_entropy(SCORES[place], target)
    torch.testing.assert_close(total, expected.sum())


def test_a_near_time_costs_less_than_a_far_one():
    def cost(guess: int) -> float:
        scores = torch.zeros(1, 64)
        scores[0, guess] = 4.0
        return float(losses(scores, torch.tensor([30]), time_smoothing_seconds=0.02)[0])

    assert cost(30) < cost(31) < cost(33) < cost(50)
    assert cost(50) == pytest.approx(cost(5), abs=1e-5)


def test_no_labels_cost_nothing():
    total, hard = losses(torch.zeros(0, 64, requires_grad=True), LABELS[:0], time_smoothing_seconds=0.02)
    total.backward()
    assert total.item() == 0 and hard.shape == (0,)


def test_sums_per_task_add_up():
    tasks = torch.tensor([0, 2, 2, 0, 1, 1, 1])
    _, hard = losses(SCORES, LABELS)
    both = task_sums(hard[:3], tasks[:3], 4) + task_sums(hard[3:], tasks[3:], 4)
    torch.testing.assert_close(both, task_sums(hard, tasks, 4))
    assert both[:, 1].tolist() == [2, 3, 2, 0]
    assert float(both[:, 0].sum()) == pytest.approx(float(hard.sum()))
