"""Rejects by reason, with a few examples of each, read where they lie."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from shards.index import RejectRow, read_reject_file, read_shard_parquet
from shards.layout import ShardName, plan_rejects_path, rejects_path
from shards.pages.html import Html, element, foreign, join, table
from shards.pages.watch import SplitState
from shards.schema import ShardError
from shards.storage import Storage, StorageError

EACH = 3  # examples of a reason
MOST_GROUPS = 300  # row groups of rejects.parquet that are looked through: one a shard


def rejects_table(storage: Storage, split: SplitState) -> Html:
    """The rejects of a split, a row a reason, with examples."""
    examples = reject_examples(storage, split)
    rows = []
    for reason, count in split.totals.rejects.most_common():
        some = (element("div", foreign(row.id), " ", foreign(row.where, "soft")) for row in examples.get(reason, ()))
        rows.append((foreign(reason), f"{count:,}", join(*some)))
    head = ("reason", "count", "for example: id and place in the release")
    return join(element("h2", "Rejects"), table(head, rows, numbers=(1,)))


def reject_examples(storage: Storage, split: SplitState) -> dict[str, list[RejectRow]]:
    """Up to `EACH` rejects of every reason that can be found quickly; none where the files cannot be read."""
    found: dict[str, list[RejectRow]] = {reason: [] for reason in split.totals.rejects}
    try:
        for row in _of_whole(storage, split) if split.complete else _of_parts(storage, split):
            some = found.setdefault(row.reason, [])
            if len(some) < EACH:
                some.append(row)
            if all(len(some) >= min(EACH, split.totals.rejects[reason]) for reason, some in found.items()):
                break
    except (ShardError, StorageError, OSError, pa.ArrowException, KeyError, ValueError):
        pass  # examples only: the figures stand without them, and verify tells what is damaged
    return found


def _of_whole(storage: Storage, split: SplitState) -> Iterator[RejectRow]:
    with storage.open(rejects_path(split.dataset, split.split)) as data:
        file = pq.ParquetFile(data)
        for group in range(min(file.num_row_groups, MOST_GROUPS)):
            for row in file.read_row_group(group, columns=["id", "reason", "where"]).to_pylist():
                yield RejectRow(**row)


def _of_parts(storage: Storage, split: SplitState) -> Iterator[RejectRow]:
    yield from read_reject_file(storage, plan_rejects_path(split.dataset, split.split))
    for number in sorted({number for numbers in split.reject_shards.values() for number in numbers}):
        path = ShardName(split.dataset, split.split, number).parquet
        yield from read_shard_parquet(storage.read_bytes(path), storage.full(path))[1]
