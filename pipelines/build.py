"""Build one shard: decode, cut, tag and write its records, then commit it. Plain Python; `job.py` spreads it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import torch

from pipelines.catalogue import class_of
from pipelines.decoding.memory import check_memory
from pipelines.own.data import OwnData
from pipelines.places.corpus_path import CorpusPath
from pipelines.planning.identity import IdentityError, differences, plan_name, plan_parts, toolchain
from pipelines.planning.plan import BYTES_PER_SECOND, read_shard
from pipelines.record import Record
from pipelines.samples import samples
from pipelines.source import Source
from pipelines.tagging import Tagging, TagRules
from shards.index import RejectRow, index_row, shard_parquet
from shards.layout import ShardName, plan_folder
from shards.plan import check_in_place, part_of
from shards.record import ShardRecord, commit, file_in_place, read_record
from shards.sample import sample_key
from shards.schema import ShardError
from shards.scratch import scratch
from shards.storage import Storage
from shards.totals import Totals
from shards.writer import ShardWriter, WrittenFile
from tag_schema.prompt import read_prompt
from tag_schema.vocabulary import vocabulary


@dataclass(frozen=True)
class ShardTask:
    """All that a worker needs to build one shard."""

    shard: ShardName
    source_root: CorpusPath
    roots: Mapping[str, CorpusPath]
    storage: Storage
    document: Mapping[str, Any]  # plan.json
    seconds: float  # of audio, as far as metadata tells

    @property
    def bytes(self) -> int:
        """About how large the shard will be."""
        return round(self.seconds * BYTES_PER_SECOND)


@dataclass(frozen=True)
class BuiltShard:
    """What came out, and how it went (for the run's log)."""

    totals: Totals
    event: dict[str, Any]


def build_and_commit(task: ShardTask) -> BuiltShard:
    """Build a shard, put its files in place and commit it; one that somebody else committed meanwhile is left alone.

    Raises:
        IdentityError: this worker's libraries are not those that the split was planned with, or the split was planned
            anew since (REBUILD=1 in another job).
        MemoryError, OSError, SourceError, StorageError: something cannot be held, read or written now; worth another
            try.
    """
    started, cpu = time.monotonic(), time.process_time()
    storage, shard, plan = task.storage, task.shard, plan_name(task.document)
    check_plan(task)
    there = read_record(storage, shard, plan)
    if there is not None and is_in_place(storage, there):
        return BuiltShard(there.totals, {"event": "found", "shard": str(shard), "bytes": there.tar.bytes})
    check_toolchain(task)
    with scratch(task.bytes) as folder:
        tar, parquet, record = build_shard(task, folder)
        check_plan(task)  # before anything is written: the building took its time
        if there is not None and replace(there, plan=record.plan) != record:
            commit(storage, record)  # raises, before the files of the other result are overwritten
        storage.put_file(tar, shard.tar, move=True)
        storage.replace(shard.parquet, parquet)
        try:
            check_plan(task)
        except IdentityError:
            withdraw(storage, record)
            raise
        commit(storage, record)
    totals = record.totals
    event = {
        "event": "built",
        "shard": str(shard),
        "samples": totals.samples,
        "seconds": totals.seconds,
        "bytes": record.tar.bytes,
        "wall": round(time.monotonic() - started, 3),
        "cpu": round(time.process_time() - cpu, 3),
    }
    return BuiltShard(totals, event)


def build_shard(task: ShardTask, folder: Path) -> tuple[Path, bytes, ShardRecord]:
    """What a shard is by its plan and the corpus as it is now: its tar, in `folder`, its parquet file and its record.

    Raises:
        MemoryError, OSError, SourceError, StorageError: something cannot be held, read or written now.
    """
    torch.set_num_threads(1)  # one shard per core; more threads only wait for each other
    shard, tar = task.shard, folder / f"{task.shard}.tar"
    own = OwnData.of_settings(shard.dataset, task.document["settings"])
    source = _source(shard.dataset, own, task.source_root, tuple(sorted(task.roots.items())))
    try:
        written, parquet, totals = write_shard(_planned(task), source, task.document["settings"], shard, tar)
    except (RuntimeError, ImportError):
        check_memory()  # so torch, and a library that is loaded only now, say that they got none
        raise
    return tar, parquet, ShardRecord(shard, written, described(parquet), totals, plan_name(task.document))


def check_toolchain(task: ShardTask) -> None:
    """Refuse to build with other libraries than those of the plan.

    Raises:
        IdentityError: names what differs.
    """
    mine = {"toolchain": toolchain()}
    if mine["toolchain"] != task.document["toolchain"]:
        changed = "; ".join(differences({"toolchain": task.document["toolchain"]}, mine))
        raise IdentityError(
            f"{task.shard}: this worker's libraries are not those of the plan: {changed}. Make them equal."
        )


def check_plan(task: ShardTask) -> None:
    """Refuse to go on where another job has put another plan in place: its shards are not to be mixed with these.

    Raises:
        IdentityError: plan.json is not the task's, or gone.
    """
    try:
        check_in_place(task.storage, task.shard.dataset, task.shard.split, plan_name(task.document))
    except ShardError as error:
        raise IdentityError(str(error)) from None


def withdraw(storage: Storage, record: ShardRecord) -> None:
    """Take away the files of a shard that came too late: another plan was put in place while they were.

    They may lie where that plan's job had committed its own. One that lacks is built again by the next job; one of the
    same length and other bytes would not be noticed before `make verify`.
    """
    there = read_record(storage, record.shard)
    for path, mine in ((record.shard.tar, record.tar), (record.shard.parquet, record.parquet)):
        promised = there is not None and mine in (there.tar, there.parquet)
        if not promised and file_in_place(storage, path) == mine:
            storage.delete(path)


def described(data: bytes) -> WrittenFile:
    """What a record says of a file with these bytes."""
    return WrittenFile(hashlib.sha256(data).hexdigest(), len(data))


def is_in_place(storage: Storage, record: ShardRecord) -> bool:
    """Whether the files that a record promises are there, by their sizes; `make verify` looks inside."""
    files = {record.shard.tar: record.tar.bytes, record.shard.parquet: record.parquet.bytes}
    return all(storage.size(path) == size for path, size in files.items())


def write_shard(
    records: Iterable[Record], source: Source, settings: Mapping[str, Any], shard: ShardName, tar: Path
) -> tuple[WrittenFile, bytes, Totals]:
    """Write the samples of some records to `tar`; also the shard's parquet file as bytes, and what it adds up to."""
    totals, rows, rejects = Totals(), [], []
    rules = TagRules.of(source, vocabulary(settings["vocabulary"]), shard.split)
    with ShardWriter(tar) as writer:
        for made, flacs in samples(records, source, shard, rules):
            if isinstance(made, RejectRow):
                rejects.append(made)
                totals.rejects[made.reason] += 1
                continue
            tagging = made if isinstance(made, Tagging) else made.tagging
            totals.left_out.update(left.reason for left in tagging.left_out)
            if isinstance(made, Tagging):
                continue
            start = made.sample.audio[0].start if made.sample.audio else None
            key = sample_key(shard.dataset, shard.split, made.sample.id, start)
            stored = writer.add(key, flacs, made.sample.to_json())
            languages = [_text_language(target.prompt) for target in made.sample.targets]
            rows.append(
                index_row(made.sample, key, shard, stored, text_languages=languages, origin=made.origin, text=made.text)
            )
            totals.add_sample(made.sample)
    return writer.written, shard_parquet(rows, rejects), totals


@lru_cache(maxsize=1024)  # most tasks have few prompts
def _text_language(prompt: str) -> str | None:
    return read_prompt(prompt).text_language


def _planned(task: ShardTask) -> list[Record]:
    """The records of a shard.

    Raises:
        ShardError: the plan's file is damaged.
    """
    part = part_of(plan_parts(task.document), task.shard.number)
    path = f"{plan_folder(task.shard.dataset, task.shard.split)}/{part.name}"
    where = task.storage.full(path)
    with task.storage.open(path) as file:
        # Once per process: it serves many shards. What is damaged may still open, with other records in it.
        if (where, part.sha256) not in _whole_parts:
            digest = hashlib.sha256()
            while block := file.read(1 << 20):
                digest.update(block)
            if digest.hexdigest() != part.sha256:
                raise ShardError(
                    f"{where}: is damaged, not the file that plan.json promises; delete it, then run the same command "
                    "again, which puts it there anew"
                )
            _whole_parts.add((where, part.sha256))
            file.seek(0)
        return read_shard(file, part, task.shard.number)


_whole_parts: set[tuple[str, str]] = set()  # the plan's files that this process has read in full, by sha256


@cache
def _source(dataset: str, own: OwnData | None, root: CorpusPath, roots: tuple[tuple[str, CorpusPath], ...]) -> Source:
    return class_of(dataset, own)(root, dict(roots))
