"""A tiny emopia in its native layout, with audio as a user fetched and cut it, and the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, mp3, tone, write

CLIPS = ("Q1_0vLPYiPN7qY_0", "Q3_-a_b-c_d-e__2", "Q4_aaaaaaaaaaa_1", "Q4_bbbbbbbbbbb_1")


def corpus(folder: Path) -> Fixture:
    root = folder / "EMOPIA_2.2"
    rows = ["ID,4Q,annotator", *(f"{clip},{clip[1]},A" for clip in CLIPS), "Q7_ccccccccccc_1,7,A", ""]
    write(root / "label.csv", "\n".join(rows))
    for clip in CLIPS:
        write(root / f"midis/{clip}.mid", "MThd")
    mp3(root / f"audios/seg/{CLIPS[0]}.mp3")
    tone(root / f"audios/seg/{CLIPS[1]}.wav", 44_100)
    mp3(root / f"audios/seg/{CLIPS[2]}.mp3")
    mp3(root / "audios/whole/0vLPYiPN7qY.mp3")
    return Fixture(
        root,
        {"all": list(CLIPS[:3])},
        {"all": {(CLIPS[3], "audio_missing"), ("Q7_ccccccccccc_1", "unknown_label")}},
    )
