#!/usr/bin/env python
"""Rebuild what is damaged or missing in shards, and show that it is what it was.

    python pipelines/repair.py dataset=librispeech source=/corpora/LibriSpeech [split=dev-clean] [out=data/shards]

Every shard is verified; those that do not hold are built again from the plan and the corpus. A shard is put back only
where something that is still whole promises these very bytes: its commit record, or, where that is damaged itself, the
hash of all records in split.json or in the copy of it in dataset.json. The plan is restored where the records name it,
index, rejects and totals are made again from the shards. What cannot be shown to be the old is left as it is and told,
with status 1: then the corpus has changed, or too much is gone.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The folder of this script holds modules of ours only; the packages lie beside it.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.asked_for import DatasetConfig, class_asked_for
from pipelines.build import ShardTask
from pipelines.card import write_card
from pipelines.job import USER_ERRORS, help_text, opened
from pipelines.mending.mend_plan import mend_plan
from pipelines.mending.rebuild import Rebuilt, proven, rebuild
from pipelines.planning.identity import IdentityError
from pipelines.planning.plan import BYTES_PER_SECOND
from pipelines.source import Source, SourceError
from pipelines.split import settle
from shards.check import check_shard
from shards.check_split import check_dataset, check_split
from shards.command import exit_status, tell_events
from shards.config import load_config
from shards.layout import (
    ShardName,
    dataset_path,
    parse_shard_path,
    plan_path,
    split_folder,
    split_path,
)
from shards.record import ShardRecord
from shards.schema import ShardError
from shards.spread import spread
from shards.storage import Storage
from shards.summary import SplitSummary, read_split, splits, summarise_dataset, summarise_split
from shards.verify import check_shards

FEW_SHARDS = 4  # up to as many are built here, before Ray would have started


@dataclass(frozen=True)
class RepairConfig(DatasetConfig):
    """What `make repair` takes; SPLIT is empty for all that OUT has."""

    out: str = "data/shards"
    align: str = "auto"  # this and the next three are asked only where plan.json is lost
    shard_mb: float = 256.0
    shard_samples: int | None = None
    vocabulary: str = "released"
    workers: int | None = None
    storage_options: dict[str, Any] = field(default_factory=dict)
    source_options: dict[str, Any] = field(default_factory=dict)


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0 when everything is what it was promised to be."""
    tell_events()
    if set(arguments) & {"-h", "--help"}:
        print(__doc__, "\nKeys and defaults:\n" + help_text(RepairConfig()), sep="\n")
        return 0
    return exit_status(lambda: run(load_config(RepairConfig, None, arguments)), USER_ERRORS)


def run(config: RepairConfig) -> int:
    """Repair split after split, then the dataset's totals."""
    cls = class_asked_for(config)
    source = opened(cls, config.source, config.roots, config.source_options)
    storage = Storage(config.out, **config.storage_options)
    storage.check_writable()
    wanted = [name.strip() for name in config.split.split(",") if name.strip()] or _splits(storage, cls.name)
    if not wanted:
        raise ShardError(f"{storage.full(cls.name)}: no shards here; give the OUT of make shards")
    failures: list[str] = []
    for split in wanted:
        try:
            failures += (f"{cls.name}/{split}: {why}" for why in _repair(storage, source, split, config))
        except (ShardError, IdentityError, SourceError) as error:  # the other splits can still be repaired
            failures.append(f"{cls.name}/{split}: {error}")
    write_card(storage, cls)
    if check_dataset(storage, cls.name) and not failures:
        summarise_dataset(storage, cls.name)
        print(f"{cls.name}: dataset.json made again from the splits")
    if failures:
        raise ShardError(
            "\n".join(failures) + f"\n{len(failures)} things could not be repaired. Pass the SOURCE and the versions "
            "that the shards were built with; or build from what SOURCE holds now with make shards … REBUILD=1"
        )
    return 0


def _splits(storage: Storage, dataset: str) -> list[str]:
    """Those with a plan or totals, and those of which only shards are left."""
    known = set(splits(storage, dataset))
    for split in storage.folders(dataset):
        known |= {split for path in storage.list(f"{dataset}/{split}", recursive=False) if parse_shard_path(path)}
    return sorted(known)


