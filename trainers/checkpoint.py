"""Checkpoints: what a run has learned and where it is, so that it goes on as if it had never stopped.

    RUN/checkpoints/step-00000500/{weights,optimizer}.safetensors, checkpoint.json
    RUN/checkpoints/best-00000400/weights.safetensors, checkpoint.json

A checkpoint exists when its checkpoint.json does, which is written last. Tensors are stored whole, in float32 and by
parameter name, however many workers held them in parts: a run goes on with any number of workers, and a model is
loaded without DeepSpeed. Frozen parameters are not stored; their fingerprint is, and another base is refused.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from shards.config import ConfigError
from shards.storage import Storage
from trainers.model.qwen_audio import ModelConfig, QwenAudio, build_model
from trainers.tokens import Tokenizer

FOLDER = "checkpoints"
RECORD = "checkpoint.json"
WEIGHTS = "weights.safetensors"
OPTIMIZER = "optimizer.safetensors"
SCHEMA = 1


@dataclass(frozen=True)
class CheckpointRecord:
    """What checkpoint.json says."""

    step: int  # steps done: the next one has this number
    seed: int
    model: ModelConfig
    frozen: str  # fingerprint of the parameters that are not stored
    validation_loss: float | None = None
    best_loss: float | None = None  # of the run so far
    dtype: str = "float32"  # of the language model while it was trained
    schema: int = SCHEMA


def encode(record: CheckpointRecord) -> bytes:
    """checkpoint.json of a record."""
    return json.dumps(dataclasses.asdict(record), indent=1, sort_keys=True).encode() + b"\n"


def decode(data: bytes, where: str) -> CheckpointRecord:
    """The record in checkpoint.json.

    Raises:
        ConfigError: it is none, or of a newer version.
    """
    try:
        fields = json.loads(data)
        if fields["schema"] > SCHEMA:
            raise ConfigError(
                f"{where}: written by a newer version (schema {fields['schema']}, this one reads {SCHEMA})"
            )
        model = OmegaConf.merge(OmegaConf.structured(ModelConfig), fields.pop("model"))
        return CheckpointRecord(**fields, model=OmegaConf.to_object(model))  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError, OmegaConfBaseException) as error:
        raise ConfigError(f"{where}: no checkpoint record ({error})") from error


def step_folder(step: int) -> str:
    """Where the state after `step` steps lies, below the run."""
    return f"{FOLDER}/step-{step:08d}"


def best_folder(step: int) -> str:
    """Where the weights that were best after `step` steps lie, below the run."""
    return f"{FOLDER}/best-{step:08d}"


def find(storage: Storage, kind: str) -> list[str]:
    """The checkpoints of `kind` ("step" or "best") below a run, oldest first."""
    names = sorted(name for name in storage.folders(FOLDER) if name.startswith(f"{kind}-"))
    return [f"{FOLDER}/{name}" for name in names if storage.exists(f"{FOLDER}/{name}/{RECORD}")]


def read_record(storage: Storage, folder: str) -> CheckpointRecord:
    """The record of the checkpoint in `folder`."""
    return decode(storage.read_bytes(f"{folder}/{RECORD}"), storage.full(f"{folder}/{RECORD}"))


def write(storage: Storage, folder: str, record: CheckpointRecord, tensors: dict[str, dict[str, Tensor]]) -> None:
    """Write a checkpoint's files, its record last. `tensors`: file name to tensors by name."""
    for file, named in tensors.items():
        with _scratch(storage, folder, file) as local:
            save_file({name: tensor.contiguous() for name, tensor in named.items()}, local)
            storage.put_file(local, f"{folder}/{file}", move=True)
    storage.replace(f"{folder}/{RECORD}", encode(record))


@contextlib.contextmanager
def _scratch(storage: Storage, folder: str, file: str) -> Iterator[Path]:
    """A path for a file that is to be put into `folder`: on the same disk where that is one, so that it only moves."""
    here = storage.local_path(f"{folder}/.tmp-{file}")
    if here is None:
        with tempfile.TemporaryDirectory() as scratch:
            yield Path(scratch) / file
    else:
        here.parent.mkdir(parents=True, exist_ok=True)
        yield here


