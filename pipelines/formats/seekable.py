"""Files to read here and there, on disk or in a bucket."""

from __future__ import annotations

import io
from typing import IO

from pipelines.places.corpus_path import CorpusPath, RemotePath

_BLOCK_BYTES = 8 << 20  # of each request; what is sought beyond is not fetched


def open_seekable(path: CorpusPath) -> IO[bytes]:
    """A file for reading and seeking; a bucket is asked for blocks of it.

    Raises:
        FileNotFoundError: it is not there.
    """
    return io.BufferedReader(_Ranges(path), _BLOCK_BYTES) if isinstance(path, RemotePath) else path.open("rb")


class _Ranges(io.RawIOBase):
    def __init__(self, path: RemotePath) -> None:
        super().__init__()
        self._path, self._place = path, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place}
        self._place = offset + (start[whence] if whence in start else self._path.size())
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._path.read_range(self._place, len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)
