"""The link between the head with the driver and a node is cut while a job runs, and mended; the bytes are the same.

Opt-in, as it needs root: `pytest -m root tests/faults/test_link.py`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.faults.network import LinkedCluster, linked_cluster
from tests.faults.ray_bench import Bench
from tests.faults.ray_cluster import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.root]

SHARDS = 60
# That a task which it sent over the link is lost, Ray's client sees by its keepalive, which it sends every 300 s.
END_SECONDS = 600


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("link"), SHARDS, 30.0)


@pytest.fixture
def cluster() -> Iterator[LinkedCluster]:
    with linked_cluster() as made:
        yield made


# After 75 s Ray has given the node up; when the link is back its raylet ends, and is started again.
@pytest.mark.parametrize("seconds", [6, 75])
def test_a_link_that_is_cut_for_a_while_changes_no_byte(
    bench: Bench, cluster: LinkedCluster, tmp_path_factory: pytest.TempPathFactory, seconds: int
) -> None:
    bench.out = tmp_path_factory.mktemp("link-out") / "out"
    job = bench.start(cluster.environment(), cluster.machines.within(0))
    try:
        assert wait_until(lambda: (bench.committed > 1 and cluster.at_work()) or job.poll() is not None)
        assert job.poll() is None, bench.said + cluster.said
        cluster.machines.cut()
        time.sleep(seconds)
        assert job.poll() is None, bench.said  # what the node was at is not known to be done
        cluster.machines.mend()
        status = job.wait(END_SECONDS)
    finally:
        job.kill()
    assert status == 0, bench.said
    assert "Traceback" not in bench.said
    assert bench.difference() is None
    lost = seconds > 60
    assert wait_until(lambda: (cluster.starts > 1) == lost, 90), cluster.said
