"""Plans the splits of a job: one after the other here, or on a cluster each in an actor of its own, on any node.

On a cluster no record comes to the driver: it holds what plan.json says, and the weights of the shards.
"""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.planning.identity import IdentityError
from pipelines.source import EmptySplitError, Source, SourceError
from pipelines.split import SplitDraft, SplitJob, draft, put_in_place, settle
from shards.local_ray import HEAD_CHECK_SECONDS, RETRIES, Head, lost
from shards.schema import ShardError
from shards.scratch import scratch
from shards.spread import own_errors, ray_running
from shards.storage import Storage, StorageError

CLOSE_SECONDS = 10.0  # for an actor to delete its draft
_ERRORS = (IdentityError, SourceError, ShardError, StorageError)


@dataclass(frozen=True)
class PlanTask:
    """All that is needed to plan one split."""

    source: Source
    split: str
    named: bool  # whether the user asked for this very split
    settings: Mapping[str, Any]
    storage: Storage
    rebuild: bool


class Planner:
    """Plans one split: first `draft`, then `put_in_place`; OUT loses before the second only what is to be forgotten.

    The records stay in this process and on its disk.
    """

    def __init__(self, task: PlanTask) -> None:
        self._task = task
        self._made: SplitDraft | None = None
        self._held = contextlib.ExitStack()

    def draft(self) -> str:
        """Make the plan; what it holds, in a line.

        Raises:
            SourceError: the corpus cannot be read; EmptySplitError where the split holds nothing.
        """
        task = self._task
        folder = self._held.enter_context(scratch())
        forgotten = settle(task.source.name, task.split, task.storage, task.rebuild)
        self._made = draft(task.source, task.split, task.settings, folder, forgotten=forgotten)
        return self._made.headline()

    def put_in_place(self) -> SplitJob:
        """Put the plan in place, or recognise the one that is there.

        Raises:
            IdentityError: OUT holds this split, planned from something else; names what differs.
        """
        assert self._made is not None, "nothing is drafted"
        job = put_in_place(self._made, self._task.storage, self._task.rebuild)
        self.close()
        return job

    def close(self) -> None:
        """Delete the draft's files."""
        self._held.close()


class Crew(ABC):
    """Those who plan the splits of a job."""

    @abstractmethod
    def drafts(self) -> Iterator[tuple[int, str | EmptySplitError]]:
        """Draft all plans: of each, as it ends, its place and what it holds, or that the split is empty.

        Raises:
            SourceError, IdentityError, ShardError, StorageError, OSError: one cannot be made.
        """

    @abstractmethod
    def put_in_place(self, number: int) -> SplitJob:
        """Put a plan in place; errors as of `Planner.put_in_place`."""

    @abstractmethod
    def close(self) -> None:
        """Delete the drafts that were not put in place."""


@contextlib.contextmanager
def planners(tasks: Sequence[PlanTask], workers: int | None = None) -> Iterator[Crew]:
    """The crew for some splits: on the cluster in RAY_ADDRESS, else in this process.

    `workers` plan at a time, where the cluster has not the cores yet: it may grow.
    """
    with contextlib.ExitStack() as held:
        if os.environ.get("RAY_ADDRESS"):
            cores = held.enter_context(ray_running())
            crew: Crew = _Cluster(tasks, max(cores, workers or 0))
        else:
            crew = _Here(tasks)
        held.callback(crew.close)
        yield crew


class _Here(Crew):
    def __init__(self, tasks: Sequence[PlanTask]) -> None:
        self._planners = [Planner(task) for task in tasks]

    def drafts(self) -> Iterator[tuple[int, str | EmptySplitError]]:
        for number, planner in enumerate(self._planners):
            try:
                yield number, planner.draft()
            except EmptySplitError as error:
                yield number, error

    def put_in_place(self, number: int) -> SplitJob:
        return self._planners[number].put_in_place()

    def close(self) -> None:
        for planner in self._planners:
            planner.close()


class _Cluster(Crew):
    """Actors; a split whose actor died with its node is planned again by another one."""

    def __init__(self, tasks: Sequence[PlanTask], at_once: int) -> None:
        self._tasks, self._at_once = tasks, at_once
        self._actors: dict[int, Any] = {}
        self._deaths = [0] * len(tasks)

    def drafts(self) -> Iterator[tuple[int, str | EmptySplitError]]:
        import ray

        head = Head(ray.get_runtime_context().gcs_address)
        waiting, running = deque(range(len(self._tasks))), dict[Any, int]()
        while waiting or running:
            head.check()
            while waiting and len(running) < self._at_once:
                number = waiting.popleft()
                running[self._begin(number)] = number
            done, _ = ray.wait(list(running), num_returns=1, timeout=HEAD_CHECK_SECONDS)
            for reference in done:
                number = running.pop(reference)
                try:
                    with own_errors(_ERRORS):
                        said = ray.get(reference)
                except EmptySplitError as error:
                    self._end(number)
                    yield number, error
                except ray.exceptions.RayTaskError:
                    raise  # a bug of ours, with the actor's traceback
                except (ray.exceptions.RayError, MemoryError) as error:
                    self._died(number, error)
                    waiting.append(number)
                else:
                    yield number, said

    def put_in_place(self, number: int) -> SplitJob:
        import ray

        while True:
            try:
                with own_errors(_ERRORS):
                    if number not in self._actors:
                        ray.get(self._begin(number))
                    job: SplitJob = ray.get(self._call(number, "put_in_place", "put plan in place"))
                self._end(number)
                return job
            except ray.exceptions.RayTaskError:
                raise
            except (ray.exceptions.RayError, MemoryError) as error:
                self._died(number, error)

    def close(self) -> None:
        for number in list(self._actors):
            self._end(number)

    def _begin(self, number: int) -> Any:
        """Let an actor draft a split: the reference of what `Planner.draft` gives."""
        import ray

        # Without a number of cores an actor waits for a free one where it is put, and then takes none: most of the time
        # it only holds its draft.
        self._actors[number] = ray.remote(Planner).options(scheduling_strategy="SPREAD").remote(self._tasks[number])
        return self._call(number, "draft", "plan split")

    def _end(self, number: int) -> None:
        """Let an actor delete its draft, and end it."""
        import ray

        with contextlib.suppress(ray.exceptions.RayError):
            ray.get(self._call(number, "close", "delete draft"), timeout=CLOSE_SECONDS)
        ray.kill(self._actors.pop(number))

    def _call(self, number: int, method: str, called: str) -> Any:
        """Call a method of a split's actor, under a name for Ray's dashboard: the reference of what it gives."""
        dataset = self._tasks[number].source.name
        return getattr(self._actors[number], method).options(name=f"{dataset}: {called}").remote()

    def _died(self, number: int, error: Exception) -> None:
        """Note that an actor died, or had no memory.

        Raises:
            TaskLostError: that was once too often.
        """
        import ray

        self._deaths[number] += 1
        ray.kill(self._actors.pop(number))
        if self._deaths[number] > RETRIES:
            raise lost(error) from error
