"""Tasks that failed and are tried again after a while: what failed may have passed by then."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from shards.local_ray import RETRIES, TaskLostError
from shards.storage_error import StorageError

T = TypeVar("T", bound=Hashable)
FIRST_WAIT_SECONDS = 1.0  # then 5 and 25: a server that starts anew, a disk that somebody makes room on

_log = logging.getLogger(__name__)


class Retries(Generic[T]):
    """Takes failed tasks back and hands each out again when its wait is over.

    `passing` are the errors, beside those of storage, that may pass by themselves.
    """

    def __init__(
        self, passing: tuple[type[BaseException], ...] = (OSError,), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._passing, self._clock = passing, clock
        self._failures: Counter[T] = Counter()
        self._waiting: dict[T, float] = {}  # task: when it is due

    def take(self, task: T, error: BaseException) -> None:
        """Take back a task that failed with `error`.

        Raises:
            BaseException: `error` itself, where it is of no use to try again, or was tried often enough.
        """
        self._failures[task] += 1
        failures = self._failures[task]
        if not may_pass(error, self._passing) or failures > RETRIES:
            raise error
        wait = FIRST_WAIT_SECONDS * 5 ** (failures - 1) * random.uniform(0.75, 1.25)
        _log.warning("retry=%d/%d wait=%.0fs %s", failures, RETRIES, wait, error)
        self._waiting[task] = self._clock() + wait

    def due(self) -> T | None:
        """Hand out a task whose wait is over; None where there is none."""
        now = self._clock()
        task = next((task for task, when in self._waiting.items() if when <= now), None)
        if task is not None:
            del self._waiting[task]
        return task

    def seconds(self) -> float | None:
        """How long until the next task is due; None where none waits."""
        return max(0.0, min(self._waiting.values()) - self._clock()) if self._waiting else None


def may_pass(error: BaseException, passing: tuple[type[BaseException], ...]) -> bool:
    """Whether what failed may succeed later, with nobody putting anything right; storage says so itself."""
    if isinstance(error, StorageError):
        return not error.lasting
    return isinstance(error, (*passing, TaskLostError))
