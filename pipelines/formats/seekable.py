"""Files to read here and there, on disk or in a bucket."""

from __future__ import annotations

import io
from functools import cached_property
from typing import IO

from pipelines.archives.stream import ByteFile
from pipelines.places.corpus_path import CorpusPath, RemotePath

_BLOCK_BYTES = 8 << 20  # of each request; what is sought beyond is not fetched


def open_seekable(path: CorpusPath) -> IO[bytes]:
    """A file for reading and seeking; a bucket is asked for blocks of it.

    Raises:
        FileNotFoundError: it is not there.
    """
    return io.BufferedReader(ByteFile(_Ranges(path)), _BLOCK_BYTES) if isinstance(path, RemotePath) else path.open("rb")


class _Ranges:
    """An object in a bucket as a stream; its size is asked for only where reading begins at its end."""

    def __init__(self, path: RemotePath) -> None:
        self._path = path
        self.read_at = path.read_range

    @cached_property
    def size(self) -> int:
        return self._path.size()
