"""A tiny gtzan in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path, inner: str = "genres") -> Fixture:
    root = folder / inner
    tone(root / "blues/blues.00000.wav", 22_050)
    tone(root / "blues/blues.00001.au", 22_050, format="AU", subtype="PCM_16")
    tone(root / "hiphop/hiphop.00099.wav", 22_050)
    tone(root / "hiphop/demo.wav", 22_050)
    write(root / "jazz/jazz.00054.wav", "no sound, as in the common re-upload")
    write(root / "blues/._blues.00000.wav", "litter")
    write(root / "blues/blues.00000.png", "a picture")
    ids = ["blues.00000", "blues.00001", "hiphop.00099", "jazz.00054"]
    return Fixture(root, {"all": ids}, {"all": {("demo", "unknown_label")}}, {"all": {("jazz.00054", "undecodable")}})
