"""Windows of a recording in which several people speak: at most 30 s each, and no edge in a word of anybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipelines.segment import LONGEST_SECONDS, late_pause, pauses_between


class Window(NamedTuple):
    """A stretch of a recording, in seconds; `whole` is False where it is over 30 s, as no pause divides it."""

    start: float
    end: float
    whole: bool = True


def windows(words: Sequence[tuple[float, float]], end: float) -> Iterator[Window]:
    """The windows from 0 to `end`, in order and without gaps.

    Args:
        words: start and end of all words of all speakers, in seconds, by start; they may overlap.
    """
    pauses = pauses_between(words, 0.0, end)
    position = 0.0
    while end - position > LONGEST_SECONDS:
        edge = late_pause(pauses, position)
        if edge is not None:
            yield Window(position, edge)
        else:
            edge = next((a for a, _ in pauses if a > position + LONGEST_SECONDS), end)
            yield Window(position, edge, whole=False)
        position = edge
    if end > position:
        yield Window(position, end)
