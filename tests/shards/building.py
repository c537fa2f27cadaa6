"""Small real shards for tests: noise as FLAC, true targets, everything committed as a job would."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile

from shards.index import RejectRow, index_row, reject_table, shard_parquet, write_rejects
from shards.layout import ShardName, plan_folder, plan_path, plan_rejects_path
from shards.record import ShardRecord, commit
from shards.sample import SAMPLE_RATE, AudioMember, Sample, SampleWord, TaggedTarget, member_names, sample_key
from shards.storage import Storage
from shards.summary import summarise_dataset, summarise_split
from shards.totals import Totals
from shards.writer import ShardWriter, WrittenFile
from tag_schema.target import Target, TimedWord

DATASET = "demo"


def flac(frames: int, seed: int = 0, rate: int = SAMPLE_RATE) -> bytes:
    """Noise of a given number of waveform samples."""
    waveform = np.random.default_rng(seed).integers(-9000, 9000, frames, dtype=np.int16)
    file = io.BytesIO()
    soundfile.write(file, waveform, rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def tagged(*targets: Target) -> tuple[TaggedTarget, ...]:
    """Targets as a sample holds them."""
    return tuple(TaggedTarget(target.task, *target.render()) for target in targets)


def make_sample(
    id: str = "a", split: str = "train", frames: tuple[int, ...] = (16_000,), language: str | None = "en", **changes
) -> Sample:
    """A sample with a transcript, word times and, in its audio's language, targets for both."""
    audio = tuple(
        AudioMember(member, count / SAMPLE_RATE, id, f"wav/{place}.wav", None, None, 44_100, 2)
        for place, (member, count) in enumerate(zip(member_names(len(frames)), frames, strict=True))
    )
    words = (SampleWord("hello", 0.1, 0.4), SampleWord("world", 0.4, 0.7))
    targets = tagged(
        Target(task="asr", audio_language="en", text="hello world", itn=False),
        Target(
            task="srwt",
            audio_language="en",
            words=tuple(TimedWord(word.word, word.start, word.end) for word in words),
            seconds=min(max(audio[0].seconds // 0.01 / 100, 0.7), 30.0) if audio else None,
        ),
    )
    values = {
        "dataset": DATASET,
        "split": split,
        "id": id,
        "licence": "CC0-1.0",
        "audio": audio,
        "targets": targets,
        "language": language,
        "speaker": {"id": "s1", "gender": "female", "age": None},
        "original": {"text": "Hello, world", "labels": {}},
        "words": words,
        "words_by": {"method": "gold", "version": ""},
    }
    return Sample(**(values | changes))


def write_shard(
    storage: Storage,
    scratch: Path,
    shard: ShardName,
    samples: list[Sample],
    rejects: tuple[RejectRow, ...] = (),
    clips: dict[str, list[bytes]] | None = None,
) -> ShardRecord:
    """Write a shard's tar and parquet and commit it. `clips` overrides the noise of single samples, by id."""
    rows, totals = [], Totals()
    totals.rejects.update(reject.reason for reject in rejects)
    path = scratch / f"{shard}.tar"
    with ShardWriter(path) as writer:
        for sample in samples:
            key = sample_key(sample.dataset, sample.split, sample.id, sample.audio[0].start if sample.audio else None)
            made = [flac(audio.frames, place) for place, audio in enumerate(sample.audio)]
            stored = writer.add(key, (clips or {}).get(sample.id, made), sample.to_json())
            rows.append(
                index_row(
                    sample,
                    key,
                    shard,
                    stored,
                    text_languages=[language_of(target) for target in sample.targets],
                    origin=f"freesound:{sample.id}",
                    text="hello world",
                )
            )
            totals.add_sample(sample)
    parquet = shard_parquet(rows, rejects)
    storage.put_file(path, shard.tar, move=True)
    storage.replace(shard.parquet, parquet)
    described = WrittenFile(hashlib.sha256(parquet).hexdigest(), len(parquet))
    record = ShardRecord(shard, writer.written, described, totals)
    commit(storage, record)
    return record


def language_of(target: TaggedTarget) -> str | None:
    """The language of a target's text; None for what is no target."""
    try:
        return Target.parse(target.prompt + target.response).text_language
    except ValueError:
        return None


def make_split(storage: Storage, scratch: Path, split: str = "train", shards: int = 2, samples: int = 3) -> None:
    """A complete split."""
    planned = (RejectRow("twice", "duplicate_id", "a.tsv:2"),)
    write_rejects(scratch / "rejects.parquet", [reject_table(planned)])
    with pq.ParquetWriter(scratch / "records.parquet", pa.schema([("id", pa.string())])) as writer:
        for number in range(shards):
            ids = [f"r{number}", *(f"u{number}.{place}" for place in range(1, samples + 1))]
            writer.write_table(pa.table({"id": ids}))
    plan = {
        "shards": shards,
        "parts": [["records.parquet", 0, shards, sha256(scratch / "records.parquet")]],
        "rejects": {"duplicate_id": 1},
        "rejects_sha256": sha256(scratch / "rejects.parquet"),
    }
    storage.put_file(scratch / "records.parquet", f"{plan_folder(DATASET, split)}/records.parquet", move=True)
    storage.create(plan_path(DATASET, split), json.dumps(plan).encode())
    storage.put_file(scratch / "rejects.parquet", plan_rejects_path(DATASET, split), move=True)
    for number in range(shards):
        some = [make_sample(f"u{number}.{place}", split, (8_000 + 4_000 * place,)) for place in range(1, samples + 1)]
        rejects = (RejectRow(f"r{number}", "truncated", f"wav/{number}.wav"),)
        write_shard(storage, scratch, ShardName(DATASET, split, number), some, rejects)
    summarise_split(storage, DATASET, split)
    summarise_dataset(storage, DATASET)


def sha256(path: Path) -> str:
    """Of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
