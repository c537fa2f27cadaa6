"""How fast recordings become FLAC clips, against the floor of decoding and encoding alone.

    OMP_NUM_THREADS=1 taskset -c 0 python tests/benchmarks/bench_audio.py

The floor is decode + FLAC encode at level 5 of the same clips by soundfile. Where the rate is another it is the fastest
libraries that give the contract's numbers: FFmpeg (PyAV) for MP3, torchaudio's Resample, its filter made once; what was
compared for that is printed below the table. Floor and product take turns on every file, in one process on one core;
the share of the floor's speed is the sum of its best times over the sum of the product's best times. At least 85 % is
wanted.

The material is like read speech in what matters here: as FLAC it takes 18 KB a second (LibriSpeech: 17 to 19).
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Run as a script from anywhere: the packages lie two levels up.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import av
import numpy as np
import soundfile
import torch
import torchaudio

from pipelines.decoding.audio import Clip, Span, clips
from pipelines.decoding.resample import resample
from tests.pipelines.recordings import encoded, mp3

ROUNDS = 7
FILES = 12
SHORT = "WAV int16 16k mono 1 s"
WANTED = 0.85


@dataclass(frozen=True)
class Case:
    """Recordings of one form and what is cut from each."""

    name: str
    paths: Sequence[Path]
    spans: Sequence[Span]
    floor: Callable[[Path], np.ndarray]  # the whole file as (frames,) int16 at 16 kHz


def speech(seconds: float, rate: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """(frames, channels) float32: a voice of 29 harmonics in syllables, over the noise of a quiet room."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    syllables = np.clip(np.sin(2 * np.pi * 4 * time), 0, 1) ** 2 * np.clip(1.2 + np.sin(2 * np.pi * 0.3 * time), 0, 1)
    pitch = np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * time)) / rate  # periods
    voice = 0.12 * sum(np.sin(2 * np.pi * number * pitch + number) / number**1.3 for number in range(1, 30))
    noise = generator.normal(0, 1, (len(time), channels)) * (0.0015 + 0.004 * syllables[:, None])
    return ((voice * syllables)[:, None] + noise).astype(np.float32)


