#!/usr/bin/env python
"""Find every lie in shards: what a file holds against what is said about it elsewhere.

    python shards/verify.py OUT [DATASET] [split=train,dev] [workers=8] [storage_options.endpoint_url=…]

Of every shard: the sha256 of its files, the structure of its tar, every FLAC decoded, every JSON and target parsed,
word times, index rows and totals; of every split: index.parquet, rejects.parquet, split.json and dataset.json.
Each lie is a line; the exit status is 1 when there is any.

Much data is dealt by Ray to the cores of this machine, or of the cluster in RAY_ADDRESS, a shard at a time; a few
small shards are checked right here, before Ray would have started.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this folder, whose `statistics.py` would hide the standard library's.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import os
import time
from collections.abc import Iterator, Mapping, Sequence

from shards.check import Lie, ShardFindings, check_shard
from shards.check_split import check_dataset, check_split, shards_of
from shards.command import exit_status, parse_arguments
from shards.layout import ShardName, split_folder
from shards.local_ray import TaskLostError, available_cores
from shards.schema import ShardError
from shards.spread import spread
from shards.storage import Storage, StorageError
from shards.summary import datasets, splits
from shards.totals import Totals

PROGRESS_SECONDS = 10.0
# Below this the cores of one machine bring less than the start of Ray costs.
WORTH_BYTES = 512 << 20


def main(arguments: Sequence[str]) -> int:
    """Verify and print; 0 when everything is true."""
    return exit_status(lambda: run(arguments), (ShardError, StorageError, TaskLostError), interrupted="interrupted")


def run(arguments: Sequence[str]) -> int:
    """Verify what the arguments name."""
    out, dataset, options = parse_arguments(arguments, __doc__ or "", {"workers": 0, "split": ""})
    storage = Storage(out, **options["storage_options"])
    wanted = tuple(filter(None, options["split"].split(",")))
    return verify(storage, dataset, wanted, options["workers"])


def verify(storage: Storage, dataset: str | None, wanted: Sequence[str], workers: int = 0) -> int:
    """Check one dataset or all, some of their splits or all; print every lie and a summary. `workers` 0: all cores."""
    chosen = {name: wanted or splits(storage, name) for name in ((dataset,) if dataset else datasets(storage))}
    if not any(chosen.values()):
        raise ShardError(f"{storage.full(dataset or '')}: no shards here; give the OUT of make shards")
    lies: set[Lie] = set()
    totals = Totals()
    started = time.monotonic()
    shards = [shard for name, some in chosen.items() for split in some for shard in shards_of(storage, name, split)]
    sizes = {
        path: size
        for name, some in chosen.items()
        for split in some
        for path, size in storage.list(split_folder(name, split), recursive=False).items()
    }
    for _, findings in check_shards(storage, shards, workers, sizes):
        lies.update(_told(findings.lies))
        totals.add(findings.totals)
    for name, some in chosen.items():
        for split in some:
            try:
                lies.update(_told(check_split(storage, name, split)))
            except (StorageError, OSError) as error:
                lies.update(_told([unread(error, storage.full(split_folder(name, split)))]))
        lies.update(_told(check_dataset(storage, name)))
    read = sum(sizes.get(shard.tar, 0) for shard in shards)
    print(
        f"verified {len(shards):,} shards, {totals.samples:,} samples, {totals.seconds / 3600:,.3f} h, "
        f"{read / 1e6:,.1f} MB at {read / 1e6 / max(time.monotonic() - started, 1e-3):,.0f} MB/s: "
        + (f"{len(lies):,} lies" if lies else "all true")
    )
    return 1 if lies else 0


def check_shards(
    storage: Storage, shards: Sequence[ShardName], workers: int, sizes: Mapping[str, int]
) -> Iterator[tuple[ShardName, ShardFindings]]:
    """The findings of each shard, as they come.

    Args:
        workers: shards checked at a time; 0: as many as there are cores.
        sizes: bytes of the tars, by path: they tell whether Ray is worth its start, and how much is left.
    """
    progress = _Progress([sizes.get(shard.tar, 0) for shard in shards])
    cluster = bool(os.environ.get("RAY_ADDRESS"))
    worth = progress.bytes >= WORTH_BYTES and min(workers or available_cores(), len(shards)) > 1
    if not (worth or (cluster and workers != 1 and len(shards) > 1)):
        for shard in shards:
            yield shard, look(storage, shard)
            progress.add(sizes.get(shard.tar, 0))
        return
    spread_out = spread(
        look,
        shards,
        name=lambda shard: f"{shard.dataset}: verify shard",
        arguments=lambda shard: (storage, shard),
        workers=workers or None,
    )
    for shard, findings in spread_out:
        yield shard, findings
        progress.add(sizes.get(shard.tar, 0))


def look(storage: Storage, shard: ShardName) -> ShardFindings:
    """Check a shard; what cannot be read at all, as of a failing disk, is a lie like others: the next one may be good.

    Raises:
        StorageError: a bucket fails in a way that may pass.
    """
    try:
        return check_shard(storage, shard)
    except (StorageError, OSError) as error:
        if isinstance(error, StorageError) and not (error.lasting or storage.is_local):
            raise
        return ShardFindings([unread(error, storage.full(shard.tar))])


def unread(error: StorageError | OSError, where: str) -> Lie:
    """What to say of a file that cannot be read; `where` it is, if the error does not tell."""
    if isinstance(error, StorageError):
        where, _, what = str(error).partition(": ")
        return Lie(where, f"cannot be read: {what}")
    return Lie(str(error.filename or where), f"cannot be read: {error.strerror or error}")


class _Progress:
    """A line now and then, with the rate and the time that is left by it."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.shards, self.bytes = len(sizes), sum(sizes)
        self._done, self._bytes = 0, 0
        self._started = self._said = time.monotonic()

    def add(self, size: int) -> None:
        """Count a shard that was checked."""
        self._done += 1
        self._bytes += size
        now = time.monotonic()
        if now - self._said >= PROGRESS_SECONDS and self._done < self.shards:
            self._said = now
            print(self.line(now), file=sys.stderr, flush=True)

    def line(self, now: float) -> str:
        """What there is to say at time `now` of the monotonic clock."""
        rate = self._bytes / max(now - self._started, 1e-3)
        left = (self.bytes - self._bytes) / rate if rate else 0.0
        return (
            f"verified {self._done:,} of {self.shards:,} shards, {self._bytes / 1e6:,.0f} of {self.bytes / 1e6:,.0f} "
            f"MB, {rate / 1e6:,.0f} MB/s, {left:,.0f} s left"
        )


def _told(lies: Sequence[Lie]) -> Sequence[Lie]:
    for lie in lies:
        print(lie)
    return lies


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
