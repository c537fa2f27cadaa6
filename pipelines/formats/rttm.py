"""RTTM, NIST's format of who speaks when: ten fields parted by blanks, a turn in each line of type SPEAKER.

    SPEAKER abjxc 1 8.680000 2.410000 <NA> <NA> spk00 <NA> <NA>

Type, recording, channel, start and duration in seconds, …, speaker. Lines of other types, empty ones and comments
(`;;`) tell nothing about turns; the last fields may be missing.
"""

from __future__ import annotations

import math

from pipelines.formats.tables import read_lines
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject, Turns


def read_rttm(root: CorpusPath, path: str) -> dict[str, Turns | Reject]:
    """The turns of each recording in a file, in the order of the file.

    A recording one of whose lines cannot be read is a reject: without that turn the others are not who speaks when. A
    line that does not even tell its recording is a reject by its own place. Turns of no length are left out.
    """
    turns: dict[str, list[tuple[str, float, float]]] = {}
    rejects: dict[str, Reject] = {}
    for item in read_lines(root, path):
        if isinstance(item, Reject):
            rejects.setdefault(item.where, Reject(item.where, item.reason, item.where))
            continue
        number, line = item
        cells = line.split()
        if cells[0] != "SPEAKER":
            continue
        recording = cells[1] if len(cells) > 1 else f"{path}:{number}"
        found = turns.setdefault(recording, [])
        span = _span(cells)
        if isinstance(span, str):
            rejects.setdefault(recording, Reject(recording, span, f"{path}:{number}"))
        elif span[1] > span[0]:
            found.append((cells[7], *span))
    return {name: rejects.get(name) or Turns(tuple(found)) for name, found in turns.items()} | rejects


def _span(cells: list[str]) -> tuple[float, float] | str:
    """Start and end of a turn, or the reason why there are none."""
    if len(cells) < 8:
        return "too_few_columns"
    try:
        start, duration = float(cells[3]), float(cells[4])
    except ValueError:
        return "bad_row"
    if not (math.isfinite(start + duration) and start >= 0 and duration >= 0):
        return "bad_times"
    return start, round(start + duration, 6)  # hides the noise of adding