def _repair(storage: Storage, source: Source, split: str, config: RepairConfig) -> list[str]:
    """Repair one split; what could not be."""
    name = f"{source.name}/{split}"
    with contextlib.suppress(ShardError, IdentityError):  # where the plan is damaged, after it was mended
        settle(source.name, split, storage)
    settings = {
        "align": config.align,
        "shard_mb": config.shard_mb,
        "shard_samples": config.shard_samples,
        "vocabulary": config.vocabulary,
    }
    mend_plan(storage, source, split, settings)
    settle(source.name, split, storage)
    document = json.loads(storage.read_bytes(plan_path(source.name, split)))
    promised = _promises(storage, source.name, split)
    shards = tuple(ShardName(source.name, split, number) for number in range(document["shards"]))
    sizes = storage.list(split_folder(source.name, split), recursive=False)
    damaged = []
    for shard, findings in check_shards(storage, shards, config.workers or 0, sizes):
        if findings.lies:
            damaged.append(shard)
            print(f"{name}: {findings.lies[0]}" + (f", and {len(findings.lies) - 1} more" * (len(findings.lies) > 1)))
    whence = source.root, source.roots, storage, document
    tasks = [ShardTask(shard, *whence, sizes.get(shard.tar, 0) / BYTES_PER_SECOND) for shard in sorted(damaged)]
    failures = _rebuild_all(storage, tasks, promised, config)
    strays = [path for path in sizes if (found := parse_shard_path(path)) and found[0].number >= len(shards)]
    if strays:
        print(f"{name}: deleting {len(strays)} files that belong to no shard of the plan, the first is {strays[0]}")
        storage.delete(*strays)
    if failures:
        return failures
    if check_split(storage, source.name, split):
        storage.delete(split_path(source.name, split))
        made = summarise_split(storage, source.name, split)
        told = "as they were promised" if made.records in promised else "which nothing was left to confirm"
        print(f"{name}: index.parquet, rejects.parquet and split.json made again, {told}")
    left = [lie for task in tasks for lie in check_shard(storage, task.shard).lies]
    left += check_split(storage, source.name, split)
    if not left:
        print(f"{name}: {len(shards):,} shards, {len(tasks):,} of them repaired: all true")
    return [str(lie) for lie in left]


def _promises(storage: Storage, dataset: str, split: str) -> frozenset[str]:
    """The hashes over all records of the split that split.json, and its copy in dataset.json, tell."""
    found = set()
    try:
        summary: SplitSummary | None = read_split(storage, dataset, split)
    except ShardError:
        summary = None
    if summary is not None:
        found.add(summary.records)
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError, KeyError):
        found.add(json.loads(storage.read_bytes(dataset_path(dataset)))["splits"][split]["records"])
    return frozenset(found)


def _rebuild_all(
    storage: Storage, tasks: Sequence[ShardTask], promised: frozenset[str], config: RepairConfig
) -> list[str]:
    """Restore shards: first those of which a record promises the bytes, then those that only all together can prove."""
    results = dict(_rebuilt(tasks, {}, config))
    for shard, result in results.items():
        if result.restored:
            print(f"{shard}: restored, with the sha256 that its record promises")
    open_tasks = [task for task in tasks if not results[task.shard].restored]
    if not open_tasks:
        return []
    accepted = proven(storage, open_tasks, results, promised)
    again = [task for task in open_tasks if task.shard in accepted]
    told = (
        "with the hash of all records that split.json promises"
        if promised
        else "as the corpus gives it: no record, and no split.json, was left to hold it against"
    )
    for shard, result in _rebuilt(again, accepted, config):
        results[shard] = result
        if result.restored:
            print(f"{shard}: restored, with its record, {told}")
    return [f"{task.shard}: {results[task.shard].why}" for task in open_tasks if not results[task.shard].restored]


def _rebuilt(
    tasks: Sequence[ShardTask], accepted: Mapping[ShardName, ShardRecord], config: RepairConfig
) -> Iterator[tuple[ShardName, Rebuilt]]:
    """What comes of each shard, here where they are few, else on Ray."""
    if len(tasks) <= FEW_SHARDS:
        for task in tasks:
            yield task.shard, rebuild(task, accepted.get(task.shard))
        return
    rebuilt = spread(
        rebuild,
        tasks,
        name=lambda task: f"{task.shard.dataset}: repair shard",
        arguments=lambda task: (task, accepted.get(task.shard)),
        workers=config.workers,
        sizes=[task.bytes for task in tasks],
        passing=(OSError, SourceError),
        user_errors=USER_ERRORS,
    )
    for task, result in rebuilt:
        yield task.shard, result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
