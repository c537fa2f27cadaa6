"""A dataset as `datasets` leaves it on disk: a split in Arrow, one in Parquet, and cells that hold no audio."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from tests.pipelines.sources.fixture import Fixture, tone, write

AUDIO = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
FEATURES = {
    "audio": {"sampling_rate": 16000, "_type": "Audio"},
    "emotion": {"names": ["sad", "happy"], "_type": "ClassLabel"},
    "sentence": {"dtype": "string", "_type": "Value"},
}


def table(cells: list[Any], sentences: list[str | None], emotions: list[int | None]) -> pa.Table:
    columns = {"audio": pa.array(cells, AUDIO), "sentence": sentences, "emotion": pa.array(emotions, pa.int64())}
    made = pa.table({**columns, "up_votes": [2] * len(cells)})
    return made.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": FEATURES}})})


def corpus(folder: Path) -> Fixture:
    root = folder / "dataset"
    tone(folder / "a.flac")
    sound = (folder / "a.flac").read_bytes()
    tone(root / "train/b.wav")
    cells = [
        {"bytes": sound, "path": "a.flac"},
        {"bytes": sound, "path": None},
        {"bytes": None, "path": "b.wav"},
        {"bytes": None, "path": "gone.wav"},
        None,
        {"bytes": sound, "path": "c.flac"},
    ]
    made = table(cells, ["Eins.", "Zwei.", "Drei.", "Vier.", "Fünf.", " "], [1, 0, None, 1, 0, None])
    with ipc.new_stream(root / "train/data-00000-of-00001.arrow", made.schema) as writer:
        for batch in made.to_batches(max_chunksize=2):
            writer.write_batch(batch)
    write(root / "dataset_dict.json", '{"splits": ["train", "test"]}')
    write(root / "train/state.json", '{"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}')
    write(root / "train/cache-1.arrow", "litter")
    (root / "test").mkdir()
    held = [{"bytes": sound, "path": "d.flac"}, {"bytes": b"no audio", "path": None}, {"bytes": None, "path": "e"}]
    pq.write_table(table(held, ["Sechs."] * 3, [0, 1, None]), root / "test/0000.parquet", row_group_size=2)
    names = [f"train/data-00000-of-00001-{number}" for number in range(6)]
    return Fixture(
        root,
        {"train": names[:3], "test": [f"test/0000-{number}" for number in range(3)]},
        {"train": {(names[3], "audio_missing"), (names[4], "audio_missing"), (names[5], "no_transcript")}},
        {"test": {("test/0000-1", "undecodable"), ("test/0000-2", "empty_audio")}},
        told={"language": "de", "tasks": "asr,er"},
    )
