"""Builds damaged shards again and puts them back where something that is whole promises these very bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.build import ShardTask, build_shard, check_plan, check_toolchain
from pipelines.planning.identity import plan_name
from shards.index import read_shard_parquet
from shards.layout import ShardName
from shards.record import ShardRecord, file_in_place, read_record, read_records
from shards.scratch import scratch
from shards.storage import Storage
from shards.summary import records_digest


@dataclass(frozen=True)
class Rebuilt:
    """What came of one shard."""

    record: ShardRecord | None  # as the corpus gives it now; None where it cannot be built
    restored: bool
    why: str = ""  # it was not restored


def rebuild(task: ShardTask, accepted: ShardRecord | None = None) -> Rebuilt:
    """Build a shard again, and put it in place if it is what its record, or `accepted`, says.

    Raises:
        IdentityError: the libraries are not those of the plan, or the plan is another by now.
        OSError, SourceError, StorageError: something cannot be read or written now; worth another try.
    """
    storage, shard = task.storage, task.shard
    check_toolchain(task)
    check_plan(task)
    said = read_record(storage, shard, plan_name(task.document))
    with scratch() as folder:
        try:
            tar, parquet, record = build_shard(task, folder)
        except FileNotFoundError as error:
            return Rebuilt(None, False, f"cannot be built: {error.filename}: the corpus has lost this file")
        # A record from before they named their plan promises no less.
        as_said = said is not None and replace(record, plan=said.plan) == said
        if not as_said and record != accepted:
            return Rebuilt(record, False, _difference(storage, said, parquet, record))
        check_plan(task)
        if file_in_place(storage, shard.tar) != record.tar:
            storage.put_file(tar, shard.tar, move=True)
        if file_in_place(storage, shard.parquet) != record.parquet:
            storage.replace(shard.parquet, parquet)
        final = (said if said is not None and as_said else record).encode()
        if storage.read_if_there(shard.record) != final:
            storage.replace(shard.record, final)
    return Rebuilt(record, True)


def proven(
    storage: Storage, tasks: Sequence[ShardTask], results: Mapping[ShardName, Rebuilt], promised: frozenset[str]
) -> dict[ShardName, ShardRecord]:
    """The records that can be taken though none in OUT says the same."""
    document = tasks[0].document
    dataset, split = tasks[0].shard.dataset, tasks[0].shard.split
    name = plan_name(document)
    there = read_records(storage, dataset, split, name)
    made = {shard: result.record for shard, result in results.items() if result.record is not None}
    unsaid = {shard: record for shard, record in made.items() if shard.number not in there}
    for some in ({shard: made[shard] for shard in made if not results[shard].restored}, unsaid):
        together = there | {shard.number: record for shard, record in some.items()}
        if (
            len(together) == document["shards"]
            and records_digest(together[number].checksum for number in sorted(together)) in promised
        ):
            return dict(some)
    return {} if promised else unsaid


def _difference(storage: Storage, said: ShardRecord | None, parquet: bytes, record: ShardRecord) -> str:
    """Why a shard that was built again is not what it was."""
    if said is None:
        return (
            "its record is missing or damaged, and split.json does not confirm what SOURCE gives now: the corpus has "
            "changed, or split.json is damaged too"
        )
    if (
        file_in_place(storage, record.shard.tar) == record.tar
        and file_in_place(storage, record.shard.parquet) == record.parquet
    ):
        return "its files are what SOURCE gives, but its record says something else, and split.json does not confirm it"
    where = ""
    old = storage.read_if_there(said.shard.parquet)
    if old is not None and hashlib.sha256(old).hexdigest() == said.parquet.sha256:
        before, after = (_contents(data) for data in (old, parquet))
        changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        where = f" ({len(changed)} of {len(before)} samples, the first is {changed[0]})" if changed else ""
    return (
        f"SOURCE no longer gives the bytes that its record promises{where}: tar {said.tar.sha256}, "
        f"now {record.tar.sha256}"
    )


def _contents(parquet: bytes) -> dict[str, tuple[int, ...]]:
    """Of each sample the checksums of its parts."""
    rows = read_shard_parquet(parquet, "")[0].to_pylist()
    return {row["key"]: tuple(part["crc32"] for part in (*row["audio"], row["json"])) for row in rows}
