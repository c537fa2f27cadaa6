"""A job on Ray while the clock of this machine jumps by a decade, forward and back, several times a second.

The clock is that of Debian's `faketime`; as on a real machine, the monotonic one goes on as it did.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from tests.faults.ray_bench import Bench

pytestmark = [pytest.mark.slow, pytest.mark.ray]

SHARDS = 6
OFFSETS = ("+3650d", "-3650d", "+0")
EVERY_SECONDS = 0.3
YEAR_SECONDS = 365 * 24 * 3600.0
# faketime 0.9.10 lets Python's own sleep fail where it leaves the monotonic clock alone (its issue 426).
SITE = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds) and None\n"


@pytest.fixture
def library() -> str:
    """What is loaded before all else."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("there is no libfaketime: install faketime")
    return str(found[0])


def test_a_clock_that_jumps_under_ray_changes_no_byte(library: str, tmp_path: Path) -> None:
    bench, site, offset = Bench(tmp_path, SHARDS, 20.0), tmp_path / "site", tmp_path / "offset"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE)
    ended = threading.Event()

    def jump() -> None:
        number = 0
        while not number or not ended.wait(EVERY_SECONDS):
            offset.with_suffix(".new").write_text(OFFSETS[number % len(OFFSETS)] + "\n")
            offset.with_suffix(".new").replace(offset)
            number += 1
            begun.set()

    begun = threading.Event()
    jumping = threading.Thread(target=jump, daemon=True)
    jumping.start()
    begun.wait()
    clock = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",  # a file keeps the time that it was given
        "PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")])),
    }
    job = bench.start(clock)
    try:
        status = job.wait(300)
    finally:
        job.kill()
        ended.set()
        jumping.join()
    assert status == 0, bench.said
    assert "Traceback" not in bench.said
    assert bench.difference() is None
    (log,) = bench.out.rglob("*.jsonl")
    times = [json.loads(line)["time"] for line in log.read_text().splitlines()]
    assert max(times) - min(times) > YEAR_SECONDS  # it did jump
