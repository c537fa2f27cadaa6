"""The index: one row per sample, so that nobody opens a tar to choose, count or find a sample.

A shard's parquet file holds its index rows and, apart from them, its reject rows; a split's `index.parquet` holds the
rows of all shards in order, one row group per shard. The bytes follow from the rows and the version of pyarrow.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from shards.layout import ShardName, index_path, rejects_path
from shards.sample import Sample
from shards.schema import SCHEMA, ShardError, check_schema
from shards.storage import Storage
from shards.writer import StoredSample

_REQUIRED_PART = [
    pa.field("offset", pa.int64(), nullable=False),
    pa.field("bytes", pa.int64(), nullable=False),
    pa.field("crc32", pa.uint32(), nullable=False),
]
_TARGET = [
    pa.field("task", pa.string(), nullable=False),
    pa.field("text_language", pa.string()),
    pa.field("prompt_bytes", pa.int32(), nullable=False),
    pa.field("response_bytes", pa.int32(), nullable=False),
]

INDEX_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),  # name of its tar without ".tar"
        pa.field("licence", pa.string(), nullable=False),
        pa.field("language", pa.string()),
        pa.field("speaker", pa.string()),
        pa.field("seconds", pa.float64(), nullable=False),  # of all clips together
        pa.field(
            "audio",
            pa.list_(
                pa.field(
                    "element",
                    pa.struct([*_REQUIRED_PART, pa.field("seconds", pa.float64(), nullable=False)]),
                    nullable=False,
                )
            ),
            nullable=False,
        ),
        pa.field("json", pa.struct(_REQUIRED_PART), nullable=False),
        pa.field("targets", pa.list_(pa.field("element", pa.struct(_TARGET), nullable=False)), nullable=False),
        pa.field("words", pa.int32(), nullable=False),  # number of words with times
        pa.field("origin", pa.string()),  # "namespace:id"
        pa.field("text_hash", pa.string()),  # see text_hash()
        pa.field("audio_fingerprint", pa.binary()),
        pa.field("align_score", pa.float32()),
        pa.field("chars_per_second", pa.float32()),
        pa.field("snr", pa.float32()),  # dB
        pa.field("clipping", pa.float32()),  # share of waveform samples at full scale
    ]
)
MEASURES = ("audio_fingerprint", "align_score", "chars_per_second", "snr", "clipping")

REJECT_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("where", pa.string(), nullable=False),
    ]
)
# Both kinds of row in one file: an index row has no reject, a reject row has nothing else.
SHARD_SCHEMA = pa.schema(
    [
        *(field.with_nullable(True) for field in INDEX_SCHEMA),
        pa.field("reject", pa.struct(list(REJECT_SCHEMA))),
    ]
)


@dataclass(frozen=True, slots=True)
class RejectRow:
    """A record that gave no sample: its id, why (a key of the reject reasons), and where in the release."""

    id: str
    reason: str
    where: str


def index_row(
    sample: Sample,
    key: str,
    shard: ShardName,
    stored: StoredSample,
    *,
    text_languages: Sequence[str | None] = (),
    origin: str | None = None,
    text: str | None = None,
    measures: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The index row of a sample.

    Args:
        text_languages: language of the text of each target, in the order of `sample.targets`.
        origin: "namespace:id" of the recording.
        text: the normalised text whose hash finds the same sentence in another corpus.
        measures: values of the columns in `MEASURES`, as far as known.
    """
    languages = text_languages or (None,) * len(sample.targets)
    row: dict[str, Any] = {
        "key": key,
        "shard": str(shard),
        "licence": sample.licence,
        "language": sample.language,
        "speaker": (sample.speaker or {}).get("id"),
        "seconds": sample.seconds,
        "audio": [
            {"offset": part.offset, "bytes": part.bytes, "crc32": part.crc32, "seconds": audio.seconds}
            for part, audio in zip(stored.audio, sample.audio, strict=True)
        ],
        "json": {"offset": stored.json.offset, "bytes": stored.json.bytes, "crc32": stored.json.crc32},
        "targets": [
            {
                "task": target.task,
                "text_language": language,
                "prompt_bytes": len(target.prompt.encode("utf-8")),
                "response_bytes": len(target.response.encode("utf-8")),
            }
            for target, language in zip(sample.targets, languages, strict=True)
        ],
        "words": len(sample.words),
        "origin": origin,
        "text_hash": None if text is None else text_hash(text),
    }
    given = dict(measures or {})
    row.update({name: given.pop(name, None) for name in MEASURES})
    if given:
        raise ShardError(f"{key}: the index has no column {next(iter(given))!r}; it measures {', '.join(MEASURES)}")
    return row


