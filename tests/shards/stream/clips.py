"""Splits of small clips of known content, written with the project's own writer and index."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from shards.index import index_row, read_shard_parquet, shard_parquet, write_index
from shards.layout import ShardName, index_path
from shards.sample import AudioMember, Sample, TaggedTarget, member_names, sample_key
from shards.writer import ShardWriter

PROMPTS = {
    "asr": "<|startoftranscript|><|en|><|transcribe|><|en|><|notimestamps|><|itn|>",
    "s2tt": "<|startoftranscript|><|en|><|translate|><|de|><|notimestamps|><|itn|>",
    "ks": "<|startofanalysis|><|en|><|keyword|><|en|><|notimestamps|>",
}


def tone(number: int, seconds: float) -> np.ndarray:
    """A clip whose pitch and first value tell which it is: (waveform samples,) int16."""
    waveform = 8000 * np.sin(2 * np.pi * (100 + 7 * number) * np.arange(round(seconds * 16_000)) / 16_000)
    waveform = waveform.astype(np.int16)
    waveform[:1] = number
    return waveform


def flac(waveform: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, waveform, 16_000, format="FLAC", subtype="PCM_16")
    return file.getvalue()


@dataclass(frozen=True)
class Entry:
    """What a test wants of one sample; everything has a default."""

    seconds: tuple[float, ...] = (0.1,)  # one clip each
    targets: tuple[tuple[str, str], ...] = (("asr", "a text of more than twenty bytes"),)
    licence: str = "CC0-1.0"
    language: str | None = "en"
    origin: str | None = None
    text: str | None = None
    snr: float | None = None


def write_split(
    out: Path,
    split: str,
    entries: Sequence[Entry] | int,
    shard_samples: int = 10,
    make_clip: Callable[[int, float], np.ndarray] = tone,
) -> Path:
    """Write "dataset/split" below `out` and return `out`. Sample i's clip c is make_clip(10 * i + c, seconds)."""
    if isinstance(entries, int):
        entries = [Entry()] * entries
    dataset, name = split.split("/")
    (out / dataset / name).mkdir(parents=True)
    tables = []
    for number, first in enumerate(range(0, len(entries), shard_samples)):
        shard = ShardName(dataset, name, number)
        with ShardWriter(out / shard.tar) as writer:
            some = enumerate(entries[first : first + shard_samples], start=first)
            rows = [_add(writer, shard, place, entry, make_clip) for place, entry in some]
        tables.append(read_shard_parquet(shard_parquet(rows, []), "test")[0])
    write_index(out / index_path(dataset, name), tables)
    return out


def _add(
    writer: ShardWriter, shard: ShardName, place: int, entry: Entry, make_clip: Callable[[int, float], np.ndarray]
) -> dict[str, Any]:
    waveforms = [make_clip(10 * place + clip, seconds) for clip, seconds in enumerate(entry.seconds)]
    sample = Sample(
        dataset=shard.dataset,
        split=shard.split,
        id=f"id.{place}",
        licence=entry.licence,
        language=entry.language,
        audio=tuple(
            AudioMember(member, len(waveform) / 16_000, f"r{place}", f"r{place}.wav")
            for member, waveform in zip(member_names(len(waveforms)), waveforms, strict=True)
        ),
        targets=tuple(TaggedTarget(task, PROMPTS[task], response) for task, response in entry.targets),
    )
    key = sample_key(shard.dataset, shard.split, sample.id)
    stored = writer.add(key, [flac(waveform) for waveform in waveforms], sample.to_json())
    measures = {} if entry.snr is None else {"snr": entry.snr}
    return index_row(sample, key, shard, stored, origin=entry.origin, text=entry.text, measures=measures)
