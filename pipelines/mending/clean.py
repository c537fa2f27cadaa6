"""A committed shard without some of its records: from its own files, with the bytes that building it anew would give.

Every sample is made by itself, so the tar without a sample is the tar of the others. Only the count of targets that
were left out does not tell whose they were; it is worked out again for every record of the plan, and taken only where
it comes out as the commit record says.
"""

from __future__ import annotations

import hashlib
import mmap
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.catalogue import class_of
from pipelines.own.data import OwnData
from pipelines.record import Record, Reject
from pipelines.segment import pieces
from pipelines.source import Source
from pipelines.tagging import Tagging, TagRules, tag
from shards.forgotten import hidden
from shards.index import read_shard_parquet, shard_parquet
from shards.layout import ShardName
from shards.record import ShardRecord
from shards.sample import Sample
from shards.schema import ShardError
from shards.storage import Storage
from shards.tar import tar_members
from shards.totals import Totals
from shards.writer import Part, ShardWriter, StoredSample, WrittenFile
from tag_schema.vocabulary import vocabulary


@dataclass(frozen=True, slots=True)
class CleanShard:
    """What is left: the tar lies at the path that was given."""

    tar: WrittenFile
    parquet: bytes
    totals: Totals  # without what was left out
    samples: Mapping[str, tuple[Sample, ...]]  # of before, by id
    rejected: frozenset[str]  # ids, of before

    def record(self, shard: ShardName, left_out: Counter[str], plan: str) -> ShardRecord:
        """The commit record of what is left."""
        self.totals.left_out = left_out
        parquet = WrittenFile(hashlib.sha256(self.parquet).hexdigest(), len(self.parquet))
        return ShardRecord(shard, self.tar, parquet, self.totals, plan)


def clean_shard(storage: Storage, shard: ShardName, gone: Callable[[str], bool], tar: Path) -> CleanShard:
    """Write to `tar` what is left of a shard without the records whose ids are `gone`.

    The tar and the parquet file in `storage` may each be that of before or already the one without; every byte that is
    kept is held against the index (crc32).

    Raises:
        ShardError: a file of the shard is missing or damaged.
    """
    data = storage.read_if_there(shard.parquet)
    if data is None:
        raise ShardError(f"{storage.full(shard.parquet)}: is missing")
    table, rejects = read_shard_parquet(data, storage.full(shard.parquet))
    rows = {row["key"]: row for row in table.to_pylist()}
    totals, kept_rows, samples = Totals(), list[dict[str, Any]](), defaultdict[str, list[Sample]](list)
    try:
        with storage.local_copy(shard.tar) as path, ShardWriter(tar) as writer:
            for key, members in _samples(path, storage.full(shard.tar)).items():
                *flacs, last = members
                sample = Sample.from_json(last, f"{storage.full(shard.tar)}: {key}")
                samples[sample.id].append(sample)
                if gone(sample.id):
                    continue
                row = rows.get(key)
                if row is None or [part["crc32"] for part in (*row["audio"], row["json"])] != list(
                    map(zlib.crc32, members)
                ):
                    raise ShardError(f"{storage.full(shard.tar)}: {key} is not what the index says")
                kept_rows.append(_moved(row, writer.add(key, flacs, last)))
                totals.add_sample(sample)
    except FileNotFoundError:
        raise ShardError(f"{storage.full(shard.tar)}: is missing") from None
    kept_rejects = [reject for reject in rejects if not gone(reject.id)]
    totals.rejects.update(reject.reason for reject in kept_rejects)
    parquet = shard_parquet(kept_rows, kept_rejects)
    before = {id: tuple(some) for id, some in samples.items()}
    return CleanShard(writer.written, parquet, totals, before, frozenset(reject.id for reject in rejects))


def left_out_of(
    records: Sequence[Record], made: CleanShard, shard: ShardName, settings: Mapping[str, Any], said: Counter[str]
) -> Mapping[str, Counter[str]]:
    """Which targets of which record, by id, were left out of a shard, with what was made of it before.

    Raises:
        ShardError: they do not add up to what the shard's record `said`.
    """
    if not said.total():
        return {}
    cls = class_of(shard.dataset, OwnData.of_settings(shard.dataset, settings))
    rules = TagRules.of(cls, vocabulary(settings["vocabulary"]), shard.split)
    counts = {record.id: _left_out(record, made.samples.get(record.id, ()), cls, shard, rules) for record in records}
    total = sum(counts.values(), Counter[str]())
    if total != said:
        raise ShardError(f"{shard}: whose targets were left out cannot be told ({dict(total)}, not {dict(said)})")
    return counts


def _left_out(
    record: Record, samples: Sequence[Sample], cls: type[Source], shard: ShardName, rules: TagRules
) -> Counter[str]:
    cut = pieces(record, _lengths(record, samples), cls.cut, shard.split in cls.evaluation_splits)
    found: Counter[str] = Counter()
    for piece in [] if isinstance(cut, Reject) else cut:
        seconds = samples[0].audio[0].seconds if len(samples) == 1 and samples[0].audio else _length(record)
        tagging = tag(record, piece.annotations, seconds if record.audio else 0.0, rules)
        if isinstance(tagging, Tagging):
            found.update(left.reason for left in tagging.left_out)
    return found


def _lengths(record: Record, samples: Sequence[Sample]) -> list[float]:
    """Of each recording, as far as what was made of it tells."""
    found = []
    for place, ref in enumerate(record.audio):
        clips = [sample.audio[place] for sample in samples if place < len(sample.audio)]
        ends = [clip.end if clip.end is not None else (clip.start or 0.0) + clip.seconds for clip in clips]
        found.append(max(ends, default=ref.end or (ref.start or 0.0) + _length(record)))
    return found


def _length(record: Record) -> float:
    """Of a record of which no sample was made: what its metadata tells, else something short."""
    ref = record.audio[0] if record.audio else None
    if ref is not None and ref.seconds is not None:
        return ref.seconds
    if ref is not None and ref.end is not None:
        return ref.end - (ref.start or 0.0)
    return 1.0


def _samples(path: Path, where: str) -> dict[str, list[bytes]]:
    """The members of each sample, by its key, in order; the last is its JSON."""
    found: dict[str, list[bytes]] = {}
    if not path.stat().st_size:
        raise ShardError(f"{where}: is empty")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as tar:
        try:
            for member in tar_members(tar):
                data = tar[member.offset : member.offset + member.bytes]
                found.setdefault(member.name.partition(".")[0], []).append(data)
        except ShardError as error:
            raise ShardError(f"{where}: {error}") from None
    return found


def _moved(row: Mapping[str, Any], stored: StoredSample) -> dict[str, Any]:
    """An index row with its parts where they lie now."""

    def placed(part: Mapping[str, Any], now: Part) -> dict[str, Any]:
        return {**part, "offset": now.offset}

    audio = [placed(part, now) for part, now in zip(row["audio"], stored.audio, strict=True)]
    return {**row, "audio": audio, "json": placed(row["json"], stored.json)}


def is_gone(ids: frozenset[str]) -> Callable[[str], bool]:
    """Whether a record of this id is on a list of hidden ids."""
    return lambda id: hidden(id) in ids
