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
import logging
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.build import ShardTask, build_and_commit
from pipelines.catalogue import find
from pipelines.identity import IdentityError
from pipelines.progress import Progress, SplitProgress
from pipelines.retry import Retries
from pipelines.run_log import RunLog
from pipelines.source import LEFT_OUT_REASONS, REJECT_REASONS, EmptySplitError, Source, SourceError
from pipelines.split import NOTHING_FORGOTTEN, SplitDraft, SplitJob, draft, put_in_place, settle
from shards.command import exit_status
from shards.config import ConfigError, load_config
from shards.layout import dataset_folder, rejects_path, split_folder
from shards.local_ray import HEAD_CHECK_SECONDS, RETRIES, Head, TaskLostError, lost, ray_options
from shards.schema import ShardError
from shards.scratch import scratch
from shards.statistics import duration
from shards.storage import Storage, StorageError
from shards.summary import SplitSummary, summarise_dataset, summarise_split

USER_ERRORS = (ConfigError, IdentityError, SourceError, ShardError, StorageError, TaskLostError)


@dataclass(frozen=True)
class DatasetConfig:
    """One corpus of a job over several."""

    dataset: str = ""
    source: str = ""
    roots: str = ""
    split: str = ""


@dataclass(frozen=True)
class ShardsConfig:
    """What `make shards` takes; `make shards DATASET=x` is `dataset=x`, and so on."""

    dataset: str = ""  # a name of the catalogue: make sources
    source: str = ""  # the corpus on disk, in its native layout
    roots: str = ""  # further corpora that this one draws on: name=/path,name=/path
    out: str = "data/shards"  # a folder or an s3:// URL
    split: str = ""  # comma-separated; empty: the source's default splits that SOURCE has
    align: str = "auto"  # where word times come from: auto and none (the release's own, or none)
    shard_mb: float = 256.0
    shard_samples: int | None = None
    workers: int | None = None  # shards built at a time; default: the cores of the cluster
    rebuild: bool = False
    max_reject_ratio: float = 0.05
    vocabulary: str = "released"  # or extended: Whisper's other languages too
    storage_options: dict[str, Any] = field(default_factory=dict)
    datasets: list[DatasetConfig] = field(default_factory=list)


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status is 0 when every split is complete and committed."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
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
    missing = {job.name: job.missing() for job in jobs}
    tasks = [task for some in missing.values() for task in some]
    run_log = RunLog(storage, [(job.source.name, job.split) for job in jobs])
    if tasks:
        progress = Progress({job.name: split_progress(job, missing[job.name]) for job in jobs})
        build(tasks, config, run_log, progress)
    summaries = [summarise_split(storage, job.source.name, job.split) for job in jobs]
    for dataset in dict.fromkeys(job.source.name for job in jobs):
        summarise_dataset(storage, dataset)
    sweep(storage, jobs)
    run_log.end()
    return judge(jobs, summaries, storage, config)


def check(config: ShardsConfig) -> None:
    """Refuse values that no corpus could be built with, before anything is read."""
    if bool(config.dataset) == bool(config.datasets):
        raise ConfigError("give DATASET=name SOURCE=/path (make sources lists the names), or a config with `datasets:`")
    given = [key for key in ("source", "roots", "split") if getattr(config, key)]
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
    return config.datasets or [DatasetConfig(config.dataset, config.source, config.roots, config.split)]


def planned(config: ShardsConfig, storage: Storage) -> list[SplitJob]:
    """The splits asked for, with their plans in place.

    All plans are made before the first touches OUT: with REBUILD=1 a mistake in the last split must not cost the
    shards of the first.
    """
    with scratch() as folder:
        drafts = [made for dataset in requested(config) for made in drafted(config, dataset, folder, storage)]
        return [put_in_place(made, storage, config.rebuild) for made in drafts]


def drafted(
    config: ShardsConfig, dataset: DatasetConfig, folder: Path, storage: Storage | None = None
) -> list[SplitDraft]:
    """The plans of one corpus's splits, in the release's order, without what is to be forgotten in `storage`.

    Raises:
        ConfigError, SourceError: the corpus cannot be read as asked for.
    """
    cls = find(dataset.dataset)
    if not dataset.source:
        raise ConfigError(f"SOURCE is missing: pass {cls.expects}; `make source DATASET={cls.name}` says more")
    source = cls(dataset.source, parse_roots(dataset.roots))
    settings = {
        "align": config.align,
        "shard_mb": config.shard_mb,
        "shard_samples": config.shard_samples,
        "vocabulary": config.vocabulary,
    }
    splits, made = chosen_splits(source, dataset.split), list[SplitDraft]()
    for split in splits:
        try:
            forgotten = settle(source.name, split, storage, config.rebuild) if storage else NOTHING_FORGOTTEN
            made.append(draft(source, split, settings, folder, forgotten=forgotten))
            print(made[-1].headline(), flush=True)
        except EmptySplitError as error:
            # A split that nobody named need not be there, as long as one of them is.
            if dataset.split or (split == splits[-1] and not made):
                raise
            print(f"{source.name}/{split}: left out. {error}", flush=True)
    return made


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
    found = [split for split in source.default_splits if source.has_split(split)]
    if not found:
        there = ", ".join(source.available_splits())
        raise SourceError(
            f"{source.name}: {source.root} holds none of the default splits ({', '.join(source.default_splits)}); "
            + (f"pass SPLIT= one or more of: {there}" if there else f"expected {source.expects}")
        )
    return found


