"""What a report is made from: a run's records, its scores, and the shards it learned from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shards.storage import Storage
from shards.summary import SplitSummary, datasets, read_splits
from trainers import checkpoint as checkpoints
from trainers.config import PretrainConfig
from trainers.evaluation.evaluation import SCORES, evaluation_folder
from trainers.evaluation.predictions import Prediction, read_predictions
from trainers.evaluation.scores import Row, read_scores
from trainers.pages.sections import Curves
from trainers.progress import METRICS


@dataclass(frozen=True)
class Run:
    """Everything about a run that there is so far; whatever is missing is empty."""

    name: str
    url: str
    steps: int  # done
    seconds: float  # spent in steps
    curves: Curves
    rows: tuple[Row, ...]
    checkpoint: str  # name of the evaluated one
    splits: tuple[SplitSummary, ...]
    settings: str  # YAML
    versions: Mapping[str, str]
    predictions: Mapping[str, Mapping[str, list[Prediction]]] = field(default_factory=dict)  # by split and key


def read_run(config: PretrainConfig) -> Run:
    """Gather what a run has left.

    Raises:
        ShardError, StorageError: what is there cannot be read.
    """
    storage = Storage(config.run_url, **config.data.storage_options)
    records = [json.loads(line) for line in (storage.read_if_there(METRICS) or b"").decode().splitlines()]
    training = [record for record in records if record["kind"] == "train"]
    folder = _evaluated(config, storage)
    rows, about = read_scores(folder / SCORES) if folder else ([], {})
    begun = json.loads(storage.read_if_there("run.json") or b"{}")
    used = {*config.data.splits, *config.validation.splits, *config.evaluate.splits}
    shards = Storage(config.data.shards, **config.data.storage_options)
    return Run(
        name=config.name,
        url=storage.url,
        steps=max((record["step"] for record in training), default=0),
        seconds=sum(record["seconds"] for record in training),
        curves=read_curves(records),
        rows=tuple(rows),
        checkpoint=folder.name if folder else "",
        splits=tuple(
            one
            for dataset in datasets(shards)
            for split, one in read_splits(shards, dataset).items()
            if f"{dataset}/{split}" in used or dataset in used
        ),
        settings=(storage.read_if_there("config.yaml") or b"").decode("utf-8", "replace"),
        versions={**begun.get("versions", {}), **about.get("versions", {})},
        predictions={row.split: _by_key(read_predictions(folder / f"{row.split}.jsonl")) for row in rows if folder},
    )


def _evaluated(config: PretrainConfig, storage: Storage) -> Path | None:
    """The folder of the evaluation to show: of the checkpoint that the configuration names, else the latest."""
    evaluations = evaluation_folder(config)
    wanted = config.evaluate.checkpoint
    found = checkpoints.find(storage, "best" if wanted == "best" else "step")
    name = Path(found[-1] if wanted in ("best", "last") and found else wanted).name
    if (evaluations / name / SCORES).exists():
        return evaluations / name
    made = sorted(evaluations.glob(f"*/{SCORES}"), key=lambda path: path.stat().st_mtime)
    return made[-1].parent if made else None


def _by_key(predictions: Iterable[Prediction]) -> dict[str, list[Prediction]]:
    by_key: dict[str, list[Prediction]] = {}
    for one in predictions:
        by_key.setdefault(one.key, []).append(one)
    return by_key


def read_curves(records: Iterable[Mapping[str, Any]]) -> Curves:
    """The curves in a run's records."""
    loss, rate, speed, overall = [], [], [], []
    tasks: dict[str, list[tuple[float, float]]] = {}
    for record in records:
        step = float(record["step"])
        if record["kind"] == "validation":
            overall.append((step, record["loss"]))
            for task, value in record["losses"].items():
                tasks.setdefault(task, []).append((step, value))
        else:
            loss.append((step, record["loss"]))
            rate.append((step, record["lr"]))
            speed.append((step, record["audio_seconds"] / max(record["seconds"], 1e-9)))
    return Curves(loss=loss, rate=rate, audio_seconds=speed, validation=tasks, overall=overall)
