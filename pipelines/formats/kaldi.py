"""Tables of a Kaldi data folder: a key and its value in each line, all in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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


class Beside:
    """Looks values up in a table while another one, in the same order, is read: neither is held in memory.

    A table that is not in the order of its keys, or is asked in another one, is read into memory instead. One that is
    not there has no values.
    """

    def __init__(self, root: CorpusPath, path: str, there: bool) -> None:
        self._root, self._path, self._there = root, path, there
        self._entries = self._read()
        self._next: Entry | None = next(self._entries, None)
        self._passed: dict[str, Entry] = {}  # that nobody asked for
        self._asked: str | None = ""  # the last key; None: the rest of the table is in `_passed`

    def get(self, key: str) -> str:
        """The value of `key`; "" where it has none. To be asked once for each."""
        if self._asked is not None and (key < self._asked or not self._go_to(key)):
            rest = [self._next, *self._entries] if self._next is not None else []
            self._passed |= {entry.key: entry for entry in rest}
            self._asked = self._next = None
        if self._asked is None:
            found = self._passed.pop(key, None)
            return "" if found is None else found.value
        self._asked = key
        if self._next is None or self._next.key != key:
            return ""
        value, self._next = self._next.value, next(self._entries, None)
        return value

    def left(self) -> Iterator[Entry]:
        """At the end: the lines that nobody asked for."""
        yield from self._passed.values()
        if self._next is not None:
            yield self._next
        yield from self._entries

    def _go_to(self, key: str) -> bool:
        """Read on to `key`, or to where it would be; False: the table is not in order."""
        while self._next is not None and self._next.key < key:
            self._passed[self._next.key] = last = self._next
            self._next = next(self._entries, None)
            if self._next is not None and self._next.key < last.key:
                return False
        return True

    def _read(self) -> Iterator[Entry]:
        if self._there:
            yield from (entry for entry in read_table(self._root, self._path) if isinstance(entry, Entry))
