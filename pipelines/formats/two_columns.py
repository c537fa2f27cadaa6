"""Tables of a key and a value that belong together, but need not be in the order of their keys: joined by key."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.kaldi import Entry, read_table
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject


class Column:
    """A table in which keys are looked up once each, in about the order of its lines.

    It is read as far as is needed, and what was passed over is kept: beside tables in the same order, whatever that is,
    it costs no memory. Lines that are not UTF-8 are found too, as rejects.
    """

    def __init__(self, root: CorpusPath, path: str) -> None:
        self._lines = read_table(root, path)
        self._ahead: dict[str, Entry | Reject] = {}

    def take(self, key: str) -> Entry | Reject | None:
        """What the table says of a key; None where it does not name it, or was asked before."""
        if key in self._ahead:
            return self._ahead.pop(key)
        for line in self._lines:
            found = _key(line)
            if found == key:
                return line
            self._ahead.setdefault(found, line)
        return None

    def rest(self) -> Iterator[Entry | Reject]:
        """The lines that nobody took."""
        yield from self._ahead.values()
        yield from self._lines


def _key(line: Entry | Reject) -> str:
    return line.id if isinstance(line, Reject) else line.key
