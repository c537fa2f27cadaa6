"""JSON Lines: an object in each line, also compressed by gzip."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import IO, Any

from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject
from pipelines.source import SourceError

_LONGEST_LINE = 64 << 20  # bytes; of more, no line end is near


def open_lines(path: CorpusPath) -> IO[bytes]:
    """A file of lines, unpacked if it is gzip by its name."""
    file: IO[bytes] = path.open("rb")
    return gzip.open(file) if path.name.lower().endswith(".gz") else file  # type: ignore[return-value]


def read_json_lines(path: CorpusPath, where: str) -> Iterator[tuple[int, dict[str, Any]] | Reject]:
    """The objects of a file with the numbers of their lines from 1; a line that holds none is a reject.

    `where` is what the file is called in rejects. Lines end in "\\n" alone: U+2028 may stand in a text.

    Raises:
        SourceError: the file breaks off.
    """
    number = 0
    try:
        with open_lines(path) as file:
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if line.isspace():
                    continue
                place = f"{where}:{number}"
                try:
                    row = json.loads(line)
                except UnicodeDecodeError:
                    yield Reject(place, "wrong_encoding", place)
                    continue
                except (ValueError, RecursionError):
                    yield Reject(place, "bad_row", f"{place}: no JSON")
                    continue
                if isinstance(row, dict):
                    yield number, row
                else:
                    yield Reject(place, "bad_row", f"{place}: no object")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{path}: breaks off after line {number} ({error}); fetch or write it again") from error
