"""DeepSpeed around the model: precision, ZeRO, and gradients that do not depend on which rank computed them."""

from __future__ import annotations

import logging
import os
from typing import Any, Literal

import torch
from torch import nn

Precision = Literal["float32", "autocast", "bfloat16"]


def resolve_precision(precision: str, gpus: int) -> Precision:
    """What `auto` means on this machine."""
    if precision != "auto":
        return precision  # type: ignore[return-value]
    if gpus:
        return "bfloat16"
    # Without these instructions a CPU multiplies bfloat16 slower than float32.
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "autocast" if fast else "float32"


def start_engine(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    zero_stage: int,
    precision: Precision,
    clip: float,
    device: torch.device,
) -> Any:
    """A DeepSpeed engine on `device`, over the process group that exists already.

    One engine step may take several backward passes; the caller says which is the last
    (`set_gradient_accumulation_boundary`) and scales the losses, so DeepSpeed is told of no accumulation.
    """
    if device.type == "cpu":  # also on a machine with GPUs, which DeepSpeed would take
        os.environ["DS_ACCELERATOR"] = "cpu"
    os.environ.setdefault("LOCAL_RANK", "0")  # launchers set it; DeepSpeed insists on it
    import deepspeed

    logging.getLogger("DeepSpeed").setLevel(logging.WARNING)
    # Without it, DeepSpeed's reductions on one machine would need a C++ compiler; gloo does them as well.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    settings = {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "gradient_clipping": clip,
        "zero_optimization": {"stage": zero_stage},
        "zero_allow_untested_optimizer": True,
        "bf16": {"enabled": precision == "bfloat16"},
        "steps_per_print": 2**62,
    }
    tables = {name: buffer.clone() for name, buffer in model.named_buffers()}
    engine, *_ = deepspeed.initialize(model=model, optimizer=optimizer, config=settings, dist_init_required=False)
    # DeepSpeed rounds everything to the weights' type; positions made from rounded rates would drift apart.
    for name, buffer in engine.module.named_buffers():
        buffer.data = tables[name].to(buffer.device)
    return engine
