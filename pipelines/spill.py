"""Rows on disk in hash ranges: sorting and finding duplicates without holding a corpus in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc

HASH_RANGES = 64


class Spill:
    """Rows on disk, dealt into ranges of a hash column, so that one range at a time fits in memory."""

    def __init__(self, folder: Path, schema: pa.Schema, column: str) -> None:
        folder.mkdir()
        self._folder, self._schema, self._column = folder, schema, column
        self._files: dict[int, pa.ipc.RecordBatchFileWriter] = {}

    def add(self, table: pa.Table) -> None:
        """Append rows, each to the file of its range."""
        first_bytes = np.fromiter((value[0] for value in table[self._column].to_pylist()), np.uint8, len(table))
        buckets = first_bytes // (256 // HASH_RANGES)
        for bucket in np.unique(buckets):
            if bucket not in self._files:
                self._files[bucket] = pa.ipc.new_file(self._folder / f"{bucket:03d}.arrow", self._schema)
            self._files[bucket].write_table(table.filter(pa.array(buckets == bucket)))

    def ranges(self) -> Iterator[pa.Table]:
        """Each range's rows, in the order of the ranges; its file is deleted afterwards."""
        for file in self._files.values():
            file.close()
        for bucket in sorted(self._files):
            path = self._folder / f"{bucket:03d}.arrow"
            with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as reader:
                yield reader.read_all()
            path.unlink()
