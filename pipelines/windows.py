"""Windows of a recording in which several people speak: at most 30 s each, and no edge in a word of anybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

LONGEST_SECONDS = 30.0  # of a clip that is trained on: time tokens reach no further


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


def pauses_between(spans: Sequence[tuple[float, float]], start: float, end: float) -> list[tuple[float, float]]:
    """The stretches from `start` to `end` that lie in none of `spans`, which are given by their start and may overlap.

    Also those of no length, where one word ends as the next begins.
    """
    pauses = []
    reach = start
    for place, (first, last) in enumerate(spans):
        if first > reach or (place and first == reach):
            pauses.append((reach, first))
        reach = max(reach, last)
    pauses.append((reach, max(reach, end)))
    return pauses


def late_pause(pauses: Sequence[tuple[float, float]], position: float) -> float | None:
    """Where to end a piece of at most 30 s that begins at `position`; None: in no pause."""
    limit = position + LONGEST_SECONDS
    inside = [
        (max(a, position), min(b, limit)) for a, b in pauses if a <= limit and b > position and min(b, limit) > position
    ]
    if not inside:
        return None
    late = [pause for pause in inside if sum(pause) / 2 >= position + LONGEST_SECONDS / 2]
    a, b = max(late, key=lambda pause: (pause[1] - pause[0], pause[1])) if late else inside[-1]
    # In the middle of the pause, but never so that a piece of nothing is left.
    edge = min(max(round((a + b) / 2, 3), a), b)
    return edge if edge > position else None
