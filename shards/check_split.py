"""Holds what is said of a split and of a dataset against the shards' own files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping

import pyarrow.parquet as pq

from shards.card import read_card
from shards.check import Lie, total_differences
from shards.index import RejectRow, read_index_group, read_rejects, read_shard_parquet
from shards.layout import (
    ShardName,
    dataset_path,
    index_path,
    journal_path,
    parse_shard_path,
    plan_folder,
    plan_path,
    plan_rejects_path,
    rejects_path,
    split_folder,
    split_path,
)
from shards.plan import read_plan
from shards.read_ahead import read_ahead
from shards.record import ShardRecord, listed_records, read_records
from shards.schema import ShardError
from shards.storage import Storage
from shards.summary import (
    SplitSummary,
    encode_dataset,
    listing_digest,
    listing_line,
    plan_rejects,
    read_split,
    read_splits,
    records_digest,
    split_totals,
)


def shards_of(storage: Storage, dataset: str, split: str) -> tuple[ShardName, ...]:
    """The shards that a split should have by its plan, else by its totals, else those with a record."""
    try:
        count = read_plan(storage, dataset, split).shards
    except ShardError:
        summary = read_split(storage, dataset, split)
        if summary is None:
            return listed_records(storage, dataset, split)
        count = summary.shards
    return tuple(ShardName(dataset, split, number) for number in range(count))


def check_split(storage: Storage, dataset: str, split: str) -> list[Lie]:
    """Check plan, index.parquet, rejects.parquet and split.json of a split, and that no file is too many."""
    shards = shards_of(storage, dataset, split)
    lies, rejects = _plan_lies(storage, dataset, split)
    lies += _stray_files(storage, dataset, split, shards)
    if storage.exists(journal_path(dataset, split)):
        told = "recordings are being forgotten here; where that was broken off, any make shards or make forget goes on"
        lies.append(Lie(storage.full(journal_path(dataset, split)), told))
    where = storage.full(split_path(dataset, split))
    try:
        summary = read_split(storage, dataset, split)
    except ShardError as error:
        return [*lies, _lie(error)]
    if summary is None:
        state = "is damaged" if storage.exists(split_path(dataset, split)) else "is missing: the split is not finished"
        return [*lies, Lie(where, f"{state}; run make shards again")]
    records = read_records(storage, dataset, split)
    if (summary.dataset, summary.split) != (dataset, split):
        lies.append(Lie(where, f"is that of {summary.dataset}/{summary.split}"))
    if summary.shards != len(shards):
        lies.append(Lie(where, f"says shards = {summary.shards}, the plan has {len(shards)}"))
    if summary.records != records_digest(record.checksum for record in records.values()):
        lies.append(Lie(where, "was made from other commit records than those that are there"))
    elif summary.listing is not None and summary.listing != _listing(storage, records, dataset, split):
        lies.append(Lie(where, "has a digest of the listing that does not fit the plan and the commit records"))
    lies += total_differences(where, split_totals(records, tuple(rejects)), summary.totals, "what the records say")
    lies += _file_lies(storage, index_path(dataset, split), summary.index.sha256, "split.json")
    lies += _file_lies(storage, rejects_path(dataset, split), summary.rejects.sha256, "split.json")
    return lies + _merge_lies(storage, summary, records, rejects)


def _listing(storage: Storage, records: Mapping[int, ShardRecord], dataset: str, split: str) -> str | None:
    """The digest that split.json should have of the listing; None where there is no plan, which was told."""
    try:
        plan = read_plan(storage, dataset, split)
    except ShardError:
        return None
    return listing_digest(plan.sha256, map(listing_line, records.values()))


def check_dataset(storage: Storage, dataset: str) -> list[Lie]:
    """Check dataset.json against the split.json files, and that card.json, where there is one, is a card."""
    path, lies = dataset_path(dataset), list[Lie]()
    try:
        read_card(storage, dataset)
    except ShardError as error:
        lies.append(_lie(error))
    try:
        splits = read_splits(storage, dataset)
    except ShardError:
        return lies  # told where the split was checked
    data = storage.read_if_there(path)
    if data is None and splits:
        lies.append(Lie(storage.full(path), "is missing; run make shards again"))
    elif data is not None and data != encode_dataset(dataset, splits):
        lies.append(Lie(storage.full(path), "does not say what the split.json files say"))
    return lies


def _plan_lies(storage: Storage, dataset: str, split: str) -> tuple[list[Lie], list[RejectRow]]:
    """What is wrong with the plan's files, and the rejects that can be read from them."""
    where = storage.full(plan_path(dataset, split))
    try:
        plan = read_plan(storage, dataset, split)
        rejects = list(plan_rejects(storage, dataset, split))
    except ShardError as error:
        return [_lie(error)], []
    lies = []
    promised = {f"{plan_folder(dataset, split)}/{part.name}": part.sha256 for part in plan.parts}
    if plan.rejects_sha256 is not None:
        promised[plan_rejects_path(dataset, split)] = plan.rejects_sha256
    for path, sha256 in promised.items():
        lies += _file_lies(storage, path, sha256, "plan.json")
    counted = dict(Counter(reject.reason for reject in rejects))
    if plan.rejects is not None and plan.rejects != counted:
        lies.append(Lie(where, f"says rejects = {plan.rejects}, its rejects.parquet adds up to {counted}"))
    return lies, rejects


