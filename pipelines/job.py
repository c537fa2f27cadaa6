#!/usr/bin/env python
"""Turn corpora into shards: plan, build, commit, summarise.

    python pipelines/job.py dataset=librispeech source=/corpora/LibriSpeech split=dev-clean out=data/shards
    python pipelines/job.py pipelines/demo/shards.yaml

Runs on this machine, or on a cluster through `ray job submit --working-dir . -- pipelines/job.py …`. Killed at any
moment and run again, it builds what is missing and gives the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The folder of this script holds modules of ours only; the packages lie beside it.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import errno
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from pipelines.asked_for import DatasetConfig, class_asked_for
from pipelines.build import ShardTask, build_and_commit
from pipelines.card import write_card
from pipelines.metrics import ShardMetrics
from pipelines.places.corpus_path import corpus_path
from pipelines.planning.identity import IdentityError
from pipelines.planning.planner import Crew, PlanTask, planners
from pipelines.progress import Progress, SplitProgress
from pipelines.run_log import RunLog
from pipelines.source import EmptySplitError, Source, SourceError
from pipelines.split import SplitJob, Standing
from pipelines.verdict import judge
from shards.command import exit_status, tell_events
from shards.config import ConfigError, load_config
from shards.layout import dataset_folder, split_folder
from shards.local_ray import TaskLostError
from shards.schema import ShardError
from shards.spread import ray_running, spread
from shards.storage import Storage, StorageError
from shards.summary import summarise_dataset, summarise_split

USER_ERRORS = (ConfigError, IdentityError, SourceError, ShardError, StorageError, TaskLostError)


@dataclass(frozen=True)
class ShardsConfig(DatasetConfig):
    """What `make shards` takes; `make shards DATASET=x` is `dataset=x`, and so on."""

    out: str = "data/shards"  # a folder or an s3:// URL
    align: str = "auto"  # where word times come from: auto and none (the release's own, or none)
    shard_mb: float = 256.0
    shard_samples: int | None = None
    workers: int | None = None  # shards built at a time; default: the cores of the cluster
    rebuild: bool = False
    max_reject_ratio: float = 0.05
    vocabulary: str = "released"  # or extended: Whisper's other languages too
    storage_options: dict[str, Any] = field(default_factory=dict)  # to fsspec, for OUT: endpoint_url, profile, …
    source_options: dict[str, Any] = field(default_factory=dict)  # the same for SOURCE and ROOTS
    datasets: list[DatasetConfig] = field(default_factory=list)


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status is 0 when every split is complete and committed."""
    tell_events()
    if set(arguments) & {"-h", "--help"}:
        print(__doc__, "\nKeys and defaults:\n" + help_text(ShardsConfig()), sep="\n")
        return 0
    path = arguments[0] if arguments and "=" not in arguments[0] else None
    return exit_status(
        lambda: run(load_config(ShardsConfig, path, arguments[1:] if path else arguments)), USER_ERRORS, unreadable
    )


def unreadable(error: OSError) -> str:
    """What to say where a file of the corpus cannot be read, or is gone since it was planned, or scratch is full."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        place = error.filename or tempfile.gettempdir()
        return f"{place}: no space left; free some, or set TMPDIR to a larger disk, then run the same command again"
    said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return f"{said}. Put it right and run the same command again; where a file is gone for good, with REBUILD=1"


def help_text(config: object) -> str:
    """A config's keys with their default values, a line each."""
    return "\n".join(f"  {key}={value}" for key, value in vars(config).items())


