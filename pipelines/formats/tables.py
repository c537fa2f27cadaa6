"""Line-oriented text files of corpora: plain lines, TSV without quoting, CSV with quoting.

All accept a BOM and CRLF, split on "\n" only (`str.splitlines` also splits on U+2028 and shifts parallel
files), and turn a line they cannot read into a Reject, so that one bad row costs one row.
Its `where` is the file relative to the corpus, and the line: "en/train.tsv:17". Its `id` is what names the row, as the
file has it (the first word of a line, the first required column of a table), so that a source can tell which recording
is accounted for; where that cannot be read either it is `where`.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from operator import itemgetter
from typing import IO

from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject
from pipelines.source import Source, SourceError

Row = tuple[int, tuple[str, ...]]  # line number from 1; the cells asked for, in the order asked


def read_lines(root: CorpusPath, path: str, fallback: str = "") -> Iterator[tuple[int, str] | Reject]:
    """The lines of a UTF-8 file with their numbers from 1, without line ends; empty lines are left out.

    A line that is not UTF-8 is read as `fallback` where one is given, as far as it is that.
    """
    for number, line, is_utf8 in _lines(root, path):
        if not is_utf8 and fallback:
            with contextlib.suppress(UnicodeDecodeError):
                line, is_utf8 = line.encode("utf-8", "surrogateescape").decode(fallback), True
        if is_utf8:
            yield number, line
        else:
            yield _bad_row(line.split(maxsplit=1), 0, "wrong_encoding", f"{path}:{number}")


def read_tsv(
    root: CorpusPath,
    path: str,
    required: Sequence[str],
    optional: Sequence[str] = (),
    escape: str = "",
    header: Sequence[str] = (),
    delimiter: str = "\t",
) -> Iterator[Row | Reject]:
    """Rows of a TSV with a header, quoting off: sentences hold unbalanced quotation marks.

    Columns are found by name. `optional` ones that the release lacks come as "". With `escape`, that character
    takes the next one literally. A file without a header has the columns that `header` names. Fields between other
    characters than tabs are those of `delimiter`.

    Raises:
        SourceError: no header, or a required column is not in it.
    """
    pick, width = None, len(header)
    if header:
        pick, naming = _picker(root / path, [*header], required, optional)
    for number, line, is_utf8 in _lines(root, path):
        cells = line.split(delimiter) if not escape or escape not in line else _split_escaped(line, escape, delimiter)
        if pick is None:
            width = len(cells)
            pick, naming = _picker(root / path, cells, required, optional)
            continue
        reason = "" if is_utf8 else "wrong_encoding"
        if len(cells) != width and not reason:
            reason = "too_few_columns" if len(cells) < width else "bad_row" if any(cells[width:]) else ""
        if reason:
            yield _bad_row(cells, naming, reason, f"{path}:{number}")
        else:
            yield number, pick([*cells[:width], ""])
    if pick is None:
        raise SourceError(f"{root / path}: empty; expected a header with {', '.join(required)}")


def read_csv(
    root: CorpusPath,
    path: str,
    required: Sequence[str],
    optional: Sequence[str] = (),
    fallback: str = "",
    delimiter: str = ",",
    header_rows: int = 1,
) -> Iterator[Row | Reject]:
    """Rows of a comma-separated file with a header; quoted fields may hold commas, quotes and line breaks.

    A cell that is not UTF-8 is read as `fallback` where one is given; without, its row is rejected. The line number is
    that of the row's last line. A file whose name ends in .gz is unpacked on the way. Of a header of several rows a
    column's name is what they say, joined: `track/title`.

    Raises:
        SourceError: no header, or a required column is not in it.
    """
    pick = None
    with _text(root / path) as file:
        reader = csv.reader(file, delimiter=delimiter)
        header: list[list[str]] = []
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                break
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise SourceError(f"{root / path}: broken off or damaged ({error}); download it again") from None
            except csv.Error:
                yield Reject(f"{path}:{reader.line_num}", "bad_row", f"{path}:{reader.line_num}")
                continue
            where = f"{path}:{reader.line_num}"
            if pick is None:
                header.append(cells)
                if len(header) == header_rows:
                    names = ["/".join(filter(None, column)) for column in zip_longest(*header, fillvalue="")]
                    width = len(names)
                    pick, naming = _picker(root / path, names, required, optional)
                continue
            if not any(cells):
                continue
            if any(map(_is_broken, cells)):
                if not fallback:
                    yield _bad_row(cells, naming, "wrong_encoding", where)
                    continue
                cells = [c.encode("utf-8", "surrogateescape").decode(fallback) if _is_broken(c) else c for c in cells]
            if len(cells) != width:
                yield _bad_row(cells, naming, "too_few_columns" if len(cells) < width else "bad_row", where)
                continue
            yield reader.line_num, pick([*cells, ""])
    if pick is None:
        raise SourceError(f"{root / path}: empty; expected a header with {', '.join(required)}")


def rows_if_there(
    source: Source,
    path: str,
    required: Sequence[str],
    optional: Sequence[str] = (),
    fallback: str = "",
    delimiter: str = ",",
) -> Iterator[tuple[str, ...]]:
    """The rows of a CSV file that only adds to records: it need not be there, and unreadable rows do not count."""
    if source.has_file(source.root / path):
        rows = read_csv(source.root, path, required, optional, fallback, delimiter)
        yield from (row[1] for row in rows if not isinstance(row, Reject))


def lines_if_there(source: Source, path: str, fallback: str = "") -> Iterator[str]:
    """The lines of such a file."""
    if source.has_file(source.root / path):
        lines = read_lines(source.root, path, fallback)
        yield from (line[1] for line in lines if not isinstance(line, Reject))


def _text(path: CorpusPath) -> IO[str]:
    if path.name.endswith(".gz"):
        return gzip.open(path.open("rb"), "rt", encoding="utf-8-sig", errors="surrogateescape", newline="\n")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n")


def column_names(root: CorpusPath, path: str, delimiter: str) -> list[str]:
    """The header of a table, in its order.

    Raises:
        SourceError: the file is empty, or not UTF-8.
    """
    with _text(root / path) as file:
        line = next(iter(file), "").rstrip("\r\n")
    names = line.split("\t") if delimiter == "\t" else next(csv.reader([line]), [])
    if not line.strip():
        raise SourceError(f"{root / path}: empty; expected a header with the names of its columns")
    if any("\0" in name or _is_broken(name) for name in names):
        raise SourceError(f"{root / path}: not UTF-8; convert it, for instance from UTF-16: iconv -f UTF-16 -t UTF-8")
    return [name.strip() for name in names]


def _picker(
    path: CorpusPath, header: list[str], required: Sequence[str], optional: Sequence[str]
) -> tuple[Callable[[list[str]], tuple[str, ...]], int]:
    """What takes the wanted cells out of a row, and the place of the cell that names the row."""
    names = [name.strip() for name in header]
    lacking = [name for name in required if name not in names]
    if lacking and any("\0" in name or _is_broken(name) for name in names):
        raise SourceError(f"{path}: not UTF-8; convert it, for instance from UTF-16: iconv -f UTF-16 -t UTF-8")
    if lacking:
        raise SourceError(f"{path}: no column {', '.join(map(repr, lacking))} in its header: {', '.join(names)}")
    places = [names.index(name) if name in names else len(names) for name in (*required, *optional)]
    if len(places) == 1:
        return lambda cells: (cells[places[0]],), places[0]
    return itemgetter(*places), places[0]


def _lines(root: CorpusPath, path: str) -> Iterator[tuple[int, str, bool]]:
    """Number and text of the lines that are not empty, and whether they are UTF-8; else their bytes are `\\udcNN`."""
    with (root / path).open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
                raw = raw[3:]
            is_utf8 = True
            try:
                line = raw.decode().rstrip("\r\n")
            except UnicodeDecodeError:
                line, is_utf8 = raw.decode("utf-8", "surrogateescape").rstrip("\r\n"), False
            if line and not line.isspace():
                yield number, line, is_utf8


def _bad_row(cells: Sequence[str], naming: int, reason: str, where: str) -> Reject:
    """The reject of a row that cannot be read; the cell at `naming` names it."""
    name = cells[naming] if naming < len(cells) else ""
    return Reject(where if not name.strip() or _is_broken(name) else name, reason, where)


def _is_broken(cell: str) -> bool:
    return not cell.isascii() and any("\udc80" <= character <= "\udcff" for character in cell)


def _split_escaped(line: str, escape: str, delimiter: str) -> list[str]:
    cells, characters = [""], iter(line)
    for character in characters:
        if character == delimiter:
            cells.append("")
        else:
            cells[-1] += next(characters, escape) if character == escape else character
    return cells
