"""What is said where Ray gives up, and the look at the head of the cluster."""

from __future__ import annotations

import socket

import pytest

from shards import local_ray
from shards.local_ray import Head, TaskLostError, check_address, lost


def test_a_head_that_is_silent_for_long_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(local_ray.time, "monotonic", lambda: now)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        head = Head(address)
        for _ in range(20):
            now += local_ray.HEAD_CHECK_SECONDS
            head.check()
    until = now + local_ray.HEAD_CHECK_SECONDS + local_ray.HEAD_SILENT_SECONDS  # from the first look in vain
    while now < until:
        now += local_ray.HEAD_CHECK_SECONDS
        head.check()
    now += local_ray.HEAD_CHECK_SECONDS
    with pytest.raises(TaskLostError, match=f"the head of the Ray cluster, {address}, has not answered for 45 s"):
        head.check()


def test_every_loss_says_what_to_do() -> None:
    import ray.exceptions as kinds

    told = {
        MemoryError(): "no memory left",
        kinds.OutOfMemoryError("2 worker(s) were killed\nmuch more"): "a node ran out of memory over one shard (2 w",
        kinds.WorkerCrashedError(): "a worker died over one task",
        kinds.NodeDiedError("the node died"): "a worker died over one task, again and again (the node died)",
        kinds.LocalRayletDiedError(): "Ray died on the machine that this command runs on",
        kinds.RuntimeEnvSetupError("no such package"): "Ray gave a shard up (RuntimeEnvSetupError: ",
    }
    for error, words in told.items():
        said = str(lost(error))
        assert words in said and said.endswith("run the same command again, which goes on from here")
        assert "\n" not in said


def test_one_look_in_vain_after_a_pause_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(local_ray.time, "monotonic", lambda: now)
    with socket.create_server(("127.0.0.1", 0)) as server:
        head = Head(f"127.0.0.1:{server.getsockname()[1]}")
    now += 10 * local_ray.HEAD_SILENT_SECONDS
    head.check()


@pytest.mark.parametrize("form", ["{}", "ray://{}"])
def test_an_address_without_a_head_is_told_at_once(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = form.format(f"127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("RAY_ADDRESS", place)
        check_address()
    with pytest.raises(TaskLostError, match=f"RAY_ADDRESS={place}: no head of a Ray cluster answers there"):
        check_address()
    for other in ("auto", "127.0.0.1:x", ""):  # Ray's own
        monkeypatch.setenv("RAY_ADDRESS", other)
        check_address()
