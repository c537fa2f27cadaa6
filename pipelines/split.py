"""One split of one corpus on its way into shards: its plan put in place, and what of it is still to be built."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.build import ShardTask
from pipelines.identity import IdentityError, differences, encode_plan, plan_document
from pipelines.plan import make_plan
from pipelines.progress import duration
from pipelines.scratch import scratch
from pipelines.source import Source
from shards.layout import (
    ShardName,
    dataset_path,
    parse_shard_path,
    plan_folder,
    plan_path,
    runs_folder,
    split_folder,
    split_path,
)
from shards.record import read_records
from shards.schema import ShardError
from shards.storage import Storage

PROGRESS_ROWS = 200_000  # records between two lines while planning


@dataclass(frozen=True)
class SplitJob:
    """A planned split."""

    source: Source
    split: str
    storage: Storage
    document: Mapping[str, Any]  # plan.json

    @property
    def name(self) -> str:
        """How the split is called in messages."""
        return f"{self.source.name}/{self.split}"

    def headline(self) -> str:
        """What the plan holds, in a line."""
        rejected = sum(self.document["rejects"].values())
        return (
            f"{self.name}: {self.document['records']:,} records in {self.document['shards']:,} shards, "
            f"about {duration(self.document['seconds'])}, {rejected:,} rejected while planning"
        )

    def missing(self) -> list[ShardTask]:
        """The shards that are not committed, or whose files are not those that their record promises."""
        sizes = self.storage.list(split_folder(self.source.name, self.split), recursive=False)
        records = read_records(self.storage, self.source.name, self.split)
        tasks = []
        for number in range(self.document["shards"]):
            shard, record = ShardName(self.source.name, self.split, number), records.get(number)
            files = {} if record is None else {shard.tar: record.tar.bytes, shard.parquet: record.parquet.bytes}
            if not files or any(sizes.get(path) != size for path, size in files.items()):
                roots = {name: str(path) for name, path in self.source.roots.items()}
                tasks.append(ShardTask(shard, str(self.source.root), roots, self.storage, self.document))
        return tasks


def prepare(
    source: Source,
    split: str,
    storage: Storage,
    settings: Mapping[str, Any],
    rebuild: bool = False,
    say: Callable[[str], None] = print,
) -> SplitJob:
    """Plan a split and put the plan in place, or recognise the one that is there.

    Raises:
        IdentityError: OUT holds this split, planned from something else; names what differs.
        SourceError: the corpus cannot be read.
    """
    name = f"{source.name}/{split}"
    with scratch() as folder:
        plan = make_plan(
            source.records(split),
            folder,
            mean_seconds=source.mean_seconds,
            shard_mb=settings["shard_mb"],
            shard_samples=settings["shard_samples"],
            progress=_every(PROGRESS_ROWS, time.monotonic(), lambda line: say(f"{name}: {line}")),
        )
        document = plan_document(source.name, split, settings, plan)
        if rebuild:
            clear(source.name, split, storage, say)
        if not storage.create(plan_path(source.name, split), encode_plan(document)):
            _compare(storage, source.name, split, document)
        there = storage.list(plan_folder(source.name, split))
        for path in sorted(folder.glob("*.parquet")):
            target = f"{plan_folder(source.name, split)}/{path.name}"
            if there.get(target) != path.stat().st_size:
                storage.put_file(path, target)
    return SplitJob(source, split, storage, document)


def clear(dataset: str, split: str, storage: Storage, say: Callable[[str], None]) -> None:
    """Delete a split for REBUILD=1: the plan and the records first, so that nothing half-gone looks whole."""
    there = storage.list(split_folder(dataset, split))
    runs = runs_folder(dataset, split) + "/"
    shards = {path: parsed for path in there if (parsed := parse_shard_path(path))}
    records = [path for path, (_, extension) in shards.items() if extension == "json"]
    first = [plan_path(dataset, split), split_path(dataset, split), dataset_path(dataset), *records]
    rest = [path for path in there if path not in first and not path.startswith(runs)]
    if there:
        size = sum(size for path, size in there.items() if not path.startswith(runs))
        say(f"{dataset}/{split}: REBUILD deletes {len(records):,} shards, {size / 1e6:,.1f} MB")
    storage.delete(*first, *rest)


def _compare(storage: Storage, dataset: str, split: str, document: Mapping[str, Any]) -> None:
    path = plan_path(dataset, split)
    try:
        old = json.loads(storage.read_bytes(path))
    except ValueError as error:
        raise ShardError(f"{storage.full(path)}: is no JSON; build the split anew with REBUILD=1") from error
    changed = differences(old, document)
    if changed:
        raise IdentityError(
            f"{storage.full(split_folder(dataset, split))} was planned from something else:\n  "
            + "\n  ".join(changed)
            + "\nPass what it was planned with, another OUT, or REBUILD=1 to delete this split and build it anew."
        )


def _every(rows: int, started: float, say: Callable[[str], None]) -> Callable[[int], None]:
    last = 0

    def progress(count: int) -> None:
        nonlocal last
        if count - last >= rows:
            last = count
            say(f"planning, {count:,} records, {count / max(time.monotonic() - started, 1e-3):,.0f}/s")

    return progress
