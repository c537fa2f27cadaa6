"""A tiny cochlscene in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "CochlScene"
    for path in (
        "Train/Bus/Bus_user0001_14871000_001",
        "Train/CrowdedIndoor/CrowdedIndoor_user0002_14871000_001",
        "Train/Moon/Moon_user0003_14871000_001",
        "Test/SubwayStation/SubwayStation_user0004_1_001",
    ):
        tone(root / f"{path}.wav", 44_100)
    write(root / "Train/Bus/._Bus_user0001_14871000_001.wav", "litter")
    write(root / "Train/Bus/Thumbs.db", "litter")
    return Fixture(
        root,
        {
            "train": ["Bus_user0001_14871000_001", "CrowdedIndoor_user0002_14871000_001"],
            "test": ["SubwayStation_user0004_1_001"],
        },
        {"train": {("Moon_user0003_14871000_001", "unknown_label")}},
    )