def text_hash(text: str) -> str | None:
    """16 hex digits that are equal for texts that differ in case, punctuation and spacing only; None for no text."""
    if text.isascii():  # the same, without asking Unicode's tables for every letter
        kept = "".join(filter(str.isalnum, text.lower()))
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        kept = "".join(character for character in folded if unicodedata.category(character)[0] in "LMN")
    return hashlib.blake2b(kept.encode("utf-8"), digest_size=8).hexdigest() if kept else None


def shard_parquet(rows: Sequence[Mapping[str, Any]], rejects: Sequence[RejectRow]) -> bytes:
    """The bytes of a shard's parquet file: index rows in the first row group, reject rows in the second."""
    sink = io.BytesIO()
    with _writer(sink, SHARD_SCHEMA) as writer:
        _write_group(writer, pa.Table.from_pylist([{**row, "reject": None} for row in rows], SHARD_SCHEMA))
        _write_group(
            writer,
            pa.Table.from_pylist(
                [{"reject": {"id": r.id, "reason": r.reason, "where": r.where}} for r in rejects], SHARD_SCHEMA
            ),
        )
    return sink.getvalue()


def read_shard_parquet(data: bytes, where: str) -> tuple[pa.Table, tuple[RejectRow, ...]]:
    """The index rows, in the form of INDEX_SCHEMA, and the reject rows of a shard's parquet file.

    Raises:
        ShardError: the file is damaged, of a newer schema, or something else.
    """
    table = _read(io.BytesIO(data), SHARD_SCHEMA, where)
    is_row = table["key"].is_valid()
    rows = table.filter(is_row).drop_columns(["reject"])
    rejects = table["reject"].drop_null().to_pylist()
    try:
        return rows.cast(INDEX_SCHEMA), tuple(RejectRow(**reject) for reject in rejects)
    except (ValueError, TypeError) as error:  # nulls in a column without
        raise ShardError(f"{where}: an index row lacks a value: {error}; build the shard again") from error


def write_index(path: Path, shards: Iterable[pa.Table]) -> None:
    """Write the index rows of shards, in order, one row group per shard, to a local file."""
    with _writer(path, INDEX_SCHEMA) as writer:
        for table in shards:
            _write_group(writer, table)


def reject_table(rejects: Iterable[RejectRow]) -> pa.Table:
    """Rejects in the form of REJECT_SCHEMA."""
    return pa.Table.from_pylist([{"id": r.id, "reason": r.reason, "where": r.where} for r in rejects], REJECT_SCHEMA)


def write_rejects(path: Path, rejects: Iterable[pa.Table]) -> None:
    """Write reject rows, one row group per table that has any, to a local file."""
    with _writer(path, REJECT_SCHEMA) as writer:
        for table in filter(len, rejects):
            _write_group(writer, table)


def write_merged(
    index: Path, rejects: Path, planned: Iterable[pa.Table], shards: Iterable[tuple[pa.Table, Sequence[RejectRow]]]
) -> None:
    """Write the index rows of shards to one local file, and to another all rejects, those of the plan first.

    Read at once, so that nothing but the shard at hand is in memory.
    """
    with _writer(rejects, REJECT_SCHEMA) as reject_writer:
        for table in filter(len, planned):
            _write_group(reject_writer, table)

        def rows() -> Iterator[pa.Table]:
            for table, some in shards:
                if some:
                    _write_group(reject_writer, reject_table(some))
                yield table

        write_index(index, rows())


