"""`.WRD` and `.PHN` files: `start end label` per line, in waveform samples of the recording (TIMIT and its kin)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.formats.tables import read_lines
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject, Word

_WHOLE = re.compile("[0-9]{1,15}")


def read_words(root: CorpusPath, path: str, sample_rate: int) -> Iterator[Word | Reject]:
    """The words of a file with their times in seconds; neighbours may overlap, as the release has it."""
    for item in read_lines(root, path):
        if isinstance(item, Reject):
            yield item
            continue
        where = f"{path}:{item[0]}"
        cells = item[1].split(maxsplit=2)
        if len(cells) < 3:
            yield Reject(where, "too_few_columns", where)
            continue
        start, end = whole_number(cells[0]), whole_number(cells[1])
        if start is None or end is None:
            yield Reject(where, "bad_row", where)
        elif start >= end:
            yield Reject(where, "bad_times", where)
        else:
            yield Word(cells[2].strip(), start / sample_rate, end / sample_rate)


def whole_number(cell: str) -> int | None:
    """A count of waveform samples; None for what is none. (`str.isdigit` also takes "²", which `int` does not.)"""
    return int(cell) if _WHOLE.fullmatch(cell) else None
