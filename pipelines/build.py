"""Build one shard: decode, cut, tag and write its records, then commit it. Plain Python; `job.py` spreads it."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from pipelines.audio import AudioReject, Clip, clips, encode_flac, open_recording
from pipelines.catalogue import find
from pipelines.identity import IdentityError, differences, encode_plan, plan_name, plan_parts, toolchain
from pipelines.memory import check_memory
from pipelines.plan import read_shard
from pipelines.segment import Piece, pieces
from pipelines.source import Record, Reject, Source
from pipelines.tagging import Tagging, TagRules, tag
from shards.index import RejectRow, index_row, shard_parquet
from shards.layout import ShardName, plan_folder, plan_path
from shards.plan import part_of
from shards.record import ShardRecord, commit, file_in_place, read_record
from shards.sample import AudioMember, Sample, member_names, sample_key
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
    source_root: str
    roots: Mapping[str, str]
    storage: Storage
    document: Mapping[str, Any]  # plan.json


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
        return BuiltShard(there.totals, {"event": "found", "shard": str(shard)})
    check_toolchain(task)
    with scratch() as folder:
        tar, parquet, record = build_shard(task, folder)
        check_plan(task)  # before anything is written: the building took its time
        if there is not None and there != record:
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
    source = _source(shard.dataset, task.source_root, tuple(sorted(task.roots.items())))
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
    path = plan_path(task.shard.dataset, task.shard.split)
    if task.storage.read_if_there(path) != encode_plan(task.document):
        raise IdentityError(
            f"{task.storage.full(path)}: no longer the plan of this job: another one builds the split anew. "
            "When it has ended, run the same command again to see what differs"
        )


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
    rules = TagRules.of(source, vocabulary(settings["vocabulary"]))
    with ShardWriter(tar) as writer:
        for made in _samples(records, source, shard, rules):
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
            stored = writer.add(key, made.flacs, made.sample.to_json())
            languages = [read_prompt(target.prompt).text_language for target in made.sample.targets]
            rows.append(
                index_row(made.sample, key, shard, stored, text_languages=languages, origin=made.origin, text=made.text)
            )
            totals.add_sample(made.sample)
    return writer.written, shard_parquet(rows, rejects), totals


@dataclass(frozen=True)
class _Made:
    sample: Sample
    flacs: list[bytes]
    tagging: Tagging
    origin: str | None
    text: str | None


# A sample; a reject; or a piece all of whose targets are outside the vocabulary, which is counted and no more.
_Outcome = _Made | RejectRow | Tagging


def _samples(records: Iterable[Record], source: Source, shard: ShardName, rules: TagRules) -> Iterator[_Outcome]:
    """What becomes of records, in order; segments of one recording are cut from one decoding."""
    for _, group in itertools.groupby(records, key=_recording):
        segments = list(group)
        if len(segments[0].audio) == 1:
            yield from _from_recording(segments, source, shard, rules)
        else:
            for record in segments:
                yield from _from_several(record, source, shard, rules)


def _recording(record: Record) -> tuple[str, ...]:
    return tuple(f"{ref.root}:{ref.path}" for ref in record.audio)


def _from_recording(records: list[Record], source: Source, shard: ShardName, rules: TagRules) -> Iterator[_Outcome]:
    """What becomes of records that lie in one file."""
    path = records[0].audio[0].path
    waiting: list[tuple[Record, Piece]] = []
    rejects: dict[str, RejectRow] = {}
    try:
        recording = open_recording(source.path(records[0].audio[0]))
        for record in records:
            cut = pieces(record, [recording.seconds], source.cut, shard.split in source.evaluation_splits)
            if isinstance(cut, Reject):
                rejects[record.id] = RejectRow(cut.id, cut.reason, cut.where)
            else:
                waiting += [(record, piece) for piece in cut]
        found = list(clips(recording, [piece.spans[0] for _, piece in waiting])) if waiting else []
    except AudioReject as reject:
        check_memory()
        yield from (RejectRow(record.id, reject.reason, f"{path}: {reject.detail}") for record in records)
        return
    made = zip(waiting, found, strict=True)
    for record in records:
        if record.id in rejects:
            yield rejects[record.id]
    for (record, piece), clip in made:
        yield _sample(record, piece, [clip], source, shard, rules)


def _from_several(record: Record, source: Source, shard: ShardName, rules: TagRules) -> Iterator[_Outcome]:
    """What becomes of a record of several clips, or of none."""
    try:
        recordings = [open_recording(source.path(ref)) for ref in record.audio]
        cut = pieces(record, [recording.seconds for recording in recordings], source.cut, evaluation=True)
        if isinstance(cut, Reject):
            yield RejectRow(cut.id, cut.reason, cut.where)
            return
        for piece in cut:
            found = [next(clips(recording, [span])) for recording, span in zip(recordings, piece.spans, strict=True)]
            yield _sample(record, piece, found, source, shard, rules)
    except AudioReject as reject:
        check_memory()
        yield RejectRow(record.id, reject.reason, f"{', '.join(ref.path for ref in record.audio)}: {reject.detail}")


def _sample(
    record: Record,
    piece: Piece,
    found: list[Clip | AudioReject],
    source: Source,
    shard: ShardName,
    rules: TagRules,
) -> _Outcome:
    where = record.audio[0].path if record.audio else record.id
    for clip in found:
        if isinstance(clip, AudioReject):
            return RejectRow(record.id, clip.reason, f"{where}: {clip.detail}")
    heard = [clip for clip in found if isinstance(clip, Clip)]
    tagging = tag(record, piece.annotations, heard[0].seconds if heard else 0.0, rules)
    if isinstance(tagging, Reject):
        return RejectRow(tagging.id, tagging.reason, f"{where}: {tagging.where}")
    if not tagging.targets:
        return tagging
    members = tuple(
        AudioMember(
            member=name,
            seconds=clip.seconds,
            recording=ref.recording or record.id,
            origin=ref.path,
            start=start,
            end=end,
            origin_rate=clip.origin_rate,
            origin_channels=clip.origin_channels,
        )
        for name, clip, ref, (start, end) in zip(
            member_names(len(heard)), heard, record.audio, piece.spans, strict=True
        )
    )
    sample = Sample(
        dataset=shard.dataset,
        split=shard.split,
        id=record.id,
        licence=record.licence or source.licence,
        audio=members,
        targets=tagging.targets,
        language=tagging.language,
        speaker=tagging.speaker,
        original=tagging.original,
        words=tagging.words,
        words_by=tagging.words_by,
    )
    flacs = [encode_flac(clip.waveform) if clip.flac is None else clip.flac for clip in heard]
    return _Made(sample, flacs, tagging, source.origin(record), tagging.original["text"])


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
def _source(name: str, root: str, roots: tuple[tuple[str, str], ...]) -> Source:
    return find(name)(root, dict(roots))
