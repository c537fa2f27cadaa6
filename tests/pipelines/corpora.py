"""Small corpora in their native layouts, made for one test each, and the way from them to shards without Ray."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from pipelines.build import build_and_commit
from pipelines.card import write_card
from pipelines.source import Source
from pipelines.split import SplitJob, draft, put_in_place, settle
from shards.index import read_rejects
from shards.layout import split_folder
from shards.scratch import scratch
from shards.storage import Storage
from shards.summary import SplitSummary, summarise_dataset, summarise_split
from shards.verify import verify
from tests.pipelines.recordings import chirp, encoded

SETTINGS = {"align": "auto", "shard_mb": 256.0, "shard_samples": 2, "vocabulary": "released"}
TSV = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccent"


@dataclass(frozen=True)
class Built:
    """What came out: by id the samples' JSON, clips and keys; the rejects as (id, reason), and where each is.

    Pieces of a record after its first have their start behind the id: `abc@30`.
    """

    samples: Mapping[str, dict[str, Any]]
    waveforms: Mapping[str, list[np.ndarray]]
    keys: Mapping[str, str]
    rejects: list[tuple[str, str]]
    where: Mapping[str, str]
    summary: SplitSummary


def prepare(
    source: Source,
    split: str,
    storage: Storage,
    settings: Mapping[str, Any],
    rebuild: bool = False,
    say: Callable[[str], None] = print,
) -> SplitJob:
    """Plan one split and put its plan in place, as a job does for each of its splits."""
    with scratch() as folder:
        forgotten = settle(source.name, split, storage, rebuild, say)
        return put_in_place(draft(source, split, settings, folder, say, forgotten), storage, rebuild, say)


def shards_of(source: Source, split: str, out: Path) -> Built:
    """Plan a split, build all its shards, sum them up, read them back with the standard library, and verify them."""
    storage = Storage(out)
    job = prepare(source, split, storage, SETTINGS, say=lambda line: None)
    for task in job.standing().missing:
        build_and_commit(task)
    assert job.standing().missing == []
    summary = summarise_split(storage, source.name, split)
    write_card(storage, type(source))
    summarise_dataset(storage, source.name)
    assert verify(storage, source.name, (split,), workers=1) == 0
    samples, waveforms, keys = {}, {}, {}
    for path in sorted((out / split_folder(source.name, split)).glob("*.tar")):
        with tarfile.open(path) as tar:
            members = {member.name: tar.extractfile(member).read() for member in tar.getmembers()}
        for name in sorted(members):
            key, _, extension = name.partition(".")
            if extension != "json":
                continue
            sample = json.loads(members[name])
            sample_id = sample["id"]
            if sample_id in samples:  # a later piece of a long recording
                sample_id += f"@{sample['audio'][0]['start']:g}"
            samples[sample_id], keys[sample_id] = sample, key
            waveforms[sample_id] = [
                soundfile.read(io.BytesIO(members[f"{key}.{audio['member']}"]), dtype="int16")[0]
                for audio in sample["audio"]
            ]
    rejects = read_rejects(storage, source.name, split)
    assert len(rejects) == sum(summary.totals.rejects.values())
    assert summary.totals.samples == len(samples)
    named = sorted((reject.id, reject.reason) for reject in rejects)
    return Built(samples, waveforms, keys, named, {reject.id: reject.where for reject in rejects}, summary)


def flac(seconds: float, seed: int = 0) -> bytes:
    """16 kHz mono 16-bit FLAC, as LibriSpeech has it."""
    return encoded(chirp(seconds, 16_000, seed=seed), 16_000, "FLAC", "PCM_16")


def wav(seconds: float = 0.3, rate: int = 44_100, seed: int = 0) -> bytes:
    """44.1 kHz mono 16-bit WAV, as ESC-50 has it."""
    return encoded(chirp(seconds, rate, seed=seed), rate, "WAV", "PCM_16")


def put(path: Path, data: bytes | str | None) -> None:
    """Write a file and its folders; None: no file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if data is not None:
        path.write_bytes(data.encode() if isinstance(data, str) else data)


def librispeech(
    folder: Path, audio: Mapping[str, bytes | None], lines: bytes | str | None = None, split: str = "dev-clean"
) -> Path:
    """One chapter; by default each recording has a transcript. Gives SOURCE."""
    root = folder / "LibriSpeech"
    chapter = root / split / "84/121"
    for utterance, data in audio.items():
        put(chapter / f"{utterance}.flac", data)
    told = "".join(f"{utterance} A TONE\n" for utterance in audio) if lines is None else lines
    put(chapter / "84-121.trans.txt", told)
    return root


def esc50(folder: Path, audio: Mapping[str, bytes | None], rows: bytes | str | None = None) -> Path:
    """Sounds of fold 1, all of them dogs unless `rows` says else. Gives SOURCE."""
    root = folder / "ESC-50-master"
    for name, data in audio.items():
        put(root / f"audio/{name}.wav", data)
    told = "".join(f"{name}.wav,1,0,dog,False,100,A\n" for name in audio) if rows is None else rows
    header = "filename,fold,target,category,esc10,src_file,take\n"
    put(root / "meta/esc50.csv", header.encode() + (told.encode() if isinstance(told, str) else told))
    return root


def commonvoice(
    folder: Path, audio: Mapping[str, bytes | None], rows: bytes | str | None = None, language: str = "de"
) -> Path:
    """Clips of one language's train.tsv; `rows` follow the header. Gives SOURCE."""
    root = folder / "cv-corpus"
    put(root / language / "clips/.keep", "")
    for name, data in audio.items():
        put(root / language / f"clips/{name}.mp3", data)
    told = "".join(f"c\t{name}.mp3\tEin Ton.\t2\t0\t\t\t\n" for name in audio) if rows is None else rows
    put(root / language / "train.tsv", f"{TSV}\n".encode() + (told.encode() if isinstance(told, str) else told))
    return root
