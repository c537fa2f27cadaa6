"""A tiny musicnet in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

HEADER = "start_time,end_time,instrument,note,start_beat,end_beat,note_value"


def note(start: float, end: float, program: int, pitch: int = 67) -> str:
    """A row: times in seconds, which the release writes in waveform samples at 44.1 kHz."""
    return f"{round(start * 44_100)},{round(end * 44_100)},{program},{pitch},2.0,1.0,Quarter"


def corpus(folder: Path) -> Fixture:
    root = folder / "musicnet"
    tables = {
        "train_labels/1727": [note(0, 0.4, 1), note(0.2, 0.5, 41)],
        "train_labels/1728": [
            note(0, 0.5, 72),
            note(0.4, 0.3, 1),
            note(0.1, 0.2, 40),
            "x,1,1,60,0,1,Half",
            "1,2",
        ],
        "train_labels/1729": [note(0, 0.5, 1)],
        "train_labels/1730": [],
        # 40 s: two windows; the cello enters in the second, the piano's last note barely reaches into it.
        "test_labels/2303": [note(0, 30.05, 1), note(31, 40, 43), note(25, 35, 61)],
    }
    for name, rows in tables.items():
        write(root / f"{name}.csv", "\r\n".join([HEADER, *rows, ""]))
    for name in ("train_data/1727", "train_data/1728", "train_data/1730", "train_data/1999"):
        tone(root / f"{name}.wav", 44_100, seconds=0.5, subtype="FLOAT")
    tone(root / "test_data/2303.wav", 44_100, seconds=40, subtype="FLOAT")
    metadata = [
        "id,composer,composition,movement,ensemble,source,transcriber,catalog_name,seconds",
        '2303,Brahms,"Sonata, in C",2. Largo,Trio,European Archive,http://x,OP1,40',
        "",
    ]
    write(root / "musicnet_metadata.csv", "\n".join(metadata))
    return Fixture(
        root,
        {"train": ["1727-000", "1728-000"], "test": ["2303-000", "2303-001"]},
        {
            "train": {
                ("1728:3", "bad_times"),
                ("1728:4", "unknown_label"),
                ("1728:5", "bad_row"),
                ("1728:6", "too_few_columns"),
                ("1729", "audio_missing"),
                ("1730", "no_transcript"),
                ("1999", "no_transcript"),
            }
        },
    )