def _stray_files(storage: Storage, dataset: str, split: str, shards: tuple[ShardName, ...]) -> list[Lie]:
    lies = []
    for path in storage.list(split_folder(dataset, split), recursive=False):
        found = parse_shard_path(path)
        if found is not None and found[0] not in shards:
            lies.append(Lie(storage.full(path), f"belongs to no shard of the split, which has {len(shards)}"))
    return lies


def _file_lies(storage: Storage, path: str, sha256: str, sayer: str) -> list[Lie]:
    try:
        with storage.open(path) as file:
            digest = hashlib.sha256()
            while block := file.read(1 << 20):
                digest.update(block)
    except FileNotFoundError:
        return [Lie(storage.full(path), "is missing")]
    if digest.hexdigest() != sha256:
        return [Lie(storage.full(path), f"has sha256 {digest.hexdigest()}, {sayer} says {sha256}")]
    return []


def _merge_lies(
    storage: Storage, summary: SplitSummary, records: Mapping[int, ShardRecord], rejects: list[RejectRow]
) -> list[Lie]:
    """Compare the merged files with those of the shards; `rejects` are the plan's."""
    path = index_path(summary.dataset, summary.split)
    where = storage.full(path)
    lies: list[Lie] = []
    try:
        with storage.open(path) as file:
            index = pq.ParquetFile(file)
            if index.num_row_groups != len(records):
                lies.append(Lie(where, f"has {index.num_row_groups} row groups for {len(records)} shards"))
            files = read_ahead(records.values(), lambda record: storage.read_if_there(record.shard.parquet))
            for place, (record, data) in enumerate(files):
                if data is None:
                    return lies  # told where the shard was checked
                rows, some = read_shard_parquet(data, storage.full(record.shard.parquet))
                rejects += some
                if place < index.num_row_groups and not read_index_group(index, place, where).equals(rows):
                    lies.append(Lie(where, f"row group {place} is not what {record.shard}.parquet says"))
        if tuple(rejects) != read_rejects(storage, summary.dataset, summary.split):
            there = storage.full(rejects_path(summary.dataset, summary.split))
            lies.append(Lie(there, f"does not hold the {len(rejects)} rejects of plan and shards"))
    except FileNotFoundError:
        return lies  # told where the file was hashed
    except ShardError as error:
        lies.append(_lie(error))
    except (OSError, ValueError) as error:
        lies.append(Lie(where, f"is not the parquet file it should be: {' '.join(str(error).split())}"))
    return lies


def _lie(error: ShardError) -> Lie:
    where, _, what = str(error).partition(": ")
    return Lie(where, what)
