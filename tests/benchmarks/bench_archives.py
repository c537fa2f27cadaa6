"""What it costs that a corpus was left packed: shards from archives against shards from the unpacked tree.

    OMP_NUM_THREADS=1 taskset -c 0 python tests/benchmarks/bench_archives.py

For FLAC that is kept as it is (the quickest shard there is), 16 kHz WAV of 12 s, and WAV of 1 s, a shard of every
eighth recording, in an order that has nothing to do with that of the archive, is built from the tree, a tar, a zip and
a .tar.gz, which take turns on one core. At most 1.15 × the CPU time of the tree is wanted for a tar, 1.8 × for a zip,
which is inflated, and 2.2 × for a .tar.gz, where 128 KiB are inflated in vain for each read: of clips of 1 s that are
four times as many as they have themselves, and 3.6 × are wanted.

The pass that makes the index of a .tar.gz is held against `gzip -dc | tar t`: at most 4 × its CPU time, 1.25 × for
FLAC, and an index of at most 3 % of the archive.

These limits lie a little above what was measured when they were written: they tell what has become slower since.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

import torch

from pipelines.archives.overlay import overlay
from pipelines.build import write_shard
from pipelines.record import AudioRef, Record, Transcript
from shards.layout import ShardName
from tests.benchmarks.bench_audio import seconds_of, speech
from tests.benchmarks.bench_build import SETTINGS, Clips
from tests.pipelines.recordings import encoded

ROUNDS = 5
WANTED = {"tar": 1.15, "zip": 1.8, "tar.gz": 2.2}  # of the tree's CPU time
WANTED_SHORT = WANTED | {"tar.gz": 3.6}
WANTED_INDEX = 0.03  # of the archive
EVERY = 8  # of the recordings, one is in the shard
# Name, format, seconds, how many recordings an archive has; what is wanted of shards, and of the pass.
CASES = (
    ("FLAC 12 s, kept", "FLAC", 12.0, 800, WANTED, 1.25),
    ("WAV 12 s", "WAV", 12.0, 400, WANTED, 4.0),
    ("WAV 1 s", "WAV", 1.0, 4_000, WANTED_SHORT, 4.0),
)


def tree(folder: Path, format: str, seconds: float, count: int) -> list[str]:
    """Write recordings, alike but not equal; their paths."""
    voices = [speech(seconds, 16_000, seed=seed) for seed in range(20)]
    names = []
    for number in range(count):
        names.append(f"{number % 40:02}/{number:05}.{format.lower()}")
        path = folder / names[-1]
        path.parent.mkdir(parents=True, exist_ok=True)
        turned = voices[number % 20] * (0.5 + number / (2 * count))
        path.write_bytes(encoded(turned, 16_000, format, "PCM_16"))
    return names


def pack(folder: Path) -> dict[str, Path]:
    """The folder as each kind of archive."""
    archives = {kind: folder.parent / f"{folder.name}.{kind}" for kind in WANTED}
    for kind, mode in (("tar", "w"), ("tar.gz", "w:gz")):
        with tarfile.open(archives[kind], mode, **({"compresslevel": 6} if kind != "tar" else {})) as tar:  # type: ignore[call-overload]
            tar.add(folder, ".")
    with zipfile.ZipFile(archives["zip"], "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in sorted(folder.rglob("*.*")):
            zipped.write(path, path.relative_to(folder))
    return archives


def children_cpu(command: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def planned(archive: Path, cache: Path) -> tuple[float, float]:
    """CPU seconds of the pass against the floor's, and the index's share of the archive."""
    ours, lowest = 1e9, 1e9
    for _ in range(3):
        for old in cache.rglob("*.sqlite"):
            old.unlink()
        overlay.cache_clear()
        lowest = min(lowest, children_cpu(f"gzip -dc {archive} | tar t"))
        ours = min(ours, seconds_of(lambda: (Clips(archive).root / "nothing").is_file()))
    (index,) = cache.rglob("*.sqlite")
    return ours / lowest, index.stat().st_size / archive.stat().st_size


def main() -> int:
    """Print a line per case; 1 when one falls short."""
    torch.set_num_threads(1)
    short = False
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"
        for title, format, seconds, count, wanted, wanted_pass in CASES:
            folder = Path(name) / title.replace(" ", "-").replace(",", "")
            names = tree(folder, format, seconds, count)
            archives = pack(folder)
            slower, index = planned(archives["tar.gz"], Path(name) / "cache")
            chosen = random.Random(0).sample(names, len(names) // EVERY)
            told = [Record(n, (AudioRef(n),), (Transcript("A sentence of a usual length.", "en"),)) for n in chosen]
            places = {"tree": Clips(folder)} | {kind: Clips(path) for kind, path in archives.items()}
            best = dict.fromkeys(places, 1e9)
            for _ in range(ROUNDS):
                for kind, source in places.items():
                    shard, tar = ShardName("clips", "all", 0), Path(name) / "out.tar"
                    best[kind] = min(best[kind], seconds_of(write_shard, told, source, SETTINGS, shard, tar))
            line = f"{title:16} tree {1000 * best['tree']:7.1f} ms"
            for kind in archives:
                ratio = best[kind] / best["tree"]
                short |= ratio > wanted[kind]
                line += f"   {kind} {ratio:.2f} ×"
            short |= slower > wanted_pass or index > WANTED_INDEX
            print(f"{line}   pass {slower:.2f} × gzip -dc | tar t, index {index:.2%}", flush=True)
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
