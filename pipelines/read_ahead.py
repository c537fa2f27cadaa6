"""The files of recordings, fetched while those before them are decoded, so that no core waits for a bucket.

On this machine there is nothing to gain: a file is given as its path, and read when its turn has come.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from pipelines.corpus_path import CorpusPath

T = TypeVar("T")
AT_ONCE = 24  # files: at 50 ms for a request, more than a core decodes meanwhile
AHEAD_BYTES = 128 << 20  # about as much is held before it is decoded; a single file may be larger

File = Callable[[], Path | bytes]  # waits for what was begun, and raises what went wrong with it


def read_ahead(items: Iterable[T], paths: Callable[[T], Iterable[CorpusPath]]) -> Iterator[tuple[T, list[File]]]:
    """Give each item with its files, in order; those in a bucket are fetched while earlier items are in work."""
    with contextlib.ExitStack() as stack:
        pool: ThreadPoolExecutor | None = None
        ahead: deque[tuple[T, list[File], list[Future[bytes]]]] = deque()
        largest = 0  # bytes of a file, so far
        for item in items:
            files: list[File] = []
            under_way: list[Future[bytes]] = []
            for path in paths(item):
                if isinstance(path, Path):
                    files.append(_found(path))
                    continue
                if pool is None:
                    pool = ThreadPoolExecutor(AT_ONCE, "fetch")
                    stack.callback(pool.shutdown, cancel_futures=True)
                under_way.append(pool.submit(path.read_bytes))
                files.append(under_way[-1].result)
            ahead.append((item, files, under_way))
            while ahead:
                # Sizes are not asked for, which would be a request each: what is under way may be like the largest yet.
                fetches = [fetch for _, _, some in ahead for fetch in some]
                sizes = [len(fetch.result()) for fetch in fetches if fetch.done() and not fetch.exception()]
                largest = max([largest, *sizes])
                held = sum(sizes) + (len(fetches) - len(sizes)) * largest
                if largest and len(fetches) < AT_ONCE and held < AHEAD_BYTES and fetches:
                    break
                item, files, _ = ahead.popleft()
                yield item, files
        yield from ((item, files) for item, files, _ in ahead)


def _found(path: Path) -> File:
    return lambda: path
