"""STM, NIST's segment time mark: one transcribed segment of a recording per line.

    JaneDoe_2011 1 JaneDoe_2011 17.82 25.11 <o,f0,female> so i went to the lab

Recording, channel, speaker, start and end in seconds, a label in angle brackets that may be missing, and the words.
`;;` begins a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipelines.formats.tables import read_lines
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject

IGNORED = "ignore_time_segment_in_scoring"  # what NIST writes for a segment that is no item
_LABEL = re.compile(r"<([^<>\s]*)>(?:\s+|$)")


class StmSegment(NamedTuple):
    """A line: times in seconds; `label` without its brackets, "" where there is none; `words` verbatim."""

    recording: str
    channel: str
    speaker: str
    start: float
    end: float
    label: str
    words: str
    where: str


def read_stm(root: CorpusPath, path: str) -> Iterator[StmSegment | Reject]:
    """The segments of an STM file in the order of its lines, without comments."""
    for item in read_lines(root, path):
        if isinstance(item, Reject):
            yield Reject(item.where, item.reason, item.where)
            continue
        number, line = item
        if line.startswith(";;"):
            continue
        where = f"{path}:{number}"
        cells = line.split(maxsplit=5)
        if len(cells) < 5:
            yield Reject(where, "too_few_columns", where)
            continue
        try:
            start, end = float(cells[3]), float(cells[4])
        except ValueError:
            yield Reject(where, "bad_row", where)
            continue
        if not 0 <= start < end < float("inf"):
            yield Reject(where, "bad_times", where)
            continue
        rest = cells[5] if len(cells) > 5 else ""
        # A label, or a word such as <unk>: of labels there is one at most, and it comes first.
        label = _LABEL.match(rest)
        words = rest[label.end() :] if label else rest
        yield StmSegment(cells[0], cells[1], cells[2], start, end, label[1] if label else "", words.strip(), where)
