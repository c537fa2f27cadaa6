"""A tiny tut2017 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "tut2017"
    top = root / "TUT-acoustic-scenes-2017-development"
    meta = [
        "audio/b020_90_100.wav\tbeach\tb020",
        "audio/a001_0_10.wav\tcafe/restaurant\ta001",
        "audio/a001_10_20.wav\tcafe/restaurant\ta001",
        "audio/a002_0_10.wav\tmoon\ta002",
        "audio/a003_0_10.wav\ttram\ta003",
        "audio/a004_0_10.wav",
        "audio/../../a005_0_10.wav\ttram\ta005",
        "",
    ]
    write(top / "meta.txt", "\r\n".join(meta))
    write(top / "error.txt", "audio/a001_10_20.wav\t2.1\t3.4\n")
    write(top / "evaluation_setup/fold1_train.txt", "audio/b020_90_100.wav\tbeach\n")
    write(top / "evaluation_setup/fold1_evaluate.txt", "audio/a001_0_10.wav\tcafe/restaurant\n")
    write(top / "evaluation_setup/fold2_evaluate.txt", "audio/b020_90_100.wav\tbeach\n")
    for name in ("b020_90_100", "a001_0_10", "a001_10_20", "a002_0_10", "a004_0_10", "a006_0_10"):
        tone(top / f"audio/{name}.wav", 44_100, subtype="PCM_24")
    top = root / "TUT-acoustic-scenes-2017-evaluation"
    write(top / "evaluation_setup/evaluate.txt", "audio/1.wav\tcity_center\naudio/2.wav\tpark\n")
    write(top / "evaluation_setup/map.txt", "audio/1.wav\taudio/c007_0_10.wav\n")
    tone(top / "audio/1.wav", 44_100, subtype="PCM_24")
    return Fixture(
        root,
        {"development": ["b020_90_100", "a001_0_10", "a001_10_20"], "evaluation": ["1"]},
        {
            "development": {
                ("a002_0_10", "unknown_label"),
                ("a003_0_10", "audio_missing"),
                ("a004_0_10", "too_few_columns"),
                ("../../a005_0_10", "unsafe_path"),
                ("a006_0_10", "no_transcript"),
            },
            "evaluation": {("2", "audio_missing")},
        },
    )
