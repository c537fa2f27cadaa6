"""A tiny timit in its native layout, with the faults of its kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, sphere, tone, write


def corpus(folder: Path, names: Callable[[str], str] = str.upper, inner: str = "TIMIT") -> Fixture:
    root = folder / "timit"

    def place(path: str) -> Path:
        return root / inner / names(path)

    text = "0 1600 She had your dark suit.\n"
    words = "0 305 she\n300 700 had\n700 900 your\n1000 1200 dark\n1200 1500 suit\n"
    for utterance in ("SA1", "SI1027"):
        sphere(place(f"TRAIN/DR1/FCJF0/{utterance}.WAV"))
        write(place(f"TRAIN/DR1/FCJF0/{utterance}.TXT"), text)
        write(place(f"TRAIN/DR1/FCJF0/{utterance}.WRD"), words)
        write(place(f"TRAIN/DR1/FCJF0/{utterance}.PHN"), "0 305 sh\n")
    riff = place("TRAIN/DR1/FCJF0/SA1.WAV")
    tone(riff.with_name(f"{riff.name}.wav"), format="WAV")
    sphere(place("TRAIN/DR1/FCJF0/SX1.WAV"))
    write(place("TRAIN/DR1/FCJF0/SX2.TXT"), text)
    sphere(place("TRAIN/DR1/FCJF0/SX3.WAV"))
    write(place("TRAIN/DR1/FCJF0/SX3.WRD"), "500 300 she\n")
    sphere(place("TEST/DR8/MPAM0/SA1.WAV"))
    write(place("TEST/DR8/MPAM0/SA1.WRD"), words)
    return Fixture(
        root,
        {"train": ["FCJF0-SA1", "FCJF0-SI1027"], "test": ["MPAM0-SA1"]},
        {"train": {("FCJF0-SX1", "no_transcript"), ("FCJF0-SX2", "audio_missing"), ("FCJF0-SX3", "bad_times")}},
    )
