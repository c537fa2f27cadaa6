"""Works ahead: an iterator runs in a thread, a few items before the one that is asked for."""

from __future__ import annotations

import atexit
import contextlib
import queue
import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_POLL_SECONDS = 0.1  # how often a thread with a full queue looks whether anybody still wants more


@dataclass(frozen=True)
class _Made(Generic[T]):
    item: T


@dataclass(frozen=True)
class _Ended:
    error: BaseException | None


def prefetched(source: Generator[T, None, None], ahead: int) -> Generator[T, None, None]:
    """The items of `source` in order, up to `ahead` of them made beforehand in a thread.

    What the source raises is raised where its item would have come. The thread ends, and the source is closed, when
    this generator ends, is closed or collected, and at the end of the program.
    """
    made: queue.Queue[_Made[T] | _Ended] = queue.Queue(maxsize=max(ahead, 1))
    stopped = threading.Event()
    thread = threading.Thread(target=_run, args=(source, made, stopped), name="stream-prefetch", daemon=True)

    def stop() -> None:
        stopped.set()
        thread.join()

    # Otherwise the interpreter takes down at its end what the thread is still using.
    atexit.register(stop)
    thread.start()
    try:
        while isinstance(result := made.get(), _Made):
            yield result.item
        if result.error is not None:
            raise result.error
    finally:
        atexit.unregister(stop)
        stop()


def _run(source: Generator[T, None, None], made: queue.Queue[_Made[T] | _Ended], stopped: threading.Event) -> None:
    error: BaseException | None = None
    try:
        with contextlib.closing(source):
            for item in source:
                if not _put(made, _Made(item), stopped):
                    return
    except BaseException as raised:  # handed to whoever asked for the item
        error = raised
    _put(made, _Ended(error), stopped)


def _put(made: queue.Queue[_Made[T] | _Ended], result: _Made[T] | _Ended, stopped: threading.Event) -> bool:
    """Wait for room; False when nobody wants it any more."""
    while not stopped.is_set():
        with contextlib.suppress(queue.Full):
            made.put(result, timeout=_POLL_SECONDS)
            return True
    return False
