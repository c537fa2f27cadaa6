"""The optimiser: each parameter once, deeper layers slower, up and down along the schedule."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shards.config import ConfigError
from tests.trainers.model.test_qwen_audio import tiny
from trainers.optim import OptimConfig, layer_scale, learning_rate, make_optimizer, set_learning_rate


def test_schedule():
    config = OptimConfig(lr=1.0, lowest_lr=0.1, warmup_steps=10)
    rates = [learning_rate(step, 110, config) for step in range(111)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == rates[10] == pytest.approx(1.0)
    assert rates[60] == pytest.approx(0.55)
    assert rates[110] == pytest.approx(0.1)
    assert rates[:10] == sorted(rates[:10]) and rates[10:] == sorted(rates[10:], reverse=True)


@given(st.integers(0, 50), st.integers(1, 60), st.integers(0, 70))
def test_rates_stay_between_zero_and_the_peak(warmup, steps, step):
    config = OptimConfig(lr=1.0, lowest_lr=0.1, warmup_steps=warmup)
    assert 0 < learning_rate(step, steps, config) <= 1.0


@pytest.mark.parametrize("freeze", [False, True])
def test_each_trainable_parameter_is_in_one_group(freeze):
    model = tiny(freeze_llm=freeze)
    optimizer = make_optimizer(model, 2, OptimConfig(layer_decay=0.5))
    grouped = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
    assert sorted(grouped) == sorted(id(parameter) for parameter in model.parameters() if parameter.requires_grad)
    for group in optimizer.param_groups:
        assert all((parameter.ndim > 1) == (group["weight_decay"] > 0) for parameter in group["params"])
    set_learning_rate(optimizer, 0.8)
    assert {group["lr"] for group in optimizer.param_groups} == {0.8, 0.4, 0.2, 0.1}


def test_deeper_is_slower():
    names = ["audio.conv1.weight", "audio.layers.0.mlp_in.weight", "audio.layers.1.mlp_in.weight", "audio.norm.weight"]
    assert [layer_scale(name, 2, 0.5) for name in names] == [0.125, 0.25, 0.5, 1.0]
    assert layer_scale("llm.model.layers.0.mlp.up_proj.weight", 2, 0.5) == 1.0


def test_settings_that_make_no_sense():
    for wrong in ({"lowest_lr": 1.0}, {"layer_decay": 0.0}, {"clip": 0.0}):
        with pytest.raises(ConfigError, match=rf"optim\.{next(iter(wrong))}"):
            OptimConfig(**wrong)


def test_one_step_is_adamws():
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(3, 3))
    holder = torch.nn.ParameterDict({"weight": weight})
    config = OptimConfig(lr=0.1, weight_decay=0.05)
    optimizer = make_optimizer(holder, 0, config)
    set_learning_rate(optimizer, 0.1)
    before, gradient = weight.detach().clone(), torch.randn(3, 3)
    weight.grad = gradient.clone()
    optimizer.step()
    first, second = gradient * 0.1 / (1 - 0.9), gradient**2 * 0.02 / (1 - 0.98)
    expected = before * (1 - 0.1 * 0.05) - 0.1 * first / (second.sqrt() + 1e-6)
    torch.testing.assert_close(weight.detach(), expected, atol=1e-5, rtol=1e-5)
