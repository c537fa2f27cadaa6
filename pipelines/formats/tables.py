"""Line-oriented text files of corpora: plain lines, TSV without quoting, CSV with quoting.

All accept a BOM and CRLF, split on "\\n" only (`str.splitlines` also splits on U+2028 and shifts parallel
files), and turn a line they cannot read into a Reject, so that one bad row costs one row.
`where` of a reject is the file relative to the corpus, and the line: "en/train.tsv:17".
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

from pipelines.source import Reject, SourceError

Row = tuple[int, tuple[str, ...]]  # line number from 1; the cells asked for, in the order asked


def read_lines(root: Path, path: str) -> Iterator[tuple[int, str] | Reject]:
    """The lines of a UTF-8 file with their numbers from 1, without line ends; empty lines are left out."""
    with (root / path).open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
                raw = raw[3:]
            try:
                line = raw.decode().rstrip("\r\n")
            except UnicodeDecodeError:
                yield Reject(f"{path}:{number}", "wrong_encoding", f"{path}:{number}")
                continue
            if line and not line.isspace():
                yield number, line


def read_tsv(
    root: Path, path: str, required: Sequence[str], optional: Sequence[str] = (), escape: str = ""
) -> Iterator[Row | Reject]:
    """Rows of a TSV with a header, quoting off: sentences hold unbalanced quotation marks.

    Columns are found by name. `optional` ones that the release lacks come as "". With `escape`, that character
    takes the next one literally.

    Raises:
        SourceError: no header, or a required column is not in it.
    """
    pick = None
    for item in read_lines(root, path):
        if isinstance(item, Reject):
            yield item
            continue
        number, line = item
        cells = line.split("\t") if not escape or escape not in line else _split_escaped(line, escape)
        if pick is None:
            width = len(cells)
            pick = _picker(root / path, cells, required, optional)
            continue
        if len(cells) < width:
            yield Reject(f"{path}:{number}", "too_few_columns", f"{path}:{number}")
            continue
        if len(cells) > width and any(cells[width:]):
            yield Reject(f"{path}:{number}", "bad_row", f"{path}:{number}")
            continue
        yield number, pick([*cells[:width], ""])
    if pick is None:
        raise SourceError(f"{root / path}: empty; expected a header with {', '.join(required)}")


def read_csv(
    root: Path, path: str, required: Sequence[str], optional: Sequence[str] = (), fallback: str = ""
) -> Iterator[Row | Reject]:
    """Rows of a comma-separated file with a header; quoted fields may hold commas, quotes and line breaks.

    A cell that is not UTF-8 is read as `fallback` where one is given; without, its row is rejected. The line number is
    that of the row's last line.

    Raises:
        SourceError: no header, or a required column is not in it.
    """
    pick = None
    with (root / path).open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file:
        reader = csv.reader(file)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error:
                yield Reject(f"{path}:{reader.line_num}", "bad_row", f"{path}:{reader.line_num}")
                continue
            where = f"{path}:{reader.line_num}"
            if pick is None:
                width = len(cells)
                pick = _picker(root / path, cells, required, optional)
                continue
            if not any(cells):
                continue
            if any(map(_is_broken, cells)):
                if not fallback:
                    yield Reject(where, "wrong_encoding", where)
                    continue
                cells = [c.encode("utf-8", "surrogateescape").decode(fallback) if _is_broken(c) else c for c in cells]
            if len(cells) != width:
                yield Reject(where, "too_few_columns" if len(cells) < width else "bad_row", where)
                continue
            yield reader.line_num, pick([*cells, ""])
    if pick is None:
        raise SourceError(f"{root / path}: empty; expected a header with {', '.join(required)}")


def _picker(
    path: Path, header: list[str], required: Sequence[str], optional: Sequence[str]
) -> Callable[[list[str]], tuple[str, ...]]:
    names = [name.strip() for name in header]
    lacking = [name for name in required if name not in names]
    if lacking:
        raise SourceError(f"{path}: no column {', '.join(map(repr, lacking))} in its header: {', '.join(names)}")
    places = [names.index(name) if name in names else len(names) for name in (*required, *optional)]
    if len(places) == 1:
        return lambda cells: (cells[places[0]],)
    return itemgetter(*places)


def _is_broken(cell: str) -> bool:
    return not cell.isascii() and any("\udc80" <= character <= "\udcff" for character in cell)


def _split_escaped(line: str, escape: str) -> list[str]:
    cells, characters = [""], iter(line)
    for character in characters:
        if character == "\t":
            cells.append("")
        else:
            cells[-1] += next(characters, escape) if character == escape else character
    return cells
