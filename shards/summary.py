"""Merges the committed shards of a split into its index, rejects and totals, and the splits into dataset.json.

Everything here is made from the records and parquet files alone, so it can be made again at any time by anybody and
comes out the same. split.json is written last: where it stands and fits the records, the split is whole.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from shards.index import RejectRow, read_reject_file, read_shard_parquet, reject_groups, write_merged
from shards.layout import (
    ShardName,
    dataset_folder,
    dataset_path,
    index_path,
    plan_path,
    plan_rejects_path,
    rejects_path,
    split_folder,
    split_path,
)
from shards.plan import SplitPlan, check_in_place, read_plan
from shards.read_ahead import READ_AT_ONCE, read_ahead
from shards.record import ShardRecord, iter_records
from shards.sample import canonical_json
from shards.schema import SCHEMA, ShardError, check_schema
from shards.scratch import scratch
from shards.storage import Storage
from shards.totals import Totals, summed
from shards.writer import WrittenFile

# Splits that end while dataset.json is written make it be written again; more rounds than jobs can end at once.
_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class SplitSummary:
    """What split.json says: the sums over a split, and which files they belong to."""

    dataset: str
    split: str
    shards: int
    records: str  # sha256 over the checksums of the commit records in order
    index: WrittenFile
    rejects: WrittenFile
    totals: Totals
    listing: str | None = None  # by what one listing of the folder tells that the split is whole: see `listing_digest`

    def encode(self) -> bytes:
        """The bytes of split.json."""
        return canonical_json(self.to_json()) + b"\n"

    def to_json(self) -> dict[str, Any]:
        """As in split.json."""
        return {
            "schema": SCHEMA,
            "dataset": self.dataset,
            "split": self.split,
            "shards": self.shards,
            "records": self.records,
            "index": {"sha256": self.index.sha256, "bytes": self.index.bytes},
            "rejects_file": {"sha256": self.rejects.sha256, "bytes": self.rejects.bytes},
            **({} if self.listing is None else {"listing": self.listing}),
            **self.totals.to_json(),
        }


def whole_split(storage: Storage, dataset: str, split: str, plan: SplitPlan) -> SplitSummary | None:
    """What split.json says, where a listing of the folder is enough to see that the split is whole; else None.

    Seen are the contents of every commit record, by its MD5, and the sizes of all other files. In a bucket no record
    is read for that.
    """
    summary = read_split(storage, dataset, split)
    if summary is None or summary.listing is None or summary.shards != plan.shards:
        return None
    stamps = storage.stamps(split_folder(dataset, split), ".json")
    nothing = (None, None)
    merged = {index_path(dataset, split): summary.index, rejects_path(dataset, split): summary.rejects}
    if any(stamps.get(path, nothing)[0] != file.bytes for path, file in merged.items()):
        return None
    shards = (ShardName(dataset, split, number) for number in range(plan.shards))
    lines = (
        (
            stamps.get(shard.record, nothing)[1],
            stamps.get(shard.tar, nothing)[0],
            stamps.get(shard.parquet, nothing)[0],
        )
        for shard in shards
    )
    return summary if listing_digest(plan.sha256, lines) == summary.listing else None


def listing_digest(plan: str, lines: Iterable[tuple[str | None, int | None, int | None]]) -> str:
    """sha256 over the plan's name and, shard after shard, the record's MD5 and the bytes of tar and parquet file."""
    digest = hashlib.sha256(plan.encode("ascii"))
    for md5, tar_bytes, parquet_bytes in lines:
        digest.update(f"\n{md5} {tar_bytes} {parquet_bytes}".encode("ascii"))
    return digest.hexdigest()


def listing_line(record: ShardRecord) -> tuple[str, int, int]:
    """What a shard adds to the digest of the listing."""
    md5 = hashlib.md5(record.encode(), usedforsecurity=False).hexdigest()
    return md5, record.tar.bytes, record.parquet.bytes


def summarise_split(storage: Storage, dataset: str, split: str, plan: SplitPlan | None = None) -> SplitSummary:
    """Write index.parquet, rejects.parquet and split.json of a split all of whose shards are committed.

    Where they are there already and fit the records, nothing is written. Memory does not grow with the split, but for
    the hashes of its shards.

    Args:
        plan: the one that the caller built by; None: the one that is in place.

    Raises:
        ShardError: there is no plan, or another one meanwhile; or shards of it are missing or damaged: names the first.
    """
    plan = plan or read_plan(storage, dataset, split)
    there = whole_split(storage, dataset, split, plan)
    if there is not None:
        return there
    committed = _committed(storage, dataset, split, plan)
    there = read_split(storage, dataset, split)
    if there is not None and _still_true(storage, there, committed):
        return there
    with scratch() as folder:
        index, rejects = folder / "index.parquet", folder / "rejects.parquet"
        planned: Counter[str] = Counter()

        def planned_rejects() -> Iterator[pa.Table]:
            for table in reject_groups(storage, plan_rejects_path(dataset, split)):
                planned.update(table["reason"].to_pylist())
                yield table

        write_merged(index, rejects, planned_rejects(), _shard_rows(storage, committed))
        if plan.rejects is not None and planned != Counter(plan.rejects):
            raise ShardError(
                f"{storage.full(plan_rejects_path(dataset, split))}: is missing or damaged: it holds {planned.total()} "
                f"rejects, plan.json says {sum(plan.rejects.values())}; delete it, then run the same command again"
            )
        committed.totals.rejects.update(planned)
        summary = SplitSummary(
            dataset,
            split,
            shards=plan.shards,
            records=records_digest(committed.checksums),
            index=_described(index),
            rejects=_described(rejects),
            totals=committed.totals,
            listing=committed.listing,
        )
        # The merging took its time: a job with REBUILD=1 may have begun, or even ended, meanwhile.
        check_in_place(storage, dataset, split, plan.sha256)
        storage.put_file(index, index_path(dataset, split), move=True)
        storage.put_file(rejects, rejects_path(dataset, split), move=True)
    check_in_place(storage, dataset, split, plan.sha256)
    storage.replace(split_path(dataset, split), summary.encode())
    try:
        check_in_place(storage, dataset, split, plan.sha256)
    except ShardError:
        storage.delete(split_path(dataset, split))  # whoever comes next makes the totals of what is there
        raise
    return summary


def summarise_dataset(storage: Storage, dataset: str) -> dict[str, SplitSummary]:
    """Write dataset.json from the split.json files, again until none changed meanwhile; gives what it was made from.

    Jobs on other splits of the dataset may do the same at the same time: the last one to write saw them all.
    """
    seen: dict[str, SplitSummary] | None = None
    for _ in range(_ROUNDS):
        now = read_splits(storage, dataset)
        if seen is not None and now == seen:
            return now
        storage.replace(dataset_path(dataset), encode_dataset(dataset, now))
        seen = now
    raise ShardError(
        f"{storage.full(dataset_path(dataset))}: the splits change without end; run the command again later"
    )


def encode_dataset(dataset: str, splits: Mapping[str, SplitSummary]) -> bytes:
    """The bytes of dataset.json: the sums over all splits, and each split's own."""
    document = {
        "schema": SCHEMA,
        "dataset": dataset,
        "shards": sum(split.shards for split in splits.values()),
        **summed(split.totals for split in splits.values()).to_json(),
        "splits": {name: split.to_json() for name, split in splits.items()},
    }
    return canonical_json(document) + b"\n"


