"""Brings a split in line with its dataset's list of forgotten recordings, without the corpus.

The list comes first (`shards/forgotten.py`): from the moment a name is on it no plan is made with what it names, and
every job on a split, before it plans, does what is described here. So whatever is killed when, the next command of any
kind goes on, and nothing ever brings a recording back.

A split whose plan holds something of the list is changed as follows.

1. What its records weigh in the plan is added to the list, as places.
2. The new plan is made from the rows of the old one, and must cut the shards as the old one did. For each shard that
   loses a record, its new files are made once and thrown away, for their hashes. Until here nothing has changed.
3. A journal is created, exclusively, with the list as it was read and all that is about to be true: the new plan.json,
   and the new commit record of each of those shards; null for one that cannot be cleaned and is to be built from the
   corpus again. What is put on the list meanwhile waits until this is done.
4. split.json and dataset.json are deleted: the split is not whole any more.
5. The plan's parquet files are replaced, then plan.json. From here on every record of the old plan counts as absent,
   and a job that still builds by the old plan stops before it commits.
6. Each of those shards gets its new tar, parquet file and record, in this order.
7. The records of all other shards are written anew, with the name of the new plan and nothing else changed.
8. Index, rejects and totals are made from the records; then the journal is deleted.

Each step from 4 on gives the same when it is done again, in part or whole, by one or by several at a time; where the
journal stands, they are done again from 4. A shard's files may then be those of before or after, one by one; what is
made of them must have the hashes that the journal promises. Where plan.json is neither the old nor the new, somebody
has rebuilt the split meanwhile and the journal is void.

The result is, byte for byte, what `make shards` gives on an empty OUT that holds the same list of forgotten recordings.

What this cannot reach: copies elsewhere, older versions that a bucket keeps, checkpoints that were trained before.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pyarrow as pa

from pipelines.mending.clean import CleanShard, clean_shard, is_gone, left_out_of
from pipelines.mending.journal import Journal
from pipelines.mending.replan import PlanInPlace
from pipelines.planning.identity import (
    RECIPE,
    IdentityError,
    differences,
    encode_plan,
    plan_parts,
)
from pipelines.planning.plan import read_shard
from shards.forgotten import Forgotten, add_places, read_forgotten
from shards.layout import (
    ShardName,
    dataset_path,
    journal_path,
    plan_folder,
    plan_path,
    plan_rejects_path,
    split_folder,
    split_path,
)
from shards.plan import part_of, plan_sha256
from shards.read_ahead import READ_AT_ONCE
from shards.record import ShardRecord, decode, file_in_place, listed_records, read_record, read_records
from shards.schema import ShardError
from shards.scratch import scratch
from shards.storage import Storage
from shards.summary import read_splits, summarise_dataset, summarise_split
from shards.writer import WrittenFile

Say = Callable[[str], None]
_ROUNDS = 100  # more than can ask at once


def bring_in_line(storage: Storage, dataset: str, split: str, say: Say = print, drop: bool = False) -> int:
    """Let a split forget what is on the list, and finish what was broken off before; how many records left the plan.

    Args:
        drop: delete a shard that cannot be cleaned by itself: the caller builds it from the corpus again.

    Raises:
        ShardError, IdentityError: something of the split is damaged, or was made by another version; without `drop`
            also where a shard cannot be cleaned. Nothing has changed then, but what can go on later.
    """
    left = 0
    for _ in range(_ROUNDS):
        _finish_journal(storage, dataset, split, say)
        data = storage.read_if_there(plan_path(dataset, split))
        try:
            count = None if data is None else _begin(storage, dataset, split, data, say, drop)
        except ShardError:
            # Somebody who does the same may have changed the split under our hands.
            here = storage.exists(journal_path(dataset, split))
            if here or storage.read_if_there(plan_path(dataset, split)) != data:
                continue
            raise
        if count is None:
            return left
        left += count
    raise ShardError(f"{storage.full(plan_path(dataset, split))}: changes without end; run the command again later")


def _begin(storage: Storage, dataset: str, split: str, data: bytes, say: Say, drop: bool) -> int | None:
    """Steps 1 to 3, for the plan.json in `data`: how many records will leave; None where there is nothing to forget."""
    forgotten = read_forgotten(storage, dataset)
    if not forgotten.names:
        return None
    document = _document(data, storage.full(plan_path(dataset, split)))
    old = PlanInPlace(storage, dataset, split, document, plan_sha256(data))
    if damage := old.damage():
        if drop:
            # The caller plans the split from the corpus, without what is on the list, and compares. A plan that
            # somebody did not live to finish, before the list grew, is in nobody's way where no shard is built by it.
            if not listed_records(storage, dataset, split):
                storage.delete(plan_path(dataset, split))
            return None
        raise ShardError(
            f"{damage}; mend it with make repair DATASET={dataset} SOURCE=… SPLIT={split}, which forgets, too"
        )
    places, rejects = old.found(forgotten)
    if not places and not rejects:
        return None
    count = sum(map(len, places.values()))
    say(f"{dataset}/{split}: forgetting {count:,} records in {len(places):,} shards")
    new = [place for some in places.values() for place in some]
    add_places(storage, dataset, split, new)
    # Not read again: the list may have grown since, by what was not looked for here.
    known = {split: tuple(sorted({*forgotten.places.get(split, ()), *new}))}
    journal = _journal(old, Forgotten(forgotten.names, known), frozenset(places), drop)
    return count if storage.create(journal_path(dataset, split), journal.encode()) else 0


def _journal(plan: PlanInPlace, forgotten: Forgotten, shards: frozenset[int], drop: bool) -> Journal:
    """Work out all that will be true of a split without its forgotten records, which are in `shards`."""
    storage, dataset, split, document = plan.storage, plan.dataset, plan.split, plan.document
    if document.get("recipe") != RECIPE or document["toolchain"].get("pyarrow") != pa.__version__:
        mine = {**document, "recipe": RECIPE, "toolchain": {**document["toolchain"], "pyarrow": pa.__version__}}
        raise IdentityError(
            f"{dataset}/{split}: planned with another version: {'; '.join(differences(document, mine))}. "
            "Use that one, or build the split anew with make shards … REBUILD=1, which leaves out what is forgotten"
        )
    committed = read_records(storage, dataset, split).values()
    if committed and not any(record.of_plan(plan.name) for record in committed):
        raise ShardError(
            f"{storage.full(plan_path(dataset, split))}: is not the plan that the records name; "
            f"mend it with make repair DATASET={dataset} SOURCE=… SPLIT={split}"
        )
    with scratch() as folder:
        new = plan.without(forgotten, folder)
    name, gone = plan_sha256(encode_plan(new)), is_gone(forgotten.ids(split))
    records: dict[int, str | None] = {}
    unclean: list[str] = []
    for number in sorted(shards):
        try:
            record = _clean_record(plan, ShardName(dataset, split, number), gone, name)
            records[number] = None if record is None else record.encode().decode()
        except ShardError as error:
            records[number] = None
            unclean.append(str(error))
    if unclean and not drop:
        raise ShardError(
            "\n".join(unclean) + f"\n{dataset}/{split}: {len(unclean)} shards cannot be cleaned from their own files "
            "and nothing was changed, but the list stands: the next "
            f"`make shards DATASET={dataset} SOURCE=… SPLIT={split}` removes them and builds them anew"
        )
    listed = tuple(sorted(forgotten.names)), forgotten.places.get(split, ())
    return Journal(plan.name, encode_plan(new).decode(), records, *listed)


def _clean_record(plan: PlanInPlace, shard: ShardName, gone: Callable[[str], bool], new: str) -> ShardRecord | None:
    """The record that a shard will have under the `new` plan; None where the shard does not exist yet.

    Raises:
        ShardError: it cannot be made from the shard's own files.
    """
    storage = plan.storage
    record = read_record(storage, shard, plan.name)
    if record is None:
        if storage.exists(shard.record):
            raise ShardError(f"{storage.full(shard.record)}: is damaged, or of another plan")
        return None
    with scratch() as folder:
        made = clean_shard(storage, shard, gone, folder / f"{shard}.tar")
    for path, said in ((shard.tar, record.tar), (shard.parquet, record.parquet)):
        if file_in_place(storage, path) != said:
            raise ShardError(f"{storage.full(path)}: is not the file that its record promises")
    return made.record(shard, _left_out(plan, record, made, gone), new)


def _left_out(plan: PlanInPlace, record: ShardRecord, made: CleanShard, gone: Callable[[str], bool]) -> Counter[str]:
    """What a shard still leaves out without the records that are gone."""
    said = record.totals.left_out
    if not said.total():
        return Counter(said)
    part = part_of(plan_parts(plan.document), record.shard.number)
    with plan.storage.open(f"{plan.folder}/{part.name}") as file:
        records = read_shard(file, part, record.shard.number)
    counts = left_out_of(records, made, record.shard, plan.document["settings"], said)
    return said - sum((count for id, count in counts.items() if gone(id)), Counter[str]())


def _finish_journal(storage: Storage, dataset: str, split: str, say: Say) -> None:
    """Steps 4 to 8, where a journal stands."""
    path = journal_path(dataset, split)
    data = storage.read_if_there(path)
    if data is None:
        return
    journal = Journal.decode(data, storage.full(path))
    there = storage.read_if_there(plan_path(dataset, split))
    new, current = plan_sha256(journal.plan.encode()), None if there is None else plan_sha256(there)
    if current not in (journal.old, new):
        say(f"{dataset}/{split}: was planned anew while it forgot; what it holds now was made without")
        _delete_journal(storage, path, data)
        return
    storage.delete(split_path(dataset, split), dataset_path(dataset))
    _replace_plan(storage, dataset, split, journal)
    gone = is_gone(journal.forgotten(split).ids(split))
    shards = {ShardName(dataset, split, number): text for number, text in sorted(journal.shards.items())}
    lost: list[ShardName] = []
    # Twice: a job that was overtaken may have laid an old tar over a new one before it saw the new plan.
    for again in (False, True):
        lost = []
        for shard, text in shards.items():
            if storage.read_if_there(path) != data:
                return  # somebody else has finished this, and may be at the next already
            if not _clean(storage, shard, text, gone, new):
                lost.append(shard)
        if not again:
            _rename_plan(storage, dataset, split, journal.old, new, frozenset(journal.shards))
    storage.sweep(split_folder(dataset, split))
    committed = {shard.number for shard in listed_records(storage, dataset, split)}
    if committed >= set(range(json.loads(journal.plan)["shards"])):
        try:
            summarise_split(storage, dataset, split)
        except ShardError as error:  # damaged before; the journal must not stand in the way of what mends it
            say(f"{dataset}/{split}: forgotten, but not whole: {error}")
    else:
        say(
            f"{dataset}/{split}: "
            + (f"{len(lost):,} shards were taken out whole; " if lost else "")
            + f"some are still to be built: make shards DATASET={dataset} SOURCE=… SPLIT={split}"
        )
    if read_splits(storage, dataset):
        summarise_dataset(storage, dataset)
    _delete_journal(storage, path, data)


def _delete_journal(storage: Storage, path: str, data: bytes) -> None:
    """Delete the journal that was finished, and no other."""
    if storage.read_if_there(path) == data:
        storage.delete(path)


def _replace_plan(storage: Storage, dataset: str, split: str, journal: Journal) -> None:
    """Put the new plan in place, its parts before plan.json; the old ones' rows are where it comes from."""
    document = json.loads(journal.plan)
    folder = plan_folder(dataset, split)
    promised = {f"{folder}/{part.name}": part.sha256 for part in plan_parts(document)}
    promised[plan_rejects_path(dataset, split)] = document["rejects_sha256"]
    found = {path: file_in_place(storage, path) for path in promised}
    waiting = [path for path, sha256 in promised.items() if (there := found[path]) is None or there.sha256 != sha256]
    if waiting:
        plan = PlanInPlace(storage, dataset, split, document, journal.old)
        with scratch() as local:
            made = plan.without(journal.forgotten(split), local)
            if encode_plan(made) != journal.plan.encode():
                raise ShardError(f"{storage.full(folder)}: is damaged: it does not give the plan that was worked out")
            for path in waiting:
                storage.put_file(local / path.rpartition("/")[2], path)
    if storage.read_if_there(plan_path(dataset, split)) != journal.plan.encode():
        storage.replace(plan_path(dataset, split), journal.plan.encode())


