"""A tiny aishell2 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    top = folder / "corpora"
    root = top / "AISHELL-2"
    texts = [
        "IC0001W0001\t打开ＡＴＭ旁的灯",
        "IC0001W0002\t播放 Taylor Swift 的 She's-great，好吗?",
        "IC0001W0003\t",
        "IC0001W0004\t没有声音",
        "IC0001W0005\t不在表里",
        "IC0001W0006\t\udcb4\udcf2",
        "IC0001W0007\t出去",
        "",
    ]
    write(root / "iOS/data/trans.txt", "\ufeff" + "\r\n".join(texts))
    paths = [f"IC0001W000{n}\twav/C0001/IC0001W000{n}.wav" for n in (1, 3, 4, 6, 8)]
    paths += ["IC0001W0002\twav/other/two.wav", "IC0001W0007\t../../secret.wav", "IC0001W0009", ""]
    write(root / "iOS/data/wav.scp", "\r\n".join(paths))
    for name in ("C0001/IC0001W0001", "other/two", "C0001/IC0001W0003", "C0001/IC0001W0006", "C0001/IC0001W0008"):
        tone(root / f"iOS/data/wav/{name}.wav")
    second = top / "AISHELL-DEV-TEST-SET/Android/dev"
    write(second / "trans.txt", "AD0012W0030\t一\n")
    write(second / "wav.scp", "AD0012W0030\twav/D0012/AD0012W0030.wav\n")
    tone(second / "wav/D0012/AD0012W0030.wav")
    write(root / "iOS/dev/wav.scp", "")  # without trans.txt: no split
    return Fixture(
        top,
        {"train": ["IC0001W0001", "IC0001W0002"], "dev-android": ["AD0012W0030"]},
        {
            "train": {
                ("IC0001W0009", "too_few_columns"),
                ("IC0001W0007", "unsafe_path"),
                ("IC0001W0003", "no_transcript"),
                ("IC0001W0004", "audio_missing"),
                ("IC0001W0005", "audio_missing"),
                ("IC0001W0006", "wrong_encoding"),
                ("IC0001W0008", "no_transcript"),
            }
        },
    )
