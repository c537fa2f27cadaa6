"""A tiny voxlingua107 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "voxlingua107"
    clips = {
        "-0gqxVxxx_x__U__S0---0000.120-0000.220": "de",
        "-0gqxVxxx_x__U__S12---1000.000-1000.100": "de",
        "another.name": "iw",
        "bqxVxx__U_S---0003.000-0002.000": "iw",
    }
    for clip, language in clips.items():
        tone(root / f"train/{language}/{clip}.wav")
    tone(root / "train/xx/c---0000.000-0000.100.wav")
    write(root / "train/de/._-0gqxVxxx_x.wav", "litter")
    write(root / "train/de/readme.txt", "no audio")
    tone(root / "dev/jw/dqxVxxxxxxx__U__S1---0000.000-0000.100.wav")
    return Fixture(
        root,
        {"train": list(clips), "dev": ["dqxVxxxxxxx__U__S1---0000.000-0000.100"]},
        {"train": {("c---0000.000-0000.100", "unknown_label")}},
    )
