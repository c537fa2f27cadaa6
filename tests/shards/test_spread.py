"""Tasks dealt by Ray: each is done once, what may pass is tried again, and what may not is told as itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shards import retry
from shards.local_ray import RETRIES, TaskLostError
from shards.schema import ShardError
from shards.spread import TASK_MEMORY_BYTES, ray_running, spread
from shards.storage_error import StorageError

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def started() -> Iterator[None]:
    with ray_running(2) as cores:
        assert cores == 2
        yield


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_SECONDS", 0.01)


def run(function: Any, tasks: list[Any], **options: Any) -> list[Any]:
    """What each task gave, in the order of the tasks."""
    found = dict(spread(function, tasks, name=str, **options))
    return [found[task] for task in tasks]


def fails_first(folder: str, times: int, error: Exception) -> dict[str, float]:
    """Raise an error some times; then what Ray gave the task."""
    import ray

    failures = len(list(Path(folder).iterdir()))
    if failures < times:
        (Path(folder) / str(failures)).touch()
        raise error
    return dict(ray.get_runtime_context().get_assigned_resources())


def test_every_task_is_done_once_and_told(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    found = run(
        lambda number: number * number,
        list(range(20)),
        sizes=list(range(20)),
        most_bytes=10,
        submitted=lambda task: told.append(("submitted", task)),
        failed=lambda task, error: told.append(("failed", task)),
    )
    assert found == [number * number for number in range(20)]
    assert sorted(told) == [("submitted", number) for number in range(20)]
    assert run(lambda number: number, []) == []


def test_no_more_are_in_work_than_workers_were_asked_for(tmp_path: Path) -> None:
    def alone(number: int) -> bool:
        mine = tmp_path / str(number)
        mine.touch()
        time.sleep(0.05)
        others = len(list(tmp_path.iterdir()))
        mine.unlink()
        return others == 1

    assert run(alone, list(range(6)), workers=1) == [True] * 6


@pytest.mark.parametrize("error", [StorageError("SlowDown"), OSError(5, "Input/output error")])
def test_what_may_pass_is_tried_again(error: Exception, tmp_path: Path) -> None:
    failures: list[BaseException] = []
    options = {"arguments": lambda folder: (folder, RETRIES, error), "failed": lambda _, told: failures.append(told)}
    (found,) = run(fails_first, [str(tmp_path)], **options)
    assert found["memory"] == TASK_MEMORY_BYTES
    assert [str(told) for told in failures] == [str(error)] * RETRIES


def test_a_task_without_memory_gets_more_the_next_time(tmp_path: Path) -> None:
    (found,) = run(fails_first, [str(tmp_path)], arguments=lambda folder: (folder, 2, MemoryError()))
    assert found["memory"] == 4 * TASK_MEMORY_BYTES


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ShardError("built twice"), ShardError),
        (StorageError("denied", lasting=True), StorageError),
        (OSError(5, "Input/output error"), OSError),
        (MemoryError(), TaskLostError),
        (ValueError("a bug"), ValueError),
    ],
)
def test_what_does_not_pass_ends_it(error: Exception, told: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(told, match=str(error.args[-1]) if error.args else "no memory left"):
        run(fails_first, [str(tmp_path)], arguments=lambda folder: (folder, 10, error))


def test_a_worker_that_dies_every_time_is_told(tmp_path: Path) -> None:
    def die(number: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(TaskLostError, match="a worker died over one task"):
        run(die, [0])
