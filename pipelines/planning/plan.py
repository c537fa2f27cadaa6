"""The plan of a split: which records go into which shard, made from the corpus's metadata alone.

Records stand in the order of blake2b(recording id), then start, so that neighbours in a shard are strangers in the
release, and so that the order depends on nothing but the ids. A recording is never split over shards. Rows are
sorted on disk, in two passes over hash ranges (by id, to find duplicates; by recording, to order), so that memory
does not grow with the corpus.

What is on the dataset's list of forgotten recordings is left out after the cut: its place in a shard stays empty, so
that no other record moves (`shards/forgotten.py`).
"""

from __future__ import annotations

import contextlib
import gc
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.planning.plan_writer import PlanWriter, RejectWriter, id_hash
from pipelines.planning.record_json import decode_record, encode_record
from pipelines.planning.spill import Spill
from pipelines.record import Record, Reject, Turns
from shards.forgotten import Forgotten, Place, hidden
from shards.plan import PlanPart

BYTES_PER_SECOND = 19_000  # FLAC level 5 of 16 kHz speech, measured; a shard's size in MB is approximate
BATCH_ROWS = 20_000

_ROWS = pa.schema(
    [
        ("order", pa.int64()),
        ("id", pa.string()),
        ("id_hash", pa.binary(16)),
        ("recording_hash", pa.binary(16)),
        ("start", pa.float64()),
        ("seconds", pa.float64()),
        ("record", pa.large_string()),
    ]
)


@dataclass(frozen=True)
class Plan:
    """What plan.json says of the records; the files lie in `folder` until they are put in place."""

    folder: Path
    fingerprint: str
    shard_seconds: tuple[float, ...]  # of each shard, as far as metadata tells: its weight
    records: int
    parts: tuple[PlanPart, ...]
    rejects: dict[str, int]
    rejects_sha256: str

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return len(self.shard_seconds)

    @property
    def seconds(self) -> float:
        """The length of all records."""
        return round(math.fsum(self.shard_seconds), 3)


def make_plan(
    records: Iterator[Record | Reject],
    folder: Path,
    *,
    mean_seconds: float,
    shard_mb: float,
    shard_samples: int | None = None,
    places: Sequence[Place] = (),
    progress: Callable[[int], None] = lambda rows: None,
) -> Plan:
    """Sort the records of one split into shards and write the plan's parquet files into `folder`.

    Args:
        mean_seconds: the length to reckon with where a record does not tell its own.
        shard_mb: about how large a shard is to be; a recording is kept whole even where it is larger.
        shard_samples: at most this many records in a shard (again, recordings stay whole).
        places: of records that were forgotten, and are not among `records`: they weigh, but leave no row.
        progress: called now and then with the number of records read so far.

    Equal records, in whatever order they come, give equal files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".tmp-") as scratch_name:
        scratch = Path(scratch_name)
        rejects = RejectWriter(scratch / "rejects")
        with _uncollected():
            by_id = _read_records(records, Spill(scratch / "id", _ROWS, "id_hash"), rejects, mean_seconds, progress)
        by_recording = Spill(scratch / "recording", _ROWS, "recording_hash")
        for table in by_id.ranges():
            by_recording.add(_drop_duplicates(table, rejects))
        if places:
            by_recording.add(_empty_rows(places))
        writer = PlanWriter(folder, shard_mb * 1e6 / BYTES_PER_SECOND, shard_samples)
        for table in by_recording.ranges():
            writer.add(table.sort_by([("recording_hash", "ascending"), ("start", "ascending"), ("id", "ascending")]))
        writer.close()
        return Plan(
            folder=folder,
            fingerprint=writer.fingerprint.hexdigest(),
            shard_seconds=tuple(writer.shard_seconds),
            records=writer.records,
            parts=tuple(writer.parts),
            rejects=dict(sorted(rejects.counts.items())),
            rejects_sha256=rejects.write(folder / "rejects.parquet"),
        )


def read_shard(part_file: Path | BinaryIO, part: PlanPart, shard: int) -> list[Record]:
    """The records of one shard, in the order in which they are built."""
    with pq.ParquetFile(part_file) as file:
        table = file.read_row_group(shard - part.first_shard, columns=["record"])
    return [decode_record(text) for text in table["record"].to_pylist()]


def record_seconds(record: Record, mean_seconds: float) -> float:
    """The record's length as far as metadata tells, else the source's mean."""
    total = 0.0
    for audio in record.audio:
        if audio.seconds is not None:
            total += audio.seconds
        elif audio.end is not None:
            total += audio.end - (audio.start or 0.0)
        else:
            total += mean_seconds
    return total


def without(
    records: Iterable[Record | Reject], forgotten: Forgotten, split: str, namespace: str | None
) -> Iterator[Record | Reject]:
    """Pass on what is not on the list of forgotten recordings; `namespace` is the source's `origin_namespace`."""
    ids = forgotten.ids(split)
    for item in records:
        if not (is_forgotten(item, forgotten, namespace) or (ids and hidden(item.id) in ids)):
            yield item


