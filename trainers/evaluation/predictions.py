"""Predictions on disk: a file per split, one line each, that grows batch by batch and is gone on with.

The first line says what the predictions were made with; under any other checkpoint, data or settings the file is
begun anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainers.evaluation.questions import Question


@dataclass(frozen=True)
class Prediction:
    """One generated answer."""

    key: str
    task: str
    prompt: str
    references: tuple[str, ...]
    text: str
    language: str | None
    spoken: str | None
    seconds: float

    @property
    def id(self) -> tuple[str, str]:
        """As `Question.id`."""
        return self.key, self.prompt


def prediction(question: Question, text: str) -> Prediction:
    """A question's answer."""
    return Prediction(
        key=question.key,
        task=question.task,
        prompt=question.prompt,
        references=question.references,
        text=text,
        language=question.language,
        spoken=question.spoken,
        seconds=question.seconds,
    )


class PredictionFile:
    """The predictions of one split under one checkpoint."""

    def __init__(self, path: Path, made_with: Mapping[str, Any]) -> None:
        """Open, or begin, the file at `path`; `made_with` is its first line.

        A line that an interruption left unfinished is cut off.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        head = json.dumps(made_with, ensure_ascii=False, sort_keys=True).encode() + b"\n"
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1] if data.startswith(head) else head
        if whole != data:
            path.write_bytes(whole)
        self._done = {one.id: one for one in _parse(whole)}
        self._file = path.open("ab")

    def __enter__(self) -> PredictionFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __contains__(self, question: Question) -> bool:
        return question.id in self._done

    def __len__(self) -> int:
        return len(self._done)

    def add(self, made: Iterable[Prediction]) -> None:
        """Append predictions; they are in the file when this returns."""
        for one in made:
            self._file.write(
                json.dumps(asdict(one), ensure_ascii=False, sort_keys=True).encode("utf-8", "replace") + b"\n"
            )
            self._done[one.id] = one
        self._file.flush()

    def all(self) -> list[Prediction]:
        """Every prediction, by key and prompt."""
        return [self._done[id] for id in sorted(self._done)]


def read_predictions(path: Path) -> list[Prediction]:
    """The predictions in a file, in its order; none where there is no file."""
    return list(_parse(path.read_bytes())) if path.exists() else []


def _parse(data: bytes) -> Iterator[Prediction]:
    for line in data.split(b"\n")[1:-1]:
        fields = json.loads(line)
        yield Prediction(**{**fields, "references": tuple(fields["references"])})
