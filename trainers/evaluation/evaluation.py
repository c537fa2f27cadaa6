"""One evaluation: which questions a checkpoint still has to answer, where answers go, what they score."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from shards.config import ConfigError
from shards.index import read_index
from shards.schema import ShardError
from shards.storage import Storage
from shards.stream.benchmarks import benchmark_splits
from shards.stream.reader import read_split
from shards.summary import read_split as read_summary
from trainers import checkpoint as checkpoints
from trainers.config import PretrainConfig
from trainers.evaluation.config import EvaluateConfig
from trainers.evaluation.generation import Answerer, answers, batches
from trainers.evaluation.predictions import PredictionFile, prediction
from trainers.evaluation.progress import Progress
from trainers.evaluation.questions import Question, questions
from trainers.evaluation.scores import Row, read_scores, score_split, write_scores

LIBRARIES = ("torch", "transformers", "jiwer", "sacrebleu")
EVERY_TASK = "*"
SCORES = "scores.json"
Selection = dict[str, set[tuple[str, str]]]  # by split, the ids of questions


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint to evaluate."""

    url: str
    name: str  # the folder's name: best-00000400
    sha256: str  # of its weights


def find_checkpoint(config: PretrainConfig) -> Checkpoint:
    """The checkpoint that `evaluate.checkpoint` names.

    Raises:
        ConfigError: there is none; says how to make one.
    """
    wanted = config.evaluate.checkpoint
    run = config.run_url
    if wanted in ("best", "last"):
        storage = Storage(run, **config.data.storage_options)
        found = checkpoints.find(storage, "best") if wanted == "best" else []
        found = found or checkpoints.find(storage, "step")
        if not found:
            raise ConfigError(
                f"{run}: the run has no checkpoint yet; make one with: make pretrain CONFIG=…, "
                "or name one with evaluate.checkpoint=FOLDER"
            )
        url = storage.full(found[-1])
    else:
        url = wanted.rstrip("/")
    storage = Storage(url, **config.data.storage_options)
    if not storage.exists(checkpoints.RECORD):
        raise ConfigError(
            f"evaluate.checkpoint={wanted}: {storage.full(checkpoints.RECORD)} is not there; pass best, last, or the "
            "folder of one checkpoint, such as runs/tiny/checkpoints/step-00000500"
        )
    digest = hashlib.sha256()
    with storage.open(checkpoints.WEIGHTS) as file:
        while part := file.read(1 << 24):
            digest.update(part)
    return Checkpoint(url, url.rpartition("/")[2], digest.hexdigest())


def output_folder(config: PretrainConfig, checkpoint_name: str) -> Path:
    """Where the predictions and scores of a checkpoint lie.

    Raises:
        ConfigError: the run is in a bucket and no folder is named.
    """
    return evaluation_folder(config) / checkpoint_name


def evaluation_folder(config: PretrainConfig) -> Path:
    """Where the evaluations of all checkpoints of a run lie."""
    if config.evaluate.output:
        return Path(config.evaluate.output)
    if "://" in config.output:
        raise ConfigError(f"the run is at {config.run_url}; name a local folder with evaluate.output=FOLDER")
    return Path(config.run_url) / "evaluation"


def test_splits(config: PretrainConfig) -> tuple[str, ...]:
    """The splits to evaluate on, as dataset/split; a dataset stands for its test splits.

    Raises:
        ConfigError: none is named, or a dataset has no test split.
    """
    if not config.evaluate.splits:
        raise ConfigError("name what to evaluate on: evaluate.splits='[librispeech/test-clean]'")
    there = benchmark_splits(Storage(config.data.shards, **config.data.storage_options))
    splits: list[str] = []
    for name in config.evaluate.splits:
        of_dataset = [split for split in there if split.partition("/")[0] == name]
        if "/" not in name and not of_dataset:
            raise ConfigError(
                f"evaluate.splits: {config.data.shards} has no test split of '{name}'; name another split in full, "
                f"such as {name}/dev, or build one with: make shards DATASET={name}"
            )
        splits += of_dataset or [name]
    return tuple(dict.fromkeys(splits))


