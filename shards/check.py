"""Holds a shard against everything that is said about it, and names what does not agree."""

from __future__ import annotations

import hashlib
import io
import mmap
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import soundfile

from shards.forgotten import Forgotten, read_forgotten, sample_names
from shards.index import MEASURES, index_row, read_shard_parquet
from shards.layout import ShardName
from shards.plan import SplitPlan, planned_ids, read_plan
from shards.record import ShardRecord, decode
from shards.sample import SAMPLE_RATE, AudioMember, Sample, member_names, problems, sample_key
from shards.schema import ShardError
from shards.storage import Storage
from shards.tar import BLOCK, Member, tar_header, tar_members
from shards.totals import Totals
from shards.writer import Part, StoredSample, WrittenFile
from tag_schema.target import Target, TargetError

# Columns of an index row that do not follow from the sample.
_NOT_IN_SAMPLE = ("origin", "text_hash", *MEASURES)
_CLIP = re.compile(r"flac|[1-9][0-9]*\.flac")


@dataclass(frozen=True, slots=True, order=True)
class Lie:
    """Something that is not as it is said to be."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(slots=True)
class ShardFindings:
    """What came out of checking a shard."""

    lies: list[Lie] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)  # of what was found in the tar
    ids: set[str] = field(default_factory=set)  # of the samples and rejects that were found


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a sample is said to lie: by the index, or, where that cannot be read, by the tar itself."""

    key: str
    members: tuple[Member, ...]  # clips in order, then the JSON
    row: dict[str, Any] | None


def check_shard(storage: Storage, shard: ShardName) -> ShardFindings:
    """Check a shard's record, hashes, tar, FLAC, JSON, targets, words, index rows and totals, and its ids by the plan.

    Raises:
        StorageError: the storage fails; that says nothing about the shard.
    """
    findings = ShardFindings()
    forgotten = Forgotten()
    try:
        forgotten = read_forgotten(storage, shard.dataset)
    except ShardError as error:
        where, _, what = str(error).partition(": ")
        findings.lies.append(Lie(where, what))
    plan = _plan(storage, shard)
    record = _checked_record(storage, shard, plan, findings.lies)
    rows = _checked_parquet(storage, shard, record, findings)
    try:
        with storage.local_copy(shard.tar) as path:
            _check_tar(path, storage.full(shard.tar), shard, record, rows, forgotten, findings)
    except FileNotFoundError:
        findings.lies.append(Lie(storage.full(shard.tar), "is missing"))
        return findings
    if record is not None:
        # What was left out leaves no trace in the tar.
        findings.totals.left_out = record.totals.left_out
        findings.lies += total_differences(storage.full(shard.record), findings.totals, record.totals, "the shard")
        planned = None if plan is None else planned_ids(storage, shard, plan)
        if planned is not None:
            left_out = record.totals.left_out.total()
            findings.lies += _id_lies(storage.full(shard.tar), findings.ids, planned, left_out)
    return findings


def total_differences(where: str, found: Totals, said: Totals, what: str) -> list[Lie]:
    """A lie of `where` for each sum that is not the one that `what` adds up to."""
    found_json, said_json = _in_order(found.to_json()), _in_order(said.to_json())
    return [
        Lie(where, f"says {name} = {_short(said_json[name])}, {what} adds up to {_short(value)}")
        for name, value in found_json.items()
        if said_json[name] != value
    ]


def _plan(storage: Storage, shard: ShardName) -> SplitPlan | None:
    try:
        return read_plan(storage, shard.dataset, shard.split)
    except ShardError:
        return None  # told where the split is checked


def _id_lies(where: str, found: set[str], planned: frozenset[str], left_out: int) -> Iterator[Lie]:
    """Every id of the plan gives a sample or a reject, but for those of which all targets were left out."""
    if strange := sorted(found - planned):
        yield Lie(where, f"{len(strange)} ids were not planned for this shard, the first is {strange[0]!r}")
    lost = sorted(planned - found)
    if len(lost) > left_out:
        yield Lie(where, f"{len(lost)} planned ids gave neither sample nor reject, the first is {lost[0]!r}")


def _checked_record(storage: Storage, shard: ShardName, plan: SplitPlan | None, lies: list[Lie]) -> ShardRecord | None:
    where = storage.full(shard.record)
    data = storage.read_if_there(shard.record)
    if data is None:
        lies.append(Lie(where, "there is no commit record: the shard does not exist yet"))
        return None
    try:
        record = decode(data, where)
    except ShardError as error:
        lies.append(Lie(where, str(error).removeprefix(f"{where}: ")))
        return None
    if record is None:
        lies.append(Lie(where, "the commit record is damaged: it does not fit its own checksum"))
    elif record.shard != shard:
        lies.append(Lie(where, f"is the record of another shard, {record.shard}"))
    elif plan is not None and not record.of_plan(plan.sha256):
        lies.append(Lie(where, f"was built by another plan: {record.plan}, plan.json is {plan.sha256}"))
    elif record.encode() != data:
        lies.append(Lie(where, "says the right things in another form than ours"))
    return record


