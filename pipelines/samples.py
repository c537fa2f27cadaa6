"""From the records of a shard to its samples: fetch, decode, cut, tag, encode."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.decoding.audio import AudioReject, Clip, clips, open_recording
from pipelines.decoding.decode import Recording
from pipelines.decoding.memory import check_memory
from pipelines.places.fetch import File, fetched
from pipelines.record import AudioRef, Record, Reject
from pipelines.segment import Piece, pieces
from pipelines.source import Source
from pipelines.tagging import Tagging, TagRules, tag
from shards.index import RejectRow
from shards.layout import ShardName
from shards.sample import AudioMember, Sample, member_names

LOT_BYTES = 16 << 20  # of waveforms that wait to be encoded
LOT_PIECES = 512


@dataclass(frozen=True, slots=True)
class _Heard:
    """A piece with the clips that were cut for it."""

    record: Record
    piece: Piece
    clips: list[Clip | AudioReject]


@dataclass(frozen=True, slots=True)
class Made:
    """A sample and what the index and the counts need beside it."""

    sample: Sample
    clips: list[Clip]
    tagging: Tagging
    origin: str | None
    text: str | None


# A sample; a reject; or a piece all of whose targets are outside the vocabulary, which is counted and no more.
Outcome = Made | RejectRow | Tagging


def samples(
    records: Iterable[Record], source: Source, shard: ShardName, rules: TagRules
) -> Iterator[tuple[Outcome, list[bytes]]]:
    """What becomes of records, in order, with the FLAC of the clips."""
    # One kind of work after the other: code that runs between two encodings finds the caches full of the encoder's
    # tables, and takes five times as long.
    for lot in _lots(_pieces(records, source, shard)):
        outcomes = [_sample(item, source, shard, rules) if isinstance(item, _Heard) else item for item in lot]
        flacs = [[clip.encoded() for clip in made.clips] if isinstance(made, Made) else [] for made in outcomes]
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
    for segments, files in fetched(groups, lambda group: [source.place(ref) for ref in group[0].audio]):
        if len(files) == 1:
            yield from _from_recording(segments, files[0], source, shard)
        else:
            for record in segments:
                yield from _from_several(record, files, source, shard)


def _recording(record: Record) -> tuple[str, ...]:
    return tuple(f"{ref.root}:{ref.path}:{ref.inside}:{ref.channel}" for ref in record.audio)


def _open(file: File, ref: AudioRef, source: Source) -> Recording:
    """The recording of `ref`, or the one channel of it that is heard."""
    headerless = ref.path.lower().endswith(".pcm")
    return open_recording(file(), source.raw_rate if headerless else None, ref.channel)


def _from_recording(
    records: list[Record], file: File, source: Source, shard: ShardName
) -> Iterator[_Heard | RejectRow]:
    """What becomes of records that lie in one file."""
    path = records[0].audio[0].path
    waiting: list[tuple[Record, Piece]] = []
    rejects: dict[str, RejectRow] = {}
    try:
        recording = _open(file, records[0].audio[0], source)
        for record in records:
            cut = pieces(record, [recording.seconds], source.cut, shard.split in source.evaluation_splits)
            if isinstance(cut, Reject):
                rejects[record.id] = RejectRow(cut.id, cut.reason, cut.where)
            else:
                waiting += [(record, piece) for piece in cut]
        spans = [record.audio[0].joined or piece.spans[0] for record, piece in waiting]
        found = clips(recording, spans) if waiting else iter(())
        first = list(itertools.islice(found, 1))  # before it comes, all of the recording is decoded
    except AudioReject as reject:
        check_memory()
        yield from (RejectRow(record.id, reject.reason, f"{path}: {reject.detail}") for record in records)
        return
    made = zip(waiting, itertools.chain(first, found), strict=True)
    for record in records:
        if record.id in rejects:
            yield rejects[record.id]
    for (record, piece), clip in made:
        yield _Heard(record, piece, [clip])


def _from_several(record: Record, files: list[File], source: Source, shard: ShardName) -> Iterator[_Heard | RejectRow]:
    """What becomes of a record of several clips, or of none."""
    try:
        recordings = [_open(file, ref, source) for file, ref in zip(files, record.audio, strict=True)]
        cut = pieces(record, [recording.seconds for recording in recordings], source.cut, evaluation=True)
        if isinstance(cut, Reject):
            yield RejectRow(cut.id, cut.reason, cut.where)
            return
        for piece in cut:
            spans = [ref.joined or span for ref, span in zip(record.audio, piece.spans, strict=True)]
            found = [next(clips(recording, [span])) for recording, span in zip(recordings, spans, strict=True)]
            yield _Heard(record, piece, found)
    except AudioReject as reject:
        check_memory()
        yield RejectRow(record.id, reject.reason, f"{', '.join(ref.path for ref in record.audio)}: {reject.detail}")


def _sample(item: _Heard, source: Source, shard: ShardName, rules: TagRules) -> Outcome:
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
    return Made(sample, heard, tagging, source.origin(record), tagging.original["text"])
