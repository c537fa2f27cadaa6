"""Tables of a Kaldi data folder: a key and its value in each line; and how those of one folder are joined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from pipelines.formats.tables import read_lines
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `where` is its file and number."""

    key: str
    value: str
    where: str


def read_table(root: CorpusPath, path: str) -> Iterator[Entry | Reject]:
    """The lines of a table, in the order of the file."""
    for line in read_lines(root, path):
        if isinstance(line, Reject):
            yield line
            continue
        number, text = line
        # One run of white space ends the key; a text may hold more of it.
        key, *rest = text.split(maxsplit=1)
        yield Entry(key, rest[0].rstrip() if rest else "", f"{path}:{number}")


class Column:
    """A table in which keys are looked up, once each, while another one is read in about the same order.

    It is read to the key, and what was passed over is kept: beside tables in one order, whatever that is, it costs no
    memory. A key that it does not name costs none either where the table is sorted: it is read to where the key would
    be. Lines that are not UTF-8 are found too, as rejects. A table that is not `there` names nothing.
    """

    def __init__(self, root: CorpusPath, path: str, there: bool = True) -> None:
        self._root, self._path = root, path
        self._lines = read_table(root, path) if there else iter(())
        self._next: Entry | Reject | None = next(self._lines, None)
        self._passed: dict[str, Entry | Reject] = {}

    def take(self, key: str) -> Entry | Reject | None:
        """What the table says of a key; None where it does not name it, or was asked before."""
        if key in self._passed:
            return self._passed.pop(key)
        while (line := self._next) is not None:
            found = _key(line)
            if found > key and self._is_sorted:
                return None
            self._next = next(self._lines, None)
            if found == key:
                return line
            self._passed.setdefault(found, line)
        return None

    def rest(self) -> Iterator[Entry | Reject]:
        """The lines that nobody took."""
        yield from self._passed.values()
        if self._next is not None:
            yield self._next
        yield from self._lines

    @cached_property
    def _is_sorted(self) -> bool:
        # As Kaldi demands, but sort does otherwise under most locales: seen only when the whole table is looked at.
        return all(_key(one) <= _key(other) for one, other in pairwise(read_table(self._root, self._path)))


def _key(line: Entry | Reject) -> str:
    return line.id if isinstance(line, Reject) else line.key
