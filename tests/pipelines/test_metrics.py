"""What a job reports must not matter to it; what it reports is looked at where a real head exports it, in cluster/."""

from __future__ import annotations

import logging
import threading

import pytest
from ray.util import metrics as ray_metrics

from pipelines.metrics import ShardMetrics
from pipelines.split import Standing
from shards.layout import ShardName
from shards.totals import Totals

SHARD = ShardName("demo", "train", 0)
PLAN = {"shards": 2, "rejects": {"no_transcript": 1}}
BUILT = {"event": "built", "shard": str(SHARD), "bytes": 10, "wall": 1.0}


def told(metrics: ShardMetrics) -> None:
    """Everything that a job tells."""
    metrics.planned("demo", "train", PLAN, Standing(0, Totals(), 0, ()))
    metrics.open()
    metrics.submitted(SHARD)
    metrics.failed(SHARD, OSError("gone"))
    metrics.submitted(SHARD)
    metrics.built(SHARD, Totals(), BUILT)
    metrics.close()


@pytest.mark.parametrize(
    ("kind", "method"), [("Gauge", "__init__"), ("Gauge", "set"), ("Counter", "inc"), ("Histogram", "observe")]
)
def test_a_failure_is_told_once_and_ends_the_reports(kind, method, monkeypatch, caplog) -> None:
    def fail(*given: object, **named: object) -> None:
        raise RuntimeError("no metrics today")

    monkeypatch.setattr(getattr(ray_metrics, kind), method, fail)
    with caplog.at_level(logging.WARNING):
        told(ShardMetrics("run"))
    assert [record.getMessage() for record in caplog.records] == [
        "event=metrics_ended error=RuntimeError('no metrics today')"
    ]
    assert "metrics" not in {thread.name for thread in threading.enumerate()}


def test_nothing_is_said_where_nobody_listens(caplog, capfd) -> None:
    told(ShardMetrics("run"))
    assert caplog.records == [] and capfd.readouterr() == ("", "")
    assert "metrics" not in {thread.name for thread in threading.enumerate()}