def read_index(storage: Storage, dataset: str, split: str, columns: Sequence[str] | None = None) -> pa.Table:
    """The index of a split in the form of INDEX_SCHEMA, or only some of its columns.

    Raises:
        ShardError: the split has no index yet, a damaged one, or one of a newer schema.
    """
    path = index_path(dataset, split)
    try:
        with storage.open(path) as file:
            return _read(file, INDEX_SCHEMA, storage.full(path), columns)
    except FileNotFoundError:
        raise ShardError(
            f"{storage.full(path)}: no index; finish the split: make shards DATASET={dataset} SPLIT={split}"
        ) from None


def read_index_group(index: pq.ParquetFile, group: int, where: str) -> pa.Table:
    """The rows of one shard, by the place of its row group in an open index, in the form of INDEX_SCHEMA."""
    try:
        return index.read_row_group(group, columns=INDEX_SCHEMA.names).select(INDEX_SCHEMA.names).cast(INDEX_SCHEMA)
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise ShardError(f"{where}: row group {group} is damaged: {' '.join(str(error).split())}") from error


def read_rejects(storage: Storage, dataset: str, split: str) -> tuple[RejectRow, ...]:
    """Every reject of a split; none where the file is not there."""
    return read_reject_file(storage, rejects_path(dataset, split))


def read_reject_file(storage: Storage, path: str) -> tuple[RejectRow, ...]:
    """The rejects in a parquet file with the columns id, reason and where; none where there is no such file."""
    return tuple(RejectRow(**row) for table in reject_groups(storage, path) for row in table.to_pylist())


def reject_groups(storage: Storage, path: str) -> Iterator[pa.Table]:
    """The rejects in such a file, row group after row group, in the form of REJECT_SCHEMA."""
    where = storage.full(path)
    try:
        with storage.open(path) as source, _damage_told(where):
            file = pq.ParquetFile(source)
            # The plan's files once went without a number: plan.json has theirs.
            _check_number(file, where, optional=True)
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, columns=REJECT_SCHEMA.names).cast(REJECT_SCHEMA)
    except FileNotFoundError:
        return


def _writer(where: Path | BinaryIO, schema: pa.Schema) -> pq.ParquetWriter:
    # Everything that has a default is set, so that a new pyarrow does not choose anew; the Arrow schema is left out
    # because it brings nothing that the parquet schema lacks.
    writer = pq.ParquetWriter(
        where,
        schema,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        data_page_size=1 << 20,
        dictionary_pagesize_limit=1 << 20,
        write_page_index=False,
        store_schema=False,
    )
    writer.add_key_value_metadata({"schema": str(SCHEMA)})
    return writer


def _write_group(writer: pq.ParquetWriter, table: pa.Table) -> None:
    # Combined, because page limits are checked per chunk: the bytes must not depend on how a table came together.
    writer.write_table(table.combine_chunks(), row_group_size=max(table.num_rows, 1))


def _read(source: BinaryIO, schema: pa.Schema, where: str, columns: Sequence[str] | None = None) -> pa.Table:
    with _damage_told(where):
        file = pq.ParquetFile(source)
        _check_number(file, where)
        wanted = list(columns) if columns is not None else schema.names
        table = file.read(columns=wanted)
        return table.select(wanted).cast(pa.schema([schema.field(name) for name in wanted]))


def _check_number(file: pq.ParquetFile, where: str, optional: bool = False) -> None:
    """Refuse a file of a newer schema."""
    number = (file.metadata.metadata or {}).get(b"schema", b"")
    if number or not optional:
        check_schema(int(number) if number.isdigit() else None, where)


@contextlib.contextmanager
def _damage_told(where: str) -> Iterator[None]:
    """Tell what Arrow says of a damaged file as a ShardError."""
    try:
        yield
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # not pyarrow's word for damage, but the device's or the network's own
        said = " ".join(str(error).split())  # Arrow's own may take several lines
        raise ShardError(f"{where}: not the parquet file it should be: {said}; build it again") from error