def run(config: ShardsConfig) -> int:
    """Plan every split, build the missing shards, write the summaries, judge the rejects."""
    check(config)
    storage = Storage(config.out, **config.storage_options)
    storage.check_writable()
    jobs = planned(config, storage)
    for source in dict.fromkeys(type(job.source) for job in jobs):
        write_card(storage, source)
    whole = {job.name: job.whole() for job in jobs}
    standing = {job.name: job.standing() for job in jobs if whole[job.name] is None}
    tasks = [task for some in standing.values() for task in some.missing]
    run_log = RunLog(storage, [(job.source.name, job.split) for job in jobs])
    if tasks:
        sweep(storage, jobs)  # a long job is not to work beside the leavings of the one before
        progress = Progress({job.name: split_progress(job, standing.get(job.name)) for job in jobs})
        metrics = ShardMetrics(run_log.run)
        for job in jobs:
            done = whole[job.name]
            there = standing[job.name] if done is None else job.standing_of(done)
            metrics.planned(job.source.name, job.split, job.document, there)
        build(tasks, config, run_log, progress, metrics)
    summaries = [whole[job.name] or summarise_split(storage, job.source.name, job.split, job.plan) for job in jobs]
    for dataset in dict.fromkeys(job.source.name for job in jobs):
        summarise_dataset(storage, dataset)
    sweep(storage, jobs)
    run_log.end()
    return judge(jobs, summaries, storage, config.max_reject_ratio)


def check(config: ShardsConfig) -> None:
    """Refuse values that no corpus could be built with, before anything is read."""
    if bool(config.dataset) == bool(config.datasets):
        raise ConfigError("give DATASET=name SOURCE=/path (make sources lists the names), or a config with `datasets:`")
    given = [item.name for item in fields(DatasetConfig) if item.name != "dataset" and getattr(config, item.name)]
    if config.datasets and given:
        raise ConfigError(
            f"{given[0]}={getattr(config, given[0])} stands beside `datasets:`, each of which has its own; "
            "write it there, or pass DATASET=name without that config"
        )
    for key, allowed in {"align": ("auto", "none"), "vocabulary": ("released", "extended")}.items():
        if getattr(config, key) not in allowed:
            raise ConfigError(f"{key}={getattr(config, key)}: choose {' or '.join(allowed)}")
    if not config.shard_mb > 0 or (config.shard_samples is not None and config.shard_samples < 1):
        raise ConfigError("shard_mb and shard_samples must be greater than 0")
    if config.workers is not None and config.workers < 1:
        raise ConfigError(f"workers={config.workers}: at least 1 is needed")
    if not 0 <= config.max_reject_ratio <= 1:
        raise ConfigError(f"max_reject_ratio={config.max_reject_ratio}: a share between 0 and 1")


def requested(config: ShardsConfig) -> list[DatasetConfig]:
    """The corpora of this job."""
    return config.datasets or [config]


def planned(config: ShardsConfig, storage: Storage) -> list[SplitJob]:
    """The splits asked for, with their plans in place.

    All plans are made before the first is put into OUT: with REBUILD=1 a mistake in the last split must not cost the
    shards of the first.
    """
    tasks = [task for dataset in requested(config) for task in plan_tasks(config, dataset, storage)]
    with planners(tasks, config.workers) as crew:
        return [crew.put_in_place(number) for number in drafted(tasks, crew)]


def plan_tasks(config: ShardsConfig, dataset: DatasetConfig, storage: Storage) -> list[PlanTask]:
    """What is to be planned of one corpus, in the release's order.

    Raises:
        ConfigError, SourceError: the corpus cannot be read as asked for.
    """
    cls = class_asked_for(dataset)
    source = opened(cls, dataset.source, dataset.roots, config.source_options)
    settings = {
        "align": config.align,
        "shard_mb": config.shard_mb,
        "shard_samples": config.shard_samples,
        "vocabulary": config.vocabulary,
    }
    return [
        PlanTask(source, split, bool(dataset.split), settings, storage, config.rebuild)
        for split in chosen_splits(source, dataset.split)
    ]


