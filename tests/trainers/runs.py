"""A run as a pretraining job leaves it: shards, a configuration, records, and a checkpoint of a very small model."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from shards.storage import Storage
from tests.shards.building import make_split
from trainers import checkpoint
from trainers.checkpoint import CheckpointRecord
from trainers.model.encoder import EncoderConfig
from trainers.model.qwen_audio import LanguageConfig, ModelConfig, build_model
from trainers.tokens import Tokenizer

MODEL = ModelConfig(
    audio=EncoderConfig(width=16, layers=1, heads=2),
    language=LanguageConfig(width=16, layers=1, heads=2, kv_heads=2, mlp=16),
    freeze_llm=False,
)


def make_run(folder: Path, shards: int = 2) -> Path:
    """A configuration file below `folder`; the run "small" and the split "demo/test" are there too."""
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    make_split(Storage(str(folder / "shards")), scratch, "test", shards=shards)
    config = folder / "small.yaml"
    config.write_text(
        f"name: small\noutput: {folder}/runs\ndata:\n  shards: {folder}/shards\n  splits: [demo/train]\n"
        "evaluate:\n  splits: [demo/test]\n  max_new_tokens: 12\n  batch_size: 4\n  goals: {asr/en: 20, srwt: 80}\n"
    )
    return config


def write_checkpoint(folder: Path, step: int = 20, seed: int = 0, best: bool = True) -> Path:
    """A checkpoint of random weights in the run that `make_run` configures."""
    torch.manual_seed(seed)
    model = build_model(MODEL, Tokenizer.bytes())
    record = CheckpointRecord(step=step, seed=seed, model=MODEL, frozen=checkpoint.fingerprint(model))
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    storage = Storage(str(folder / "runs" / "small"))
    name = (checkpoint.best_folder if best else checkpoint.step_folder)(step)
    checkpoint.write(storage, name, record, {checkpoint.WEIGHTS: weights})
    return folder / "runs" / "small" / name


def write_records(folder: Path, steps: int = 20) -> None:
    """The run's records of training and validation."""
    lines = []
    for step in range(1, steps + 1):
        facts = {"kind": "train", "step": step, "loss": 5.0 / step, "losses": {"asr": 5.0 / step}, "lr": 1e-3}
        lines.append(facts | {"steps": 1, "audio_seconds": 30.0, "seconds": 2.0, "clips": 8})
        if step % 5 == 0:
            losses = {"asr": 4.0 / step, "srwt": 6.0 / step}
            lines.append({"kind": "validation", "step": step, "loss": 5.0 / step, "losses": losses, "best": True})
    path = folder / "runs" / "small" / "metrics.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
