"""One split of one corpus on its way into shards: its plan drafted, put in place, and what is still to be built."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.build import ShardTask
from pipelines.mending.forgetting import bring_in_line
from pipelines.own.source import own_settings
from pipelines.planning.identity import IdentityError, differences, encode_plan, plan_document, plan_name
from pipelines.planning.plan import make_plan, without
from pipelines.source import Source
from shards.forgotten import Forgotten, read_forgotten
from shards.layout import (
    ShardName,
    dataset_path,
    journal_path,
    parse_shard_path,
    plan_folder,
    plan_path,
    runs_folder,
    split_folder,
    split_path,
)
from shards.plan import SplitPlan, check_in_place, parse_plan
from shards.record import iter_records
from shards.schema import ShardError
from shards.statistics import duration
from shards.storage import Storage
from shards.summary import SplitSummary, whole_split
from shards.totals import Totals

PROGRESS_ROWS = 200_000  # records between two lines while planning
NOTHING_FORGOTTEN = Forgotten()


@dataclass(frozen=True)
class SplitJob:
    """A planned split."""

    source: Source
    split: str
    storage: Storage
    document: Mapping[str, Any]  # plan.json
    shard_seconds: Sequence[float]  # of each shard, as far as metadata tells

    @property
    def name(self) -> str:
        """How the split is called in messages."""
        return f"{self.source.name}/{self.split}"

    @property
    def plan(self) -> SplitPlan:
        """The plan as readers of the shards know it."""
        data = encode_plan(self.document)
        return parse_plan(data, self.storage.full(plan_path(self.source.name, self.split)))

    def whole(self) -> SplitSummary | None:
        """The split's totals, where nothing is left to do."""
        return whole_split(self.storage, self.source.name, self.split, self.plan)

    def standing_of(self, whole: SplitSummary) -> Standing:
        """The same as `standing`, told from the totals of a whole split: no record is read."""
        totals = Totals()
        totals.add(whole.totals)
        totals.rejects -= Counter(self.document["rejects"])
        sizes = self.storage.list(split_folder(self.source.name, self.split), recursive=False)
        return Standing(whole.shards, totals, sum(size for path, size in sizes.items() if path.endswith(".tar")), ())

    def standing(self) -> Standing:
        """What is committed, with the files that the records promise, and what is still to be built."""
        sizes = self.storage.list(split_folder(self.source.name, self.split), recursive=False)
        missing, totals, tar_bytes = set(range(self.document["shards"])), Totals(), 0
        for record in iter_records(self.storage, self.source.name, self.split, plan_name(self.document)):
            shard = record.shard
            files = {shard.tar: record.tar.bytes, shard.parquet: record.parquet.bytes}
            if shard.number in missing and all(sizes.get(path) == size for path, size in files.items()):
                missing.remove(shard.number)
                totals.add(record.totals)
                tar_bytes += record.tar.bytes
        shards = (ShardName(self.source.name, self.split, number) for number in sorted(missing))
        told = self.source.root, self.source.roots, self.storage, self.document
        tasks = [ShardTask(shard, *told, self.shard_seconds[shard.number]) for shard in shards]
        return Standing(self.document["shards"] - len(tasks), totals, tar_bytes, tasks)


@dataclass(frozen=True)
class Standing:
    """How far a split has come: its committed shards, what they hold, and the tasks that are left."""

    shards: int
    totals: Totals
    tar_bytes: int
    missing: Sequence[ShardTask]


@dataclass(frozen=True)
class SplitDraft:
    """A plan that is made but not in place; its parquet files lie in `folder`."""

    source: Source
    split: str
    folder: Path
    document: Mapping[str, Any]
    shard_seconds: Sequence[float]
    forgotten: Forgotten = NOTHING_FORGOTTEN  # the list that it was made with

    def headline(self) -> str:
        """What the plan holds, in a line."""
        plan, rejected = self.document, sum(self.document["rejects"].values())
        return (
            f"{self.source.name}/{self.split}: {plan['records']:,} records in {plan['shards']:,} shards, "
            f"about {duration(plan['seconds'])}, {rejected:,} rejected while planning"
        )


def draft(
    source: Source,
    split: str,
    settings: Mapping[str, Any],
    folder: Path,
    say: Callable[[str], None] = print,
    forgotten: Forgotten = NOTHING_FORGOTTEN,
) -> SplitDraft:
    """Plan a split in a new folder inside `folder`, without what is `forgotten`; OUT is not touched.

    Raises:
        SourceError: the corpus cannot be read.
    """
    own = Path(tempfile.mkdtemp(dir=folder))
    places = forgotten.places.get(split, ())
    plan = make_plan(
        without(source.records(split), forgotten, split, source.origin_namespace),
        own,
        mean_seconds=source.mean_seconds,
        shard_mb=settings["shard_mb"],
        shard_samples=settings["shard_samples"],
        places=places,
        progress=_every(PROGRESS_ROWS, time.monotonic(), lambda line: say(f"{source.name}/{split}: {line}")),
    )
    document = plan_document(source.name, split, {**settings, **own_settings(source)}, plan, places)
    return SplitDraft(source, split, own, document, plan.shard_seconds, forgotten)


