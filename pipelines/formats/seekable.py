"""Files to read here and there, on disk or in a bucket."""

from __future__ import annotations

import io
from typing import IO

from pipelines.archives.stream import ByteFile
from pipelines.places.corpus_path import CorpusPath, RemotePath

_BLOCK_BYTES = 8 << 20  # of each request; what is sought beyond is not fetched


def open_seekable(path: CorpusPath) -> IO[bytes]:
    """A file for reading and seeking; a bucket is asked for blocks of it.

    Raises:
        FileNotFoundError: it is not there.
    """
    return io.BufferedReader(ByteFile(_Object(path)), _BLOCK_BYTES) if isinstance(path, RemotePath) else path.open("rb")


class _Object:
    """An object in a bucket as a stream."""

    def __init__(self, path: RemotePath) -> None:
        self.size, self.read_at = path.size(), path.read_range
