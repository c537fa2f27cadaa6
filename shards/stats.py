#!/usr/bin/env python
"""What is in the shards, as tables.

    python shards/stats.py OUT [DATASET] [storage_options.endpoint_url=…]

OUT is the folder or s3:// URL of the shard jobs. Only complete splits are counted; unfinished ones are named.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this folder, whose `statistics.py` would hide the standard library's.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from collections.abc import Sequence

from shards.command import parse_arguments
from shards.schema import ShardError
from shards.statistics import details, overview
from shards.storage import Storage, StorageError
from shards.summary import datasets, read_splits, splits
from shards.totals import summed


def main(arguments: Sequence[str]) -> int:
    """Print the tables; 1 where there is nothing to count."""
    try:
        out, dataset, options = parse_arguments(arguments, __doc__ or "", {})
        return report(Storage(out, **options["storage_options"]), dataset)
    except (ShardError, StorageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def report(storage: Storage, dataset: str | None) -> int:
    """Print the tables of one dataset, or of all."""
    names = (dataset,) if dataset else datasets(storage)
    complete = [split for name in names for split in read_splits(storage, name).values()]
    unfinished = [
        f"{name}/{split}"
        for name in names
        for split in splits(storage, name)
        if not any((done.dataset, done.split) == (name, split) for done in complete)
    ]
    if complete:
        print(overview(complete))
        print("\n" + details(summed(split.totals for split in complete)))
    if unfinished:
        print(f"\nunfinished, not counted: {', '.join(unfinished)} (make shards goes on with them)")
    if not complete:
        print(
            f"error: {storage.full(dataset or '')}: no complete split here; build one with: make shards",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