def put_in_place(
    made: SplitDraft, storage: Storage, rebuild: bool = False, say: Callable[[str], None] = print
) -> SplitJob:
    """Put a plan in place, or recognise the one that is there; with `rebuild` what is there is deleted before.

    Raises:
        IdentityError: OUT holds this split, planned from something else; names what differs.
    """
    dataset, split = made.source.name, made.split
    if rebuild:
        clear(dataset, split, storage, say)
    created = storage.create(plan_path(dataset, split), encode_plan(made.document))
    if not created:
        _compare(storage, dataset, split, made.document)
    # Beside a plan of somebody else's lie its parts, or as much of them as he lived to put there.
    there, name = {} if created else storage.list(plan_folder(dataset, split)), plan_name(made.document)
    for path in sorted(made.folder.glob("*.parquet")):
        target = f"{plan_folder(dataset, split)}/{path.name}"
        if there.get(target) != path.stat().st_size:
            check_in_place(storage, dataset, split, name)
            storage.put_file(path, target)
    if strays := _strays(storage, made):
        check_in_place(storage, dataset, split, name)
        storage.delete(*strays)
    # Only now: whoever lengthens the list after this look finds the whole plan, and brings it in line.
    if read_forgotten(storage, dataset) != made.forgotten:
        raise IdentityError(
            f"{dataset}/{split}: recordings were put on the list of those to forget while this was planned; run the "
            "same command again, which leaves them out"
        )
    return SplitJob(made.source, split, storage, made.document, made.shard_seconds)


def settle(
    dataset: str, split: str, storage: Storage, rebuild: bool = False, say: Callable[[str], None] = print
) -> Forgotten:
    """The list of forgotten recordings, after the split in OUT was brought in line with it.

    That may have been broken off, or the split may have been planned while the list was written. With `rebuild` the
    split is deleted anyway.
    """
    if not rebuild:
        bring_in_line(storage, dataset, split, say, drop=True)
    return read_forgotten(storage, dataset)


def clear(dataset: str, split: str, storage: Storage, say: Callable[[str], None]) -> None:
    """Delete a split for REBUILD=1, in an order that is safe to break off anywhere.

    First the totals, which say that the split is whole; then the records, with which its shards cease to exist. Only
    when none is left goes the plan, so that no other plan can be put beside records of this one. What then lies there
    belongs to nobody: the next plan's job replaces or removes it.
    """
    plan, runs = plan_path(dataset, split), runs_folder(dataset, split) + "/"
    sizes = storage.list(split_folder(dataset, split))
    there = {path: size for path, size in sizes.items() if not path.startswith(runs)}
    shards = {path: shard for path in there if (shard := parse_shard_path(path)) is not None}
    records = [path for path, (_, extension) in shards.items() if extension == "json"]
    parts = [path for path in there if path.startswith(f"{plan_folder(dataset, split)}/") and path != plan]
    ordered = dict.fromkeys(
        [
            split_path(dataset, split),
            dataset_path(dataset),
            journal_path(dataset, split),
            *records,
            *parts,
            plan,
            *there,
        ]
    )
    if there:
        say(f"{dataset}/{split}: REBUILD deletes {len(records):,} shards, {sum(there.values()) / 1e6:,.1f} MB")
    storage.delete(*ordered)


def _strays(storage: Storage, made: SplitDraft) -> list[str]:
    """Files of a longer plan, left by a rebuild that was broken off or by a job that one overtook.

    Nobody of this plan writes them: as long as it is in place they can go, whoever else is at work on it.
    """
    dataset, split, folder = made.source.name, made.split, plan_folder(made.source.name, made.split)
    planned = {plan_path(dataset, split), *(f"{folder}/{path.name}" for path in made.folder.glob("*.parquet"))}

    def is_stray(path: str) -> bool:
        shard = parse_shard_path(path)
        beyond = shard is not None and shard[0].number >= made.document["shards"]
        return beyond or (path.startswith(f"{folder}/") and path not in planned)

    return list(filter(is_stray, storage.list(split_folder(dataset, split))))


def _compare(storage: Storage, dataset: str, split: str, document: Mapping[str, Any]) -> None:
    path = plan_path(dataset, split)
    data = storage.read_if_there(path)
    if data == encode_plan(document):
        return
    if data is None:
        check_in_place(storage, dataset, split, plan_name(document))
        return
    try:
        changed = differences(json.loads(data), document) or ["plan.json was edited"]
    except (ValueError, AttributeError) as error:
        raise ShardError(f"{storage.full(path)}: is no plan; build the split anew with REBUILD=1") from error
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