def drafted(tasks: Sequence[PlanTask], crew: Crew) -> list[int]:
    """Draft the plans; the places in `tasks` of the splits that hold something.

    A split that nobody named need not be there, as long as another one of its corpus is.
    """
    empty: dict[int, EmptySplitError] = {}
    for number, said in crew.drafts():
        if isinstance(said, EmptySplitError):
            empty[number] = said
        else:
            print(said, flush=True)
    for number, error in sorted(empty.items()):
        task = tasks[number]
        if task.named or all(place in empty for place, other in enumerate(tasks) if other.source is task.source):
            raise error
        print(f"{task.source.name}/{task.split}: left out. {error}", flush=True)
    return [number for number in range(len(tasks)) if number not in empty]


def opened(cls: type[Source], source: str, roots: str, options: dict[str, Any]) -> Source:
    """The corpus that SOURCE and ROOTS name; errors as of `Source`."""
    return cls(
        corpus_path(source, options), {name: corpus_path(path, options) for name, path in parse_roots(roots).items()}
    )


def sweep(storage: Storage, jobs: Sequence[SplitJob]) -> None:
    """Remove what killed jobs left half written: in the splits, and where dataset.json and the probe of OUT stand."""
    for job in jobs:
        storage.sweep(split_folder(job.source.name, job.split))
    for folder in ("", *dict.fromkeys(dataset_folder(job.source.name) for job in jobs)):
        storage.sweep(folder, recursive=False)


def parse_roots(text: str) -> dict[str, str]:
    """`name=/path,name=/path` as a mapping."""
    roots = {}
    for item in filter(None, text.split(",")):
        name, equals, path = item.partition("=")
        if not equals or not name or not path:
            raise ConfigError(f"ROOTS={text}: expected name=/path,name=/path")
        roots[name.strip()] = path
    return roots


def chosen_splits(source: Source, text: str) -> list[str]:
    """The splits named in SPLIT, or the default ones that SOURCE holds."""
    named = [name.strip() for name in text.split(",") if name.strip()]
    if named:
        return list(dict.fromkeys(named))
    found = list(source.wanted_splits())
    if not found:
        there = ", ".join(source.available_splits())
        raise SourceError(
            f"{source.name}: {source.root} holds none of the default splits ({', '.join(source.default_splits)}); "
            + (f"pass SPLIT= one or more of: {there}" if there else f"expected {source.expects}")
        )
    return found


def build(
    tasks: Sequence[ShardTask], config: ShardsConfig, run_log: RunLog, progress: Progress, metrics: ShardMetrics
) -> None:
    """Build and commit shards, spread over the cores of this machine or of the cluster."""
    with ray_running(config.workers) as cores:
        at_most = f"at most {config.workers:,} at a time, " if config.workers and config.workers != cores else ""
        print(f"building {len(tasks):,} shards, {at_most}on {cores:,} cores", flush=True)
        metrics.open()
        built_shards = spread(
            build_and_commit,
            tasks,
            name=lambda task: f"{task.shard.dataset}: build shard",
            workers=config.workers,
            sizes=[task.bytes for task in tasks],
            most_bytes=round(config.shard_mb * 1e6),
            passing=(OSError, SourceError),
            user_errors=USER_ERRORS,
            submitted=lambda task: metrics.submitted(task.shard),
            failed=lambda task, error: metrics.failed(task.shard, error),
        )
        try:
            for task, built in built_shards:
                run_log.add(task.shard.dataset, task.shard.split, built.event)
                metrics.built(task.shard, built.totals, built.event)
                totals, name = built.totals, f"{task.shard.dataset}/{task.shard.split}"
                wall = built.event.get("wall", 0.0)
                progress.add(name, totals.samples, totals.seconds, totals.rejects.total(), wall)
        finally:
            metrics.close()


def split_progress(job: SplitJob, standing: Standing | None) -> SplitProgress:
    """What there is of a split before the job builds its missing shards; `standing` is None where none is missing."""
    shards = job.document["shards"]
    return SplitProgress(shards, shards if standing is None else standing.shards)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
