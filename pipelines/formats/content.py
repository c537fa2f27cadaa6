"""The content of an audio file, in memory or where it lies, with what the readers of containers ask of bytes.

A short file is read whole, so that a failing disk shows before anything is decoded. A long one is read as it is needed:
what the disk says then is kept until the decoder, which takes it for the end of the file, has returned, and raised.
"""

from __future__ import annotations

import contextlib
import errno
import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import overload

from pipelines.archives.stream import ByteFile, Bytes

LARGE_BYTES = 32 << 20  # from here on a file is not read whole
_BLOCK_BYTES = 1 << 18  # read at a time where a little is asked for
_BUFFER_BYTES = 1 << 20  # before a decoder
_SEARCH_BYTES = 1 << 14  # searched at a time

Span = tuple[int, int]  # first byte, byte after the last


class FileContent:
    """A file that is not held in memory. Slices of it are bytes.

    Raises, in all it does:
        OSError, StorageError: it cannot be read, or is shorter than it was.
    """

    def __init__(self, stream: Bytes, name: str) -> None:
        self.stream, self._name = stream, name
        self._block, self._start = b"", 0

    def __len__(self) -> int:
        return self.stream.size

    @overload
    def __getitem__(self, place: int) -> int: ...

    @overload
    def __getitem__(self, place: slice) -> bytes: ...

    def __getitem__(self, place: int | slice) -> int | bytes:
        """A byte, counted from the beginning, or the bytes of a slice."""
        if isinstance(place, int):
            if not 0 <= place < len(self):
                raise IndexError(place)
            return self.part(place, place + 1)[0]
        start, end, step = place.indices(len(self))
        assert step == 1, "a part of a file"
        return self.part(start, max(start, end))

    def part(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`, both in the file."""
        if end - start >= _BLOCK_BYTES:
            return self._read(start, end - start)
        if not self._start <= start <= end <= self._start + len(self._block):
            self._block = self._read(start, min(_BLOCK_BYTES, len(self) - start))
            self._start = start
        return self._block[start - self._start : end - self._start]

    def startswith(self, prefix: bytes | tuple[bytes, ...], start: int = 0) -> bool:
        """As of `bytes`."""
        longest = len(prefix) if isinstance(prefix, bytes) else max(map(len, prefix))
        return self[start : start + longest].startswith(prefix)

    def endswith(self, suffix: bytes) -> bool:
        """As of `bytes`."""
        return self[max(0, len(self) - len(suffix)) :] == suffix

    def find(self, wanted: bytes, start: int = 0, end: int | None = None) -> int:
        """As of `bytes`."""
        end = len(self) if end is None else min(end, len(self))
        while start + len(wanted) <= end:
            upto = min(end, start + _SEARCH_BYTES + len(wanted) - 1)
            found = self[start:upto].find(wanted)
            if found >= 0:
                return start + found
            start = upto - len(wanted) + 1
        return -1

    def _read(self, start: int, size: int) -> bytes:
        data = self.stream.read_at(start, size)
        if len(data) < size:
            raise OSError(errno.EIO, "is shorter than it was", self._name)
        return data


Content = bytes | FileContent


def buffer(content: Content, start: int = 0, end: int | None = None) -> bytes | memoryview:
    """A part of the content, not copied where it is in memory."""
    return memoryview(content)[start:end] if isinstance(content, bytes) else content[start:end]


@contextlib.contextmanager
def opened(content: Content, spans: Sequence[Span] = (), before: bytes = b"") -> Iterator[io.BufferedIOBase]:
    """The content for a decoder to read: `before`, then the parts in `spans`, or all of it.

    Raises:
        OSError, StorageError: when the decoder has done; it could not be read.
    """
    if isinstance(content, bytes):
        plain = content if not spans and not before else b"".join([before, *(buffer(content, *span) for span in spans)])
        yield io.BytesIO(plain)
        return
    raw = ByteFile(_Joined(content, spans or [(0, len(content))], before), quiet=True)
    try:
        yield io.BufferedReader(raw, _BUFFER_BYTES)
    finally:
        if raw.failure is not None:
            raise raw.failure


class _Joined:
    """Parts of a file one after the other, as a stream."""

    def __init__(self, content: FileContent, spans: Sequence[Span], before: bytes) -> None:
        self._content, self._spans, self._before = content, spans, before
        self._starts = [len(before)]
        for start, end in spans:
            self._starts.append(self._starts[-1] + end - start)
        self.size = self._starts[-1]

    def read_at(self, offset: int, size: int) -> bytes:
        parts, end = [], min(offset + size, self.size)
        while offset < end:
            if offset < len(self._before):
                parts.append(self._before[offset:end])
            else:
                number = bisect_right(self._starts, offset) - 1
                start = self._spans[number][0] + offset - self._starts[number]
                parts.append(self._content.part(start, min(start + end - offset, self._spans[number][1])))
            offset += len(parts[-1])
        return b"".join(parts)
