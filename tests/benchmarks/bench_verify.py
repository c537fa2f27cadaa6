#!/usr/bin/env python
"""How much of sha256 + FLAC decoding alone, on one core, the checking of a shard costs.

    OMP_NUM_THREADS=1 taskset -c 0 python tests/benchmarks/bench_verify.py [CLIPS] [ROUNDS]

The floor hashes the tar and decodes each of its FLAC files with soundfile; verify does that, and the structure of the
tar, crc32, JSON, targets, words, index rows, totals and the plan beside it. Both are timed as CPU time, in turns.
"""

from __future__ import annotations

import hashlib
import io
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import soundfile

from shards.check import check_shard
from shards.layout import ShardName
from shards.storage import Storage
from shards.tar import tar_members
from tests.benchmarks.bench_stream import speech_like
from tests.shards.building import make_sample, write_shard


def build(folder: Path, clips: int, median_seconds: float) -> tuple[Storage, ShardName]:
    """One shard of clips of log-normal length."""
    storage, shard = Storage(folder / "out"), ShardName("demo", "train", 0)
    random = np.random.default_rng(1)
    lengths = [
        round(16_000 * seconds) for seconds in np.clip(random.lognormal(np.log(median_seconds), 0.5, clips), 1, 30)
    ]
    samples, flacs = [], {}
    for number, frames in enumerate(lengths):
        samples.append(make_sample(f"u{number}", frames=(frames,)))
        file = io.BytesIO()
        soundfile.write(file, speech_like(number, frames / 16_000)[:frames], 16_000, format="FLAC", subtype="PCM_16")
        flacs[f"u{number}"] = [file.getvalue()]
    write_shard(storage, folder, shard, samples, clips=flacs)
    return storage, shard


def floor(path: Path) -> float:
    """CPU seconds to hash a tar and decode what is in it."""
    began = time.process_time()
    tar = path.read_bytes()
    hashlib.sha256(tar).hexdigest()
    for member in tar_members(tar):
        if member.name.endswith(".flac"):
            soundfile.read(io.BytesIO(tar[member.offset : member.offset + member.bytes]), dtype="int16")
    return time.process_time() - began


def checked(storage: Storage, shard: ShardName) -> float:
    """CPU seconds to verify it."""
    began = time.process_time()
    lies = [lie for lie in check_shard(storage, shard).lies if "plan" not in lie.what]
    assert not lies, lies[:3]
    return time.process_time() - began


def main(arguments: list[str]) -> None:
    """Print a line for short and for long clips."""
    clips, rounds = (int(value) for value in (arguments + ["300", "5"][len(arguments) :]))
    for median in (1.5, 8.0):
        with tempfile.TemporaryDirectory() as folder:
            storage, shard = build(Path(folder), clips, median)
            path = Path(folder) / "out" / shard.tar
            pairs = [(floor(path), checked(storage, shard)) for _ in range(rounds)]
            size, ratio = path.stat().st_size / 1e6, statistics.median(low / high for low, high in pairs)
            best = size / min(high for _, high in pairs)
            print(f"clips of about {median} s: {best:,.0f} MB/s per core, {ratio:.0%} of hashing and decoding alone")


if __name__ == "__main__":
    main(sys.argv[1:])
