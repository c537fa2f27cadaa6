"""A tiny irmas in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "irmas"
    training = root / "IRMAS-TrainingData"
    for name in ("cla/[cla][cla]0189__2", "cla/029__[cla][nod]0001__1", "sax/[sax][nod][jaz_blu]1623__2", "sax/[gac]1"):
        tone(training / f"{name}.wav", 44_100)
    tone(training / "kaz/[kaz][pop_roc]1__1.wav", 44_100)
    write(training / "README.txt", "about")
    testing = root / "IRMAS-TestingData-Part1/Part1"
    for name in ("02 - A Song-8", "Unlabelled-1", "Mystery-1", "Empty-1"):
        tone(testing / f"{name}.wav", 44_100)
    write(testing / "02 - A Song-8.txt", "gel\t\r\nvoi\t\r\n")
    write(testing / "Mystery-1.txt", "kaz\n")
    write(testing / "Empty-1.txt", "\n")
    write(testing / "Gone-1.txt", "pia\t\n")
    tone(root / "IRMAS-TestingData-Part2/IRTestingData-Part2/(1) B-2.wav", 44_100)
    write(root / "IRMAS-TestingData-Part2/IRTestingData-Part2/(1) B-2.txt", "org\t\n")
    return Fixture(
        root,
        {
            "training": ["029__[cla][nod]0001__1", "[cla][cla]0189__2", "[sax][nod][jaz_blu]1623__2"],
            "testing": ["02 - A Song-8", "(1) B-2"],
        },
        {
            "training": {("[gac]1", "unknown_label"), ("[kaz][pop_roc]1__1", "unknown_label")},
            "testing": {
                ("Unlabelled-1", "no_transcript"),
                ("Mystery-1", "unknown_label"),
                ("Empty-1", "no_transcript"),
                ("Gone-1", "audio_missing"),
            },
        },
    )
