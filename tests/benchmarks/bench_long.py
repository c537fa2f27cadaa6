"""What recordings of three hours cost: memory, and cutting against decoding.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_long.py [CASE…]

A shard is built from one recording of three hours at 48 kHz in two channels: 360 windows of 30 s, or 1,000 segments of
5 to 16 s, in a process of its own. Its memory is to stay below 1 GiB at all times. The CPU time until the clips are cut
is at most to be 1.3 × that of decoding the recording once and bringing all of it to 16 kHz, by libsndfile or FFmpeg and
torchaudio in blocks, with nothing checked; both are the best of two, in turn. Encoding is not counted.

They repeat three minutes; of MP3 and AAC these are encoded once and their packets written 60 times.
"""

from __future__ import annotations

import io
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

import av
import numpy as np
import soundfile
import torch

from pipelines.build import write_shard
from pipelines.decoding.audio import Clip, Span, clips
from pipelines.record import AudioRef, Label, Record, Transcript
from shards.layout import ShardName
from tests.benchmarks.bench_audio import by_transform, speech
from tests.benchmarks.bench_build import SETTINGS, Clips
from tests.pipelines.recordings import ffmpeg

RATE, HOURS = 48_000, 3
SECONDS = HOURS * 3600
MINUTES = 3  # that differ
WANTED_RATIO, WANTED_BYTES = 1.3, 1 << 30
ROUNDS = 2
BLOCK_FRAMES = 1 << 20
CODECS = {"mp3": ("mp3", "libmp3lame"), "m4a": ("ipod", "aac")}
FORMS = {"wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "opus": ("OGG", "OPUS")}
CASES = (*FORMS, *CODECS)
SHARD = ShardName("clips", "all", 0)


def written(folder: Path, case: str) -> Path:
    """A recording of three hours."""
    path = folder / f"long.{case}"
    waveform = speech(MINUTES * 60, RATE, 2)
    times = SECONDS // (MINUTES * 60)
    if case in CODECS:
        container, codec = CODECS[case]
        repeat(ffmpeg(waveform, RATE, container, codec, 128_000), path, container, times)
        return path
    form, subtype = FORMS[case]
    with soundfile.SoundFile(path, "w", RATE, 2, subtype, format=form) as file:
        for _ in range(times):
            file.write(waveform)
    return path


def repeat(data: bytes, path: Path, container: str, times: int) -> None:
    """Write the packets of a file so many times, one behind the other."""
    with av.open(str(path), "w", format=container) as output:
        made, offset = None, 0
        for _ in range(times):
            with av.open(io.BytesIO(data)) as source:
                stream = source.streams.audio[0]
                made = made or output.add_stream_from_template(stream)
                end = 0
                for packet in source.demux(stream):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    end = max(end, packet.pts + packet.duration)
                    packet.stream = made
                    output.mux(packet)
                offset = end


class Long(Clips):
    """Recordings that are cut."""

    cut = "window"
    tasks = ("sec", "asr")


def spans(segments: bool) -> list[Span]:
    """What is to be cut, in the order of a plan."""
    if not segments:
        return [(start, start + 30.0) for start in range(0, SECONDS, 30)]
    generator = random.Random(0)
    starts = sorted(generator.uniform(0, SECONDS - 20) for _ in range(1_000))
    return [(start, start + generator.uniform(5, 16)) for start in starts]


def records(path: Path, segments: bool) -> list[Record]:
    """The recording, or each of its segments, as a source tells of them."""
    if not segments:
        return [Record("whole", (AudioRef(path.name),), (Label("sec", ("dog",)),))]
    text = Transcript("A sentence of a usual length, as people read them aloud.", "en")
    return [
        Record(f"segment-{number}", (AudioRef(path.name, start=start, end=end, recording=path.name),), (text,))
        for number, (start, end) in enumerate(spans(segments))
    ]


def decoded(path: Path) -> int:
    """Decode a recording once and bring it to 16 kHz; how many samples that gives."""
    samples = 0
    for block in blocks(path):
        samples += len(by_transform((block[0] + block[1]) * np.float32(0.5), RATE))
    return samples


def blocks(path: Path) -> Iterator[np.ndarray]:
    """The waveform (channels, frames) float32, the shortest way through libsndfile or FFmpeg."""
    if path.suffix in (".wav", ".flac", ".opus"):
        with soundfile.SoundFile(path) as file:
            for block in file.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True):
                yield block.T
        return
    queue = av.AudioFifo()
    with av.open(str(path)) as file:
        for frame in file.decode(file.streams.audio[0]):
            frame.pts = None
            queue.write(frame)
            if queue.samples >= BLOCK_FRAMES:
                yield queue.read().to_ndarray()
    yield queue.read().to_ndarray()


def cpu(work: Callable[..., object], *arguments: object) -> float:
    began = time.process_time()
    work(*arguments)
    return time.process_time() - began


def cut(path: Path, segments: bool) -> int:
    """What a worker does until the clips are there to be encoded."""
    return sum(isinstance(clip, Clip) for clip in clips(path, spans(segments)))


def child(path: Path, segments: bool) -> None:
    """Build a shard; print the most memory that this process had, and what it had before."""
    before = most_memory()
    source, tar = Long(path.parent), path.with_suffix(".tar")
    _, _, totals = write_shard(records(path, segments), source, SETTINGS, SHARD, tar)
    assert 0 <= totals.samples - len(spans(segments)) <= 1, totals  # repeated packets are padded
    print(most_memory(), before)


def most_memory() -> int:
    """Bytes that this program had at most; `ru_maxrss` would count what its parent had when it was forked."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def main(names: list[str]) -> int:
    """Print a line per case; 1 when one falls short."""
    torch.set_num_threads(1)
    short = False
    with tempfile.TemporaryDirectory() as folder:
        for name in names or CASES:
            path = written(Path(folder), name)
            for segments in (False, True):
                said = subprocess.run(
                    [sys.executable, __file__, "--child", str(path), str(int(segments))],
                    check=True,
                    stdout=subprocess.PIPE,
                    text=True,
                ).stdout
                peak, before = map(int, said.split())
                lowest = ours = 1e9
                for _ in range(ROUNDS):
                    lowest = min(lowest, cpu(decoded, path))
                    ours = min(ours, cpu(cut, path, segments))
                short |= ours > WANTED_RATIO * lowest or peak > WANTED_BYTES
                print(
                    f"{name:5} {path.stat().st_size / 1e6:6.0f} MB  {len(spans(segments)):5} cuts   decoded once "
                    f"{lowest:5.1f} s, cut {ours:5.1f} s: {ours / lowest:.2f} ×   peak {peak / 2**20:4.0f} MiB "
                    f"(of which the program {before / 2**20:.0f})",
                    flush=True,
                )
            path.unlink()
    print(f"wanted: at most {WANTED_RATIO} × and {WANTED_BYTES >> 20} MiB")
    return int(short)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]), bool(int(sys.argv[3])))
    else:
        sys.exit(main(sys.argv[1:]))
