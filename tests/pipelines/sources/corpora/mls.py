"""A tiny mls in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, opus, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "corpora"
    german, spanish = root / "mls_german", root / "mls_spanish_opus"
    write(
        german / "metainfo.txt", " SPEAKER | GENDER | PARTITION | MINUTES | BOOK\n 10148 |  F  | train | 3.1 | 10119\n"
    )
    lines = [
        "10148_10119_000000\tes war einmal ein müller",
        "10148_10119_000001\t",
        "10148_10119_000002\tkein ton",
        "10148_10119_000003 kein tab",
        "../10148_10119_000004\thinaus",
        "10148_10119_0x\tkeine zahl",
        "10148_10119_000005\tm\udcfcller",
        "",
    ]
    write(german / "train/transcripts.txt", "\n".join(lines))
    for index in (0, 1, 3, 5, 7):
        tone(german / f"train/audio/10148/10119/10148_10119_00000{index}.flac")
    write(german / "train/limited_supervision/9hr/handles.txt", "10148_10119_000000\n")
    write(spanish / "train/transcripts.txt", "13697_11991_000000\tla sorpresa\n")
    opus(spanish / "train/audio/13697/11991/13697_11991_000000.opus", 48_000)
    write(root / "mls_german_opus/train/transcripts.txt", "10148_10119_000000\tnicht noch einmal\n")
    write(root / "mls_lm_german/data.txt", "text\n")
    return Fixture(
        root,
        {"train": ["10148_10119_000000", "13697_11991_000000"]},
        {
            "train": {
                ("10148_10119_000001", "no_transcript"),
                ("10148_10119_000002", "audio_missing"),
                ("10148_10119_000003", "too_few_columns"),
                ("10148_10119_000005", "wrong_encoding"),
                ("../10148_10119_000004", "unsafe_path"),
                ("10148_10119_0x", "bad_row"),
                ("10148_10119_000007", "no_transcript"),
            }
        },
    )
