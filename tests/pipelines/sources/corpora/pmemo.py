"""A tiny pmemo in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, mp3, write


def corpus(folder: Path) -> Fixture:
    root = folder / "PMEmo2019"
    rows = ["musicId,Arousal(mean),Valence(mean)", "1,0.4,0.575", "4,0.6,0.2", "6,0.1", "7,0.4,0.5", ""]
    write(root / "annotations/static_annotations.csv", "\n".join(rows))
    write(
        root / "annotations/dynamic_annotations.csv", "musicId,frameTime,Arousal(mean),Valence(mean)\n1,15.0,0.4,0.5\n"
    )
    songs = [
        "musicId,fileName,title,artist,album,duration,chorus_start_time,chorus_end_time",
        '1,1.mp3,"Rain, again",The Clouds,Weather,240.5,01:00,01:40',
        "",
    ]
    write(root / "metadata.csv", "\n".join(songs))
    for song in (1, 4, 6, 9):
        mp3(root / f"chorus/{song}.mp3")
    return Fixture(
        root,
        {"all": ["1", "4"]},
        {"all": {("6", "too_few_columns"), ("7", "audio_missing"), ("9", "no_transcript")}},
    )
