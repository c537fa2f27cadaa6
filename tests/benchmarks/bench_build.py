"""How fast whole shards come about, against the floor of decoding and encoding alone.

    OMP_NUM_THREADS=1 taskset -c 0 python tests/benchmarks/bench_build.py

The product is everything that a worker does for a shard: read, decode, cut, resample, encode, tag, write the tar, hash
it, make the index rows and the parquet file. The floor is that of bench_audio.py, on the same files, in turn with it,
in one process on one core. At least 85 % of the floor's speed is wanted; clips of 1 s, which are below it, show what a
sample costs whatever its length.

FLAC whose frames are kept is neither decoded nor encoded: there the floor is to read the files and take their sha256,
and 250 MB/s are wanted.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

import torch

from pipelines.build import write_shard
from pipelines.record import AudioRef, Record, Reject, Transcript
from pipelines.source import Source
from shards.layout import ShardName
from tests.benchmarks.bench_audio import SHORT, Case, by_soundfile, cases, floor, speech
from tests.pipelines.recordings import encoded

ROUNDS = 9
SHARD_CLIPS = 200  # enough that what a shard costs once does not hide what a clip costs
WANTED = 0.85  # of the floor
WANTED_KEPT = 250  # MB/s
SETTINGS = {"vocabulary": "released"}


class Clips(Source):
    """The benchmark's recordings, each with a sentence."""

    name = "clips"
    licence = "CC0-1.0"
    tasks = ("asr",)
    languages = ("en",)
    splits = {"all": None}  # noqa: RUF012
    mean_seconds = 10.0

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        return True

    def read(self, split: str) -> Iterator[Record | Reject]:
        yield from ()


def enlarged(case: Case) -> Case:
    """The case with copies of its files, until they hold SHARD_CLIPS clips."""
    paths = list(case.paths)
    for copy in range(1, max(1, SHARD_CLIPS // (len(case.paths) * len(case.spans)))):
        for path in case.paths:
            paths.append(path.with_name(f"{path.name}-copy-{copy}"))
            paths[-1].hardlink_to(path)
    return replace(case, paths=paths)


def records(case: Case) -> list[Record]:
    """One record for each clip of the case."""
    return [
        Record(
            f"{path.name}-{number}",
            (AudioRef(path.name, start=start, end=end, recording=path.name),),
            (Transcript("A sentence of a usual length, as people read them aloud.", "en"),),
        )
        for path in case.paths
        for number, (start, end) in enumerate(case.spans)
    ]


def kept(folder: Path) -> Case:
    """FLAC as LibriSpeech has it."""
    paths = [folder / f"kept-{number}" for number in range(12)]
    for number, path in enumerate(paths):
        path.write_bytes(encoded(speech(12 + number / 6, 16_000, seed=number), 16_000, "FLAC", "PCM_16"))
    return enlarged(Case("FLAC 16k kept", paths, ((None, None),), by_soundfile))


def read_and_hash(case: Case) -> None:
    for path in case.paths:
        hashlib.sha256(path.read_bytes())


def measured(case: Case, folder: Path, lower: Callable[[Case], object]) -> tuple[float, float, float]:
    """CPU seconds of the floor and of the product, which take turns, and the seconds of audio."""
    source, shard, tar, planned = Clips(folder), ShardName("clips", "all", 0), folder / "out.tar", records(case)
    lowest, ours, seconds = 1e9, 1e9, 0.0
    for _ in range(ROUNDS):
        began = time.thread_time()
        lower(case)
        lowest = min(lowest, time.thread_time() - began)
        began = time.thread_time()
        _, _, totals = write_shard(planned, source, SETTINGS, shard, tar)
        ours = min(ours, time.thread_time() - began)
        assert totals.samples == len(planned), totals
        seconds = totals.seconds
    return lowest, ours, seconds


def main() -> int:
    """Print a line per case; 1 when one falls short."""
    torch.set_num_threads(1)
    print(f"{'recordings':24} {'floor ms':>9} {'ours ms':>9} {'share':>7} {'x real time':>12}")
    worst = 1e9
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in map(enlarged, cases(folder)):
            lowest, ours, seconds = measured(case, folder, lambda case: [floor(path, case) for path in case.paths])
            if case.name != SHORT:
                worst = min(worst, lowest / ours)
            print(
                f"{case.name:24} {1000 * lowest:9.1f} {1000 * ours:9.1f} {lowest / ours:7.0%} {seconds / ours:12,.0f}",
                flush=True,
            )
        case = kept(folder)
        lowest, ours, seconds = measured(case, folder, read_and_hash)
        megabytes = sum(path.stat().st_size for path in case.paths) / 1e6
        print(
            f"{case.name:24} {1000 * lowest:9.1f} {1000 * ours:9.1f} {lowest / ours:7.0%} {seconds / ours:12,.0f}"
            f"   {megabytes / ours:.0f} MB/s, read + sha256 alone {megabytes / lowest:.0f}"
        )
    print(f"lowest share {worst:.0%}, wanted {WANTED:.0%}; kept FLAC {megabytes / ours:.0f} MB/s, wanted {WANTED_KEPT}")
    return int(worst < WANTED or megabytes / ours < WANTED_KEPT)


if __name__ == "__main__":
    sys.exit(main())
