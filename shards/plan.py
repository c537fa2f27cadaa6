"""The plan of a split as readers of its shards need it; `pipelines/planning/plan.py` makes it.

plan.json's sha256 is the plan's name: a commit record tells by which plan its shard was built, so that a shard of an
earlier plan is never taken for one of this.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shards.layout import ShardName, plan_folder, plan_path
from shards.schema import ShardError
from shards.storage import Storage


@dataclass(frozen=True, slots=True)
class PlanPart:
    """One parquet file of the plan: rows of `shards` shards from `first_shard` on, one row group each."""

    name: str
    first_shard: int
    shards: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """What plan.json says of the shards. `rejects` and `rejects_sha256` are None where it does not tell."""

    sha256: str  # of plan.json itself
    shards: int
    parts: tuple[PlanPart, ...]
    rejects: Mapping[str, int] | None
    rejects_sha256: str | None
    records: int | None = None  # of the corpus, without rejects and forgotten ones
    forgotten: int = 0  # records that were taken out
    recipe: Mapping[str, str] = field(default_factory=dict)  # what the bytes of the shards depend on, in words


def plan_sha256(data: bytes) -> str:
    """The name of the plan whose plan.json holds `data`."""
    return hashlib.sha256(data).hexdigest()


def read_plan(storage: Storage, dataset: str, split: str) -> SplitPlan:
    """The plan of a split.

    Raises:
        ShardError: there is none, or plan.json does not tell what it should.
    """
    path = plan_path(dataset, split)
    data = storage.read_if_there(path)
    if data is None:
        raise ShardError(
            f"{storage.full(path)}: there is no plan; make it with: make shards DATASET={dataset} SPLIT={split}"
        )
    return parse_plan(data, storage.full(path))


def parse_plan(data: bytes, where: str) -> SplitPlan:
    """The plan whose plan.json holds `data`.

    Raises:
        ShardError: it does not tell what it should.
    """
    try:
        document = json.loads(data.decode("utf-8"))
        return SplitPlan(
            sha256=plan_sha256(data),
            shards=int(document["shards"]),
            parts=tuple(PlanPart(*part) for part in document.get("parts", ())),
            rejects=document.get("rejects"),
            rejects_sha256=document.get("rejects_sha256"),
            records=int(document["records"]) if "records" in document else None,
            forgotten=int(document.get("forgotten", {}).get("records", 0)),
            recipe=_recipe(document),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ShardError(f"{where}: is no plan ({error}); build the split anew with REBUILD=1") from error


def check_in_place(storage: Storage, dataset: str, split: str, sha256: str) -> None:
    """See that the plan of this name is still the split's.

    Raises:
        ShardError: another job has put another one in its place, or is about to.
    """
    path = plan_path(dataset, split)
    data = storage.read_if_there(path)
    if data is None or plan_sha256(data) != sha256:
        raise ShardError(
            f"{storage.full(path)}: no longer the plan of this job: another one builds the split anew. "
            "When it has ended, run the same command again to see what differs"
        )


def _recipe(document: Mapping[str, Any]) -> dict[str, str]:
    """Recipe, settings and toolchain of plan.json, by name."""
    said = {"recipe": document.get("recipe"), **document.get("settings", {}), **document.get("toolchain", {})}
    return {str(name): str(value) for name, value in said.items() if value is not None}


def part_of(parts: Sequence[PlanPart], shard: int) -> PlanPart:
    """The part that holds a shard's rows."""
    return next(part for part in parts if part.first_shard <= shard < part.first_shard + part.shards)


def planned_ids(storage: Storage, shard: ShardName, plan: SplitPlan) -> frozenset[str] | None:
    """The ids that the plan gives a shard; None where it has no rows of it, or they cannot be read."""
    try:
        part = part_of(plan.parts, shard.number)
        with storage.open(f"{plan_folder(shard.dataset, shard.split)}/{part.name}") as file:
            rows = pq.ParquetFile(file).read_row_group(shard.number - part.first_shard, columns=["id"])
    except (StopIteration, FileNotFoundError, pa.ArrowException, OSError, ValueError, KeyError, IndexError) as error:
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, FileNotFoundError):
            raise  # the device's or the network's word, not pyarrow's for damage
        return None
    return frozenset(rows["id"].to_pylist())
