"""Drivers, workers, nodes and at last the head of a Ray cluster are killed at random moments; the bytes are the same.

Four moments are tried by default, 20 with FAULTS=all.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.faults.ray_bench import Bench
from tests.faults.ray_cluster import RayCluster, ray_cluster, wait_until
from tests.faults.runs import ALL

pytestmark = [pytest.mark.slow, pytest.mark.ray]

SHARDS = 20
VICTIMS = ("driver", "worker", "raylet", "node")  # a raylet alone, or a machine with all that runs on it
NODES = 2


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("ray"), SHARDS, 20.0)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with ray_cluster(NODES) as made:
        yield made


def at_work(bench: Bench, job: subprocess.Popen[bytes], shards: int, seconds: float) -> None:
    """Wait until so many shards are committed, or until the building begins, and then so long."""

    def begun() -> bool:
        return bench.committed >= shards if shards else "building" in bench.said

    wait_until(lambda: begun() or job.poll() is not None)
    time.sleep(seconds)


@pytest.mark.parametrize("number", range(20 if ALL else len(VICTIMS)))
def test_killed_at_any_moment_the_bytes_are_the_same(bench: Bench, cluster: RayCluster, number: int) -> None:
    """A job whose workers and nodes die goes on by itself; one that dies itself is run again."""
    victim, dice = VICTIMS[number % len(VICTIMS)], random.Random(number)
    shards, pause = dice.randrange(SHARDS), dice.uniform(0, 0.3)
    shutil.rmtree(bench.out, ignore_errors=True)
    job = bench.start(cluster.environment())
    at_work(bench, job, shards, pause)
    if victim == "driver":
        job.kill()
    elif victim == "worker":
        workers = cluster.workers()
        for pid in dice.sample(sorted(workers), min(1, len(workers))):
            os.kill(pid, signal.SIGKILL)
    else:
        cluster.kill_node(dice.choice(cluster.nodes), with_workers=victim == "node")
    status = job.wait(300)
    if victim == "driver":
        assert status in (-signal.SIGKILL, 0), bench.said  # 0: it was done before
        status = bench.start(cluster.environment()).wait(300)
    assert status == 0, f"{victim} after {shards} shards: {bench.said}"
    assert bench.difference() is None, f"{victim} after {shards} shards"
    while len(cluster.nodes) < NODES:
        cluster.add_node()


@pytest.fixture
def doomed(request: pytest.FixtureRequest) -> Iterator[RayCluster]:
    """A cluster that need not live on."""
    if not ALL:
        yield request.getfixturevalue("cluster")  # this file's last test
        return
    with ray_cluster(1) as made:
        yield made


@pytest.mark.parametrize("with_state", [False, True] if ALL else [False])
def test_without_its_head_a_job_says_so_and_goes_on_elsewhere(
    bench: Bench, doomed: RayCluster, with_state: bool
) -> None:
    """The driver's raylet dies, perhaps together with the store of the cluster's state, of which Ray itself is silent
    for a minute and then ends the process."""
    shutil.rmtree(bench.out, ignore_errors=True)
    job = bench.start(doomed.environment())
    at_work(bench, job, 1, 0)
    with doomed.held():  # or the nodes do what is left before the driver misses its own
        doomed.kill_head(with_state)
        assert job.wait(120) == 1, bench.said
    last = bench.said.rstrip().rpartition("\n")[2]
    told = "the head of the Ray cluster" if with_state else "Ray died on the machine that this command runs on"
    assert last.startswith(f"error: {told}") and last.endswith("run the same command again, which goes on from here")
    assert "Traceback" not in bench.said
    job = bench.start({})
    assert job.wait(300) == 0, bench.said
    assert f"building {SHARDS} shards" not in bench.said
    assert bench.difference() is None