class Evaluation:
    """The predictions and scores of one checkpoint: knows what is there, and asks for the rest."""

    def __init__(self, config: PretrainConfig, checkpoint: Checkpoint) -> None:
        """Look at the splits and at what was predicted before.

        Raises:
            ConfigError: no split is named.
            ShardError: a split is not whole.
        """
        self._data = config.data
        self._settings: EvaluateConfig = config.evaluate
        self._splits = test_splits(config)
        self._checkpoint = checkpoint
        self.folder = output_folder(config, checkpoint.name)
        self._made_with = {split: self._describe(split) for split in self._splits}
        self._old_rows, about = read_scores(self.folder / SCORES)
        if about.get("checkpoint", {}).get("sha256") != checkpoint.sha256:
            self._old_rows, about = [], {}
        self._before: Mapping[str, Any] = about.get("splits", {})

    def _describe(self, split: str) -> dict[str, Any]:
        """Whatever the predictions of a split depend on."""
        dataset, name = split.split("/")
        summary = read_summary(Storage(self._data.shards, **self._data.storage_options), dataset, name)
        if summary is None:
            raise ShardError(
                f"{self._data.shards}/{split}: no complete split to evaluate on; build it with: "
                f"make shards DATASET={dataset} SPLIT={name}"
            )
        return {
            "checkpoint": self._checkpoint.sha256,
            "split": split,
            "index": summary.index.sha256,
            "max_new_tokens": self._settings.max_new_tokens,
            "max_new_tokens_of": dict(sorted(self._settings.max_new_tokens_of.items())),
        }

    def missing(self) -> list[str]:
        """The splits that have unanswered questions, or may have."""
        return [split for split in self._splits if not self._complete(split)]

    def _complete(self, split: str) -> bool:
        there = self._before.get(split, {})
        if there.get("made_with") != self._made_with[split] or self._settings.limit:
            return False
        complete = there.get("complete", [])
        return EVERY_TASK in complete or (bool(self._settings.tasks) and {*self._settings.tasks} <= {*complete})

    def open_questions(self, splits: Sequence[str]) -> int:
        """About how many questions of the splits are unanswered: the index knows a prompt by its length only."""
        storage = Storage(self._data.shards, **self._data.storage_options)
        total = 0
        for split in splits:
            dataset, name = split.split("/")
            rows = read_index(storage, dataset, name, columns=["targets"])["targets"].to_pylist()
            chosen = [[one for one in targets if self._asks(one["task"])] for targets in rows]
            for targets in [targets for targets in chosen if targets][: self._settings.limit or None]:
                total += len({(one["task"], one["text_language"], one["prompt_bytes"]) for one in targets})
            with self._file(split) as file:
                total -= sum(self._asks(one.task) for one in file.all())
        return max(total, 0)

    def _asks(self, task: str) -> bool:
        return not self._settings.tasks or task in self._settings.tasks

    def answer(self, splits: Sequence[str], answerer: Answerer, processes: int, progress: Progress) -> Selection:
        """Answer every question of the splits that has no answer yet; gives the questions that were to be answered."""
        selection: Selection = {split: set() for split in splits}
        with ExitStack() as stack:
            files = {split: stack.enter_context(self._file(split)) for split in splits}
            unanswered = (
                question
                for split in splits
                for question in self._questions(split, selection[split])
                if question not in files[split]
            )
            work = batches(unanswered, self._settings.batch_size, self._settings.new_tokens)
            for batch, texts in answers(work, answerer, processes):
                for question, text in zip(batch, texts, strict=True):
                    files[question.split].add([prediction(question, text)])
                progress.add(len(batch))
        return selection

    def _file(self, split: str) -> PredictionFile:
        return PredictionFile(self.folder / f"{split}.jsonl", self._made_with[split])

    def _questions(self, split: str, selected: set[tuple[str, str]]) -> Iterator[Question]:
        evaluands = read_split(self._data.shards, split, self._settings.tasks or None, self._data.storage_options)
        for evaluand in islice(evaluands, self._settings.limit or None):
            for question in questions(evaluand, self._settings.tasks):
                selected.add(question.id)
                yield question

    def score(self, selection: Selection) -> list[Row]:
        """Score every split, write scores.json and give its rows.

        Rows of the same checkpoint on splits and tasks that were not asked for this time stay as they are.
        """
        rows = []
        for split in self._splits:
            with self._file(split) as file:
                chosen = [one for one in file.all() if self._asks(one.task)]
            if split in selection:
                chosen = [one for one in chosen if one.id in selection[split]]
            rows += score_split(split, chosen, self._settings.goals)
        new = {(row.split, row.task) for row in rows}
        kept = [row for row in self._old_rows if (row.split, row.task) not in new]
        about = {
            "checkpoint": asdict(self._checkpoint),
            "splits": {**self._before, **{split: self._state(split) for split in self._splits}},
            "versions": {name: version(name) for name in LIBRARIES},
        }
        write_scores(self.folder / SCORES, rows + kept, about)
        return rows

    def _state(self, split: str) -> dict[str, Any]:
        """What scores.json says about a split: what it was made with, and which tasks are answered to the end."""
        there = self._before.get(split, {})
        same = there.get("made_with") == self._made_with[split]
        complete = {*there.get("complete", [])} if same else set()
        if not self._settings.limit:
            complete |= {*self._settings.tasks} or {EVERY_TASK}
        return {"made_with": self._made_with[split], "complete": sorted(complete)}