def _clean(storage: Storage, shard: ShardName, text: str | None, gone: Callable[[str], bool], plan: str) -> bool:
    """Make a shard what the journal says; False where it was taken out whole."""
    record = None if text is None else decode(text.encode(), str(shard))
    if record is not None:
        files = ((shard.tar, record.tar), (shard.parquet, record.parquet))
        if all(file_in_place(storage, path) == said for path, said in files):
            if storage.read_if_there(shard.record) != record.encode():
                storage.replace(shard.record, record.encode())
            return True
        with contextlib.suppress(ShardError), scratch() as folder:
            tar = folder / f"{shard}.tar"
            made = clean_shard(storage, shard, gone, tar)
            if made.tar == record.tar and WrittenFile(_sha256(made.parquet), len(made.parquet)) == record.parquet:
                storage.put_file(tar, shard.tar, move=True)
                storage.replace(shard.parquet, made.parquet)
                storage.replace(shard.record, record.encode())
                return True
    there = read_record(storage, shard)
    if text is None and there is not None and there.plan == plan:
        return True  # built meanwhile, without them
    storage.delete(shard.record, shard.tar, shard.parquet)
    return False


def _rename_plan(storage: Storage, dataset: str, split: str, old: str, new: str, but: frozenset[int]) -> None:
    """Write the records of the old plan's shards anew, as shards of the new one."""

    def rename(shard: ShardName) -> None:
        record = read_record(storage, shard)
        if record is not None and record.plan in (old, None):
            storage.replace(shard.record, replace(record, plan=new).encode())

    names = [shard for shard in listed_records(storage, dataset, split) if shard.number not in but]
    with ThreadPoolExecutor(min(READ_AT_ONCE, len(names) or 1)) as pool:
        list(pool.map(rename, names))


def _document(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        document = json.loads(data)
        if isinstance(document["parts"], list) and isinstance(document["toolchain"], dict) and document["settings"]:
            found: Mapping[str, Any] = document
            return found
    except (ValueError, TypeError, KeyError):
        pass
    raise ShardError(f"{where}: is no plan; build the split anew with REBUILD=1")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
