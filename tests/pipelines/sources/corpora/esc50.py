"""A tiny esc50 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "ESC-50-master"
    rows = [
        "filename,fold,target,category,esc10,src_file,take",
        "1-100-A-0.wav,1,0,dog,True,100,A",
        "2-200-A-12.wav,2,12,crackling_fire,True,200,A",
        "2-201-B-43.wav,2,43,car_horn,False,201,B",
        "2-202-A-99.wav,2,99,vuvuzela,False,202,A",
        "2-203-A-1.wav,2,1,rooster,False,203,A",
        "2-204-A-1.wav,2,1",
        "../../2-205-A-1.wav,2,1,rooster,False,205,A",
        ",2",
        "",
    ]
    write(root / "meta/esc50.csv", "\r\n".join(rows))
    for name in ("1-100-A-0", "2-200-A-12", "2-201-B-43", "2-202-A-99", "2-204-A-1", "2-209-A-1"):
        tone(root / f"audio/{name}.wav", 44_100)
    return Fixture(
        root,
        {"fold1": ["1-100-A-0"], "fold2": ["2-200-A-12", "2-201-B-43"]},
        {
            "fold1": {("meta/esc50.csv:9", "too_few_columns")},
            "fold2": {
                ("2-204-A-1", "too_few_columns"),
                ("2-202-A-99", "unknown_label"),
                ("2-203-A-1", "audio_missing"),
                ("../../2-205-A-1", "unsafe_path"),
                ("2-209-A-1", "no_transcript"),
            },
        },
    )
