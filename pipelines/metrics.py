"""What a shard job tells Prometheus while it runs, through Ray: what it has committed, and what is left to do.

    ray_qwen_audio_shards_committed_total{dataset="librispeech", split="dev-clean", run="20260825-101500-3f9a1c"} 212

Metrics are for watching, records are the truth. The driver alone counts, once per shard that it hears of: a worker that
counts would count twice what it does twice. Ray's agent on the driver's node adds up what it is told, every ten seconds
and when the job ends, and shows it as long as it lives itself: counters of jobs that have ended stay, and add up with
those of later ones unless the tag `run` keeps them apart. What is lost: the last seconds of a driver that is killed,
and everything with the agent's node, until Prometheus has fetched it.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec

from pipelines.progress import SplitProgress
from shards.layout import ShardName
from shards.totals import Totals

TAGS = ("dataset", "split", "run")
# Ray drops a gauge that was not set for two of its intervals of 10 s, though the job lives.
REFRESH_SECONDS = 5.0
WALL_SECONDS = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0]

COUNTERS = {  # name, without Ray's `ray_` before it: what it counts, tags beside TAGS
    "qwen_audio_shards_committed_total": ("Shards built and committed.", ()),
    "qwen_audio_shards_found_total": ("Shards found committed when they were to be built.", ()),
    "qwen_audio_samples_total": ("Samples in the shards committed.", ()),
    "qwen_audio_audio_seconds_total": ("Audio in the shards committed.", ()),
    "qwen_audio_tar_bytes_total": ("Tars of the shards committed.", ()),
    "qwen_audio_task_audio_seconds_total": ("Audio that has a target of the task.", ("task", "language")),
    "qwen_audio_rejects_total": ("Records rejected in the shards committed.", ("reason",)),
    "qwen_audio_failures_total": ("Shards that failed for what may pass, and are tried again.", ("error",)),
}
GAUGES = {
    "qwen_audio_shards_planned": "Shards of the split.",
    "qwen_audio_shards_done": "Shards of the split that are committed, by whatever job.",
    "qwen_audio_shards_in_flight": "Shards handed to Ray, which are built or wait for a core.",
    "qwen_audio_shards_waiting": "Shards not yet handed to Ray, or waiting for another try.",
}
REJECTED = ("qwen_audio_plan_rejects", "Records rejected while the split was planned.", (*TAGS, "reason"))
# `begins` is anew where the run found no shard of the split: what earlier runs counted is gone then (REBUILD=1).
START = ("qwen_audio_run_start_timestamp_seconds", "When the run began to build.", (*TAGS, "begins"))
WALL = ("qwen_audio_shard_build_seconds", "From a shard's start to its commit; for quantiles only: Ray's sum is wrong.")

logger = logging.getLogger(__name__)
P = ParamSpec("P")


def _harmless(method: Callable[Concatenate[ShardMetrics, P], None]) -> Callable[Concatenate[ShardMetrics, P], None]:
    """`method`, at whose first failure the reports end: nobody loses a job over its metrics."""

    @functools.wraps(method)
    def reported(self: ShardMetrics, *given: P.args, **named: P.kwargs) -> None:
        if self._ended.is_set():
            return
        try:
            method(self, *given, **named)
        except Exception as error:
            self._ended.set()
            logger.warning("event=metrics_ended error=%r", error)

    return reported


class ShardMetrics:
    """Reports one job, between `open` and `close`, while Ray is up.

    Where nothing scrapes Ray, or its agent is not there (Ray on this machine for one job alone), this costs a few
    microseconds a shard and says nothing.
    """

    def __init__(self, run: str, splits: Mapping[str, SplitProgress], rejects: Mapping[str, Mapping[str, int]]) -> None:
        """`splits` are those of the job's progress, by "dataset/split"; `rejects` those of their plans, by reason."""
        self._run, self._splits, self._rejects = run, splits, rejects
        self._begins = {name: "again" if split.done else "anew" for name, split in splits.items()}
        self._started = time.time()
        self._in_flight: Counter[str] = Counter()
        self._metrics: dict[str, Any] = {}
        self._ended = threading.Event()

    @_harmless
    def open(self) -> None:
        """Begin to report."""
        from ray.util.metrics import Counter as RayCounter
        from ray.util.metrics import Gauge, Histogram

        self._metrics = {name: RayCounter(name, said, (*TAGS, *more)) for name, (said, more) in COUNTERS.items()}
        self._metrics |= {name: Gauge(name, said, TAGS) for name, said in GAUGES.items()}
        self._metrics |= {gauge[0]: Gauge(*gauge) for gauge in (REJECTED, START)}
        self._metrics[WALL[0]] = Histogram(*WALL, boundaries=WALL_SECONDS, tag_keys=TAGS)
        self._refresh()
        threading.Thread(target=self._keep_fresh, name="metrics", daemon=True).start()

    @_harmless
    def submitted(self, shard: ShardName) -> None:
        """Note that a shard was handed to Ray."""
        self._in_flight[_split(shard)] += 1

    @_harmless
    def failed(self, shard: ShardName, error: BaseException) -> None:
        """Note that a shard came back undone, to be tried again."""
        self._in_flight[_split(shard)] -= 1
        self._count("failures", _split(shard), 1, error=type(error).__name__)

    @_harmless
    def built(self, shard: ShardName, totals: Totals, event: Mapping[str, Any]) -> None:
        """Note that a shard is there, as `event` of the run's log tells."""
        name = _split(shard)
        self._in_flight[name] -= 1
        if event["event"] == "found":  # counted by whoever built it
            self._count("shards_found", name, 1)
            return
        self._count("shards_committed", name, 1)
        self._count("samples", name, totals.samples)
        self._count("audio_seconds", name, totals.seconds)
        self._count("tar_bytes", name, event["bytes"])
        for task, languages in totals.counts.items():
            for language, amount in languages.items():
                self._count("task_audio_seconds", name, amount.seconds, task=task, language=language)
        for reason, count in totals.rejects.items():
            self._count("rejects", name, count, reason=reason)
        self._metrics[WALL[0]].observe(event["wall"], self._tags(name))

    def close(self) -> None:
        """End the reports. Ray hands on what is left when it is shut down."""
        self._refresh()
        self._ended.set()

    def _keep_fresh(self) -> None:
        while not self._ended.wait(REFRESH_SECONDS):
            self._refresh()

    @_harmless
    def _refresh(self) -> None:
        for name, split in self._splits.items():
            done, in_flight, tags = split.done, self._in_flight[name], self._tags(name)
            figures = (split.shards, done, in_flight, split.shards - done - in_flight)
            for gauge, value in zip(GAUGES, figures, strict=True):
                self._metrics[gauge].set(value, tags)
            for reason, count in self._rejects[name].items():
                self._metrics[REJECTED[0]].set(count, {**tags, "reason": reason})
            self._metrics[START[0]].set(self._started, {**tags, "begins": self._begins[name]})

    def _count(self, what: str, name: str, value: float, **more: str) -> None:
        if value > 0:  # Ray refuses 0
            self._metrics[f"qwen_audio_{what}_total"].inc(value, {**self._tags(name), **more})

    def _tags(self, name: str) -> dict[str, str]:
        dataset, _, split = name.partition("/")
        return {"dataset": dataset, "split": split, "run": self._run}


def _split(shard: ShardName) -> str:
    return f"{shard.dataset}/{shard.split}"
