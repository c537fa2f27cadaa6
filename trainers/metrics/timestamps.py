"""How far predicted word boundaries lie from the right ones.

Two numbers under one name. `aas_reference` is the published script's, to the last quirk, for comparison with
published values; `average_shift` is ours, which scores every word, and says how many.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from trainers.metrics.answer import Answer, Score, percent
from trainers.metrics.matching import align
from trainers.metrics.words import error_rate, normalise_transcript

TIME = re.compile(r"<\|\d{1,2}\.\d+\|>")
SILENCE = "<|sil|>"


@dataclass(frozen=True, slots=True)
class Unit:
    """A word with its times in seconds."""

    word: str
    start: float
    end: float


def read_units(text: str, language: str | None) -> list[Unit]:
    """The words between neighbouring time tokens of a generated text, normalised as for the error rate.

    Lenient, since a model may write anything: text before the first time token, after the last one, and silence
    are left out. Several words between two times are one unit, which then equals no single word.
    """
    times = [_seconds(token) for token in TIME.findall(text)]
    pieces = TIME.split(text)[1:-1]
    units = []
    for piece, start, end in zip(pieces, times, times[1:], strict=False):
        word = normalise_transcript(piece, language)
        if word:
            units.append(Unit(word, start, end))
    return units


def _seconds(token: str) -> float:
    return float(token[2:-2])


def with_given_start(answer: Answer, text: str) -> str:
    """The text behind the time token that ends its prompt, if one does: the start of the first unit."""
    tail = re.search(rf"({TIME.pattern})$", answer.prompt)
    return (tail.group(1) if tail else "") + text


def average_shift(answers: Sequence[Answer]) -> Score:
    """AAS in ms: |start shift| + |end shift| of a word, averaged over the correctly recognised words.

    The sum of both boundaries, as in the paper. Silence is no word. Words are found by edit distance; the number
    of words right, their share, and the word error rate stand beside the number, since a model that recognises
    little is measured on little. Several references: the one that gives the most words right.
    """
    shifts: list[float] = []
    wanted = within_100 = 0
    for answer in answers:
        predicted = read_units(with_given_start(answer, answer.prediction), answer.language)
        options = []
        for reference in answer.references:
            right = read_units(with_given_start(answer, reference), answer.language)
            pairs = align([unit.word for unit in right], [unit.word for unit in predicted])
            found = [
                abs(right[a].start - predicted[b].start) + abs(right[a].end - predicted[b].end)
                for a, b in pairs
                if a is not None and b is not None and right[a].word == predicted[b].word
            ]
            options.append((found, len(right)))
        found, words = max(options, key=lambda option: len(option[0]))
        shifts += found
        wanted += words
        within_100 += sum(shift <= 0.1 + 1e-9 for shift in found)
    published = aas_reference(answers)
    errors = error_rate(answers)
    details: dict[str, float | int | str | None] = {
        "words right": len(shifts),
        "words": wanted,
        "words right %": percent(len(shifts), wanted),
        "within 100 ms %": percent(within_100, len(shifts)),
        errors.metric + " %": errors.value,
        "as published, ms": None if published.seconds is None else 1000 * published.seconds,
    }
    if published.remark:
        details["published script"] = published.remark
    value = 1000 * sum(shifts) / len(shifts) if shifts else None
    return Score("AAS", value, "ms", "lower", len(answers), details)


@dataclass(frozen=True, slots=True)
class PublishedShift:
    """What the published script prints, or why it prints nothing."""

    seconds: float | None
    units: int
    remark: str = ""


def aas_reference(answers: Sequence[Answer]) -> PublishedShift:
    """AAS in seconds exactly as the published script computes it; the first reference of each answer counts.

    Kept on purpose: the unit after the `<|0.00|>` that the prompt supplies is never scored, `<|sil|>` is a unit,
    text is compared as it stands, spaces and case included, and a text without any time token drops out of its
    own list only. If that leaves the lists of unequal length the script stops; if equal, it compares answers with
    other answers' references, and so does this function.
    """
    references = [entry for answer in answers if (entry := _published_units(answer.references[0])) is not None]
    predictions = [entry for answer in answers if (entry := _published_units(answer.prediction)) is not None]
    if len(references) != len(predictions):
        lost = len(answers) - len(predictions)
        return PublishedShift(None, 0, f"stops: {lost} of {len(answers)} predictions hold no time token")
    total, count = 0.0, 0
    for (wanted, wanted_times), (found, found_times) in zip(references, predictions, strict=True):
        pairs = [(a, b) for a, b in align(wanted, found) if a is not None and b is not None and wanted[a] == found[b]]
        left = [wanted_times[a] for a, _ in pairs if a < len(wanted_times)]
        right = [found_times[b] for _, b in pairs if b < len(found_times)]
        if len(left) != len(right) or not left:
            continue
        total += sum(abs(p[0] - q[0]) + abs(p[1] - q[1]) for p, q in zip(left, right, strict=True))
        count += len(left)
    return PublishedShift(total / count if count else None, count, "" if count else "stops: no unit in common")


def _published_units(text: str) -> tuple[list[str], list[tuple[float, float]]] | None:
    text = text.replace("<|startoftranscript|>", "").replace("<|transcribe|>", "")
    text = text.replace("<|en|>", "") if "<|en|>" in text else text.replace("<|zh|>", "")
    times = [_seconds(token) for token in TIME.findall(text)]
    pieces = TIME.split(text)[1:-1]
    if len(times) != len(pieces) + 1:
        return None
    # Joined and split, as in the script: a single time token gives one empty unit without times.
    return "\t".join(pieces).split("\t"), list(itertools.pairwise(times))