def is_forgotten(item: Record | Reject, forgotten: Forgotten, namespace: str | None) -> bool:
    """Whether a name of a record, or the id of a reject, is on the list."""
    if isinstance(item, Reject):
        return forgotten.has((item.id,))
    names = [item.id]
    if item.origin or namespace:
        names.append(item.origin or f"{namespace}:{item.id}")
    if item.speaker.id:
        names.append(f"speaker:{item.speaker.id}")
    for audio in item.audio:
        names += [audio.path, audio.recording or item.id]
        names += [f"speaker:{audio.speaker}"] if audio.speaker else []
        names += [audio.origin] if audio.origin else []
    for annotation in item.annotations:
        if isinstance(annotation, Turns):
            names += [f"speaker:{who}" for who, _, _ in annotation.turns]
    return forgotten.has(names)


def place_of(record: Record, mean_seconds: float) -> Place:
    """What a record weighs in the plan, and where it stands."""
    recording, start = _whereabouts(record)
    return Place(id_hash(recording).hex(), start, hidden(record.id), record_seconds(record, mean_seconds))


def encoded(record: Record) -> str | Reject:
    """The record as the plan holds it; a reject where it has no id, or a name in it is no UTF-8."""
    where = record.audio[0].path if record.audio else record.id
    if not record.id:
        return Reject(record.id, "bad_row", where)
    text = encode_record(record)
    try:
        text.encode()
    except UnicodeEncodeError:
        return Reject(record.id, "wrong_encoding", where)
    return text


def _whereabouts(record: Record) -> tuple[str, float]:
    """The name of the recording and the start in it, by which records are ordered."""
    if not record.audio:
        return record.id, 0.0
    first = record.audio[0]
    return first.recording or f"{first.root}:{first.path}", first.start or 0.0


def _empty_rows(places: Sequence[Place]) -> pa.Table:
    return _table([(-1, "", bytes(16), bytes.fromhex(p.recording), p.start, p.seconds, "") for p in sorted(places)])


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for circles among millions of new objects, of which records make none."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _read_records(
    records: Iterator[Record | Reject],
    spill: Spill,
    rejects: RejectWriter,
    mean_seconds: float,
    progress: Callable[[int], None],
) -> Spill:
    rows: list[tuple[int, str, bytes, bytes, float, float, str]] = []
    order = -1
    for order, record in enumerate(records):
        if isinstance(record, Reject):
            rejects.add(record)
            continue
        text = encoded(record)
        if isinstance(text, Reject):
            rejects.add(text)
            continue
        record_hash = id_hash(record.id)
        recording, start = _whereabouts(record)
        seconds = record_seconds(record, mean_seconds)
        rows.append((order, record.id, record_hash, id_hash(recording), start, seconds, text))
        if len(rows) == BATCH_ROWS:
            spill.add(_table(rows))
            rows.clear()
            progress(order + 1)
    if rows:
        spill.add(_table(rows))
    progress(order + 1)
    return spill


def _table(rows: list[tuple[int, str, bytes, bytes, float, float, str]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table([_array(column, field.type) for column, field in zip(columns, _ROWS, strict=True)], _ROWS)


def _array(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    """A column; hashes and numbers without a look at each of them by itself."""
    if pa.types.is_fixed_size_binary(kind):
        return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(b"".join(values))])
    if pa.types.is_primitive(kind):
        return pa.array(np.array(values, kind.to_pandas_dtype()))
    return pa.array(values, kind)


def _drop_duplicates(table: pa.Table, rejects: RejectWriter) -> pa.Table:
    """Of equal ids the first in release order stays. `table` holds every row of its range of id hashes."""
    if pc.count_distinct(table["id_hash"]).as_py() == len(table):
        return table  # nearly always; the rows are sorted later
    table = table.sort_by([("id_hash", "ascending"), ("order", "ascending")])
    ids = table["id"].combine_chunks()
    repeated = np.zeros(len(ids), dtype=bool)
    repeated[1:] = pc.equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    for text in table.filter(pa.array(repeated))["record"].to_pylist():
        record = decode_record(text)
        rejects.add(Reject(record.id, "duplicate_id", record.audio[0].path if record.audio else record.id))
    return table.filter(pa.array(~repeated))
