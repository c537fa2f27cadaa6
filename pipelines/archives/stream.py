"""Bytes that can be read at any place: a file, a part of another such stream, or what one unpacks to.

They nest: a tarball in a zip in a tarball is read like a file on disk.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
from pathlib import Path
from typing import Protocol

from shards.storage_error import StorageError, explained


class Bytes(Protocol):
    """Something that can be read at any place. `size` is its length in bytes."""

    @property
    def size(self) -> int: ...

    def read_at(self, offset: int, size: int) -> bytes:
        """The bytes from `offset` on: `size` of them, or fewer at the end."""
        ...


class ArchiveError(StorageError):
    """An archive that cannot be read, or must not be: which one, which member, what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message, lasting=True)


class FileBytes:
    """A file on disk, which must stay what it was when this was made.

    Raises, in all it does:
        OSError: it is not there, or cannot be read.
        StorageError: it was replaced or changed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ArchiveError(f"{path}: is no regular file, and so no archive")
        self.size = found.st_size
        self.modified = found.st_mtime_ns
        self._descriptor: int | None = None

    def check(self) -> None:
        """See that the file is what it was."""
        found = self.path.stat()
        if (found.st_size, found.st_mtime_ns) != (self.size, self.modified):
            raise StorageError(f"{self.path}: changed while it was read; run the same command again", lasting=True)

    def read_at(self, offset: int, size: int) -> bytes:
        with explained(str(self.path)):
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_RDONLY)
            self.check()
            parts = []
            while size > 0 and (part := os.pread(self._descriptor, min(size, 1 << 30), offset)):
                parts.append(part)
                offset, size = offset + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def __del__(self) -> None:
        if getattr(self, "_descriptor", None) is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)  # type: ignore[arg-type]


class Slice:
    """A part of another stream."""

    def __init__(self, base: Bytes, start: int, size: int) -> None:
        self._base, self._start, self.size = base, start, size

    def read_at(self, offset: int, size: int) -> bytes:
        return self._base.read_at(self._start + offset, max(0, min(size, self.size - offset)))


class ByteFile(io.RawIOBase):
    """A stream as a file object. `failure` is what reading it raised: some libraries swallow that.

    With `quiet` it is not raised, and the stream seems to end there: for libraries that print what they swallow.
    """

    def __init__(self, stream: Bytes, quiet: bool = False) -> None:
        super().__init__()
        self._quiet = quiet
        self._stream, self._position = stream, 0
        self.failure: Exception | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = self._stream.size if whence == os.SEEK_END else self._position if whence == os.SEEK_CUR else 0
        if start + offset < 0:
            raise ValueError("before the beginning")
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if self._quiet and self.failure is not None:
            return 0
        try:
            data = self._stream.read_at(self._position, len(view))
        except Exception as error:
            self.failure = error
            if self._quiet:
                return 0
            raise
        view[: len(data)] = data
        self._position += len(data)
        return len(data)
