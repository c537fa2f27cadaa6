"""What a shard job tells Prometheus while it runs, through Ray: what OUT holds of its splits, and what it adds.

    ray_qwen_audio_split_samples{dataset="librispeech", split="dev-clean", run="20260825-101500-3f9a1c"}            2703
    ray_qwen_audio_committed_samples_total{dataset="librispeech", split="dev-clean", run="20260825-101500-3f9a1c"}   140

Metrics are for watching, records are the truth. The driver alone counts, once for each shard that it hears of: a worker
would count twice what it does twice. Ray's agent on the driver's node is told every ten seconds and when the job ends.
It keeps counters as long as it lives, those of jobs that have ended too, and adds up what bears the same tags: hence
`run`. It forgets gauges soon: of those of several runs, the last one's are right. What is lost: up to ten seconds of a
driver that is killed, though its successor's gauges tell of all that it committed; and what the agent knew, with its
node, unless Prometheus has fetched it.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec

from pipelines.split import Standing
from shards.layout import ShardName
from shards.totals import Totals

# Ray drops a gauge that was not set for two of its intervals of 10 s, though the job lives.
REFRESH_SECONDS = 5.0
WALL_SECONDS = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0]

# Ray puts `ray_` before the names. Every metric has the tags of TAGS, some have more.
TAGS = ("dataset", "split", "run")
GAUGES = {
    "qwen_audio_run_start_timestamp_seconds": ("When the run began to build.", ()),
    "qwen_audio_split_shards_planned": ("Shards of the split.", ()),
    "qwen_audio_split_shards": ("Shards of the split that are committed.", ()),
    "qwen_audio_split_shards_in_flight": ("Shards handed to Ray: in work, or waiting for a core.", ()),
    "qwen_audio_split_shards_waiting": ("Shards not handed to Ray yet, or waiting for another try.", ()),
    "qwen_audio_split_samples": ("Samples committed.", ()),
    "qwen_audio_split_audio_seconds": ("Audio committed.", ()),
    "qwen_audio_split_tar_bytes": ("Tars committed.", ()),
    "qwen_audio_split_task_audio_seconds": ("Audio committed that has a target of the task.", ("task", "language")),
    "qwen_audio_split_rejects": ("Records rejected, when planned or in shards committed.", ("reason",)),
}
COUNTERS = {
    "qwen_audio_committed_shards_total": ("Shards that the run built and committed.", ()),
    "qwen_audio_committed_samples_total": ("Samples in them.", ()),
    "qwen_audio_committed_audio_seconds_total": ("Audio in them.", ()),
    "qwen_audio_committed_tar_bytes_total": ("Their tars.", ()),
    "qwen_audio_committed_rejects_total": ("Records rejected in them.", ("reason",)),
    "qwen_audio_found_shards_total": ("Shards that were committed by others when they were to be built.", ()),
    "qwen_audio_failed_shards_total": ("Shards that failed over what may pass, to be tried again.", ("error",)),
}
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


@dataclass
class _Split:
    """What OUT holds of a split, and what is on its way there."""

    planned: int
    rejects: Mapping[str, int]  # those of the plan
    shards: int = 0
    bytes: int = 0
    totals: Totals = field(default_factory=Totals)
    in_flight: int = 0

    def add(self, totals: Totals, tar_bytes: int) -> None:
        """Count a shard."""
        self.shards += 1
        self.bytes += tar_bytes
        self.totals.add(totals)


class ShardMetrics:
    """Reports one job. `open` and `close` lie within the life of Ray; `planned` may come before.

    Where nothing scrapes Ray, or its agent is not there (Ray on this machine for one job alone), this costs a few
    microseconds a shard and says nothing.
    """

    def __init__(self, run: str) -> None:
        self._run, self._started = run, time.time()
        self._splits: dict[tuple[str, str], _Split] = {}
        self._metrics: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._refreshing = threading.Thread(target=self._keep_fresh, name="metrics", daemon=True)

    @_harmless
    def planned(self, dataset: str, split: str, document: Mapping[str, Any], there: Standing) -> None:
        """Note a split of the job: its plan.json, and what is there of it before the job begins."""
        state = _Split(document["shards"], document["rejects"], there.shards, there.tar_bytes)
        state.totals.add(there.totals)
        self._splits[dataset, split] = state

    @_harmless
    def open(self) -> None:
        """Begin to report."""
        from ray.util import metrics

        self._metrics = {name: metrics.Gauge(name, said, (*TAGS, *more)) for name, (said, more) in GAUGES.items()}
        self._metrics |= {name: metrics.Counter(name, said, (*TAGS, *more)) for name, (said, more) in COUNTERS.items()}
        self._metrics[WALL[0]] = metrics.Histogram(*WALL, boundaries=WALL_SECONDS, tag_keys=TAGS)
        self._refresh()
        self._refreshing.start()

    @_harmless
    def submitted(self, shard: ShardName) -> None:
        """Note that a shard was handed to Ray."""
        self._splits[shard.dataset, shard.split].in_flight += 1

    @_harmless
    def failed(self, shard: ShardName, error: BaseException) -> None:
        """Note that a shard came back undone, to be tried again."""
        self._splits[shard.dataset, shard.split].in_flight -= 1
        self._count("failed_shards", shard, 1, error=type(error).__name__)

    @_harmless
    def built(self, shard: ShardName, totals: Totals, event: Mapping[str, Any]) -> None:
        """Note that a shard is there, as `event` of the run's log tells."""
        state = self._splits[shard.dataset, shard.split]
        with self._lock:
            state.in_flight -= 1
            state.add(totals, event["bytes"])
        if event["event"] == "found":
            self._count("found_shards", shard, 1)
            return
        self._count("committed_shards", shard, 1)
        self._count("committed_samples", shard, totals.samples)
        self._count("committed_audio_seconds", shard, totals.seconds)
        self._count("committed_tar_bytes", shard, event["bytes"])
        for reason, count in totals.rejects.items():
            self._count("committed_rejects", shard, count, reason=reason)
        self._metrics[WALL[0]].observe(event["wall"], self._tags(shard.dataset, shard.split))

    def close(self) -> None:
        """End the reports. Ray hands on what is left when it is shut down, and is not told anything after that."""
        self._refresh()
        self._ended.set()
        if self._refreshing.is_alive():
            self._refreshing.join()

    def _keep_fresh(self) -> None:
        while not self._ended.wait(REFRESH_SECONDS):
            self._refresh()

    @_harmless
    def _refresh(self) -> None:
        """Set every gauge."""
        with self._lock:
            for (dataset, split), state in self._splits.items():
                tags, totals = self._tags(dataset, split), state.totals
                figures: dict[str, float] = {
                    "run_start_timestamp_seconds": self._started,
                    "split_shards_planned": state.planned,
                    "split_shards": state.shards,
                    "split_shards_in_flight": state.in_flight,
                    "split_shards_waiting": state.planned - state.shards - state.in_flight,
                    "split_samples": totals.samples,
                    "split_audio_seconds": totals.seconds,
                    "split_tar_bytes": state.bytes,
                }
                for what, value in figures.items():
                    self._metrics[f"qwen_audio_{what}"].set(value, tags)
                for task, languages in totals.counts.items():
                    for language, amount in languages.items():
                        told = {**tags, "task": task, "language": language}
                        self._metrics["qwen_audio_split_task_audio_seconds"].set(amount.seconds, told)
                for reason, count in (Counter(state.rejects) + totals.rejects).items():
                    self._metrics["qwen_audio_split_rejects"].set(count, {**tags, "reason": reason})

    def _count(self, what: str, shard: ShardName, value: float, **more: str) -> None:
        if value > 0:  # Ray refuses 0
            self._metrics[f"qwen_audio_{what}_total"].inc(value, {**self._tags(shard.dataset, shard.split), **more})

    def _tags(self, dataset: str, split: str) -> dict[str, str]:
        return {"dataset": dataset, "split": split, "run": self._run}
