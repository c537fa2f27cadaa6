"""A path in a corpus that was left packed: archives appear as if they had been unpacked where they lie.

What a source asks of a path it may ask of a `PackedPath`, as of a `RemotePath`. A file that is really there goes before
one in an archive.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from pipelines.archives.overlay import Mount, Overlay, overlay
from pipelines.archives.stream import ByteFile, Bytes
from pipelines.places.folder import Entry, matching

_WHOLE_BYTES = 1 << 20  # a file up to this size is read in one go, by its checksum


class PackedPath:
    """A file or folder below `base`, really there or in one of the archives `mounts`. Can be pickled."""

    __slots__ = ("_inside", "_overlay")

    def __init__(self, base: Path, mounts: tuple[Mount, ...], inside: str = "") -> None:
        self._overlay, self._inside = overlay(base, mounts), inside

    def __str__(self) -> str:
        return str(self._overlay.real(self._inside))

    def __repr__(self) -> str:
        return f"PackedPath({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (PackedPath, (self._overlay.base, self._overlay.mounts, self._inside))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PackedPath) and self.__reduce__() == other.__reduce__()

    def __hash__(self) -> int:
        return hash((self._overlay.base, self._inside))

    def __lt__(self, other: PackedPath) -> bool:
        return str(self).split("/") < str(other).split("/")

    def __truediv__(self, path: str) -> PackedPath:
        parts = [part for part in path.split("/") if part not in ("", ".")]
        return self._at("/".join([self._inside, *parts] if self._inside else parts))

    @property
    def overlay(self) -> Overlay:
        """What it is a path in."""
        return self._overlay

    @property
    def inside(self) -> str:
        """The way from the overlay's base to here; "" is the base."""
        return self._inside

    @property
    def name(self) -> str:
        return self._overlay.real(self._inside).name

    @property
    def parent(self) -> PackedPath | Path:
        """The folder above; of the base, the real one."""
        return self.parents[0]

    @property
    def parents(self) -> tuple[PackedPath | Path, ...]:
        """The folders above, the nearest first."""
        parts = self._inside.split("/") if self._inside else []
        packed = [self._at("/".join(parts[:length])) for length in reversed(range(len(parts)))]
        return (*packed, *self._overlay.base.parents)

    def confirm(self) -> None:
        """See that this is there, and all archives are what they were.

        Raises:
            OSError, StorageError: they are not.
        """
        self._overlay.check()
        if not self.exists():
            raise FileNotFoundError(2, "no such file", str(self))

    def exists(self) -> bool:
        """Whether there is a file or a folder."""
        return self.is_dir() or self.is_file()

    def is_dir(self) -> bool:
        """Whether there is a folder."""
        return self._overlay.is_dir(self._inside)

    def is_file(self) -> bool:
        """Whether there is a file."""
        return self._overlay.is_file(self._inside)

    def unpacked(self) -> Path | None:
        """Where this is on disk; None where it is in an archive, or nowhere."""
        real = self._overlay.real(self._inside)
        return real if os.path.lexists(real) else None

    @contextlib.contextmanager
    def scandir(self) -> Iterator[Iterator[Entry]]:
        """What is in this folder, in no order, as `os.scandir` tells it.

        Raises:
            OSError: there is no such folder, or it cannot be read.
        """
        yield self._overlay.entries(self._inside)

    def iterdir(self) -> Iterator[PackedPath]:
        """The paths in this folder, in no order."""
        with self.scandir() as entries:
            for entry in entries:
                yield self / entry.name

    def glob(self, pattern: str) -> Iterator[PackedPath]:
        """The paths below that fit a pattern such as `*/*.txt`, in order; without `**`."""
        return matching(self, pattern)

    def content(self) -> Bytes:
        """What is in the file, to be read at any place; errors as of `read_bytes`."""
        return self._overlay.content(self._inside)

    def read_bytes(self) -> bytes:
        """The whole file.

        Raises:
            OSError: it is not there, or cannot be read.
            StorageError: its archive changed or is damaged.
        """
        real = self.unpacked()
        return self._overlay.read(self._inside) if real is None else real.read_bytes()

    def read_text(self, encoding: str = "utf-8") -> str:
        """The whole file as text."""
        return self.read_bytes().decode(encoding)

    def open(
        self, mode: str = "r", encoding: str | None = None, errors: str | None = None, newline: str | None = None
    ) -> IO[Any]:
        """The file for reading from its beginning; errors as of `read_bytes`."""
        real = self.unpacked()
        if real is not None:
            return real.open(mode, encoding=encoding, errors=errors, newline=newline)
        content = self.content()
        file: io.BytesIO | io.BufferedReader = (
            io.BytesIO(self.read_bytes())
            if content.size <= _WHOLE_BYTES
            else io.BufferedReader(ByteFile(content), _WHOLE_BYTES)
        )
        if mode == "rb":
            return file
        return io.TextIOWrapper(file, encoding or "utf-8", errors, newline)

    def _at(self, inside: str) -> PackedPath:
        return PackedPath(self._overlay.base, self._overlay.mounts, inside)
