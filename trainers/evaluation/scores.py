"""Predictions to scores: a row for each dataset, split, task and language, beside what it should reach."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tag_schema.tasks import TASKS
from trainers.evaluation.config import BY_LANGUAGE
from trainers.evaluation.predictions import Prediction
from trainers.metrics.answer import Answer, Score
from trainers.metrics.table import score_task


@dataclass(frozen=True)
class Row:
    """One score."""

    split: str  # dataset/split
    task: str
    language: str  # "en"; "de-en" for translation; "" where the task's score does not depend on it
    score: Score
    goal: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        if self.score.value is None:
            return False
        return self.score.value <= self.goal if self.score.better == "lower" else self.score.value >= self.goal

    def goal_text(self) -> str:
        """The goal as people write it: `<= 20 %`."""
        if self.goal is None:
            return ""
        sign = "<=" if self.score.better == "lower" else ">="
        return f"{sign} {self.goal:g} {self.score.unit}".rstrip()


def score_split(split: str, predictions: Iterable[Prediction], goals: Mapping[str, float]) -> list[Row]:
    """The rows of one split, in the order of the tasks and by language."""
    groups: dict[tuple[int, str, str], list[Answer]] = {}
    order = list(TASKS)
    for one in predictions:
        language = ""
        if TASKS[one.task].metric in BY_LANGUAGE:
            language = f"{one.spoken}-{one.language}" if one.task == "s2tt" else one.language or ""
        answer = Answer(one.references, one.text, one.prompt, one.language)
        groups.setdefault((order.index(one.task), one.task, language), []).append(answer)
    return [
        Row(split, task, language, score_task(task, answers), goals.get(f"{task}/{language}", goals.get(task)))
        for (_, task, language), answers in sorted(groups.items(), key=lambda group: group[0])
    ]


def write_scores(path: Path, rows: Sequence[Row], about: Mapping[str, Any]) -> None:
    """Write all rows with what they were made with; the file appears whole or not at all."""
    document = {
        **about,
        "scores": [
            {**asdict(row), "score": {**asdict(row.score), "details": dict(row.score.details)}, "met": row.met}
            for row in rows
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_scores(path: Path) -> tuple[list[Row], dict[str, Any]]:
    """The rows of a score file and what they were made with; nothing where there is no file."""
    if not path.exists():
        return [], {}
    document = json.loads(path.read_text(encoding="utf-8"))
    rows = [
        Row(entry["split"], entry["task"], entry["language"], Score(**entry["score"]), entry["goal"])
        for entry in document.pop("scores")
    ]
    return rows, document


def main_details(score: Score) -> str:
    """The numbers beside a score in one line."""
    shown = []
    for name, value in score.details.items():
        if value is None or (name == "well formed %" and value == 100):
            continue
        if isinstance(value, float):
            value = f"{value:.1f}"
        shown.append(f"{name[:-2]} {value} %" if name.endswith(" %") else f"{name} {value}")
    return ", ".join(shown)
