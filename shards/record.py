"""The commit record: a shard exists when its record does, and then it is what the record says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from shards.layout import ShardName, parse_shard_path, split_folder
from shards.read_ahead import read_ahead
from shards.sample import canonical_json
from shards.schema import SCHEMA, ShardError, check_schema
from shards.storage import BLOCK, Storage
from shards.totals import Totals
from shards.writer import WrittenFile


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """What a shard is: the hashes of its two files and what they add up to."""

    shard: ShardName
    tar: WrittenFile
    parquet: WrittenFile
    totals: Totals
    plan: str | None = None  # sha256 of the plan.json that it was built by; None: an older record, which does not tell

    def of_plan(self, plan: str | None) -> bool:
        """Whether the shard was built by `plan`, as far as the record tells; None stands for any plan."""
        return plan is None or self.plan is None or self.plan == plan

    def encode(self) -> bytes:
        """The bytes of the record, with a checksum of its own."""
        document = self._document()
        return canonical_json(document | {"checksum": _checksum(document)}) + b"\n"

    @property
    def checksum(self) -> str:
        """sha256 over everything the record says."""
        return _checksum(self._document())

    def _document(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "dataset": self.shard.dataset,
            "split": self.shard.split,
            "shard": self.shard.number,
            "tar": {"sha256": self.tar.sha256, "bytes": self.tar.bytes},
            "parquet": {"sha256": self.parquet.sha256, "bytes": self.parquet.bytes},
            **({} if self.plan is None else {"plan": self.plan}),
            **self.totals.to_json(),
        }


def decode(data: bytes, where: str) -> ShardRecord | None:
    """The record in `data`; None where it is damaged (no JSON, checksum wrong), which counts as absent.

    Raises:
        ShardError: whole, but of a newer schema.
    """
    try:
        document = json.loads(data.decode("utf-8"))
        checksum = document.pop("checksum")
        if checksum != _checksum(document):
            return None
    except (ValueError, AttributeError, KeyError, TypeError):
        return None
    check_schema(document.get("schema"), where)
    try:
        return ShardRecord(
            shard=ShardName(document["dataset"], document["split"], document["shard"]),
            tar=WrittenFile(document["tar"]["sha256"], document["tar"]["bytes"]),
            parquet=WrittenFile(document["parquet"]["sha256"], document["parquet"]["bytes"]),
            totals=Totals.from_json(document),
            plan=document.get("plan"),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ShardError):
        return None


def commit(storage: Storage, record: ShardRecord) -> bool:
    """Make a shard exist, its tar and parquet being in place; False where an equal record was there already.

    The record of another plan counts as absent: the caller has seen that plan.json is `record.plan`.

    Raises:
        ShardError: another record of this plan is there, so that the same shard was built with two results.
        StorageError: the record cannot be written.
    """
    path, data = record.shard.record, record.encode()
    if storage.create(path, data):
        return True
    there = storage.read_if_there(path)
    if there == data:
        return False
    found = None if there is None else decode(there, storage.full(path))
    if found is not None and found.plan is None:  # an older record, which does not tell
        found = replace(found, plan=record.plan)
    if found is None or found == record or found.plan != record.plan:
        # Damaged, or left by a job that another plan overtook; whoever mends it meanwhile writes these same bytes.
        storage.replace(path, data)
        return True
    raise ShardError(
        f"{storage.full(path)}: this shard was built twice with different results: "
        f"there tar {found.tar.sha256} ({found.tar.bytes} bytes, {found.totals.samples} samples), "
        f"now tar {record.tar.sha256} ({record.tar.bytes} bytes, {record.totals.samples} samples); "
        "the corpus, the settings or the libraries have changed since: build the split anew with REBUILD=1"
    )


def read_record(storage: Storage, shard: ShardName, plan: str | None = None) -> ShardRecord | None:
    """The shard's record; None where there is none, or a damaged one, or that of another shard or plan."""
    data = storage.read_if_there(shard.record)
    record = None if data is None else decode(data, storage.full(shard.record))
    return record if record is not None and record.shard == shard and record.of_plan(plan) else None


def read_records(storage: Storage, dataset: str, split: str, plan: str | None = None) -> dict[int, ShardRecord]:
    """The records of all shards of a split that exist, by shard number, in order; damaged ones are absent, and so are
    those of another plan than `plan` (None: any)."""
    return {record.shard.number: record for record in iter_records(storage, dataset, split, plan)}


def iter_records(storage: Storage, dataset: str, split: str, plan: str | None = None) -> Iterator[ShardRecord]:
    """The same one after the other, some of them read ahead, so that a split of any size fits in memory."""
    names = listed_records(storage, dataset, split)
    for _, record in read_ahead(names, lambda name: read_record(storage, name, plan)):
        if record is not None:
            yield record


def listed_records(storage: Storage, dataset: str, split: str) -> tuple[ShardName, ...]:
    """The shards of a split that have a file for a record, by one listing; whether they are whole is not looked at."""
    named = (parse_shard_path(path) for path in storage.list(split_folder(dataset, split), recursive=False))
    return tuple(sorted(shard for shard, extension in filter(None, named) if extension == "json"))


def file_in_place(storage: Storage, path: str) -> WrittenFile | None:
    """What a record would say of a file, which is read whole; None where there is none."""
    digest, size = hashlib.sha256(), 0
    try:
        with storage.open(path) as file:
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
    except FileNotFoundError:
        return None
    return WrittenFile(digest.hexdigest(), size)


def _checksum(document: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(document)).hexdigest()
