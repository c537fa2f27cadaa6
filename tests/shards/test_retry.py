"""Failed tasks come back after growing waits, and not for ever."""

from __future__ import annotations

import pytest

from pipelines.planning.identity import IdentityError
from pipelines.source import SourceError
from shards.local_ray import RETRIES, TaskLostError
from shards.retry import FIRST_WAIT_SECONDS, Retries, may_pass
from shards.schema import ShardError
from shards.storage import StorageError


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_failed_task_is_handed_out_again_when_its_wait_is_over(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    retries = Retries[str](clock=clock)
    assert retries.due() is None and retries.seconds() is None
    waits = []
    for _ in range(RETRIES):
        retries.take("a", StorageError("s3://bucket/x: SlowDown"))
        assert retries.due() is None
        waits.append(retries.seconds() or 0.0)
        clock.now += waits[-1]
        assert retries.seconds() == 0
        assert (retries.due(), retries.due(), retries.seconds()) == ("a", None, None)
    assert waits == sorted(waits) and waits[0] >= 0.75 * FIRST_WAIT_SECONDS and waits[-1] > 3 * waits[0]
    with pytest.raises(StorageError, match="SlowDown"):
        retries.take("a", StorageError("s3://bucket/x: SlowDown"))
    retries.take("b", OSError("another task's failures are its own"))
    assert f"retry=1/{RETRIES} wait=1s s3://bucket/x: SlowDown" in caplog.text


@pytest.mark.parametrize(
    ("error", "hope"),
    [
        (StorageError("no space left"), True),
        (StorageError("access denied", lasting=True), False),
        (FileNotFoundError("the source is away"), True),
        (SourceError("the source is away"), True),
        (TaskLostError("a worker died"), True),
        (ShardError("built twice with different results"), False),
        (IdentityError("another plan"), False),
        (ValueError("a bug"), False),
    ],
)
def test_only_what_may_pass_is_tried_again(error: Exception, hope: bool) -> None:
    passing = (OSError, SourceError)
    assert may_pass(error, passing) == hope
    retries = Retries[int](passing)
    if hope:
        retries.take(0, error)
    else:
        with pytest.raises(type(error)):
            retries.take(0, error)
    assert (retries.seconds() is not None) == hope
