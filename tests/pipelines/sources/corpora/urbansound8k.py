"""A tiny urbansound8k in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "UrbanSound8K"
    rows = [
        "slice_file_name,fsID,start,end,salience,fold,classID,class",
        "1001-3-0-2.wav,1001,0.5,4.5,1,1,3,dog_bark",
        "1002-6-0-0.wav,1002,12.0,12.8,2,10,6,gun_shot",
        "1003-1-0-0.wav,1003,0.0,0.4,1,10,1,car_horn",
        "1003-1-1-0.wav,1003,nan,4,1,10,1,car_horn",
        "1004-9-0-0.wav,1004,0,4,1,10,99,yodel",
        "1005-8-0-0.wav,1005,0,4,1,10,8,siren",
        "1006-8-0-0.wav,1006,0,4,1",
        "1007-8-0-0.wav,1007,0,4,1,11,8,siren",
        "../1008-8-0-0.wav,1008,0,4,1,10,8,siren",
        "",
    ]
    write(root / "metadata/UrbanSound8K.csv", "\ufeff" + "\r\n".join(rows))
    tone(root / "audio/fold1/1001-3-0-2.wav", 48_000, subtype="PCM_24")
    tone(root / "audio/fold10/1002-6-0-0.wav", 96_000, subtype="FLOAT")
    tone(root / "audio/fold10/1003-1-0-0.wav", 11_025, subtype="PCM_U8")
    for name in ("1003-1-1-0", "1004-9-0-0", "1006-8-0-0", "1009-8-0-0"):
        tone(root / f"audio/fold10/{name}.wav", 44_100)
    write(root / "audio/fold10/.DS_Store", "litter")
    write(root / "audio/fold10/._1002-6-0-0.wav", "litter")
    return Fixture(
        root,
        {"fold1": ["1001-3-0-2"], "fold10": ["1002-6-0-0", "1003-1-0-0", "1003-1-1-0"]},
        {
            "fold1": {("1007-8-0-0", "bad_row")},
            "fold10": {
                ("1004-9-0-0", "unknown_label"),
                ("1005-8-0-0", "audio_missing"),
                ("1006-8-0-0", "too_few_columns"),
                ("../1008-8-0-0", "unsafe_path"),
                ("1009-8-0-0", "no_transcript"),
            },
        },
    )
