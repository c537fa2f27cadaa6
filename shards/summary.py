"""Merges the committed shards of a split into its index, rejects and totals, and the splits into dataset.json.

Everything here is made from the records and parquet files alone, so it can be made again at any time by anybody and
comes out the same. split.json is written last: where it stands and fits the records, the split is whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from shards.index import RejectRow, read_reject_file, read_shard_parquet, write_index, write_rejects
from shards.layout import (
    dataset_folder,
    dataset_path,
    index_path,
    plan_path,
    plan_rejects_path,
    rejects_path,
    split_folder,
    split_path,
)
from shards.plan import read_plan
from shards.record import ShardRecord, read_records
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
            **self.totals.to_json(),
        }


def summarise_split(storage: Storage, dataset: str, split: str) -> SplitSummary:
    """Write index.parquet, rejects.parquet and split.json of a split all of whose shards are committed.

    Where they are there already and fit the records, nothing is written.

    Raises:
        ShardError: there is no plan, or shards of it are missing or damaged; names the first.
    """
    records = _all_records(storage, dataset, split)
    there = read_split(storage, dataset, split)
    if there is not None and _still_true(storage, there, records):
        return there
    planned = plan_rejects(storage, dataset, split)
    with scratch() as folder:
        index, rejects = folder / "index.parquet", folder / "rejects.parquet"
        shard_rejects: list[tuple[RejectRow, ...]] = []
        write_index(index, _shard_rows(storage, records, shard_rejects))
        write_rejects(rejects, [planned, *shard_rejects])
        summary = SplitSummary(
            dataset,
            split,
            shards=len(records),
            records=records_digest(records),
            index=_described(index),
            rejects=_described(rejects),
            totals=split_totals(records, planned),
        )
        storage.put_file(index, index_path(dataset, split), move=True)
        storage.put_file(rejects, rejects_path(dataset, split), move=True)
    storage.replace(split_path(dataset, split), summary.encode())
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


def split_totals(records: Mapping[int, ShardRecord], planned: tuple[RejectRow, ...]) -> Totals:
    """What the shards and the plan's rejects add up to."""
    totals = summed(record.totals for record in records.values())
    totals.rejects.update(reject.reason for reject in planned)
    return totals


def records_digest(records: Mapping[int, ShardRecord]) -> str:
    """sha256 that changes when any record does."""
    return hashlib.sha256("".join(records[number].checksum for number in sorted(records)).encode("ascii")).hexdigest()


def _all_records(storage: Storage, dataset: str, split: str) -> dict[int, ShardRecord]:
    plan = read_plan(storage, dataset, split)
    records = read_records(storage, dataset, split, plan.sha256)
    missing = [number for number in range(plan.shards) if number not in records]
    if missing:
        raise ShardError(
            f"{storage.full(dataset)}/{split}: {len(missing)} of {plan.shards} shards are not committed, the first "
            f"is number {missing[0]}; build them with: make shards DATASET={dataset} SPLIT={split}"
        )
    # A job that another one's REBUILD overtook may have laid its own tar over a committed one.
    sizes = storage.list(split_folder(dataset, split), recursive=False)
    for number in range(plan.shards):
        tar, said = records[number].shard.tar, records[number].tar.bytes
        if sizes.get(tar) != said:
            raise ShardError(
                f"{storage.full(tar)}: has {sizes.get(tar, 'no')} bytes, its record says {said}; "
                f"run make shards DATASET={dataset} SPLIT={split} again, which builds it anew"
            )
    return {number: records[number] for number in range(plan.shards)}


def _still_true(storage: Storage, summary: SplitSummary, records: Mapping[int, ShardRecord]) -> bool:
    return (
        summary.shards == len(records)
        and summary.records == records_digest(records)
        and storage.size(index_path(summary.dataset, summary.split)) == summary.index.bytes
        and storage.size(rejects_path(summary.dataset, summary.split)) == summary.rejects.bytes
    )


def _shard_rows(
    storage: Storage, records: Mapping[int, ShardRecord], rejects: list[tuple[RejectRow, ...]]
) -> Iterator[pa.Table]:
    """The index rows of shard after shard; their reject rows are appended to `rejects` on the way."""
    for record in records.values():
        path = record.shard.parquet
        data = storage.read_if_there(path)
        if data is None or hashlib.sha256(data).hexdigest() != record.parquet.sha256:
            state = "is missing" if data is None else "is not the file that its record promises"
            raise ShardError(
                f"{storage.full(path)}: {state}; delete {record.shard}.json beside it and run make shards again"
            )
        rows, some = read_shard_parquet(data, storage.full(path))
        rejects.append(some)
        yield rows


def _described(path: Path) -> WrittenFile:
    with path.open("rb") as file:
        return WrittenFile(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)
