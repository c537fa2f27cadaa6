"""Writes the parquet files of a plan: sorted rows cut into shards, and the rejects found on the way."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.planning.spill import Spill
from pipelines.record import Reject
from shards.index import REJECT_SCHEMA, RejectRow, reject_table, write_rejects
from shards.plan import PlanPart

SHARDS_PER_PART = 256  # shards in one plan/*.parquet, one row group each
REJECTS_AT_ONCE = 10_000  # kept in memory before they are spilled
ROWS_AT_ONCE = 10_000

_PLAN = pa.schema(
    [("shard", pa.int32()), ("id", pa.string()), ("seconds", pa.float64()), ("record", pa.large_string())]
)
_HASHED_REJECT = pa.schema([("id_hash", pa.binary(16)), *REJECT_SCHEMA])


class PlanWriter:
    """Cuts sorted rows into shards and writes them part by part, one row group per shard."""

    def __init__(self, folder: Path, full_seconds: float, shard_samples: int | None) -> None:
        self._folder, self._full_seconds, self._shard_samples = folder, full_seconds, shard_samples
        self._pending: list[pa.Table] = []
        self._pending_rows, self._pending_seconds = 0, 0.0
        self._kept_seconds = 0.0  # without those of empty places
        self._last_recording: bytes | None = None
        self._file: pq.ParquetWriter | None = None
        self._file_first_shard = 0
        self.shard, self.records = -1, 0
        self.shard_seconds: list[float] = []
        self.parts: list[PlanPart] = []
        self.fingerprint = hashlib.sha256()

    def add(self, table: pa.Table) -> None:
        """Add the next rows; whole shards are written as soon as they are full."""
        # As Python's objects rows are several times as large, so not all of them at a time.
        for first in range(0, len(table), ROWS_AT_ONCE):
            self._add(table.slice(first, ROWS_AT_ONCE))

    def _add(self, table: pa.Table) -> None:
        recordings = table["recording_hash"].to_pylist()
        seconds = table["seconds"].to_pylist()
        texts = table["record"].to_pylist()
        self.fingerprint.update("".join([f"{text}\n" for text in texts if text]).encode())
        first = 0  # of the rows that belong to the shard being filled
        for row, recording in enumerate(recordings):
            new_recording = recording != self._last_recording
            self._last_recording = recording
            rows_so_far = self._pending_rows + row - first
            if new_recording and rows_so_far and self._is_full(rows_so_far):
                self._pending.append(table.slice(first, row - first))
                self._write_shard()
                first = row
            self._pending_seconds += seconds[row]
            self._kept_seconds += seconds[row] if texts[row] else 0.0
        self._pending.append(table.slice(first))
        self._pending_rows += len(table) - first

    def _is_full(self, rows: int) -> bool:
        enough_rows = self._shard_samples is not None and rows >= self._shard_samples
        return enough_rows or self._pending_seconds >= self._full_seconds

    def _write_shard(self) -> None:
        table = pa.concat_tables(self._pending)
        table = table.filter(pc.not_equal(table["record"], ""))
        self.shard += 1
        self.records += len(table)
        self.shard_seconds.append(self._kept_seconds)
        self._pending, self._pending_rows, self._pending_seconds, self._kept_seconds = [], 0, 0.0, 0.0
        if self._file is not None and self.shard - self._file_first_shard == SHARDS_PER_PART:
            self._close_part()
        if self._file is None:
            self._file_first_shard = self.shard
            self._file = pq.ParquetWriter(self._part_path(), _PLAN, compression="zstd", store_schema=False)
        shard_column = pa.array(np.full(len(table), self.shard, np.int32))
        rows = pa.table([shard_column, table["id"], table["seconds"], table["record"]], _PLAN)
        # Combined: page limits are checked per chunk, and the bytes must not depend on how the rows came together.
        self._file.write_table(rows.combine_chunks(), row_group_size=max(len(rows), 1))

    def _part_path(self) -> Path:
        return self._folder / f"records-{len(self.parts):05d}.parquet"

    def _close_part(self, last_shard: int | None = None) -> None:
        assert self._file is not None
        self._file.close()
        self._file = None
        path = self._part_path()
        shards = (self.shard if last_shard is None else last_shard + 1) - self._file_first_shard
        self.parts.append(PlanPart(path.name, self._file_first_shard, shards, _sha256(path)))

    def close(self) -> None:
        if any(len(table) for table in self._pending):
            self._write_shard()
        if self._file is not None:
            self._close_part(self.shard)


class RejectWriter:
    """Rejects found while planning, in the order of their ids' hashes: the file's bytes depend on nothing but them.

    They wait on disk, in hash ranges as the records do, each of which becomes a row group of the file.
    """

    def __init__(self, folder: Path) -> None:
        self._spill = Spill(folder, _HASHED_REJECT, "id_hash")
        self._rows: list[RejectRow] = []
        self.counts: Counter[str] = Counter()

    def add(self, reject: Reject) -> None:
        """Note one reject."""
        self.counts[reject.reason] += 1
        self._rows.append(RejectRow(_readable(reject.id), reject.reason, _readable(reject.where)))
        if len(self._rows) == REJECTS_AT_ONCE:
            self._flush()

    def write(self, path: Path) -> str:
        """Write the file; its sha256."""
        self._flush()
        order = [(name, "ascending") for name in _HASHED_REJECT.names]
        write_rejects(path, (table.sort_by(order).drop_columns(["id_hash"]) for table in self._spill.ranges()))
        return _sha256(path)

    def _flush(self) -> None:
        if self._rows:
            hashes = pa.array([id_hash(row.id) for row in self._rows], pa.binary(16))
            self._spill.add(reject_table(self._rows).add_column(0, _HASHED_REJECT.field(0), hashes))
            self._rows.clear()


def id_hash(text: str) -> bytes:
    """The 16 bytes by which ids and recordings are dealt into ranges and ordered."""
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest()


def _readable(text: str) -> str:
    """Text that UTF-8 can hold: a file name that is none keeps its bytes as `\\udcNN`."""
    return text.encode("utf-8", "backslashreplace").decode()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
