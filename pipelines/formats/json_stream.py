"""Large JSON files, read piece by piece: the metadata of a corpus may be larger than the memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from pipelines.places.corpus_path import CorpusPath
from pipelines.source import SourceError

CHUNK = 1 << 20  # characters read at a time; more only where one value is longer
_SPACE = re.compile(r"[ \t\r\n]*")


def read_object(path: CorpusPath) -> Iterator[tuple[str, Any]]:
    """The entries of a JSON file whose top is one object, in the order of the file; one value in memory at a time.

    Raises:
        SourceError: no such object, or the file breaks off.
    """
    with path.open(encoding="utf-8-sig") as file:
        reader = _Reader(file, path)
        for key in reader.object_keys():
            yield key, reader.value()


def read_items(path: CorpusPath, key: str) -> Iterator[Any]:
    """The items of the array at `key` of a JSON file whose top is one object; one item in memory at a time.

    The rest of the object is read too: a file that breaks off is told, if only at its end.

    Raises:
        SourceError: no such array, or the file breaks off.
    """
    with path.open(encoding="utf-8-sig") as file:
        reader = _Reader(file, path)
        found: list[str] = []
        for name in reader.object_keys():
            if name != key:
                reader.value()
            elif reader.peek() == "[":
                yield from reader.array_items()
            else:
                raise SourceError(f"{path}: '{key}' is no list; download it again")
            found.append(name)
    if key not in found:
        raise SourceError(f"{path}: no list '{key}' in it; it holds: {', '.join(found[:10]) or 'nothing'}")


def read_list(path: CorpusPath) -> Iterator[Any]:
    """The values of a JSON file whose top is one list, in the order of the file; one of them in memory at a time.

    Raises:
        SourceError: no such list, or the file breaks off.
    """
    with path.open(encoding="utf-8-sig") as file:
        yield from _Reader(file, path).array_items()


class _Reader:
    """A position in a text that is read as it is needed."""

    def __init__(self, file: IO[str], path: CorpusPath) -> None:
        self._file, self._path = file, path
        self._text, self._place, self._dropped = "", 0, 0
        self._decode = json.JSONDecoder().raw_decode

    def peek(self) -> str:
        """The next character that is not white space."""
        while True:
            match = _SPACE.match(self._text, self._place)
            self._place = match.end() if match else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more(CHUNK):
                raise self.broken()

    def expect(self, character: str) -> None:
        if self.peek() != character:
            raise self.broken()
        self._place += 1

    def object_keys(self) -> Iterator[str]:
        """The keys of the object that begins here; after each of them its value is to be read."""
        self.expect("{")
        closed = self.peek() == "}"
        while not closed:
            key = self.value()
            if not isinstance(key, str):
                raise self.broken()
            self.expect(":")
            yield key
            closed = self._ends("}")

    def array_items(self) -> Iterator[Any]:
        """The items of the array that begins here."""
        self.expect("[")
        closed = self.peek() == "]"
        while not closed:
            yield self.value()
            closed = self._ends("]")
        self._place += 1

    def _ends(self, bracket: str) -> bool:
        """Whether `bracket` follows; else a comma has to, and is read."""
        if self.peek() == bracket:
            return True
        self.expect(",")
        return False

    def value(self) -> Any:
        self.peek()
        amount = CHUNK
        while True:
            try:
                value, end = self._decode(self._text, self._place)
            except json.JSONDecodeError:
                end = len(self._text)
            except (RecursionError, ValueError):  # nested or numbers longer than anybody means
                raise self.broken() from None
            # A number at the end of what was read may go on.
            if end < len(self._text):
                self._place = end
                return value
            if not self._more(amount):
                raise self.broken()
            amount *= 2

    def _more(self, amount: int) -> bool:
        try:
            text = self._file.read(amount)
        except UnicodeDecodeError as error:
            raise SourceError(f"{self._path}: not UTF-8 ({error.reason}); download it again") from None
        self._dropped += self._place
        self._text, self._place = self._text[self._place :] + text, 0
        return bool(text)

    def broken(self) -> SourceError:
        place = self._dropped + self._place
        return SourceError(f"{self._path}: no valid JSON at character {place}; download it again")
