"""A tiny opensinger in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "OpenSinger"
    for phrase in (
        "ManRaw/1_凉凉/1_凉凉_0",
        "ManRaw/1_凉凉/1_凉凉_1",
        "WomanRaw/1_凉凉/1_凉凉_0",
        "WomanRaw/46_遇_见/46_遇_见_12",
    ):
        tone(root / f"{phrase}.wav", 24_000)
        write(root / f"{phrase}.txt", "啦啦\n")
        write(root / f"{phrase}.lab", "l a l a\n")
    write(root / "ManRaw/1_凉凉/1_凉凉_2.txt", "啦\n")
    tone(root / "WomanRaw/46_遇_见/demo.wav", 24_000)
    write(root / "WomanRaw/46_遇_见/._46_遇_见_12.wav", "litter")
    return Fixture(
        root,
        {"all": ["ManRaw_1_凉凉_0", "ManRaw_1_凉凉_1", "WomanRaw_1_凉凉_0", "WomanRaw_46_遇_见_12"]},
        {"all": {("ManRaw_1_凉凉_2", "audio_missing"), ("WomanRaw_demo", "unknown_label")}},
    )
