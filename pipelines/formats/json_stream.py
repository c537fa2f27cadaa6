"""Large JSON files, read piece by piece: the metadata of a corpus may be larger than the memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from pipelines.corpus_path import CorpusPath
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
        reader.expect("{")
        if reader.peek() == "}":
            return
        while True:
            key = reader.value()
            if not isinstance(key, str):
                raise reader.broken()
            reader.expect(":")
            yield key, reader.value()
            if reader.peek() == "}":
                return
            reader.expect(",")


def read_list(path: CorpusPath) -> Iterator[Any]:
    """The values of a JSON file whose top is one list, in the order of the file; one of them in memory at a time.

    Raises:
        SourceError: no such list, or the file breaks off.
    """
    with path.open(encoding="utf-8-sig") as file:
        reader = _Reader(file, path)
        reader.expect("[")
        if reader.peek() == "]":
            return
        while True:
            yield reader.value()
            if reader.peek() == "]":
                return
            reader.expect(",")


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
