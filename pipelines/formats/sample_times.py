"""`.WRD` and `.PHN` files: `start end label` per line, in waveform samples of the recording (TIMIT and its kin)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines.formats.tables import read_lines
from pipelines.source import Reject, Word


def read_words(root: Path, path: str, sample_rate: int) -> Iterator[Word | Reject]:
    """The words of a file with their times in seconds; neighbours may overlap, as the release has it."""
    for item in read_lines(root, path):
        if isinstance(item, Reject):
            yield item
            continue
        where = f"{path}:{item[0]}"
        cells = item[1].split(maxsplit=2)
        if len(cells) < 3:
            yield Reject(where, "too_few_columns", where)
        elif not (cells[0].isascii() and cells[0].isdigit() and cells[1].isascii() and cells[1].isdigit()):
            yield Reject(where, "bad_row", where)
        elif int(cells[0]) >= int(cells[1]):
            yield Reject(where, "bad_times", where)
        else:
            yield Word(cells[2].strip(), int(cells[0]) / sample_rate, int(cells[1]) / sample_rate)
