"""Kaldi-like files of two columns, `id value`, of which several belong together: joined by id, not by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pipelines.corpus_path import CorpusPath
from pipelines.formats.tables import read_lines
from pipelines.source import Reject


class Cell(NamedTuple):
    """A value and where it stands: "text:17"."""

    value: str
    where: str


def read_columns(root: CorpusPath, path: str) -> Iterator[tuple[str, Cell | Reject]]:
    """Id and value of each line; a line that is not UTF-8 comes as a reject."""
    for item in read_lines(root, path):
        if isinstance(item, Reject):
            yield item.id, item
        else:
            name, *rest = item[1].split(maxsplit=1)
            yield name, Cell(rest[0].strip() if rest else "", f"{path}:{item[0]}")


class Column:
    """A file in which ids are looked up once each, in about the order of its lines.

    It is read as far as is needed, and what was passed over is kept: beside files in the same order it costs no memory.
    """

    def __init__(self, root: CorpusPath, path: str) -> None:
        self._lines = read_columns(root, path)
        self._ahead: dict[str, Cell | Reject] = {}

    def take(self, name: str) -> Cell | Reject | None:
        """What the file says of an id; None where it does not name it, or was asked before."""
        if name in self._ahead:
            return self._ahead.pop(name)
        for found, cell in self._lines:
            if found == name:
                return cell
            self._ahead.setdefault(found, cell)
        return None

    def rest(self) -> Iterator[tuple[str, Cell | Reject]]:
        """The lines that nobody took."""
        yield from self._ahead.items()
        yield from self._lines
