#!/usr/bin/env python
"""Find every lie in shards: what a file holds against what is said about it elsewhere.

    python shards/verify.py OUT [DATASET] [split=train,dev] [workers=8] [storage_options.endpoint_url=…]

Of every shard: the sha256 of its files, the structure of its tar, every FLAC decoded, every JSON and target parsed,
word times, index rows and totals; of every split: index.parquet, rejects.parquet, split.json and dataset.json.
Each lie is a line; the exit status is 1 when there is any.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this folder, whose `statistics.py` would hide the standard library's.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from shards.check import Lie, ShardFindings, check_shard
from shards.check_split import check_dataset, check_split, shards_of
from shards.command import parse_arguments
from shards.layout import ShardName
from shards.schema import ShardError
from shards.storage import Storage, StorageError
from shards.summary import datasets, splits
from shards.totals import Totals

PROGRESS_SECONDS = 10.0
IN_FLIGHT = 2  # shards per worker handed out at a time


def main(arguments: Sequence[str]) -> int:
    """Verify and print; 0 when everything is true."""
    try:
        out, dataset, options = parse_arguments(arguments, __doc__ or "", {"workers": 0, "split": ""})
        storage = Storage(out, **options["storage_options"])
        wanted = tuple(filter(None, options["split"].split(",")))
        return verify(storage, dataset, wanted, options["workers"] or len(os.sched_getaffinity(0)))
    except (ShardError, StorageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenProcessPool:
        print("error: a worker was killed, perhaps for want of memory; try again with workers=1", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def verify(storage: Storage, dataset: str | None, wanted: Sequence[str], workers: int) -> int:
    """Check one dataset or all, some of their splits or all; print every lie and a summary."""
    chosen = {name: wanted or splits(storage, name) for name in ((dataset,) if dataset else datasets(storage))}
    if not any(chosen.values()):
        raise ShardError(f"{storage.full(dataset or '')}: no shards here; give the OUT of make shards")
    lies: set[Lie] = set()
    totals = Totals()
    shards = [shard for name, some in chosen.items() for split in some for shard in shards_of(storage, name, split)]
    for findings in check_shards(storage, shards, workers):
        lies.update(_told(findings.lies))
        totals.add(findings.totals)
    for name, some in chosen.items():
        for split in some:
            lies.update(_told(check_split(storage, name, split)))
        lies.update(_told(check_dataset(storage, name)))
    print(
        f"verified {len(shards):,} shards, {totals.samples:,} samples, {totals.seconds / 3600:,.3f} h: "
        + (f"{len(lies):,} lies" if lies else "all true")
    )
    return 1 if lies else 0


def check_shards(storage: Storage, shards: Sequence[ShardName], workers: int) -> Iterator[ShardFindings]:
    """The findings of each shard, as they come; on `workers` processes."""
    if workers <= 1 or len(shards) <= 1:
        yield from (check_shard(storage, shard) for shard in shards)
        return
    started = said = time.monotonic()
    # Not forked: fsspec has threads, and a fork in their midst can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(shards)), mp_context=context) as pool:
        waiting = iter(shards)
        running: set[Future[ShardFindings]] = set()
        done = 0
        try:
            while True:
                for shard in waiting:
                    running.add(pool.submit(check_shard, storage, shard))
                    if len(running) >= IN_FLIGHT * workers:
                        break
                if not running:
                    return
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
                done += len(finished)
                if time.monotonic() - said >= PROGRESS_SECONDS:
                    said = time.monotonic()
                    left = (said - started) / done * (len(shards) - done)
                    print(f"verified {done:,} of {len(shards):,} shards, {left:,.0f} s left", file=sys.stderr)
        finally:
            for future in running:
                future.cancel()


def _told(lies: Sequence[Lie]) -> Sequence[Lie]:
    for lie in lies:
        print(lie)
    return lies


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
