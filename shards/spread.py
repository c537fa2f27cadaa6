"""Deals tasks to the cores of this machine or of a cluster, by Ray: bounded in flight, failures tried again.

Ray is imported inside the functions, after its settings are in the environment.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from shards.local_ray import (
    HEAD_CHECK_SECONDS,
    RETRIES,
    Head,
    TaskLostError,
    check_address,
    lost,
    no_head,
    ray_options,
)
from shards.retry import Retries
from shards.schema import ShardError
from shards.storage_error import StorageError
from shards.window import Window

Task = TypeVar("Task")
IN_FLIGHT = 2  # tasks per core
TASK_MEMORY_BYTES = 1 << 30  # declared for a task: a worker's libraries, and the longest recording that it decodes


@contextlib.contextmanager
def ray_running(workers: int | None = None) -> Iterator[int]:
    """Join the cluster in RAY_ADDRESS or start Ray on this machine, unless that is done; the cores that there are.

    Raises:
        TaskLostError: no head answers at RAY_ADDRESS.
    """
    options = ray_options(workers)
    import ray

    ours = not ray.is_initialized()
    try:
        if ours:
            check_address()
            with _own_signals():
                ray.init(**options)
        yield int(ray.cluster_resources().get("CPU", 1))
    finally:
        if ours:
            ray.shutdown()


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what SIGTERM does here, which Ray changes when it starts; tell what it says where it does not.

    Raises:
        TaskLostError: RAY_ADDRESS is none, or nobody answers there.
    """
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except (ConnectionError, ValueError) as error:
        raise no_head(str(error).splitlines()[0]) from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def spread(
    function: Callable[..., Any],
    tasks: Sequence[Task],
    *,
    name: Callable[[Task], str],
    arguments: Callable[[Task], tuple[Any, ...]] = lambda task: (task,),
    workers: int | None = None,
    sizes: Sequence[int] | None = None,
    most_bytes: int = 0,
    passing: tuple[type[BaseException], ...] = (OSError,),
    user_errors: tuple[type[Exception], ...] = (ShardError, StorageError),
    submitted: Callable[[Task], None] = lambda task: None,
    failed: Callable[[Task, BaseException], None] = lambda task, error: None,
) -> Iterator[tuple[Task, Any]]:
    """What `function` gives for each task, as they end. What a dying worker leaves undone is done again.

    Args:
        name: what Ray's dashboard calls a task.
        workers: tasks worked on at a time; None: as many as there are cores.
        sizes: bytes that each task keeps on its node's disk; the largest go first.
        most_bytes: for each that may be in flight; all but the largest have room together.
        passing: errors, beside those of storage, after which a task is tried again after a while.
        submitted, failed: told of a task that is handed to Ray, and of one that came back undone, to be tried again.

    Raises:
        user_errors, OSError: a task raised one that does not pass, or did so too often.
        TaskLostError: workers died over a task again and again, or Ray itself did.
    """
    with ray_running(workers) as cores:
        import ray

        sizes = sizes or [0] * len(tasks)
        # A shard may be larger than asked for, as recordings are not cut in two; no core is to be idle for that.
        each = max(most_bytes, sum(sizes) // (len(tasks) or 1))
        window = Window(sizes, *_room(workers, cores, each))
        retries, head = Retries[int](passing), Head(ray.get_runtime_context().gcs_address)
        running: dict[ray.ObjectRef, int] = {}  # the task's place in `tasks`
        remote = ray.remote(num_cpus=1, max_retries=RETRIES, scheduling_strategy="SPREAD")(function)
        memory, looked = [TASK_MEMORY_BYTES] * len(tasks), -math.inf
        while window or retries.seconds() is not None:
            head.check()
            if time.monotonic() - looked > HEAD_CHECK_SECONDS:  # a cluster grows and shrinks
                looked, largest_node = time.monotonic(), _largest_memory(ray.nodes())
                window.most, window.most_bytes = _room(workers, int(ray.cluster_resources().get("CPU", 1)), each)
            while (due := retries.due()) is not None:
                window.put_back(due)
            while (number := window.take()) is not None:
                task = tasks[number]
                handed = remote.options(name=name(task), memory=min(memory[number], largest_node)).remote(
                    *arguments(task)
                )
                running[handed] = number
                submitted(task)
            due_in = retries.seconds()
            wait = HEAD_CHECK_SECONDS if due_in is None else min(due_in, HEAD_CHECK_SECONDS)
            if not running:
                time.sleep(wait)
                continue
            done, _ = ray.wait(list(running), num_returns=1, timeout=wait)
            for reference in done:
                number = running.pop(reference)
                window.done(number)
                error, result = _outcome(reference, user_errors)
                if error is None:
                    yield tasks[number], result
                else:
                    retries.take(number, error)
                    if isinstance(error, TaskLostError) and error.starved:
                        memory[number] *= 2  # next time with fewer beside it
                    failed(tasks[number], error)


def _outcome(reference: Any, user_errors: tuple[type[Exception], ...]) -> tuple[Exception | None, Any]:
    """What may be tried again, or None; what a task gave.

    Raises:
        RayTaskError: a bug of ours, with the worker's traceback.
        TaskLostError: nothing can be asked of Ray from here any more.
    """
    import ray

    known: tuple[type[Exception], ...] = (*user_errors, OSError)
    try:
        with own_errors(user_errors):
            return None, ray.get(reference)
    except MemoryError as error:
        return lost(error), None
    except known as error:
        return error, None
    except ray.exceptions.RayTaskError:
        raise
    except ray.exceptions.LocalRayletDiedError as error:
        raise lost(error) from error
    except ray.exceptions.RayError as error:
        return lost(error), None


@contextlib.contextmanager
def own_errors(user_errors: tuple[type[Exception], ...]) -> Iterator[None]:
    """Raise what a task raised as itself, where it is a user's mistake or the system's; else with its traceback."""
    import ray

    try:
        yield
    except ray.exceptions.RayTaskError as error:
        cause: Exception = error.cause
        if isinstance(cause, (*user_errors, OSError, MemoryError)):
            raise cause from None
        raise


def _room(workers: int | None, cores: int, each_bytes: int) -> tuple[int, int]:
    """How many tasks may be in flight, and how many bytes of them.

    Where the cores are the bound, each has its next task at hand and none waits for the driver. On a cluster `workers`
    is the bound, be there fewer cores yet: one that grows by itself grows for what waits.
    """
    bound = workers and (workers < cores or os.environ.get("RAY_ADDRESS"))
    most = workers if workers and bound else IN_FLIGHT * cores
    return most, most * each_bytes


def _largest_memory(nodes: Sequence[dict[str, Any]]) -> int:
    """Bytes that Ray gives out on the node that has most; what asks for more would wait for ever."""
    return int(max((node["Resources"].get("memory", 0.0) for node in nodes if node["Alive"]), default=0.0))
