"""A tiny audiocaps in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, mp3, tone, write

HEADER = "audiocap_id,youtube_id,start_time,caption"


def corpus(folder: Path) -> Fixture:
    root = folder / "audiocaps"
    train = [
        HEADER,
        '1,-aaaaaaaaa1,30,"A dog barks, then a door ""slams"""',
        "2,aaaa_aaaa_2,0,Rain falls",
        "3,aaaaaaaaaa3,70,Gone",
        "4,aaaaaaaaaa4,70,",
        "5,aaaaaaaaaa5,soon,A bell",
        "6,aaaaaaaaaa6",
        f"6,aaaaaaaaaa6,{'9' * 400},A bell",
        "7,../aaaaaaa7,10,A bell",
        "98,aaaaaaaaaa8,10,A bell rings",  # fetched under the number of its caption
        "",
    ]
    write(root / "dataset/train.csv", "\r\n".join(train))
    val = [HEADER, *(f"{n},bbbbbbbbbb{n % 2},10,Take {n}" for n in range(1, 10)), "10,bbbbbbbbbb1,10, ", ""]
    write(root / "dataset/val.csv", "\ufeff" + "\n".join(val))
    tone(root / "train/-aaaaaaaaa1.wav", 44_100)
    mp3(root / "train/Yaaaa_aaaa_2_0_10.mp3")
    tone(root / "train/aaaaaaaaaa4.wav")
    tone(root / "train/98.wav")
    tone(root / "val/bbbbbbbbbb0_10000_20000.flac", 48_000)
    tone(root / "val/bbbbbbbbbb1_10.wav")
    return Fixture(
        root,
        {"train": ["-aaaaaaaaa1_30", "aaaa_aaaa_2_0", "aaaaaaaaaa8_10"], "val": ["bbbbbbbbbb1_10", "bbbbbbbbbb0_10"]},
        {
            "train": {
                ("aaaaaaaaaa3_70", "audio_missing"),
                ("aaaaaaaaaa4_70", "no_transcript"),
                ("aaaaaaaaaa5_soon", "bad_times"),
                ("aaaaaaaaaa6", "too_few_columns"),
                (f"aaaaaaaaaa6_{'9' * 400}", "bad_times"),
                ("../aaaaaaa7_10", "unsafe_path"),
            },
        },
    )
