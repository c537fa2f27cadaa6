"""A tiny aishell1 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, textgrid, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "aishell"
    lines = [
        "BAC009S0002W0122 而 对 楼市 成交 抑制",
        "BAC009S0002W0123 卡拉 ｏ ｋ",
        "BAC009S0002W0124",
        "BAC009S0002W0125 没有 声音",
        "BAC009S0003W0121 没有 文件夹",
        "nonsense 什么",
        "BAC009S0764W0121 测试",
        "BAC009S0764W0122 \udce6\udcb5",
        "",
    ]
    write(root / "data_aishell/transcript/aishell_transcript_v0.8.txt", "\n".join(lines))
    write(root / "resource_aishell/speaker.info", "0002 F\n0764 M\n")
    for name in ("train/S0002/BAC009S0002W0122", "train/S0002/BAC009S0002W0123", "train/S0002/BAC009S0002W0124",
                 "train/S0002/BAC009S0002W0126", "test/S0764/BAC009S0764W0121",
                 "test/S0764/BAC009S0764W0122"):  # fmt: skip
        tone(root / f"data_aishell/wav/{name}.wav")
    words = [(0, 0.02, "而"), (0.02, 0.04, "对"), (0.04, 0.06, "楼市"), (0.06, 0.08, "<unk>"), (0.08, 0.1, "抑制")]
    write(folder / "mfa/any/S0002/BAC009S0002W0122.TextGrid", textgrid([("words", words), ("phones", words[:1])]))
    return Fixture(
        root,
        {"train": ["BAC009S0002W0122", "BAC009S0002W0123"], "test": ["BAC009S0764W0121"]},
        {
            "train": {
                ("BAC009S0002W0124", "no_transcript"),
                ("BAC009S0002W0125", "audio_missing"),
                ("BAC009S0003W0121", "audio_missing"),
                ("nonsense", "bad_row"),
                ("BAC009S0002W0126", "no_transcript"),
            },
            "test": {("BAC009S0764W0122", "wrong_encoding")},
        },
        roots={"alignments": folder / "mfa"},
    )
