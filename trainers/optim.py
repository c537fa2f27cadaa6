"""The optimiser's parameter groups and the learning rate over time."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from shards.config import ConfigError

_LAYER = re.compile(r"audio\.layers\.(\d+)\.")


@dataclass(frozen=True)
class OptimConfig:
    """AdamW and its schedule; the defaults are the paper's stage one."""

    lr: float = 5e-5  # the peak
    lowest_lr: float = 1e-5
    warmup_steps: int = 2000
    beta1: float = 0.9
    beta2: float = 0.98
    eps: float = 1e-6
    weight_decay: float = 0.05  # of matrices; biases and norms are not pulled to zero
    clip: float = 1.0  # the longest gradient
    layer_decay: float = 0.95  # each encoder layer learns slower than the one above by this factor; 1: all alike

    def __post_init__(self) -> None:
        if not 0 <= self.lowest_lr <= self.lr:
            raise ConfigError(f"optim.lowest_lr={self.lowest_lr}: expected 0 to optim.lr={self.lr}")
        if not 0 < self.layer_decay <= 1:
            raise ConfigError(f"optim.layer_decay={self.layer_decay}: expected more than 0, at most 1")
        if self.clip <= 0:
            raise ConfigError(f"optim.clip={self.clip}: expected more than 0")


def learning_rate(step: int, steps: int, config: OptimConfig) -> float:
    """The rate of step `step` (from 0) of `steps`: up in a line, then down along a cosine to the lowest."""
    if step < config.warmup_steps:
        return config.lr * (step + 1) / config.warmup_steps
    done = (step - config.warmup_steps) / max(1, steps - config.warmup_steps)
    return config.lowest_lr + (config.lr - config.lowest_lr) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def layer_scale(name: str, layers: int, decay: float) -> float:
    """What a parameter's rate is multiplied with: 1 above the encoder's layers, less the deeper below."""
    layer = _LAYER.match(name)
    if layer:
        return decay ** (layers - int(layer[1]))
    return decay ** (layers + 1) if name.startswith("audio.conv") else 1.0


def parameter_groups(model: nn.Module, layers: int, config: OptimConfig) -> list[dict[str, Any]]:
    """The trainable parameters, in groups of one rate and one decay.

    Args:
        layers: of the audio encoder.

    Returns:
        Groups for a torch optimiser; `scale` is to be multiplied with the rate at every step.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decay = config.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((layer_scale(name, layers, config.layer_decay), decay), []).append(parameter)
    return [
        {"params": parameters, "scale": scale, "weight_decay": decay, "lr": 0.0}
        for (scale, decay), parameters in groups.items()
    ]


def make_optimizer(model: nn.Module, layers: int, config: OptimConfig) -> torch.optim.AdamW:
    """AdamW over the trainable parameters; the rate is set at every step by `set_learning_rate`."""
    return torch.optim.AdamW(
        parameter_groups(model, layers, config),
        lr=0.0,
        betas=(config.beta1, config.beta2),
        eps=config.eps,
        fused=True,
    )


def set_learning_rate(optimizer: Any, rate: float) -> None:
    """Give every group its share of `rate`. `optimizer` is torch's or DeepSpeed's around it."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]
