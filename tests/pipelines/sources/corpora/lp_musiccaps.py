"""A tiny lp_musiccaps: Parquet as downloaded, CSV as exported, with the faults of its kind."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.pipelines.sources.fixture import Fixture, mp3, tone


def row(naming: dict[str, Any], *captions: str | None) -> dict[str, Any]:
    names = ("caption_writing", "caption_summary", "caption_paraphrase")
    return naming | dict(zip(names, captions, strict=True)) | {"caption_attribute_prediction": "Invented."}


def track(track_id: str, path: str) -> dict[str, Any]:
    return {"track_id": track_id, "title": "A Song", "artist_name": "Nobody", "tag": ["rock"], "path": path}


def clip(video: str, start: int | None) -> dict[str, Any]:
    end = None if start is None else start + 10
    return {"fname": f"[{video}]-[{start}-{end}]", "ytid": video, "start_s": start, "end_s": end, "is_crawled": True}


def corpus(folder: Path) -> Fixture:
    root = folder / "lp_musiccaps"
    msd = [
        row(track("TRAAA01", "8/1/8134074.clip.mp3"), "A song.", "A\nshort song.", None),
        row(track("TRAAA02", "8/1/8134075.clip.mp3"), "A song.", "A song.", "A song."),
        row(track("TRAAA03", "8/1/8134074.clip.mp3"), " ", "", None),
        row(track("TRAAA04", "../../8134074.clip.mp3"), "A song.", None, None),
    ]
    (root / "LP-MusicCaps-MSD/data").mkdir(parents=True)
    for number, part in enumerate((msd[:1], msd[1:])):
        pq.write_table(pa.Table.from_pylist(part), root / f"LP-MusicCaps-MSD/data/train-0000{number}-of-00002.parquet")
    mtt = [row(track("831", "d/nobody-a_song-01-88-117.mp3"), "A song.", 'A "loud"\nsong.', "Loud.")]
    (root / "LP-MusicCaps-MTT").mkdir(parents=True)
    with (root / "LP-MusicCaps-MTT/test.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, mtt[0])
        writer.writeheader()
        writer.writerows(mtt)
        file.write("832,short\n")
    mc = [
        row(clip("-aaaaaaaaa1", 30), "A song.", "Loud.", "A loud song."),
        row(clip("aaaaaaaaaa2", None), "A", "B", "C"),
    ]
    (root / "LP-MusicCaps-MC").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(mc), root / "LP-MusicCaps-MC/test.parquet")
    mp3(root / "audio/8/1/8134074.clip.mp3")
    mp3(root / "audio/nobody-a_song-01-88-117.mp3")
    tone(root / "audio/[-aaaaaaaaa1]-[30-40].wav", 44_100)
    return Fixture(
        root,
        {"msd_train": ["TRAAA01"], "mtt_test": ["831"], "mc_test": ["-aaaaaaaaa1"]},
        {
            "msd_train": {
                ("TRAAA02", "audio_missing"),
                ("TRAAA03", "no_transcript"),
                ("TRAAA04", "unsafe_path"),
            },
            "mtt_test": {("832", "too_few_columns")},
            "mc_test": {("aaaaaaaaaa2", "bad_times")},
        },
    )
