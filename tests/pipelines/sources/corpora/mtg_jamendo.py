"""A tiny mtg_jamendo in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, mp3, write

HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"


def row(number: int, *tags: str, path: str = "") -> str:
    path = path or f"{number % 100:02d}/{number}.mp3"
    return "\t".join([f"track_{number:07d}", "artist_000001", "album_000002", path, "201.5", *tags])


def corpus(folder: Path, audio: str = "audio/") -> Fixture:
    root = folder / "mtg-jamendo-dataset"
    tables = {
        "genre-train": [row(123, "genre---rock", "genre---hiphop"), row(224, "genre---drumnbass")],
        "instrument-train": [
            row(123, "instrument---electricguitar"),
            row(325, "instrument---voice"),
            "track_0000426\tartist_000001\talbum_000002\t26/426.mp3",
            row(527, "colour---blue"),
            row(628, "genre---pop", path="../../628.mp3"),
            row(729, ""),
        ],
        "moodtheme-train": [row(123, "mood/theme---dark", ""), row(830, "mood/theme---happy")],
        "instrument-validation": [row(224, "instrument---drums")],  # a training track elsewhere
        "moodtheme-test": [row(948, "mood/theme---background", "mood/theme---calm")],
    }
    for name, rows in tables.items():
        write(root / f"data/splits/split-0/autotagging_{name}.tsv", "\r\n".join([HEADER, *rows, ""]))
    meta = [
        "TRACK_ID\tARTIST_ID\tALBUM_ID\tTRACK_NAME\tARTIST_NAME\tALBUM_NAME\tRELEASEDATE\tURL",
        'track_0000123\tartist_000001\talbum_000002\tThe "Rain\tThe Clouds\tWeather\t2005-01-01\thttp://x/123',
        "track_0000948\tartist_000001\talbum_000002\tSnow\t\tThe Clouds\tWeather\t2005-01-01\thttp://x/948",
        "",
    ]
    write(root / "data/raw.meta.tsv", "\r\n".join(meta))
    licences = [
        "23/123.mp3",
        ".. http://www.jamendo.com/track/123",
        "Available under a Creative Commons Attribution-NonCommercial-ShareAlike license: "
        "http://creativecommons.org/licenses/by-nc-sa/3.0/",
        "",
        "24/224.mp3",
        ".. http://www.jamendo.com/track/224",
        "Available under a Licence Art Libre: http://artlibre.org/licence/lal",
        "",
    ]
    write(root / "audio_licenses.txt", "\n".join(licences))
    for name in ("23/123", "24/224", "25/325.low", "48/948"):
        mp3(root / f"{audio}{name}.mp3", 44_100)
    write(root / f"{audio}23/._123.mp3", "litter")
    return Fixture(
        root,
        {
            "train": ["track_0000123", "track_0000325"],
            "validation": ["track_0000224"],
            "test": ["track_0000948"],
        },
        {
            "train": {
                ("track_0000426", "too_few_columns"),
                ("track_0000527", "unknown_label"),
                ("track_0000628", "unsafe_path"),
                ("track_0000729", "no_transcript"),
                ("track_0000830", "audio_missing"),
            }
        },
    )
