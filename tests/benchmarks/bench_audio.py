"""How fast recordings become FLAC clips, against the floor of decoding and encoding alone.

    OMP_NUM_THREADS=1 taskset -c 0 python tests/benchmarks/bench_audio.py

The floor is soundfile decode + soundfile FLAC encode at level 5 of the same clips, with torchaudio's resample in it for
the MP3 at 48 kHz. Floor and product take turns on every file, in one process on one core; the share of the floor's
speed is the sum of its best times over the sum of the product's best times. At least 60 % is wanted.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# Run as a script from anywhere: the packages lie two levels up.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import soundfile
import torch
import torchaudio

from pipelines.audio import Clip, Span, clips
from tests.pipelines.recordings import chirp, encoded, mp3

ROUNDS = 7
FILES = 12
WANTED = 0.60


@dataclass(frozen=True)
class Case:
    """Recordings of one form and what is cut from each."""

    name: str
    paths: Sequence[Path]
    spans: Sequence[Span]
    resampled: bool = False  # in the floor too


def cases(folder: Path) -> list[Case]:
    """Speech-like loudness and noise; 12 s each as LibriSpeech's mean, or cuts out of 2 minutes."""
    generator = np.random.default_rng(0)

    def recordings(seconds: float, rate: int, channels: int) -> list[np.ndarray]:
        return [chirp(seconds * generator.uniform(0.8, 1.2), rate, channels, seed) for seed in range(FILES)]

    def case(
        name: str, files: Sequence[bytes], spans: Sequence[Span] = ((None, None),), resampled: bool = False
    ) -> Case:
        paths = [folder / f"{name.replace(' ', '_')}-{number}" for number in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        return Case(name, paths, spans, resampled)

    mono, stereo = recordings(12, 16_000, 1), recordings(12, 16_000, 2)
    long = recordings(120, 16_000, 1)[:2]
    short = recordings(1, 16_000, 1)
    cuts: list[Span] = [(start * 9.0, start * 9.0 + 8.5) for start in range(10)]
    return [
        case("WAV float32 16k mono", [encoded(x, 16_000, "WAV", "FLOAT") for x in mono]),
        case("WAV int16 16k mono", [encoded(x, 16_000, "WAV", "PCM_16") for x in mono]),
        case("WAV int16 16k stereo", [encoded(x, 16_000, "WAV", "PCM_16") for x in stereo]),
        case("WAV int16 16k mono 1 s", [encoded(x, 16_000, "WAV", "PCM_16") for x in short]),
        case("FLAC 16k stereo", [encoded(x, 16_000, "FLAC", "PCM_16") for x in stereo]),
        case("FLAC 16k cut", [encoded(x, 16_000, "FLAC", "PCM_16") for x in long], cuts),
        case("MP3 48k", [mp3(x, 48_000) for x in recordings(5, 48_000, 1)], resampled=True),
        case(
            "WAV 44.1k stereo", [encoded(x, 44_100, "WAV", "PCM_16") for x in recordings(5, 44_100, 2)], resampled=True
        ),
    ]


def floor(path: Path, spans: Sequence[Span], resampled: bool) -> int:
    """Decode the file and encode the clips, of the first channel, with nothing checked or counted."""
    waveform, rate = soundfile.read(path, dtype="float32" if resampled else "int16", always_2d=True)
    mono = np.ascontiguousarray(waveform[:, 0])
    size = 0
    for start, end in spans:
        clip = mono[None if start is None else round(start * rate) : None if end is None else round(end * rate)]
        if resampled:
            clip = torchaudio.functional.resample(torch.from_numpy(clip), rate, 16_000).numpy()
        file = io.BytesIO()
        soundfile.write(file, clip, 16_000, format="FLAC", subtype="PCM_16", compression_level=5 / 8)
        size += file.tell()
    return size


def product(path: Path, spans: Sequence[Span], resampled: bool) -> int:
    """What a shard job does with the audio."""
    size = 0
    for clip in clips(path, spans):
        assert isinstance(clip, Clip)
        size += len(clip.encoded())
    return size


def seconds_of(work: Callable[[Path, Sequence[Span], bool], int], path: Path, case: Case) -> float:
    """CPU time of one file: other processes on the machine do not count."""
    began = time.thread_time()
    work(path, case.spans, case.resampled)
    return time.thread_time() - began


def main() -> int:
    """Print a line per case; 1 when one falls short."""
    torch.set_num_threads(1)
    print(f"{'recordings':24} {'floor ms':>9} {'ours ms':>9} {'share':>7}")
    worst = 1e9
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(Path(folder)):
            best = {work: dict.fromkeys(case.paths, 1e9) for work in (floor, product)}
            for _ in range(ROUNDS):
                for path in case.paths:
                    for work, times in best.items():
                        times[path] = min(times[path], seconds_of(work, path, case))
            lowest, ours = (1000 * sum(times.values()) for times in best.values())
            worst = min(worst, lowest / ours)
            print(f"{case.name:24} {lowest:9.1f} {ours:9.1f} {lowest / ours:7.0%}", flush=True)
    print(f"lowest share {worst:.0%}, wanted {WANTED:.0%}")
    return int(worst < WANTED)


if __name__ == "__main__":
    sys.exit(main())
