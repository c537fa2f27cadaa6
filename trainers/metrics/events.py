"""Answers with times but without words: sound events, and who speaks when."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from trainers.metrics.answer import Answer, Score, percent
from trainers.metrics.matching import assign

COLLAR = 0.2  # seconds an onset may be off
OFFSET_SHARE = 0.5  # an offset may be off by this share of the event, at least by COLLAR
SEGMENT = 1.0  # seconds, of the segment-based score
FRAME = 0.01  # seconds, the grid of time tokens

SPAN = re.compile(r"<\|startofword\|>(.*?)<\|endofword\|><\|(\d{1,2}\.\d{2})\|><\|delim\|><\|(\d{1,2}\.\d{2})\|>")


class Span(NamedTuple):
    """What lasts from `start` to `end` seconds: an event's label, or a speaker's number."""

    label: str
    start: float
    end: float


def read_spans(text: str) -> list[Span]:
    """The well-formed spans of a generated text, whatever stands between them."""
    return [Span(label.strip(), float(start), float(end)) for label, start, end in SPAN.findall(text)]


def sound_events(answers: Sequence[Answer]) -> Score:
    """Event-based F1: the same label, the onset within 200 ms, the offset within 200 ms or half the event.

    Each event is matched at most once, by the matching with the most pairs. Beside it the segment-based F1 on a
    grid of one second, which forgives boundaries. Both are micro averages over all events.
    """
    hits = wanted_count = found_count = 0
    active_hits = active_wanted = active_found = 0
    for answer in answers:
        wanted, found = read_spans(answer.references[0]), read_spans(answer.prediction)
        costs = [[0.0 if _same_event(a, b) else 1.0 for b in found] for a in wanted]
        hits += sum(costs[row][column] == 0.0 for row, column in assign(costs))
        wanted_count += len(wanted)
        found_count += len(found)
        left, right = _segments(wanted), _segments(found)
        active_hits += len(left & right)
        active_wanted += len(left)
        active_found += len(right)
    details = {
        "precision %": percent(hits, found_count),
        "recall %": percent(hits, wanted_count),
        "segment F1 (1 s) %": percent(2 * active_hits, active_wanted + active_found),
        "events": wanted_count,
    }
    return Score("event F1", percent(2 * hits, wanted_count + found_count), "%", "higher", len(answers), details)


def _same_event(wanted: Span, found: Span) -> bool:
    tolerance = max(COLLAR, OFFSET_SHARE * (wanted.end - wanted.start)) + 1e-9
    return (
        wanted.label == found.label
        and abs(wanted.start - found.start) <= COLLAR + 1e-9
        and abs(wanted.end - found.end) <= tolerance
    )


def _segments(events: Sequence[Span]) -> set[tuple[str, int]]:
    """(label, number of the second) wherever the event is active for any part of it."""
    return {
        (event.label, second)
        for event in events
        for second in range(math.floor(event.start / SEGMENT), math.ceil(event.end / SEGMENT))
    }


def diarization(answers: Sequence[Answer]) -> Score:
    """Diarization error rate in percent: missed, false and confused speech over all reference speech.

    Overlap is scored, no collar around boundaries; predicted speakers are mapped one to one onto reference
    speakers, per answer, where they share most time. Times are counted on the 10 ms grid.
    """
    missed = false = confused = total = 0
    for answer in answers:
        wanted, found = _by_speaker(read_spans(answer.references[0])), _by_speaker(read_spans(answer.prediction))
        rows, columns = list(wanted.values()), list(found.values())
        shared = [[-float(len(row & column)) for column in columns] for row in rows]
        correct = sum(int(-shared[row][column]) for row, column in assign(shared))
        left, right = _speakers_per_frame(rows), _speakers_per_frame(columns)
        frames = left.keys() | right.keys()
        both = sum(min(left[frame], right[frame]) for frame in frames)
        missed += sum(max(0, left[frame] - right[frame]) for frame in frames)
        false += sum(max(0, right[frame] - left[frame]) for frame in frames)
        confused += both - correct
        total += sum(left.values())
    details = {
        "missed %": percent(missed, total),
        "false %": percent(false, total),
        "confused %": percent(confused, total),
        "speech seconds": round(total * FRAME, 2),
    }
    return Score("DER", percent(missed + false + confused, total), "%", "lower", len(answers), details)


def _by_speaker(turns: Sequence[Span]) -> dict[str, set[int]]:
    frames: dict[str, set[int]] = defaultdict(set)
    for turn in turns:
        frames[turn.label].update(range(round(turn.start / FRAME), round(turn.end / FRAME)))
    return frames


def _speakers_per_frame(speakers: Sequence[set[int]]) -> defaultdict[int, int]:
    count: defaultdict[int, int] = defaultdict(int)
    for frames in speakers:
        for frame in frames:
            count[frame] += 1
    return count
