"""Parquet tables of corpora, read batch by batch: rows as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.formats.lfs import refuse_pointer
from pipelines.formats.seekable import open_seekable
from pipelines.places.corpus_path import CorpusPath
from pipelines.source import SourceError

BATCH_ROWS = 1_000


def read_parquet(root: CorpusPath, path: str, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a table with their numbers from 1, of the columns that it has of those asked for.

    Raises:
        SourceError: no Parquet, or it breaks off, or Git LFS has not fetched it.
    """
    place = root / path
    refuse_pointer(place)
    try:
        with open_seekable(place) as file, pq.ParquetFile(file) as table:
            wanted = [name for name in columns if name in table.schema_arrow.names]
            number = 0
            for batch in table.iter_batches(BATCH_ROWS, columns=wanted):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the disk; Arrow's own have no number
            raise
        raise SourceError(f"{place}: no valid Parquet ({str(error).splitlines()[0]}); download it again") from None
