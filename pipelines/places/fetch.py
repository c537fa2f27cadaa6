"""The files of recordings, fetched while those before them are decoded, so that no core waits for a bucket.

On this machine there is nothing to gain: a file is given as its path, and read when its turn has come, be it from an
archive, or only those bytes of it that are wanted.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from pipelines.places.corpus_path import CorpusPath
from pipelines.places.file_part import Part
from pipelines.places.first_bytes import CONNECTIONS
from pipelines.places.packed_path import PackedPath

T = TypeVar("T")
AT_ONCE = CONNECTIONS  # files: at 50 ms for a request, more than a core decodes meanwhile
AHEAD_BYTES = 128 << 20  # about as much is held before it is decoded; a single file may be larger

Fetchable = CorpusPath | Part
File = Callable[[], Path | bytes]  # waits for what was begun, and raises what went wrong with it


def fetched(items: Iterable[T], paths: Callable[[T], Iterable[Fetchable]]) -> Iterator[tuple[T, list[File]]]:
    """Give each item with its files, in order; those in a bucket are fetched while earlier items are in work."""
    with contextlib.ExitStack() as stack:
        pool: ThreadPoolExecutor | None = None
        ahead: deque[tuple[T, list[File]]] = deque()
        fetches: deque[list[Future[bytes]]] = deque()  # of each of these items
        largest = 0  # bytes of a file, so far
        for item in items:
            files: list[File] = []
            fetches.append([])
            for path in paths(item):
                if isinstance(path.file if isinstance(path, Part) else path, Path | PackedPath):
                    files.append(_here(path))
                    continue
                if pool is None:
                    pool = ThreadPoolExecutor(AT_ONCE, "fetch")
                    stack.callback(pool.shutdown, cancel_futures=True)
                fetches[-1].append(pool.submit(path.read_bytes))
                files.append(fetches[-1][-1].result)
            ahead.append((item, files))
            while ahead:
                count, fetched = sum(map(len, fetches)), [size for some in fetches for size in _sizes(some)]
                largest = max([largest, *fetched])
                # Sizes are not asked for, a request each: what is under way is taken to be like the largest so far.
                held = sum(fetched) + (count - len(fetched)) * largest
                if largest and 0 < count < AT_ONCE and held < AHEAD_BYTES:
                    break
                yield ahead.popleft()
                largest = max([largest, *_sizes(fetches.popleft())])
        yield from ahead


def _sizes(fetches: Iterable[Future[bytes]]) -> list[int]:
    """Bytes of the files that have been fetched."""
    return [len(fetch.result()) for fetch in fetches if fetch.done() and not fetch.exception()]


def _here(path: Fetchable) -> File:
    real = path if isinstance(path, Path) else path.unpacked() if isinstance(path, PackedPath) else None
    return path.read_bytes if real is None else lambda: real