def build(tasks: list[ShardTask], config: ShardsConfig, run_log: RunLog, progress: Progress) -> None:
    """Build and commit shards, a bounded number at a time, spread over the nodes of the cluster."""
    cluster = ray_options(config.workers)  # before Ray is imported, which reads its settings from the environment
    import ray

    ray.init(**cluster)
    cores = int(ray.cluster_resources().get("CPU", 1))
    at_once = min(config.workers or cores, len(tasks))
    print(f"building {len(tasks):,} shards on {at_once} of {cores} cores", flush=True)
    # What a dying worker leaves undone Ray does again; after a failure of storage it is done again here, with waits.
    options: dict[str, Any] = {"num_cpus": 1, "max_retries": RETRIES, "scheduling_strategy": "SPREAD"}
    remote = ray.remote(**options)(build_and_commit)
    waiting, retries = deque(range(len(tasks))), Retries[int]()
    running: dict[ray.ObjectRef, int] = {}  # the task's place in `tasks`
    head = Head(ray.get_runtime_context().gcs_address)
    try:
        while waiting or running or retries.seconds() is not None:
            head.check()
            while len(running) < 2 * at_once and (number := retries.due(waiting)) is not None:
                task = tasks[number]
                running[remote.options(name=f"{task.shard.dataset}: build shard").remote(task)] = number
            if not running:
                time.sleep(retries.seconds() or 0.0)
                continue
            until_due = retries.seconds() if len(running) < 2 * at_once else None
            wait = HEAD_CHECK_SECONDS if until_due is None else min(until_due, HEAD_CHECK_SECONDS)
            done, _ = ray.wait(list(running), num_returns=1, timeout=wait)
            for reference in done:
                number = running.pop(reference)
                task = tasks[number]
                try:
                    built = ray.get(reference)
                except ray.exceptions.RayTaskError as error:
                    if not isinstance(error.cause, (*USER_ERRORS, OSError, MemoryError)):
                        raise  # a bug of ours, with the worker's traceback
                    retries.take(number, lost(error.cause) if isinstance(error.cause, MemoryError) else error.cause)
                    continue
                except ray.exceptions.LocalRayletDiedError as error:
                    raise lost(error) from error  # nothing can be asked of Ray from here any more
                except ray.exceptions.RayError as error:
                    retries.take(number, lost(error))
                    continue
                run_log.add(task.shard.dataset, task.shard.split, built.event)
                totals = built.totals
                name = f"{task.shard.dataset}/{task.shard.split}"
                progress.add(name, totals.samples, totals.seconds, totals.rejects.total(), built.event.get("wall", 0.0))
    finally:
        ray.shutdown()


def split_progress(job: SplitJob, missing: Sequence[ShardTask]) -> SplitProgress:
    """What there is of a split before the job builds its missing shards."""
    return SplitProgress(job.document["shards"], job.document["shards"] - len(missing))


def judge(jobs: Sequence[SplitJob], summaries: Sequence[SplitSummary], storage: Storage, config: ShardsConfig) -> int:
    """Say what came out; 1 where too much of a split was rejected."""
    status = 0
    for job, summary in zip(jobs, summaries, strict=True):
        totals = summary.totals
        rejects = totals.rejects
        print(f"{job.name}: {totals.samples:,} samples, {duration(totals.seconds)} in {storage.full(job.name)}")
        for reason, count in sorted(rejects.items(), key=lambda item: -item[1]):
            print(f"  rejected {count:,} × {reason}: {REJECT_REASONS.get(reason, reason)}")
        for reason, count in sorted(totals.left_out.items()):
            print(f"  left out {count:,} targets × {reason}: {LEFT_OUT_REASONS.get(reason, reason)}")
        expected = job.source.splits.get(job.split)
        # Releases count annotations: audio that has none (325 recordings of AISHELL-1) is no record too many.
        planned_rejects = sum(count for reason, count in job.document["rejects"].items() if reason != "no_transcript")
        forgotten = job.document.get("forgotten", {}).get("records", 0)
        found = job.document["records"] + planned_rejects + forgotten
        if expected is not None and found != expected:
            print(f"  warning: the release has {expected:,} records, SOURCE has {found:,}")
        outside = "audio_missing" if job.source.audio_may_be_missing else None
        bad = sum(count for reason, count in rejects.items() if reason != outside)
        ratio = bad / max(totals.samples + bad, 1)
        if ratio > config.max_reject_ratio:
            status = 1
            print(
                f"error: {job.name}: {bad:,} of {totals.samples + bad:,} rejected ({ratio:.1%}), more than "
                f"{config.max_reject_ratio:.1%}. The good shards are committed; "
                f"{storage.full(rejects_path(job.source.name, job.split))} names each reject. Mend the corpus and "
                f"build with REBUILD=1, or accept it with MAX_REJECT_RATIO={min(1.0, ratio + 0.01):.2f}",
                file=sys.stderr,
            )
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
