"""A tiny LJ Speech in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

ROWS = (
    "LJ001-0001|The ship sailed in 1799,|The ship sailed in seventeen ninety-nine,",
    'LJ001-0002|and "no one knew|and "no one knew',
    "LJ001-0004",
    "LJ001-0005||",
    "LJ001-0006|gone|gone",
    "../LJ001-0007|out|out",
    "LJ001-0008|caf\udce9|café",
    "",
)


def corpus(folder: Path) -> Fixture:
    root = folder / "LJSpeech-1.1"
    write(root / "metadata.csv", "\r\n".join(ROWS))
    for number in (1, 2, 4, 5, 8, 9):
        tone(root / f"wavs/LJ001-{number:04}.wav", 22_050)
    rejects = {
        ("LJ001-0004", "too_few_columns"),
        ("LJ001-0005", "no_transcript"),
        ("LJ001-0006", "audio_missing"),
        ("../LJ001-0007", "unsafe_path"),
        ("LJ001-0008", "wrong_encoding"),
        ("LJ001-0009", "no_transcript"),
    }
    return Fixture(root, {"all": ["LJ001-0001", "LJ001-0002"]}, {"all": rejects})
