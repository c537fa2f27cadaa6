"""What a job says of itself while it works: a line now and then, a table every minute and at the end."""

from __future__ import annotations

import json

import pytest

from pipelines import progress as module
from pipelines.progress import Progress, SplitProgress
from pipelines.run_log import RunLog
from shards.storage import Storage


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_table_comes_every_minute_and_at_the_end(clock, capsys):
    progress = Progress({"demo/train": SplitProgress(shards=6, done=2), "demo/test": SplitProgress(shards=1, done=0)})
    for _ in range(3):
        clock[0] += 25
        progress.add("demo/train", samples=10, seconds=500.0, rejects=1, wall=25.0)
    rows = [line.split(maxsplit=6) for line in capsys.readouterr().out.splitlines() if line.startswith("demo/")]
    assert rows == [
        ["demo/train", "5/6", "30", "0.417", "20", "3", "25 s"],
        ["demo/test", "0/1", "0", "0.000", "-", "0", "waiting"],
    ]
    clock[0] += 5
    progress.add("demo/train", samples=10, seconds=500.0, rejects=0, wall=5.0)
    assert "demo/" not in capsys.readouterr().out
    clock[0] += 5
    progress.add("demo/test", samples=1, seconds=20.0, rejects=0, wall=5.0)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(
        "building: 5/5 shards, 41 samples, 33:40 min of audio, 24 × real time, 3 rejected, 0 s left"
    )
    assert [line.split() for line in said[-2:]] == [
        ["demo/train", "6/6", "40", "0.556", "25", "3", "done"],
        ["demo/test", "1/1", "1", "0.006", "4", "0", "done"],
    ]


def test_a_job_is_seen_from_its_first_shard_on(tmp_path):
    storage = Storage(tmp_path)
    log = RunLog(storage, [("demo", "train"), ("demo", "test")])
    assert storage.list() == {}
    log.add("demo", "train", {"event": "built", "seconds": 2.0, "wall": 0.1})
    (path,) = storage.list("demo/train/runs")
    log.add("demo", "train", {"event": "built", "seconds": 3.0, "wall": 0.1})
    log.end()
    events = [json.loads(line)["event"] for line in storage.read_bytes(path).splitlines()]
    assert events == ["start", "built", "built", "end"] and list(storage.list()) == [path]
