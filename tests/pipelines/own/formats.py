"""One small set of recordings in each of the formats in which private corpora come."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from pipelines.asked_for import DatasetConfig, class_asked_for
from pipelines.source import Source
from tests.pipelines.sources.corpora.webdataset import pack


class Said(NamedTuple):
    """A recording and what is said in it."""

    id: str
    file: Path
    text: str


def opened(form: str, source: str | Path, **told: str) -> Source:
    """The source as a job opens it; `columns` is given as COLUMNS."""
    columns = dict(item.split("=") for item in told.pop("columns", "").split(",") if item)
    roots = dict(item.split("=") for item in told.pop("roots", "").split(",") if item)
    config = DatasetConfig(dataset=form, source=str(source), columns=columns, **told)
    return class_asked_for(config)(config.source, roots)


def lines(path: Path, rows: Sequence[object]) -> Path:
    """Write JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def manifest(folder: Path, said: Sequence[Said]) -> Path:
    return lines(folder / "said.jsonl", [{"id": s.id, "audio": str(s.file), "text": s.text} for s in said])


def kaldi(folder: Path, said: Sequence[Said]) -> Path:
    folder.mkdir(parents=True)
    ordered = sorted(said)
    (folder / "wav.scp").write_text("".join(f"{s.id} {s.file}\n" for s in ordered))
    (folder / "text").write_text("".join(f"{s.id} {s.text}\n" for s in ordered))
    return folder


def lhotse(folder: Path, said: Sequence[Said]) -> Path:
    def source(s: Said) -> dict[str, object]:
        return {"type": "file", "channels": [0], "source": str(s.file)}

    recordings = [
        {"id": f"r{s.id}", "sources": [source(s)], "sampling_rate": 1, "num_samples": 1, "duration": 5.0} for s in said
    ]
    lines(folder / "recordings.jsonl", recordings)
    whole = {"start": 0.0, "duration": 5.0, "channel": 0}
    return lines(
        folder / "supervisions.jsonl", [{"id": s.id, "recording_id": f"r{s.id}", **whole, "text": s.text} for s in said]
    )


def webdataset(folder: Path, said: Sequence[Said]) -> Path:
    for number in range(2):
        some = said[number::2]
        told = {f"{s.id}.json": json.dumps({"id": s.id, "text": s.text}).encode() for s in some}
        members = {f"{s.id}{s.file.suffix}": s.file.read_bytes() for s in some} | told
        pack(folder / f"{number:02d}.tar", dict(sorted(members.items())))
    return folder / "{00..01}.tar"


def nemo(folder: Path, said: Sequence[Said]) -> Path:
    """A tarred set; the tars lie in a folder of their own."""
    for number in range(2):
        pack(
            folder / f"tars/audio_{number}.tar",
            {f"{s.id}{s.file.suffix}": s.file.read_bytes() for s in said[number::2]},
        )
    rows = [
        {"audio_filepath": f"{s.id}{s.file.suffix}", "text": s.text, "duration": 1.0, "id": s.id, "shard_id": place % 2}
        for place, s in enumerate(said)
    ]
    return lines(folder / "tarred_audio_manifest.json", rows)


def _table(said: Sequence[Said]) -> pa.Table:
    cells = [{"bytes": s.file.read_bytes(), "path": s.file.name} for s in said]
    sound = pa.array(cells, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    return pa.table({"sound": sound, "id": [s.id for s in said], "transcription": [s.text for s in said]})


def arrow(folder: Path, said: Sequence[Said]) -> Path:
    folder.mkdir(parents=True)
    made = _table(said)
    with ipc.new_stream(folder / "data-00000-of-00001.arrow", made.schema) as writer:
        for batch in made.to_batches(max_chunksize=3):
            writer.write_batch(batch)
    return folder


def parquet(folder: Path, said: Sequence[Said]) -> Path:
    (folder / "data").mkdir(parents=True)
    for number in range(2):
        path = folder / f"data/train-{number:05d}-of-00002.parquet"
        pq.write_table(_table(said[number::2]), path, row_group_size=2, compression="zstd")
    return folder


Write = Callable[[Path, Sequence[Said]], Path]
# How each is written, what DATASET is, and what its user has to say.
FORMATS: dict[str, tuple[Write, str, dict[str, str]]] = {
    "manifest": (manifest, "manifest", {}),
    "kaldi": (kaldi, "kaldi", {"text_form": "written", "split": "train"}),
    "lhotse": (lhotse, "lhotse", {}),
    "webdataset": (webdataset, "webdataset", {}),
    "nemo": (nemo, "manifest", {"tars": "tars/audio__OP_0..1_CL_.tar"}),
    "arrow": (arrow, "huggingface", {}),
    "parquet": (parquet, "huggingface", {"columns": "text=transcription"}),
}
