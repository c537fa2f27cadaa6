"""Segmenting: what of a record becomes which sample, never longer than 30 s in training and never cut inside a word.

A source's `cut` says how a longer record is dealt with:

- `annotated`: at pauses between words. A record without word times cannot be cut and is rejected `too_long`.
- `window`: every 30 s. What holds of the whole (labels, captions) is given to every window, turns and sound events are
  clipped to it; where there are words, the cut moves back to the nearest pause. Of a record of which only whole things
  are said a rest of under a second is left out: excerpts of "30 s" are often some milliseconds longer.
- `whole`: not at all; it is rejected `too_long`.

Evaluation splits keep longer clips whole.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipelines.labels.languages import language_code
from pipelines.record import (
    Annotation,
    AudioRef,
    Caption,
    Entities,
    Event,
    Events,
    Label,
    QuestionAnswer,
    Record,
    Reject,
    Span,
    Transcript,
    Turns,
    Word,
    Words,
)
from pipelines.source import Cut
from pipelines.windows import LONGEST_SECONDS, late_pause, pauses_between
from tag_schema.languages import join_words

SHORTEST_SECONDS = 1.0  # of the last window; a shorter rest is left out, or halved with the one before
_OVERHANG = 0.5  # seconds that metadata may reach beyond the recording: rounding and padding of codecs
_EXACT = 1e-6  # seconds; less than a waveform sample, more than the noise of adding times
_PRECISION = 6  # decimals of shifted times, which hides the noise of subtraction
_CUT_AT_WORDS = (Transcript, Words, Label, Turns, Events)  # what `annotated` can divide
_HOLDS_FOR_PARTS = (Label, Caption, Entities, QuestionAnswer)  # of what `window` gives to every window


@dataclass(frozen=True, slots=True)
class Piece:
    """One sample to be: what to cut from each recording, and what is said about it, in seconds from its beginning.

    A span's start is None exactly when the piece is the whole recording, and so needs no time in its key. Where a clip
    is joined of several, its span reaches from the first to the last.
    """

    spans: tuple[Span, ...]
    annotations: tuple[Annotation, ...]


def pieces(record: Record, seconds: Sequence[float], cut: Cut, evaluation: bool) -> list[Piece] | Reject:
    """The pieces of a record, in the order of time.

    Args:
        seconds: lengths of its recordings, one for each of `record.audio`.
        cut: the source's rule for what is over 30 s.
        evaluation: the split is used for evaluation, where nothing is cut.
    """
    bounds: list[tuple[float, float]] = []
    for ref, length in zip(record.audio, seconds, strict=True):
        start, end = ref.start or 0.0, length if ref.end is None else ref.end
        # Written so that a NaN fails too.
        for a, b in ref.joined or ((start, end),):
            if not (0 <= a < b <= length + _OVERHANG and a < length):
                return Reject(record.id, "bad_times", f"{ref.path}: {a} to {b} s of {length:.3f} s")
        bounds.append((start, min(end, length)))
    lengths = [_length(ref, *span) for ref, span in zip(record.audio, bounds, strict=True)]
    if evaluation or all(length <= LONGEST_SECONDS + _EXACT for length in lengths):
        offset = bounds[0][0] if bounds else 0.0
        spans = tuple(_span(ref) for ref in record.audio)
        return [Piece(spans, tuple(_shifted(annotation, offset) for annotation in record.annotations))]
    (start, end), ref = bounds[0], record.audio[0]
    cuts = None if len(bounds) > 1 or ref.joined or cut == "whole" else _cuts(record, start, end, cut)
    if cuts is None:
        return Reject(record.id, "too_long", f"{ref.path}: {max(lengths):.3f} s, cut is '{cut}'")
    found = []
    for first, last in cuts:
        annotations = tuple(
            part for annotation in record.annotations if (part := _part(annotation, record, first, last)) is not None
        )
        if annotations:
            found.append(Piece(((first, last),), annotations))
    return found


def _length(ref: AudioRef, start: float, end: float) -> float:
    """Seconds of the clip of a reference, from `start` to `end` where it is not joined."""
    return sum(min(b, end) - a for a, b in ref.joined) if ref.joined else end - start


def _span(ref: AudioRef) -> Span:
    if ref.start is None and ref.end is None:
        return None, None
    return ref.start or 0.0, ref.end


def _cuts(record: Record, start: float, end: float, cut: Cut) -> list[tuple[float, float]] | None:
    """Start and end of each piece; None: it cannot be cut."""
    divisible = _CUT_AT_WORDS if cut == "annotated" else (*_CUT_AT_WORDS, *_HOLDS_FOR_PARTS)
    if not all(isinstance(annotation, divisible) for annotation in record.annotations):
        return None
    words = _words(record)
    if words:
        return _at_pauses(words, start, end, gapless=cut == "window")
    if cut == "annotated" or any(isinstance(a, Transcript) for a in record.annotations):
        return None
    edges = [start]
    while end - edges[-1] > LONGEST_SECONDS + _EXACT:
        edges.append(round(edges[-1] + LONGEST_SECONDS, 3))
    if end - edges[-1] < SHORTEST_SECONDS and all(isinstance(a, _HOLDS_FOR_PARTS) for a in record.annotations):
        return list(pairwise(edges))
    if end - edges[-1] < SHORTEST_SECONDS:
        edges[-1] = round((edges[-2] + end) / 2, 3)
    return list(pairwise([*edges, end]))


def _words(record: Record) -> list[Word]:
    """All words of the record by their start."""
    words = [word for annotation in record.annotations if isinstance(annotation, Words) for word in annotation.words]
    return sorted(words, key=lambda word: (word.start, word.end))


def _at_pauses(words: list[Word], start: float, end: float, gapless: bool) -> list[tuple[float, float]] | None:
    """Pieces of at most 30 s whose edges lie in no word; None: a word is longer than that.

    The longest pause in the later half of the 30 s is taken, in its middle, so that pieces are neither short nor torn
    from a sentence; without one there, the last pause. Unless `gapless`, stretches of over 30 s without a word are
    left out: of a transcript they say nothing.
    """
    pauses = pauses_between([(word.start, word.end) for word in words], start, end)
    found = []
    position = start
    while end - position > LONGEST_SECONDS:
        edge = late_pause(pauses, position)
        if edge is None:
            return None
        found.append((position, edge))
        position = edge
    found.append((position, end))
    if gapless:
        return found
    starts = [word.start for word in words]
    return [(a, b) for a, b in found if bisect.bisect_left(starts, b) > bisect.bisect_left(starts, a)]


def _part(annotation: Annotation, record: Record, first: float, last: float) -> Annotation | None:
    """What an annotation of the whole record says about the piece from `first` to `last`."""
    match annotation:
        case Words():
            words = tuple(word for word in annotation.words if first <= word.start < last)
            return _shifted(replace(annotation, words=words), first) if words else None
        case Transcript():
            return _part_of_text(annotation, _words(record), first, last)
        case Events():
            events = tuple(e for e in annotation.events if e.end > first and e.start < last)
            return _shifted(replace(annotation, events=events), first, last)
        case Turns():
            turns = tuple(turn for turn in annotation.turns if turn[2] > first and turn[1] < last)
            return _shifted(Turns(turns), first, last)
        case _ if isinstance(annotation, _HOLDS_FOR_PARTS):
            return annotation
    return None


def _part_of_text(transcript: Transcript, words: list[Word], first: float, last: float) -> Transcript | None:
    """The stretch of a transcript that is spoken in a piece: as written where its words can be told apart."""
    here = [place for place, word in enumerate(words) if first <= word.start < last]
    if not here:
        return None
    written = transcript.text.split()
    if len(written) == len(words) and all(map(_alike, written, (word.word for word in words))):
        return replace(transcript, text=" ".join(written[here[0] : here[-1] + 1]))
    spoken = join_words((words[place].word for place in here), language_code(transcript.language))
    # Word lists bear no punctuation, whatever the transcript does.
    return replace(transcript, text=spoken, form="unpunctuated")


def _alike(written: str, word: str) -> bool:
    return _letters(written) == _letters(word)


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _shifted(annotation: Annotation, by: float, end: float | None = None) -> Annotation:
    """The annotation with times counted from `by`; with `end` given, clipped to the piece from `by` to `end`."""

    def at(time: float) -> float:
        if end is not None:
            time = min(max(time, by), end)
        return round(time - by, _PRECISION) if by else time

    match annotation:
        case Words():
            words = tuple(replace(word, start=at(word.start), end=at(word.end)) for word in annotation.words)
            return replace(annotation, words=words)
        case Events():
            events = tuple(Event(e.label, at(e.start), at(e.end)) for e in annotation.events)
            return replace(annotation, events=events)
        case Turns():
            return Turns(tuple((speaker, at(start), at(stop)) for speaker, start, stop in annotation.turns))
    return annotation
