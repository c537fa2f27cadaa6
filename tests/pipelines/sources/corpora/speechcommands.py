"""A tiny speechcommands in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "speech_commands_v0.02"
    for clip in ("yes/0a2b400e_nohash_0", "yes/0a2b400e_nohash_1", "no/0a2b400e_nohash_0", "bed/0c40e715_nohash_0",
                 "up/1b2c3d4e_nohash_0", "gurke/1b2c3d4e_nohash_0"):  # fmt: skip
        tone(root / f"{clip}.wav")
    tone(root / "_background_noise_/doing_the_dishes.wav", seconds=2)
    tone(root / "_unknown_/1b2c3d4e_nohash_0.wav")
    write(root / "yes/._0a2b400e_nohash_0.wav", "litter")
    write(root / "testing_list.txt", "bed/0c40e715_nohash_0.wav\nbed/gone_nohash_0.wav\n../out.wav\n")
    write(root / "validation_list.txt", "up/1b2c3d4e_nohash_0.wav\r\n")
    return Fixture(
        root,
        {
            "train": ["no/0a2b400e_nohash_0", "yes/0a2b400e_nohash_0", "yes/0a2b400e_nohash_1"],
            "validation": ["up/1b2c3d4e_nohash_0"],
            "test": ["bed/0c40e715_nohash_0"],
        },
        {
            "train": {("gurke/1b2c3d4e_nohash_0", "unknown_label"), ("_unknown_/1b2c3d4e_nohash_0", "unknown_label")},
            "test": {("bed/gone_nohash_0", "audio_missing"), ("../out", "unsafe_path")},
        },
    )
