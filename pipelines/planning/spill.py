"""Rows on disk in hash ranges: sorting and finding duplicates without holding a corpus in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc

# A divisor of 256. The plan's rejects.parquet has a row group for each range: with this number RECIPE changes.
HASH_RANGES = 256
ROWS_AT_ONCE = 20_000  # that wait in memory before they are dealt


class Spill:
    """Rows on disk, dealt into ranges of a hash column, so that one range at a time fits in memory."""

    def __init__(self, folder: Path, schema: pa.Schema, column: str) -> None:
        folder.mkdir()
        self._folder, self._schema, self._column = folder, schema, column
        self._files: dict[int, pa.ipc.RecordBatchFileWriter] = {}
        self._waiting: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Append rows, each to the file of its range. The hash column holds binary(16) without nulls."""
        self._waiting.append(table)
        if sum(map(len, self._waiting)) >= ROWS_AT_ONCE:
            self._deal()

    def _deal(self) -> None:
        """Write the rows that wait. Few at a time would cost a write for nearly each of them."""
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        self._waiting.clear()
        hashes = table[self._column].combine_chunks()
        first_bytes = np.frombuffer(hashes.buffers()[1], np.uint8)[hashes.offset * 16 :: 16][: len(table)]
        buckets = first_bytes // (256 // HASH_RANGES)
        # Sorted once and sliced: to pick the rows of each range by themselves costs a pass over the table per range.
        ordered = table.take(pa.array(np.argsort(buckets, kind="stable")))
        ends = np.cumsum(np.bincount(buckets, minlength=HASH_RANGES))
        for bucket in np.unique(buckets):
            if bucket not in self._files:
                self._files[bucket] = pa.ipc.new_file(self._folder / f"{bucket:03d}.arrow", self._schema)
            first = int(ends[bucket - 1]) if bucket else 0
            self._files[bucket].write_table(ordered.slice(first, int(ends[bucket]) - first))

    def ranges(self) -> Iterator[pa.Table]:
        """Each range's rows, in the order of the ranges; its file is deleted afterwards."""
        self._deal()
        for file in self._files.values():
            file.close()
        for bucket in sorted(self._files):
            path = self._folder / f"{bucket:03d}.arrow"
            # In one piece: its columns are then used where they lie. Not mapped: a disk that fails is to raise.
            with pa.BufferReader(path.read_bytes()) as source, pa.ipc.open_file(source) as reader:
                yield reader.read_all()
            path.unlink()
