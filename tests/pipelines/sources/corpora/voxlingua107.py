"""A tiny voxlingua107 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "voxlingua107"
    clips = {
        "train/de/-0gqxVxxx_x__U__S0---0000.120-0000.220": "-0gqxVxxx_x__U__S0---0000.120-0000.220",
        "train/de/-0gqxVxxx_x__U__S12---1000.000-1000.100": "-0gqxVxxx_x__U__S12---1000.000-1000.100",
        "train/iw/another.name": "another.name",
        "train/iw/bqxVxx__U_S---0003.000-0002.000": "bqxVxx__U_S---0003.000-0002.000",
    }
    for path in clips:
        tone(root / f"{path}.wav")
    tone(root / "train/xx/c---0000.000-0000.100.wav")
    write(root / "train/de/._-0gqxVxxx_x.wav", "litter")
    write(root / "train/de/readme.txt", "no audio")
    tone(root / "dev/jw/dqxVxxxxxxx__U__S1---0000.000-0000.100.wav")
    return Fixture(
        root,
        {"train": list(clips.values()), "dev": ["dqxVxxxxxxx__U__S1---0000.000-0000.100"]},
        {"train": {("c---0000.000-0000.100", "unknown_label")}},
    )
