"""Reads some files ahead of the one that is worked on: in a bucket the time goes into waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

READ_AT_ONCE = 32  # small files read in parallel
Item = TypeVar("Item")
T = TypeVar("T")


def read_ahead(
    items: Iterable[Item], read: Callable[[Item], T], at_once: int = READ_AT_ONCE
) -> Iterator[tuple[Item, T]]:
    """Each item with what `read` gives for it, in order, with at most `at_once` of them in memory."""
    waiting = iter(items)
    with ThreadPoolExecutor(at_once) as pool:
        ahead: deque[tuple[Item, Future[T]]] = deque()
        try:
            while True:
                for item in islice(waiting, at_once - len(ahead)):
                    ahead.append((item, pool.submit(read, item)))
                if not ahead:
                    return
                item, future = ahead.popleft()
                yield item, future.result()
        finally:
            for _, future in ahead:
                future.cancel()