def prune(storage: Storage, kind: str, keep: int) -> None:
    """Delete all but the latest `keep` checkpoints of `kind`, and what an earlier deletion that died left of others.

    Of each its record goes first, so that no half of it is ever taken for a whole.
    """
    kept = find(storage, kind)[-keep:]
    for name in storage.folders(FOLDER):
        folder = f"{FOLDER}/{name}"
        if name.startswith(f"{kind}-") and kept and folder < kept[0]:
            storage.delete(f"{folder}/{RECORD}", *storage.list(folder))
            here = storage.local_path(folder)
            if here is not None:
                with contextlib.suppress(OSError):  # a file that is not ours
                    here.rmdir()


def read_tensors(storage: Storage, path: str) -> dict[str, Tensor]:
    """The tensors of one file of a checkpoint."""
    with storage.local_copy(path) as local:
        return load_file(local)


def fingerprint(model: nn.Module) -> str:
    """What identifies the frozen parameters: their names, shapes, and a sample of their numbers."""
    digest = hashlib.blake2b(digest_size=16)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            digest.update(f"{name} {tuple(parameter.shape)}".encode())
            sample = parameter.detach().flatten()[:: max(1, parameter.numel() // 64)]
            digest.update(sample.float().cpu().numpy().tobytes())
    return digest.hexdigest()


def load_weights(model: QwenAudio, weights: dict[str, Tensor], where: str) -> None:
    """Set the trainable parameters.

    Raises:
        ConfigError: the checkpoint is of another model.
    """
    own = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    for name in sorted(own.keys() ^ weights.keys()):
        raise ConfigError(f"{where}: {'lacks' if name in own else 'has the unknown'} {name}; it is of another model")
    with torch.no_grad():
        for name, parameter in own.items():
            if parameter.shape != weights[name].shape:
                shapes = f"{tuple(weights[name].shape)}, the model {tuple(parameter.shape)}"
                raise ConfigError(f"{where}: {name} is {shapes}; it is of another model")
            parameter.copy_(weights[name])


def load_model(
    url: str, places: ModelConfig | None = None, device: str = "cpu", **storage_options: Any
) -> tuple[QwenAudio, Tokenizer, CheckpointRecord]:
    """A trained model in evaluation mode: on a CPU in float32, on a GPU in the numbers it was trained in.

    Args:
        url: a checkpoint's folder, or a run's: then its best checkpoint, or its last where there is no best.
        places: its names of the tokenizer and the language model hold, for they may have moved since the training.

    Raises:
        ConfigError: there is none.
    """
    storage = Storage(url, **storage_options)
    if storage.exists(RECORD):
        folder = ""
    else:
        found = find(storage, "best") or find(storage, "step")
        if not found:
            raise ConfigError(f"{url}: no checkpoint there; pass a run's folder, such as runs/tiny")
        folder = f"{found[-1]}/"
    record = decode(storage.read_bytes(f"{folder}{RECORD}"), storage.full(f"{folder}{RECORD}"))
    shape = record.model
    if places:
        language = dataclasses.replace(shape.language, pretrained=places.language.pretrained)
        shape = dataclasses.replace(shape, tokenizer=places.tokenizer, language=language)
    # The encoder's weights are all in the checkpoint.
    shape = dataclasses.replace(shape, audio=dataclasses.replace(shape.audio, pretrained=""))
    tokenizer = Tokenizer.named(shape.tokenizer, shape.vocabulary, shape.base_size)
    dtype = getattr(torch, record.dtype)
    torch.manual_seed(record.seed)  # a frozen base without pretrained weights is made again from the seed
    model = build_model(shape, tokenizer, dtype=dtype)
    if fingerprint(model) != record.frozen:
        raise ConfigError(f"{storage.full(folder)}: trained with another frozen language model than the one here")
    load_weights(model, read_tensors(storage, f"{folder}{WEIGHTS}"), storage.full(f"{folder}{WEIGHTS}"))
    for parameter in model.parameters():  # not the buffers: positions need float32
        parameter.data = parameter.data.to(torch.float32 if device == "cpu" else dtype)
    return model.to(device).eval(), tokenizer, record


def gather(engine: Any) -> Iterator[tuple[str, Tensor, Tensor, Tensor]]:
    """Name, float32 weight and AdamW's two moments of every trainable parameter, whole, whatever ZeRO's stage.

    Every rank has to iterate to the end.
    """
    from deepspeed.utils import safe_get_full_fp32_param, safe_get_full_optimizer_state

    for name, parameter in engine.module.named_parameters():
        if not parameter.requires_grad:
            continue
        if _sharded(parameter):
            moments = (safe_get_full_optimizer_state(parameter, key) for key in ("exp_avg", "exp_avg_sq"))
            yield name, safe_get_full_fp32_param(parameter), *moments
        else:
            state = engine.basic_optimizer.state[parameter]
            yield name, parameter.detach(), state["exp_avg"], state["exp_avg_sq"]


def scatter(engine: Any, weights: dict[str, Tensor], moments: dict[str, Tensor]) -> None:
    """Give an engine, primed and with the weights in its module already, its master weights and AdamW's moments.

    Args:
        moments: "<parameter>.exp_avg" and "<parameter>.exp_avg_sq".
    """
    for name, parameter in engine.module.named_parameters():
        if not parameter.requires_grad:
            continue
        values = {None: weights[name]} | {key: moments[f"{name}.{key}"] for key in ("exp_avg", "exp_avg_sq")}
        for key, value in values.items():
            _set(engine, parameter, key, value)


def _sharded(parameter: nn.Parameter) -> bool:
    return hasattr(parameter, "ds_id") or hasattr(parameter, "_hp_mapping")


def prime(engine: Any, step: int) -> None:
    """Let AdamW's state exist before this sitting's first step: `step` steps done, its moments zero. Call it once.

    AdamW would make it at its first step; but then DeepSpeed, after the first of several parameter groups, remembers
    the later ones' as empty, and cannot give it to a checkpoint.
    """
    wrapped = engine.optimizer
    for attribute in ("single_partition_of_fp32_groups", "fp32_groups_flat_partition", "fp32_partitioned_groups_flat"):
        if hasattr(wrapped, attribute):
            flat = getattr(wrapped, attribute)
            break
    else:
        flat = [parameter for group in wrapped.param_groups for parameter in group["params"]]
    for tensor in flat:
        engine.basic_optimizer.state[tensor] = {
            "step": torch.tensor(float(step), device=tensor.device),
            "exp_avg": torch.zeros_like(tensor),
            "exp_avg_sq": torch.zeros_like(tensor),
        }
    if hasattr(wrapped, "_lazy_init_hp_params_optimizer_state"):
        wrapped._lazy_init_hp_params_optimizer_state()


def _set(engine: Any, parameter: Any, key: str | None, value: Tensor) -> None:
    from deepspeed.utils import (
        safe_set_full_fp32_param,
        safe_set_full_optimizer_state,
        safe_set_local_fp32_param,
        safe_set_local_optimizer_state,
    )

    if hasattr(parameter, "ds_id"):
        # Each rank holds an equal part; the last is padded, which DeepSpeed's own setter of whole values forgets.
        part = parameter.ds_tensor.numel()
        padded = torch.nn.functional.pad(value.flatten(), (0, part * engine.world_size - value.numel()))
        own = padded.narrow(0, part * engine.global_rank, part)
        if key is None:
            safe_set_local_fp32_param(parameter, own)
        else:
            safe_set_local_optimizer_state(parameter, own, key)
    elif hasattr(parameter, "_hp_mapping"):
        if key is None:
            safe_set_full_fp32_param(parameter, value)
        else:
            safe_set_full_optimizer_state(parameter, value, key)
    elif key is not None:
        engine.basic_optimizer.state[parameter][key].copy_(value)