def read_split(storage: Storage, dataset: str, split: str) -> SplitSummary | None:
    """What split.json says; None where there is none, or a damaged one.

    Raises:
        ShardError: it has a newer schema.
    """
    path = split_path(dataset, split)
    data = storage.read_if_there(path)
    if data is None:
        return None
    try:
        document = json.loads(data.decode("utf-8"))
        number = document["schema"]
    except (ValueError, TypeError, KeyError):
        return None
    check_schema(number, storage.full(path))
    try:
        return SplitSummary(
            document["dataset"],
            document["split"],
            shards=document["shards"],
            records=document["records"],
            index=WrittenFile(**document["index"]),
            rejects=WrittenFile(**document["rejects_file"]),
            totals=Totals.from_json(document),
            listing=document.get("listing"),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def read_splits(storage: Storage, dataset: str) -> dict[str, SplitSummary]:
    """All complete splits of a dataset, by name, sorted."""
    found = {split: read_split(storage, dataset, split) for split in storage.folders(dataset_folder(dataset))}
    return {split: summary for split, summary in found.items() if summary is not None}


def datasets(storage: Storage) -> tuple[str, ...]:
    """The datasets below OUT: folders that hold a split with a plan or totals, sorted."""
    return tuple(name for name in storage.folders() if any(splits(storage, name)))


def splits(storage: Storage, dataset: str) -> tuple[str, ...]:
    """The splits of a dataset, complete or not, sorted."""
    return tuple(
        split
        for split in storage.folders(dataset_folder(dataset))
        if storage.exists(plan_path(dataset, split)) or storage.exists(split_path(dataset, split))
    )


def plan_rejects(storage: Storage, dataset: str, split: str) -> tuple[RejectRow, ...]:
    """The records that were rejected while the split was planned."""
    return read_reject_file(storage, plan_rejects_path(dataset, split))


def split_totals(records: Mapping[int, ShardRecord], planned: Iterable[RejectRow]) -> Totals:
    """What the shards and the plan's rejects add up to."""
    totals = summed(record.totals for record in records.values())
    totals.rejects.update(reject.reason for reject in planned)
    return totals


def records_digest(checksums: Iterable[str]) -> str:
    """sha256 that changes when any record does; `checksums` are those of the records in shard order."""
    return hashlib.sha256("".join(checksums).encode("ascii")).hexdigest()


@dataclass(frozen=True)
class _Committed:
    """The commit records of a whole split, as much of them as its summary needs."""

    parquets: tuple[tuple[ShardName, WrittenFile], ...]
    checksums: tuple[str, ...]
    totals: Totals
    listing: str


def _committed(storage: Storage, dataset: str, split: str, plan: SplitPlan) -> _Committed:
    """Read the records of all shards.

    Raises:
        ShardError: one is missing, damaged or of another plan, or its tar is not of the size that it says.
    """
    sizes = storage.list(split_folder(dataset, split), recursive=False)
    totals, parquets, checksums, lines = Totals(), list[tuple[ShardName, WrittenFile]](), list[str](), []
    numbers = set(range(plan.shards))
    for record in iter_records(storage, dataset, split, plan.sha256):
        if record.shard.number not in numbers:
            continue
        numbers.remove(record.shard.number)
        # A job that another one's REBUILD overtook may have laid its own tar over a committed one.
        tar, said = record.shard.tar, record.tar.bytes
        if sizes.get(tar) != said:
            raise ShardError(
                f"{storage.full(tar)}: has {sizes.get(tar, 'no')} bytes, its record says {said}; "
                f"run make shards DATASET={dataset} SPLIT={split} again, which builds it anew"
            )
        totals.add(record.totals)
        parquets.append((record.shard, record.parquet))
        checksums.append(record.checksum)
        lines.append(listing_line(record))
    if numbers:
        raise ShardError(
            f"{storage.full(dataset)}/{split}: {len(numbers)} of {plan.shards} shards are not committed, the first "
            f"is number {min(numbers)}; build them with: make shards DATASET={dataset} SPLIT={split}"
        )
    return _Committed(tuple(parquets), tuple(checksums), totals, listing_digest(plan.sha256, lines))


def _still_true(storage: Storage, summary: SplitSummary, committed: _Committed) -> bool:
    """Whether totals that are there were made from these records, and their files are there."""
    return (
        summary.listing == committed.listing
        and summary.records == records_digest(committed.checksums)
        and storage.size(index_path(summary.dataset, summary.split)) == summary.index.bytes
        and storage.size(rejects_path(summary.dataset, summary.split)) == summary.rejects.bytes
    )


def _shard_rows(storage: Storage, committed: _Committed) -> Iterator[tuple[pa.Table, tuple[RejectRow, ...]]]:
    """The index and reject rows of shard after shard, some files read ahead."""
    for (shard, promised), data in read_ahead(
        committed.parquets, lambda item: storage.read_if_there(item[0].parquet), READ_AT_ONCE
    ):
        if data is None or hashlib.sha256(data).hexdigest() != promised.sha256:
            state = "is missing" if data is None else "is not the file that its record promises"
            raise ShardError(
                f"{storage.full(shard.parquet)}: {state}; delete {shard}.json beside it and run make shards again"
            )
        yield read_shard_parquet(data, storage.full(shard.parquet))


def _described(path: Path) -> WrittenFile:
    with path.open("rb") as file:
        return WrittenFile(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)
