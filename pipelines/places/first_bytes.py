"""The first bytes of metadata files in a bucket, which are all of most of them.

Some corpora have a text file for each utterance. Where a source reads the files of a folder one after another, those
that come next are fetched meanwhile, so that a plan does not wait for each in turn.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

FIRST_BYTES = 1 << 20  # of a file, by one request; what is longer is streamed
CONNECTIONS = 24  # at a time, for each process; ten are the default of S3's clients


class FirstBytes:
    """Reads the beginnings of files by their full names.

    `read` gives up to FIRST_BYTES of a file, and may be called by several threads. `names` gives the files in a
    folder as far as that costs no request.
    """

    def __init__(self, read: Callable[[str], bytes], names: Callable[[str], frozenset[str]]) -> None:
        self._read, self._names = read, names
        self._pool: ThreadPoolExecutor | None = None
        self._folder: str | None = None  # where the last file was
        self._series: dict[
            str, tuple[list[str], int]
        ] = {}  # of its folder, by ending: names, the place of the last one
        self._begun: dict[str, Future[bytes]] = {}

    def of(self, path: str) -> bytes:
        """The beginning of a file, fetched now or, where it was to be expected, a moment ago. Raises as `read` does."""
        folder, _, name = path.rpartition("/")
        if folder != self._folder:
            for fetch in self._begun.values():
                fetch.cancel()
            self._folder, self._series, self._begun = folder, {}, {}
        begun = self._begun.pop(path, None)
        ending = name.rpartition(".")[2]
        names, last = self._series.get(ending) or (
            sorted(n for n in self._names(folder) if n.endswith(f".{ending}")),
            -2,
        )
        place = bisect_left(names, name)
        self._series[ending] = names, place
        if place == last + 1:  # the second file in turn, or a later one
            for coming in names[place + 1 : place + 1 + CONNECTIONS]:
                self._begin(f"{folder}/{coming}")
        return begun.result() if begun else self._read(path)

    def _begin(self, path: str) -> None:
        if path not in self._begun:
            self._pool = self._pool or ThreadPoolExecutor(CONNECTIONS, "metadata")
            self._begun[path] = self._pool.submit(self._read, path)
