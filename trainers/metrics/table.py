"""Which task is scored by what: the one table from the tasks' metrics to functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from tag_schema import grammar
from tag_schema.grammar import Grammar
from tag_schema.target import Target, TargetError
from tag_schema.tasks import TASKS
from trainers.metrics.answer import Answer, Score, percent
from trainers.metrics.events import diarization, sound_events
from trainers.metrics.labels import accuracy, entities, intents, multilabel, notes, question_accuracy
from trainers.metrics.timestamps import average_shift
from trainers.metrics.words import bleu, chrf, error_rate, overlapped_error_rate

Measure = Callable[[Sequence[Answer]], Score]

MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "wer": error_rate,
        "cpwer": overlapped_error_rate,
        "bleu": bleu,
        "aas": average_shift,
        "accuracy": accuracy,
        "f1": multilabel,
        "caption": chrf,
        "der": diarization,
        "event_f1": sound_events,
        "note": notes,
    }
)
# The same metric of a response with parts: what it counts depends on the response's grammar.
BY_GRAMMAR: Final[Mapping[tuple[str, Grammar], Measure]] = MappingProxyType(
    {
        ("f1", grammar.ENTITIES): entities,
        ("accuracy", grammar.INTENT): intents,
        ("accuracy", grammar.ANSWER): question_accuracy,
    }
)


def measure_of(task: str) -> Measure:
    """The function that scores a task."""
    facts = TASKS[task]
    return BY_GRAMMAR.get((facts.metric, facts.grammar), MEASURES[facts.metric])


def score_task(task: str, answers: Sequence[Answer]) -> Score:
    """The score of one task's answers, all in one language.

    `well formed %` in its details is the share of predictions that are a valid response to their prompt; whatever
    of a malformed one can be read still counts.
    """
    score = measure_of(task)(answers)
    formed = percent(sum(map(well_formed, answers)), len(answers))
    return replace(score, details={**score.details, "well formed %": formed})


def well_formed(answer: Answer) -> bool:
    """Whether the prediction is a valid response to its prompt."""
    try:
        Target.parse_response(answer.prompt, answer.prediction)
    except TargetError:
        return False
    return True
