"""How fast shards are written, beside the writers of webdataset, mosaicml-streaming and lhotse.

    OMP_NUM_THREADS=1 taskset -c 0 python tests/benchmarks/bench_peers.py

All get the same clips, decoded (int16; for lhotse as the float32 that it wants), each with a sentence, and leave FLAC
of level 5 and a JSON text per clip in the files of their format. Ours also makes sha256 and crc32, the index rows, the
parquet file and the sums. They take turns, in one process on one core; the best time of each counts. Ours is to be
ahead of each.

webdataset and lhotse come with the extra `bench`. mosaicml-streaming 0.13 asks for older numpy and transformers than
this project's, with which it runs all the same: pip install --no-deps mosaicml-streaming, and what it then misses
(Brotli, catalogue, Pillow, python-snappy, torchvision, 'xxhash<4', zstd), into a virtual environment of its own. A peer
that is not installed is named.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[2])

import numpy as np
import torch

from pipelines.decoding.audio import encode_flac
from shards.index import index_row, shard_parquet
from shards.layout import ShardName
from shards.sample import AudioMember, Sample, TaggedTarget, sample_key
from shards.totals import Totals
from shards.writer import ShardWriter
from tests.benchmarks.bench_audio import speech

ROUNDS = 9
CLIPS = 96
RATE = 16_000
TEXT = "A sentence of a usual length, as people read them aloud."


@dataclass(frozen=True)
class Heard:
    """A decoded clip and what is said of it."""

    id: str
    waveform: np.ndarray  # (samples,) int16
    floats: np.ndarray  # (1, samples) float32
    sample: Sample


def heard(number: int, seconds: float) -> Heard:
    """A clip of read speech."""
    floats = speech(seconds, RATE, seed=number).T
    waveform = np.rint(floats[0] * 32767).astype(np.int16)
    name = f"clip-{number:04}"
    sample = Sample(
        dataset="clips",
        split="all",
        id=name,
        licence="CC0-1.0",
        audio=(AudioMember("flac", len(waveform) / RATE, name, f"{name}.wav", origin_rate=RATE, origin_channels=1),),
        targets=(TaggedTarget("asr", "<|startoftranscript|><|en|><|transcribe|><|en|><|notimestamps|><|itn|>", TEXT),),
        language="en",
        original={"text": TEXT, "labels": {}},
    )
    return Heard(name, waveform, np.ascontiguousarray(floats), sample)


def ours(clips: Sequence[Heard], folder: Path) -> None:
    """The write half of pipelines/build.py."""
    shard, totals, rows = ShardName("clips", "all", 0), Totals(), []
    with ShardWriter(folder / "shard.tar") as writer:
        for start in range(0, len(clips), 16):
            lot = clips[start : start + 16]
            for clip, flac in zip(lot, [encode_flac(clip.waveform) for clip in lot], strict=True):
                key = sample_key("clips", "all", clip.id)
                stored = writer.add(key, [flac], clip.sample.to_json())
                rows.append(index_row(clip.sample, key, shard, stored, text_languages=["en"], text=TEXT))
                totals.add_sample(clip.sample)
    (folder / "shard.parquet").write_bytes(shard_parquet(rows, []))
    (folder / "shard.json").write_text(json.dumps(totals.to_json() | {"sha256": writer.written.sha256}))


def document(clip: Heard) -> dict[str, Any]:
    """What the peers store as JSON: as much as a sample of ours says, nothing that they would not need."""
    return {"id": clip.id, "text": TEXT, "seconds": len(clip.waveform) / RATE, "language": "en"}


def webdataset(module: Any, clips: Sequence[Heard], folder: Path) -> None:
    """webdataset.TarWriter, which ShardWriter opens for each tar."""
    with module.ShardWriter(f"{folder}/%06d.tar", maxsize=1 << 40, verbose=0) as sink:
        for clip in clips:
            sink.write({"__key__": clip.id, "flac": encode_flac(clip.waveform), "json": document(clip)})


def mosaicml(module: Any, clips: Sequence[Heard], folder: Path, hashes: list[str] | None = None) -> None:
    """MDSWriter with bytes and JSON, one shard."""
    columns = {"flac": "bytes", "json": "json"}
    with module.MDSWriter(out=str(folder / "mds"), columns=columns, size_limit=1 << 31, hashes=hashes) as sink:
        for clip in clips:
            sink.write({"flac": encode_flac(clip.waveform), "json": document(clip)})


def mosaicml_hashed(module: Any, clips: Sequence[Heard], folder: Path) -> None:
    """The same with the sha256 of the shard."""
    mosaicml(module, clips, folder, ["sha256"])


def lhotse(module: Any, clips: Sequence[Heard], folder: Path) -> None:
    """SharWriter with its FLAC field; the cuts have their audio at hand."""
    cuts, audio, supervision = (importlib.import_module(f"lhotse.{name}") for name in ("cut", "audio", "supervision"))

    class Cut(cuts.MonoCut):  # type: ignore[misc, name-defined]
        def load_audio(self, **_: Any) -> np.ndarray:
            return waveforms[self.id]

    waveforms = {clip.id: clip.floats for clip in clips}
    with module.SharWriter(str(folder), fields={"recording": "flac"}, shard_size=len(clips)) as sink:
        for clip in clips:
            samples = len(clip.waveform)
            source = audio.AudioSource("file", [0], f"{clip.id}.wav")
            recording = audio.Recording(clip.id, [source], RATE, samples, samples / RATE)
            said = supervision.SupervisionSegment(clip.id, clip.id, 0, samples / RATE, text=TEXT)
            sink.write(Cut(clip.id, 0, samples / RATE, 0, [said], recording=recording))


PEERS: dict[str, tuple[str, Callable[[Any, Sequence[Heard], Path], None]]] = {
    "webdataset ShardWriter": ("webdataset", webdataset),
    "mosaicml MDSWriter": ("streaming", mosaicml),
    "mosaicml MDSWriter, sha256": ("streaming", mosaicml_hashed),
    "lhotse SharWriter": ("lhotse.shar", lhotse),
}


def main() -> int:
    """Print a line per writer; 1 where ours is behind one."""
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    clips = [heard(number, generator.uniform(5, 15)) for number in range(CLIPS)]
    seconds = sum(len(clip.waveform) for clip in clips) / RATE
    writers: dict[str, Callable[[Path], None]] = {"ours": lambda folder: ours(clips, folder)}
    for name, (module_name, write) in PEERS.items():
        try:
            module = importlib.import_module(module_name)
        except ImportError as error:
            print(f"{name}: not installed ({error})")
            continue
        writers[name] = lambda folder, module=module, write=write: write(module, clips, folder)
    best = dict.fromkeys(writers, 1e9)
    for _ in range(ROUNDS):
        for name, write_all in writers.items():
            with tempfile.TemporaryDirectory() as folder:
                began = time.thread_time()
                write_all(Path(folder))
                best[name] = min(best[name], time.thread_time() - began)
    for name, took in best.items():
        print(f"{name:28} {1000 * took:8.1f} ms {seconds / took:8,.0f} x real time   ours is {took / best['ours']:.1%}")
    return int(any(took < best["ours"] for took in best.values()))


if __name__ == "__main__":
    sys.exit(main())
