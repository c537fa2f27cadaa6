#!/usr/bin/env python
"""How much of raw decoding + log-mel on one core the stream delivers, and what its plan costs.

    python tests/benchmarks/bench_stream.py [CLIPS] [ROUNDS]

The floor decodes the same FLAC files from memory with soundfile and computes the same mel, clip by clip. Both are timed
as CPU time of one thread, in turns, on clips of log-normal length; the target is 60 %.
"""

from __future__ import annotations

import io
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import soundfile
import torch

from shards.stream.config import MixtureConfig, StreamConfig
from shards.stream.plan import Plan
from shards.stream.stream import Item, SampleStream
from tests.shards.stream.clips import Entry, write_split
from tests.shards.stream.test_plan import make_samples
from trainers.features import log_mel

TARGET = 0.6


def speech_like(number: int, seconds: float) -> np.ndarray:
    """Noise with the spectrum and the pauses of speech, so that FLAC has about as much to do: int16."""
    random = np.random.default_rng(number)
    noise = random.normal(size=round(seconds * 16_000))
    spectrum = np.fft.rfft(noise)
    shape = 1 / (1 + (np.fft.rfftfreq(len(noise), 1 / 16_000) / 500) ** 2)
    voice = np.fft.irfft(spectrum * shape, len(noise))
    pauses = np.abs(np.sin(np.arange(len(noise)) / 16_000 * 2 * np.pi * random.uniform(1, 2)))
    return (6000 * voice / np.abs(voice).max() * pauses + random.normal(size=len(noise)) * 20).astype(np.int16)


def features(item: Item) -> list[torch.Tensor]:
    """The transform of a trainer."""
    return [log_mel(waveform) for waveform in item.waveforms]


def raw(tars: list[Path]) -> tuple[float, float]:
    """Seconds of audio, and of CPU time, to decode all clips and compute their mels."""
    clips = []
    for path in tars:
        with tarfile.open(path) as tar:
            clips += [tar.extractfile(member).read() for member in tar if member.name.endswith(".flac")]  # type: ignore[union-attr]
    audio, begin = 0, time.thread_time()
    for clip in clips:
        waveform, _ = soundfile.read(io.BytesIO(clip), dtype="int16")
        log_mel(waveform)
        audio += len(waveform)
    return audio / 16_000, time.thread_time() - begin


def streamed(stream: SampleStream, seconds: float) -> tuple[float, float]:
    """The same for as much audio from the stream, reading of tars and planning included."""
    audio, begin = 0.0, time.thread_time()
    for batch in stream:
        audio += batch.seconds
        if audio >= seconds:
            break
    return audio, time.thread_time() - begin


def rate(measured: Callable[[], tuple[float, float]]) -> float:
    audio, cpu = measured()
    return audio / cpu


def delivery(clips: int, rounds: int) -> float:
    """Print both rates of each round; the median of their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        lengths = np.clip(np.random.default_rng(0).lognormal(np.log(6.0), 0.7, clips), 1, 30).round(3)
        write_split(out, "bench/train", [Entry(seconds=(float(s),)) for s in lengths], 250, speech_like)
        tars = sorted(out.rglob("*.tar"))
        stored = sum(path.stat().st_size for path in tars) / (float(lengths.sum()) * 32_000)
        print(f"clips={clips} hours={lengths.sum() / 3600:.2f} flac_of_pcm={stored:.2f}")
        config = StreamConfig(str(out), ("bench/train",), prefetch=0)
        ratios = []
        for number in range(rounds):
            floor = rate(lambda: raw(tars))
            stream = SampleStream(config, transform=features)
            delivered = rate(lambda stream=stream: streamed(stream, float(lengths.sum())))  # type: ignore[misc]
            ratios.append(delivered / floor)
            print(f"round={number} raw={floor:.0f} stream={delivered:.0f} x real time, ratio={ratios[-1]:.2f}")
        real = [batch.real_frames for batch, _ in zip(SampleStream(config), range(5), strict=False)]
        print(f"real_frames={np.mean(real):.3f} (this corpus is small for its {config.lanes} lanes)")
        return float(np.median(ratios))


def planning(count: int) -> None:
    """Print what finding a step costs, and the padding, on the index of a corpus of `count` samples."""
    samples = make_samples({"a": count}, targets=2)
    options = {"lanes": 24, "lane_tokens": 4_000, "seed": 0, "window_bytes": 64 << 20, "identity": {}}
    begin = time.perf_counter()
    plan = Plan(samples, mixture=MixtureConfig(), **options)  # type: ignore[arg-type]
    first = [next(plan.batches(lane)) for lane in range(24)]
    print(f"samples={count} plan and first step: {time.perf_counter() - begin:.2f} s")
    per_step = sum(len(batch.samples) for batch in first)
    step = round(0.9 * count / per_step)
    begin = time.perf_counter()
    for lane in range(24):
        next(plan.batches(lane, step))
    print(f"resume at step {step}, {step * per_step} visits on, all 24 lanes: {time.perf_counter() - begin:.2f} s")


def main() -> int:
    torch.set_num_threads(1)
    clips = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    ratio = delivery(clips, rounds)
    planning(1_000_000)
    print(f"the stream delivers {ratio:.0%} of raw decoding + mel (target {TARGET:.0%})")
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
