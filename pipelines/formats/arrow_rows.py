"""Rows of Arrow and Parquet files that hold their audio: the other columns, and where each row's audio lies.

Arrow's streams (`datasets.save_to_disk`) hold a cell's bytes as they are, so that they are a stretch of the file. In
Parquet they lie in compressed pages: a cell is read from the beginning of its row group on, which `datasets` keeps to
100 rows of audio.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.formats.seekable import open_seekable
from pipelines.places.corpus_path import CorpusPath, RemotePath
from pipelines.places.file_part import range_name
from pipelines.source import SourceError

_BATCH_ROWS = 1000
_FILE_MAGIC = b"ARROW1\0\0"  # before the same stream, in a file that also has a footer


@dataclass(frozen=True, slots=True)
class ArrowRow:
    """A row without its audio; `inside` is where that lies in the file, "" where the row holds none."""

    cells: Mapping[str, Any]
    inside: str


@dataclass(frozen=True, slots=True)
class ParquetCell:
    """The bytes of one row in a column of a Parquet file."""

    file: CorpusPath
    column: str
    group: int
    row: int

    def read_bytes(self) -> bytes:
        """The cell's bytes; none where it is empty.

        Raises:
            SourceError: the file is damaged, or has no such cell.
        """
        try:
            with open_seekable(self.file) as file, pq.ParquetFile(file) as table:
                left = self.row
                for batch in table.iter_batches(16, row_groups=[self.group], columns=[self.column]):
                    if left < len(batch):
                        cell = batch.column(0)
                        cell = cell.field(0) if pa.types.is_struct(cell.type) else cell
                        return cell[left].as_py() or b""
                    left -= len(batch)
        except pa.ArrowException as error:
            raise SourceError(f"{self.file}: {_said(error)}; fetch or write it again") from error
        raise SourceError(f"{self.file}: no longer has the row {self.row} of group {self.group}; run the job anew")


def read_arrow(path: CorpusPath, audio: str) -> Iterator[ArrowRow]:
    """The rows of an Arrow file; `audio` is the column of the audio, "" where the schema tells.

    Raises:
        SourceError: it is no such file, breaks off, is compressed, or has no such column.
    """
    try:
        with _arrow_file(path) as file:
            if file.read(8) != _FILE_MAGIC:
                file.seek(0)
            messages = pa.ipc.MessageReader.open_stream(file)
            schema = pa.ipc.read_schema(messages.read_next_message())
            column, names = audio_column(schema, audio, path), _class_names(schema)
            for message in messages:
                end = file.tell()
                batch = pa.ipc.read_record_batch(message, schema)
                places = _places(batch.column(column), message.body, end - message.body.size, path)
                yield from _rows(batch, column, names, places)
    except pa.ArrowException as error:
        raise SourceError(f"{path}: is no whole Arrow file ({_said(error)}); fetch or write it again") from error


def read_parquet(path: CorpusPath, audio: str) -> Iterator[ArrowRow]:
    """The rows of a Parquet file; as `read_arrow`."""
    try:
        with open_seekable(path) as file, pq.ParquetFile(file) as table:
            schema = table.schema_arrow
            column, names = audio_column(schema, audio, path), _class_names(schema)
            others = [name for name in schema.names if name != column]
            for group in range(table.num_row_groups):
                row = 0
                for batch in table.iter_batches(_BATCH_ROWS, row_groups=[group], columns=others):
                    count = len(batch) if others else table.metadata.row_group(group).num_rows
                    places = [f"{group}:{row + number}" for number in range(count)]
                    yield from _rows(batch, column, names, places)
                    row += count
    except pa.ArrowException as error:
        raise SourceError(f"{path}: is no whole Parquet file ({_said(error)}); fetch or write it again") from error


def parquet_cell(path: CorpusPath, audio: str, inside: str) -> ParquetCell:
    """The cell that `ArrowRow.inside` names in a Parquet file."""
    with open_seekable(path) as file:
        schema = pq.read_schema(file)
    column = audio_column(schema, audio, path)
    group, _, row = inside.partition(":")
    leaf = f"{column}.bytes" if pa.types.is_struct(schema.field(column).type) else column
    return ParquetCell(path, leaf, int(group), int(row))


def audio_column(schema: pa.Schema, told: str, path: CorpusPath) -> str:
    """The column that holds audio: `told`, or the first one of bytes with a path, as `datasets` has them.

    Raises:
        SourceError: there is none.
    """
    for name in [told] if told in schema.names else schema.names:
        kind = schema.field(name).type
        with_path = pa.types.is_struct(kind) and {"bytes", "path"} <= {field.name for field in kind}
        if with_path or (name == told and _is_bytes(kind)):
            return name
    listed = ", ".join(f"{field.name} ({field.type})" for field in schema)
    raise SourceError(
        f"{path}: no column {f'{told} ' if told else ''}holds audio as struct<bytes, path>; its columns are: {listed}. "
        "Say which it is with COLUMNS=audio=COLUMN; where it has only paths, list them in a manifest (DATASET=manifest)"
    )


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of the numbers in columns of ClassLabel, as `datasets` tells them."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        told = {name: feature["names"] for name, feature in features.items() if feature.get("_type") == "ClassLabel"}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: names for name, names in told.items() if isinstance(names, list)}


def _rows(batch: pa.RecordBatch, audio: str, names: Mapping[str, list[str]], places: list[str]) -> Iterator[ArrowRow]:
    """The rows of a batch; `places` are those of their audio."""
    kept = [field.name for field in batch.schema if field.name != audio and not _is_bytes(field.type)]
    given = batch.column(audio) if audio in batch.schema.names else None
    paths = given.field("path") if given is not None and pa.types.is_struct(given.type) else None
    table = batch.select(kept)
    for first in range(0, len(places), _BATCH_ROWS):
        count = min(_BATCH_ROWS, len(places) - first)
        rows = table.slice(first, count).to_pylist() if kept else [{}] * count
        for number, cells in enumerate(rows, start=first):
            for name, known in names.items():
                if isinstance(cells.get(name), int) and 0 <= cells[name] < len(known):
                    cells[name] = known[cells[name]]
            path = paths[number].as_py() if paths is not None else None
            yield ArrowRow({**cells, audio: path} if path else cells, places[number])


def _places(cells: pa.Array, body: pa.Buffer, offset: int, path: CorpusPath) -> list[str]:
    """Where in the file the bytes of each cell lie, of a record batch whose body begins at `offset`."""
    data = cells.field("bytes") if pa.types.is_struct(cells.type) else cells
    buffers = data.buffers()
    if not len(data) or buffers[2] is None or not len(buffers[2]):
        return [""] * len(data)
    start = buffers[2].address - body.address
    if not 0 <= start <= body.size:
        raise SourceError(f"{path}: is compressed, so that audio in it has no place; write it with save_to_disk")
    kind = np.int64 if pa.types.is_large_binary(data.type) else np.int32
    bounds = (
        np.frombuffer(buffers[1], kind)[data.offset : data.offset + len(data) + 1].astype(np.int64) + offset + start
    )
    filled = [
        cell and inner for cell, inner in zip(cells.is_valid().to_pylist(), data.is_valid().to_pylist(), strict=True)
    ]
    spans = zip(bounds[:-1].tolist(), bounds[1:].tolist(), filled, strict=True)
    return [range_name(first, last - first) if there and last > first else "" for first, last, there in spans]


def _arrow_file(path: CorpusPath) -> pa.NativeFile:
    # On this machine pages are mapped, so that audio is not read.
    return pa.PythonFile(open_seekable(path), "r") if isinstance(path, RemotePath) else pa.memory_map(str(path))


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