def cases(folder: Path) -> list[Case]:
    """Recordings of 12 s each as LibriSpeech's mean, or cuts out of 2 minutes."""
    generator = np.random.default_rng(0)

    def recordings(seconds: float, rate: int, channels: int) -> list[np.ndarray]:
        return [speech(seconds * generator.uniform(0.8, 1.2), rate, channels, seed) for seed in range(FILES)]

    def case(
        name: str,
        files: Sequence[bytes],
        spans: Sequence[Span] = ((None, None),),
        floor: Callable[[Path], np.ndarray] = by_soundfile,
    ) -> Case:
        paths = [folder / f"{name.replace(' ', '_')}-{number}" for number in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        return Case(name, paths, spans, floor)

    mono, stereo = recordings(12, 16_000, 1), recordings(12, 16_000, 2)
    long = recordings(120, 16_000, 1)[:2]
    short = recordings(1, 16_000, 1)
    cuts: list[Span] = [(start * 9.0, start * 9.0 + 8.5) for start in range(10)]
    wide = [encoded(x, 44_100, "WAV", "PCM_16") for x in recordings(5, 44_100, 2)]
    return [
        case("WAV float32 16k mono", [encoded(x, 16_000, "WAV", "FLOAT") for x in mono]),
        case("WAV int16 16k mono", [encoded(x, 16_000, "WAV", "PCM_16") for x in mono]),
        case("WAV int16 16k stereo", [encoded(x, 16_000, "WAV", "PCM_16") for x in stereo]),
        case(SHORT, [encoded(x, 16_000, "WAV", "PCM_16") for x in short]),
        case("FLAC 16k stereo", [encoded(x, 16_000, "FLAC", "PCM_16") for x in stereo]),
        case("FLAC 16k cut", [encoded(x, 16_000, "FLAC", "PCM_16") for x in long], cuts),
        case("MP3 48k", [mp3(x, 48_000) for x in recordings(5, 48_000, 1)], floor=by_ffmpeg),
        case("WAV 44.1k stereo", wide, floor=by_soundfile_resampled),
    ]


def by_soundfile(path: Path) -> np.ndarray:
    """The first channel, nothing checked."""
    waveform, _ = soundfile.read(path, dtype="int16", always_2d=True)
    return np.ascontiguousarray(waveform[:, 0])


def by_soundfile_resampled(path: Path) -> np.ndarray:
    """The first channel through torchaudio."""
    waveform, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return by_transform(np.ascontiguousarray(waveform[:, 0]), rate)


def by_ffmpeg(path: Path) -> np.ndarray:
    """A mono MP3 by FFmpeg, through torchaudio."""
    return by_transform(*ffmpeg_decoded(path))


def ffmpeg_decoded(path: Path) -> tuple[np.ndarray, int]:
    """The waveform (frames,) float32 of a mono MP3 and its rate, the fastest way through PyAV."""
    parts = []
    with av.open(str(path), format="mp3") as file:
        stream = file.streams.audio[0]
        for frame in file.decode(stream):
            parts.append(bytes(frame.planes[0])[: 4 * frame.samples])
        return np.frombuffer(bytearray().join(parts), np.float32), stream.rate


@cache
def _transform(rate: int) -> torchaudio.transforms.Resample:
    return torchaudio.transforms.Resample(rate, 16_000, dtype=torch.float32)


def by_transform(waveform: np.ndarray, rate: int) -> np.ndarray:
    """At 16 kHz as int16, limited by conversion alone."""
    return (_transform(rate)(torch.from_numpy(waveform)) * 32768).round().to(torch.int16).numpy()


def floor(path: Path, case: Case) -> int:
    """Decode the file and encode the clips, with nothing checked or counted."""
    mono = case.floor(path)
    size = 0
    for start, end in case.spans:
        clip = mono[None if start is None else round(start * 16_000) : None if end is None else round(end * 16_000)]
        file = io.BytesIO()
        soundfile.write(file, clip, 16_000, format="FLAC", subtype="PCM_16", compression_level=5 / 8)
        size += file.tell()
    return size


def product(path: Path, case: Case) -> int:
    """What a shard job does with the audio."""
    size = 0
    for clip in clips(path, case.spans):
        assert isinstance(clip, Clip)
        size += len(clip.encoded())
    return size


def seconds_of(work: Callable[..., object], *arguments: object) -> float:
    """CPU time of a call: other processes on the machine do not count."""
    began = time.thread_time()
    work(*arguments)
    return time.thread_time() - began


def compare(case: Case) -> None:
    """Print what the parts of the MP3 floor cost by each library, and how far its numbers are from the contract's."""
    path = case.paths[0]
    waveform, rate = ffmpeg_decoded(path)
    decoders: dict[str, Callable[[], np.ndarray]] = {
        "FFmpeg through PyAV": lambda: ffmpeg_decoded(path)[0],
        "mpg123 through soundfile": lambda: soundfile.read(path, dtype="float32")[0],
    }
    tensor = torch.from_numpy(waveform.copy())
    resamplers: dict[str, Callable[[], np.ndarray]] = {
        "torchaudio Resample": lambda: _transform(rate)(tensor).numpy(),
        "torchaudio functional.resample": lambda: torchaudio.functional.resample(tensor, rate, 16_000).numpy(),
        "pipelines.decoding.resample": lambda: resample(waveform, rate),
        "FFmpeg's swresample": lambda: by_swresample(waveform, rate),
    }
    for what, ways in (("decode", decoders), ("resample", resamplers)):
        reference = next(iter(ways.values()))()
        for name, way in ways.items():
            best = min(seconds_of(way) for _ in range(3 * ROUNDS))
            result = way()
            same = len(result) == len(reference) and np.array_equal(result, reference)
            print(f"  {what:8} {name:32} {1000 * best:6.2f} ms  {'the numbers' if same else 'other numbers'}")


def by_swresample(waveform: np.ndarray, rate: int) -> np.ndarray:
    """FFmpeg's resampler at its defaults."""
    frame = av.AudioFrame.from_ndarray(waveform[None], format="flt", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler(format="flt", layout="mono", rate=16_000)
    return np.concatenate([part.to_ndarray()[0] for one in (frame, None) for part in resampler.resample(one)])


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
            if case.floor is by_ffmpeg:
                compared = case
        print(f"lowest share {worst:.0%}, wanted {WANTED:.0%}")
        compare(compared)
    return int(worst < WANTED)


if __name__ == "__main__":
    sys.exit(main())
