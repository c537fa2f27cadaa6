"""A part of a file that is a recording by itself, such as a member of a tar: read without the rest of the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pipelines.places.corpus_path import CorpusPath, RemotePath

_NAMED = re.compile(r"(\d+)\+(\d+)")


@runtime_checkable
class Part(Protocol):
    """What is read of a file, in a bucket or on disk."""

    @property
    def file(self) -> CorpusPath: ...
    def read_bytes(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class FilePart:
    """`length` bytes of a file, from `offset` on."""

    file: CorpusPath
    offset: int
    length: int

    @classmethod
    def named(cls, file: CorpusPath, inside: str) -> FilePart:
        """The part that `AudioRef.inside` names, "OFFSET+BYTES"."""
        found = _NAMED.fullmatch(inside)
        assert found, inside
        return cls(file, int(found[1]), int(found[2]))

    def read_bytes(self) -> bytes:
        """Its bytes; fewer where the file was cut off.

        Raises:
            OSError: the file is gone, or cannot be read.
        """
        if isinstance(self.file, RemotePath):
            return self.file.read_range(self.offset, self.length)
        with self.file.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.length)


def range_name(offset: int, length: int) -> str:
    """What `AudioRef.inside` calls a part."""
    return f"{offset}+{length}"
