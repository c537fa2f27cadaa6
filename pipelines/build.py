"""Build one shard: decode, cut, tag and write its records, then commit it. Plain Python; `job.py` spreads it."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import torch

from pipelines.audio import AudioReject, Clip, clips, open_recording
from pipelines.catalogue import find
from pipelines.corpus_path import CorpusPath
from pipelines.identity import IdentityError, differences, plan_name, plan_parts, toolchain
from pipelines.memory import check_memory
from pipelines.plan import BYTES_PER_SECOND, read_shard
from pipelines.read_ahead import File, read_ahead
from pipelines.segment import Piece, pieces
from pipelines.source import Record, Reject, Source
from pipelines.tagging import Tagging, TagRules, tag
from shards.index import RejectRow, index_row, shard_parquet
from shards.layout import ShardName, plan_folder
from shards.plan import check_in_place, part_of
from shards.record import ShardRecord, commit, file_in_place, read_record
from shards.sample import AudioMember, Sample, member_names, sample_key
from shards.schema import ShardError
from shards.scratch import scratch
from shards.storage import Storage
from shards.totals import Totals
from shards.writer import ShardWriter, WrittenFile
from tag_schema.prompt import read_prompt
from tag_schema.vocabulary import vocabulary

LOT_BYTES = 16 << 20  # of waveforms that wait to be encoded
LOT_PIECES = 512


@dataclass(frozen=True)
class ShardTask:
    """All that a worker needs to build one shard."""

    shard: ShardName
    source_root: CorpusPath
    roots: Mapping[str, CorpusPath]
    storage: Storage
    document: Mapping[str, Any]  # plan.json
    seconds: float = 0.0  # of audio, as far as metadata tells

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
    rules = TagRules.of(source, vocabulary(settings["vocabulary"]))
    with ShardWriter(tar) as writer:
        for made, flacs in _samples(records, source, shard, rules):
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


@dataclass(frozen=True, slots=True)
class _Heard:
    """A piece with the clips that were cut for it."""

    record: Record
    piece: Piece
    clips: list[Clip | AudioReject]


@dataclass(frozen=True, slots=True)
class _Made:
    """A sample and what the index and the counts need beside it."""

    sample: Sample
    clips: list[Clip]
    tagging: Tagging
    origin: str | None
    text: str | None


# A sample; a reject; or a piece all of whose targets are outside the vocabulary, which is counted and no more.
_Outcome = _Made | RejectRow | Tagging


def _samples(
    records: Iterable[Record], source: Source, shard: ShardName, rules: TagRules
) -> Iterator[tuple[_Outcome, list[bytes]]]:
    """What becomes of records, in order, with the FLAC of the clips."""
    # One kind of work after the other: code that runs between two encodings finds the caches full of the encoder's
    # tables, and takes five times as long.
    for lot in _lots(_pieces(records, source, shard)):
        outcomes = [_sample(item, source, shard, rules) if isinstance(item, _Heard) else item for item in lot]
        flacs = [[clip.encoded() for clip in made.clips] if isinstance(made, _Made) else [] for made in outcomes]
        yield from zip(outcomes, flacs, strict=True)


def _lots(items: Iterable[_Heard | RejectRow]) -> Iterator[list[_Heard | RejectRow]]:
    """The items in groups of about LOT_BYTES of waveforms."""
    lot: list[_Heard | RejectRow] = []
    size = 0
    for item in items:
        lot.append(item)
        if isinstance(item, _Heard):
            size += sum(2 * clip.samples for clip in item.clips if isinstance(clip, Clip))
        if size >= LOT_BYTES or len(lot) == LOT_PIECES:
            yield lot
            lot, size = [], 0
    if lot:
        yield lot


def _pieces(records: Iterable[Record], source: Source, shard: ShardName) -> Iterator[_Heard | RejectRow]:
    """The pieces of records, cut; segments of one recording are cut from one decoding."""
    groups = (list(group) for _, group in itertools.groupby(records, key=_recording))
    for segments, files in read_ahead(groups, lambda group: [source.path(ref) for ref in group[0].audio]):
        if len(files) == 1:
            yield from _from_recording(segments, files[0], source, shard)
        else:
            for record in segments:
                yield from _from_several(record, files, source, shard)


def _recording(record: Record) -> tuple[str, ...]:
    return tuple(f"{ref.root}:{ref.path}" for ref in record.audio)


def _from_recording(
    records: list[Record], file: File, source: Source, shard: ShardName
) -> Iterator[_Heard | RejectRow]:
    """What becomes of records that lie in one file."""
    path = records[0].audio[0].path
    waiting: list[tuple[Record, Piece]] = []
    rejects: dict[str, RejectRow] = {}
    try:
        recording = open_recording(file())
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
        yield _Heard(record, piece, [clip])


def _from_several(record: Record, files: list[File], source: Source, shard: ShardName) -> Iterator[_Heard | RejectRow]:
    """What becomes of a record of several clips, or of none."""
    try:
        recordings = [open_recording(file()) for file in files]
        cut = pieces(record, [recording.seconds for recording in recordings], source.cut, evaluation=True)
        if isinstance(cut, Reject):
            yield RejectRow(cut.id, cut.reason, cut.where)
            return
        for piece in cut:
            found = [next(clips(recording, [span])) for recording, span in zip(recordings, piece.spans, strict=True)]
            yield _Heard(record, piece, found)
    except AudioReject as reject:
        check_memory()
        yield RejectRow(record.id, reject.reason, f"{', '.join(ref.path for ref in record.audio)}: {reject.detail}")


def _sample(item: _Heard, source: Source, shard: ShardName, rules: TagRules) -> _Outcome:
    """What a piece says."""
    record, piece = item.record, item.piece
    where = record.audio[0].path if record.audio else record.id
    heard = []
    for clip in item.clips:
        if isinstance(clip, AudioReject):
            return RejectRow(record.id, clip.reason, f"{where}: {clip.detail}")
        heard.append(clip)
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
    return _Made(sample, heard, tagging, source.origin(record), tagging.original["text"])


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
def _source(name: str, root: CorpusPath, roots: tuple[tuple[str, CorpusPath], ...]) -> Source:
    return find(name)(root, dict(roots))
