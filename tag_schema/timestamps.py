"""Times on the 10 ms grid: time tokens, and how measured times get there.

Rules for the words of a clip (`quantise`):

- Times are rounded to the nearest 10 ms; the clip ends on the last grid point that lies inside it.
- Neighbours share one boundary where the gap between them is below one step, and where they overlap: then it is
  the middle of the gap or overlap. So no silence of 10 ms appears from rounding alone.
- Every word lasts at least 10 ms; neighbours give way.
- What is no word is silence, up to the clip's end: it is not stored but follows from the gaps (`<|sil|>`).

How words carry their spaces is decided in `languages.py`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from tag_schema.annotations import TargetError, TimedEvent, TimedWord, Turn
from tag_schema.vocabulary import LAST_CENTISECOND, LAST_SECOND, TIME_STEP, TIME_TOKENS, tag

SILENCE: Final = tag("sil")

# The digits of a time token: 0.00 to 30.00, in no other spelling.
TIME_PATTERN: Final = r"<\|([12]?[0-9]\.[0-9]{2}|30\.00)\|>"

# How far a word may reach out of its clip: the frame and rounding errors of aligners, not a wrong annotation.
EDGE_TOLERANCE: Final = 0.05  # seconds

SECONDS_OF_DIGITS: Final[Mapping[str, float]] = {token[2:-2]: i / 100 for i, token in enumerate(TIME_TOKENS)}
_TOKEN_OF_SECONDS: Final[Mapping[float, str]] = {i / 100: TIME_TOKENS[i] for i in range(LAST_CENTISECOND + 1)}


class WordLike(Protocol):
    """A word with measured times in seconds."""

    @property
    def word(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


class SpanLike(Protocol):
    """A labelled span with measured times in seconds."""

    @property
    def label(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


def time_token(seconds: float) -> str:
    """The time token of a grid time: 0.54 is `<|0.54|>`.

    Raises:
        TargetError: not on the 10 ms grid, negative, or after 30 s.
    """
    token = _TOKEN_OF_SECONDS.get(seconds)
    if token is None:
        raise TargetError(f"{seconds!r} s is no multiple of 0.01 s from 0 to 30", code="bad_times")
    return token


def check_span(what: str, start: float, end: float) -> None:
    """Refuse a span whose ends are off the grid or not in order."""
    if start not in _TOKEN_OF_SECONDS or end not in _TOKEN_OF_SECONDS:
        raise TargetError(f"{what}: {start!r} to {end!r} s is not on the 10 ms grid from 0 to 30 s", code="bad_times")
    if end <= start:
        raise TargetError(f"{what} ends at {end} s but starts at {start} s", code="bad_times")


def floor_to_grid(seconds: float) -> float:
    """The last grid point of a clip of this length.

    Raises:
        TargetError: longer than the last time token.
    """
    return _clip_end(seconds) / 100


def quantise(words: Iterable[WordLike], seconds: float) -> tuple[TimedWord, ...]:
    """Words with measured times, on the grid, in order and without overlap.

    Args:
        words: in the order of the transcript; their starts must not fall.
        seconds: length of the clip, at most 30; times count from its beginning.

    Raises:
        TargetError: `bad_times`: a time that is no number, reversed, out of order or outside the clip; a clip
            over 30 s; more words than steps.
    """
    limit = _clip_end(seconds)
    items = list(words)
    if len(items) > limit:
        raise TargetError(f"{len(items)} words do not fit into {seconds} s", code="bad_times")
    last = -EDGE_TOLERANCE
    for item in items:
        # Written so that a NaN fails too.
        if not (-EDGE_TOLERANCE <= item.start <= item.end <= seconds + EDGE_TOLERANCE and item.start < seconds):
            raise TargetError(
                f"word {item.word!r} from {item.start} to {item.end} s in a clip of {seconds} s", code="bad_times"
            )
        if item.start < last:
            raise TargetError(f"word {item.word!r} starts at {item.start} s, before the word before", code="bad_times")
        last = item.start
    return tuple(
        TimedWord(item.word, start / 100, end / 100)
        for item, (start, end) in zip(items, _boundaries(items, limit), strict=True)
    )


def _boundaries(items: list[WordLike], limit: int) -> list[list[int]]:
    """[start, end] of each word in grid steps."""
    spans = [[_nearest(item.start), _nearest(item.end)] for item in items]
    for i, (item, following) in enumerate(itertools.pairwise(items)):
        if following.start - item.end < TIME_STEP - 1e-9:
            middle = _nearest((min(item.end, following.end) + following.start) / 2)
            spans[i][1] = spans[i + 1][0] = middle
    earliest = 0
    for span in spans:
        span[0] = max(span[0], earliest)
        earliest = span[1] = max(span[1], span[0] + 1)
    latest = limit
    for span in reversed(spans):
        span[1] = min(span[1], latest)
        latest = span[0] = min(span[0], span[1] - 1)
    return spans


def quantise_events(events: Iterable[SpanLike], seconds: float) -> tuple[TimedEvent, ...]:
    """Events clipped to the clip and put on the grid, each at least 10 ms long; those outside are dropped.

    Raises:
        TargetError: `bad_times`: reversed, or the clip is over 30 s.
    """
    placed = ((event.label, _place(event.label, event.start, event.end, seconds)) for event in events)
    return tuple(TimedEvent(label, *span) for label, span in placed if span is not None)


def number_turns(turns: Iterable[tuple[str, float, float]], seconds: float) -> tuple[Turn, ...]:
    """Turns of named speakers, clipped and put on the grid, in order, speakers numbered by first appearance.

    Args:
        turns: (speaker, start, end), seconds from the clip's beginning.

    Raises:
        TargetError: `bad_times`: reversed, or the clip is over 30 s.
    """
    placed = [(_place(speaker, start, end, seconds), speaker) for speaker, start, end in turns]
    inside = sorted((span, speaker) for span, speaker in placed if span is not None)
    numbers: dict[str, int] = {}
    return tuple(Turn(numbers.setdefault(speaker, len(numbers) + 1), *span) for span, speaker in inside)


def _place(what: str, start: float, end: float, seconds: float) -> tuple[float, float] | None:
    """A span inside the clip on the grid, or None if nothing of it is inside."""
    limit = _clip_end(seconds)
    if not start <= end:
        raise TargetError(f"{what!r} from {start} to {end} s", code="bad_times")
    if end < 0 or (end == 0 and start < 0) or start >= seconds or limit == 0:
        return None
    first = min(_nearest(max(start, 0.0)), limit - 1)
    last = max(first + 1, min(_nearest(min(end, seconds)), limit))
    return first / 100, last / 100


def _clip_end(seconds: float) -> int:
    if not 0 <= seconds < LAST_SECOND + TIME_STEP:
        raise TargetError(f"a clip of {seconds} s: time tokens reach from 0 to {LAST_SECOND:.0f} s", code="bad_times")
    return int(seconds * 100 + 1e-6)


def _nearest(seconds: float) -> int:
    # Rounded first, because 0.285 * 100 is 28.499999999999996 and a time written as 0.285 means 28.5 steps.
    return math.floor(round(seconds * 100, 6) + 0.5)