def _checked_parquet(
    storage: Storage, shard: ShardName, record: ShardRecord | None, findings: ShardFindings
) -> list[dict[str, Any]] | None:
    where = storage.full(shard.parquet)
    data = storage.read_if_there(shard.parquet)
    if data is None:
        findings.lies.append(Lie(where, "is missing"))
        return None
    if record is not None:
        found = WrittenFile(hashlib.sha256(data).hexdigest(), len(data))
        findings.lies += _file_lies(where, found, record.parquet)
    try:
        rows, rejects = read_shard_parquet(data, where)
    except ShardError as error:
        findings.lies.append(Lie(where, str(error).removeprefix(f"{where}: ")))
        return None
    findings.totals.rejects.update(reject.reason for reject in rejects)
    findings.ids.update(reject.id for reject in rejects)
    listed: list[dict[str, Any]] = rows.to_pylist()
    return listed


def _check_tar(
    path: Path,
    where: str,
    shard: ShardName,
    record: ShardRecord | None,
    rows: list[dict[str, Any]] | None,
    forgotten: Forgotten,
    findings: ShardFindings,
) -> None:
    lies = findings.lies
    with path.open("rb") as file:
        found = WrittenFile(hashlib.file_digest(file, "sha256").hexdigest(), file.tell())
        if record is not None:
            lies += _file_lies(where, found, record.tar)
        if found.bytes == 0:
            lies.append(Lie(where, "is empty"))
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as tar:
            members, damage = _walked(tar)
            if damage:
                lies.append(Lie(where, damage))
            entries = _entries_of_members(members) if rows is None else _entries_of_rows(rows)
            if behind := [entry for entry in entries if _end(entry) > found.bytes]:
                keys = f"the first is {behind[0].key}"
                lies.append(Lie(where, f"ends before {len(behind)} of the {len(entries)} samples in its index, {keys}"))
                entries = [entry for entry in entries if _end(entry) <= found.bytes]
            for entry in entries:
                found_here = _check_sample(tar, shard, entry, forgotten, findings)
                lies += (Lie(f"{where}: {entry.key}", what) for what in found_here)
            claimed = {member for entry in entries for member in entry.members}
            lies += (
                Lie(f"{where}: {member.name}", "is in the tar, but not in the index, or elsewhere there")
                for member in members
                if member not in claimed
            )


def _end(entry: _Entry) -> int:
    return max(member.offset + member.bytes for member in entry.members)


def _file_lies(where: str, found: WrittenFile, said: WrittenFile) -> Iterator[Lie]:
    if found.bytes != said.bytes:
        yield Lie(where, f"has {found.bytes} bytes, its record says {said.bytes}")
    elif found.sha256 != said.sha256:
        yield Lie(where, f"has sha256 {found.sha256}, its record says {said.sha256}")


def _walked(tar: mmap.mmap) -> tuple[list[Member], str | None]:
    members = []
    try:
        for member in tar_members(tar):
            members.append(member)
    except ShardError as error:
        return members, str(error)
    return members, None


def _entries_of_rows(rows: list[dict[str, Any]]) -> list[_Entry]:
    entries = []
    for row in rows:
        parts = [*zip(member_names(len(row["audio"])), row["audio"], strict=True), ("json", row["json"])]
        members = tuple(Member(f"{row['key']}.{name}", part["offset"], part["bytes"]) for name, part in parts)
        entries.append(_Entry(row["key"], members, row))
    return entries


def _entries_of_members(members: list[Member]) -> list[_Entry]:
    grouped: dict[str, list[Member]] = {}
    for member in members:
        grouped.setdefault(member.name.partition(".")[0], []).append(member)
    return [_Entry(key, tuple(some), None) for key, some in grouped.items()]


