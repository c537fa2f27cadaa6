"""Closed and structured answers: accuracy, several labels at once, entities, musical notes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tag_schema.grammar import DELIMITER, NOTHING
from trainers.metrics.answer import Answer, Score, mean, percent

SONIC_SEPARATOR = ", "
NO_CLASS = 128  # what a missing pitch or velocity counts as: outside MIDI's 0-127
SONIC = (
    "bright", "dark", "distortion", "fast_decay", "long_release",
    "multiphonic", "nonlinear_env", "percussive", "reverb", "tempo-synced",
)  # fmt: skip


def accuracy(answers: Sequence[Answer]) -> Score:
    """Share of answers equal to a reference, character for character; case is not folded."""
    right = sum(answer.prediction in answer.references for answer in answers)
    answered = Counter(answer.prediction for answer in answers)
    known = {reference for answer in answers for reference in answer.references}
    outside = sum(count for text, count in answered.items() if text not in known)
    details = {"right": right, "outside the labels %": percent(outside, len(answers))}
    return Score("accuracy", percent(right, len(answers)), "%", "higher", len(answers), details)


def question_accuracy(answers: Sequence[Answer]) -> Score:
    """Exact accuracy over all questions; `binary` is the same over those whose answer is yes or no.

    A question that several people answered is right with any of their answers; "as published" counts each of them as
    a question of its own, as the paper's figures do.
    """
    score = accuracy(answers)
    single = [(reference, answer.prediction) for answer in answers for reference in answer.references]
    binary = [pair for pair in single if pair[0].lower() in ("yes", "no")]
    details = {
        **score.details,
        "as published %": percent(sum(a == b for a, b in single), len(single)),
        "binary as published %": percent(sum(a == b for a, b in binary), len(binary)),
        "binary answers": len(binary),
    }
    return Score("accuracy", score.value, "%", "higher", len(answers), details)


def multilabel(answers: Sequence[Answer]) -> Score:
    """Micro F1 of label sets, and macro average precision beside it.

    The prediction is a set, so a label's score is 0 or 1 and its average precision is the one of that two-level
    ranking. Labels are averaged with equal weight; those that never occur in the references are left out. Where each
    clip has one label, F1 of single answers is their accuracy.
    """
    wanted = [labels(answer.references[0]) for answer in answers]
    predicted = [labels(answer.prediction) for answer in answers]
    occurring = sorted(set().union(*wanted)) if wanted else []
    average = mean(
        [
            average_precision([label in right for right in wanted], [label in found for found in predicted])
            for label in occurring
        ]
    )
    measured = f1_details(wanted, predicted)
    f1 = measured.pop("F1 %")
    exact = sum(right == found for right, found in zip(wanted, predicted, strict=True))
    details = {
        **measured,
        "mAP %": None if average is None else 100 * average,
        "all labels right %": percent(exact, len(answers)),
        "labels": len(occurring),
    }
    return Score("F1", f1, "%", "higher", len(answers), details)


def labels(text: str) -> frozenset[str]:
    """The labels of an answer, which stand between `<|delim|>`; `<|sil|>` says that there are none."""
    return frozenset(part.strip() for part in text.split(DELIMITER) if part.strip() not in ("", NOTHING))


def average_precision(wanted: Sequence[bool], predicted: Sequence[bool]) -> float:
    """Average precision of a 0/1 prediction: the area under its two-point precision-recall curve.

    Recall at the threshold 1 is reached with the precision of the predicted; the rest of recall with that of
    predicting everything. Without a positive it is 0, as scikit-learn has it.
    """
    positives = sum(wanted)
    if not positives:
        return 0.0
    hits = sum(a and b for a, b in zip(wanted, predicted, strict=True))
    chosen = sum(predicted)
    precision = hits / chosen if chosen else 0.0
    recall = hits / positives
    return recall * precision + (1 - recall) * positives / len(wanted)


def f1_details(wanted: Iterable[Iterable[object]], predicted: Iterable[Iterable[object]]) -> dict[str, float | None]:
    """Micro precision, recall and F1 in percent over lists of things; an equal thing counts as often as it occurs."""
    hits = right = found = 0
    for these, those in zip(wanted, predicted, strict=True):
        left, other = Counter(these), Counter(those)
        hits += (left & other).total()
        right += left.total()
        found += other.total()
    return {
        "F1 %": percent(2 * hits, right + found),
        "precision %": percent(hits, found),
        "recall %": percent(hits, right),
    }


class Note(NamedTuple):
    """The fields of a note as a parser without opinions reads them."""

    pitch: int
    velocity: int
    instrument: str
    sonic: frozenset[str]


def read_note(text: str) -> Note:
    """A note from generated text: fields in any order, each optional; text fields run to the next `<`."""

    def number(name: str) -> int:
        found = re.search(rf"<\|{name}\|><\|midi_{name}_(\d{{1,3}})\|>", text)
        return int(found.group(1)) if found else NO_CLASS

    def words(name: str) -> str:
        found = re.search(rf"<\|{name}\|>([^<\n]*)", text)
        return found.group(1) if found else ""

    sonic = frozenset(words("sonic").split(SONIC_SEPARATOR)) & {*SONIC}
    return Note(number("pitch"), number("velocity"), words("instrument"), sonic)


def notes(answers: Sequence[Answer]) -> Score:
    """Musical notes: pitch, pitch class, velocity and instrument by exact accuracy, sonic qualities by macro mAP.

    The headline is the pitch, what the task is first about; the paper quotes instrument and sonic qualities. Pitch
    class (chroma) is the pitch modulo 12, so an octave error is right; the published script takes the index among
    the observed pitches instead, which agrees only where those are contiguous. As in that script, a quality that
    only predictions name counts with a precision of 0.
    """
    pairs = [(read_note(answer.references[0]), read_note(answer.prediction)) for answer in answers]
    count = len(pairs)

    def share(equal: Iterable[bool]) -> float | None:
        return percent(sum(equal), count)

    occurring = [label for label in SONIC if any(label in wanted.sonic | got.sonic for wanted, got in pairs)]
    sonic = mean(
        [
            average_precision([label in wanted.sonic for wanted, _ in pairs], [label in got.sonic for _, got in pairs])
            for label in occurring
        ]
    )
    details = {
        "chroma %": share(_same_pitch_class(wanted.pitch, got.pitch) for wanted, got in pairs),
        "velocity %": share(wanted.velocity == got.velocity for wanted, got in pairs),
        "instrument %": share(wanted.instrument == got.instrument for wanted, got in pairs),
        "sonic mAP %": None if sonic is None else 100 * sonic,
    }
    pitch = share(wanted.pitch == got.pitch for wanted, got in pairs)
    return Score("pitch accuracy", pitch, "%", "higher", count, details)


def _same_pitch_class(wanted: int, got: int) -> bool:
    return wanted == got or (NO_CLASS not in (wanted, got) and wanted % 12 == got % 12)


ACTION = "<|action|>"
ENTITY = re.compile(
    r"<\|startofentityvalue\|>(.*?)<\|endofentityvalue\|><\|startofentitytype\|>(.*?)<\|endofentitytype\|>"
)


def entities(answers: Sequence[Answer]) -> Score:
    """Micro F1 of (value, type) pairs, equal in both; values alone stand beside it."""
    wanted = [ENTITY.findall(answer.references[0]) for answer in answers]
    predicted = [ENTITY.findall(answer.prediction) for answer in answers]
    exact = f1_details(wanted, predicted)
    values = f1_details([[v for v, _ in one] for one in wanted], [[v for v, _ in one] for one in predicted])
    f1 = exact.pop("F1 %")
    details = {**exact, "F1 of values %": values["F1 %"], "entities": sum(map(len, wanted))}
    return Score("F1", f1, "%", "higher", len(answers), details)


def intents(answers: Sequence[Answer]) -> Score:
    """Share of commands with scenario and action both right; each alone stands beside it."""
    score = accuracy(answers)
    parts = [[text.partition(ACTION)[::2] for text in (answer.references[0], answer.prediction)] for answer in answers]
    details = {
        "scenario %": percent(sum(wanted[0] == got[0] for wanted, got in parts), len(parts)),
        "action %": percent(sum(wanted[1] == got[1] for wanted, got in parts), len(parts)),
    }
    return Score("accuracy", score.value, "%", "higher", len(answers), {**score.details, **details})