def _check_sample(
    tar: mmap.mmap, shard: ShardName, entry: _Entry, forgotten: Forgotten, findings: ShardFindings
) -> Iterator[str]:
    """What is wrong with one sample, which is added to what was found if it can be read."""
    stored = []
    parts = [] if entry.row is None else [*entry.row["audio"], entry.row["json"]]
    for place, member in enumerate(entry.members):
        header = tar[member.offset - BLOCK : member.offset] if member.offset >= BLOCK else b""
        if header != tar_header(member.name, member.bytes):
            yield f"the index says that {member.name} is at byte {member.offset}, the tar has something else there"
            return
        data = tar[member.offset : member.offset + member.bytes]
        stored.append((member, data, zlib.crc32(data)))
        if parts and parts[place]["crc32"] != stored[-1][2]:
            yield f"{member.name}: its bytes are not those that were indexed (crc32)"
    clips, last = stored[:-1], stored[-1]
    if not last[0].name.endswith(".json") or not all(_CLIP.fullmatch(m.name.partition(".")[2]) for m, _, _ in clips):
        yield f"holds {', '.join(member.name for member, _, _ in stored)}: not clips and then one JSON"
        return
    try:
        sample = Sample.from_json(last[1], last[0].name)
    except ShardError as error:
        yield str(error)
        return
    findings.totals.add_sample(sample)
    findings.ids.add(sample.id)
    yield from _sample_lies(sample, shard, entry.key)
    if forgotten.has(sample_names(sample, (entry.row or {}).get("origin"))):
        yield "is on the list of recordings to forget; run make forget again"
    if len(clips) != len(sample.audio):
        yield f"has {len(clips)} clips, its JSON speaks of {len(sample.audio)}"
        return
    for audio, (member, data, _) in zip(sample.audio, clips, strict=True):
        yield from (f"{member.name}: {what}" for what in _flac_lies(data, audio))
    languages: list[str | None] = []
    for place, target in enumerate(sample.targets):
        language, lies = _target_lies(sample, place)
        said = entry.row["targets"][place : place + 1] if entry.row else []
        languages.append(said[0]["text_language"] if lies and said else language)
        yield from (f"target {place} ({target.task}): {what}" for what in lies)
    if entry.row is not None:
        # Place and crc32 were compared above.
        made = StoredSample(tuple(Part(**_part(part)) for part in entry.row["audio"]), Part(**entry.row["json"]))
        yield from _row_lies(index_row(sample, entry.key, shard, made, text_languages=languages), entry.row)


def _sample_lies(sample: Sample, shard: ShardName, key: str) -> Iterator[str]:
    if (sample.dataset, sample.split) != (shard.dataset, shard.split):
        yield f"its JSON says it belongs to {sample.dataset}/{sample.split}"
    else:
        starts = {None, *(audio.start for audio in sample.audio[:1])}
        if key not in {sample_key(shard.dataset, shard.split, sample.id, start) for start in starts}:
            yield f"the key is not that of its id {sample.id!r}"
    yield from problems(sample)


def _flac_lies(data: bytes, audio: AudioMember) -> Iterator[str]:
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            form = (file.format, file.subtype, file.samplerate, file.channels)
            promised = file.frames
            found = len(file.read(dtype="int16"))
    except (soundfile.SoundFileError, RuntimeError) as error:
        yield f"does not decode: {error}"
        return
    if form != ("FLAC", "PCM_16", SAMPLE_RATE, 1):
        yield f"is {form[0]} {form[1]} at {form[2]} Hz with {form[3]} channels, not 16-bit FLAC at 16000 Hz with 1"
    if found != promised:
        yield f"is cut off: {found} waveform samples, its header promises {promised}"
    if found != audio.frames:
        yield f"has {found} waveform samples, its JSON says {audio.seconds} s, which are {audio.frames}"


def _target_lies(sample: Sample, place: int) -> tuple[str | None, list[str]]:
    """The language of the target's text, and what is wrong with the target."""
    target = sample.targets[place]
    try:
        parsed = Target.parse(target.prompt + target.response)
        rendered = parsed.render()
    except TargetError as error:
        return None, [f"does not parse: {error}"]
    lies = []
    if parsed.task != target.task:
        lies.append(f"is a target of the task {parsed.task}")
    if (rendered.prompt, rendered.response) != (target.prompt, target.response):
        lies.append("prompt and response are divided at the wrong place")
    # A clip's end on the grid may lie up to one step of it behind its end.
    end = max((audio.seconds for audio in sample.audio), default=0.0) + 0.01
    if parsed.seconds is not None and parsed.seconds > end:
        lies.append(f"ends at {parsed.seconds} s, outside the clip of {end - 0.01:g} s")
    for spans in (parsed.words, parsed.events, parsed.turns):
        lies += [f"{span} lies outside the clip of {end - 0.01:g} s" for span in spans or () if span.end > end]
    return parsed.text_language, lies


def _part(part: dict[str, Any]) -> dict[str, Any]:
    return {name: part[name] for name in ("offset", "bytes", "crc32")}


def _row_lies(made: dict[str, Any], row: dict[str, Any]) -> Iterator[str]:
    for column, value in made.items():
        if column not in _NOT_IN_SAMPLE and row[column] != value:
            yield f"the index says {column} = {_short(row[column])}, the tar says {_short(value)}"


def _in_order(value: Any) -> Any:
    """The same with the keys of every dictionary sorted: the order of counting differs between processes."""
    return {key: _in_order(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
