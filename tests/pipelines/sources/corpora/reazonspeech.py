"""A tiny reazonspeech in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "reazonspeech"
    rows = [
        "000/0000b6f0.flac\t今日は\u2028晴れです。",
        "000/0000c1aa.flac\t「はい」と言った",
        "001/0001.flac\t ",
        "001/0002.flac\t音がない。",
        "../../secret.flac\t外。",
        "001/0003.flac",
        "001/0004.flac\t\udc82\udca0",
        "",
    ]
    write(root / "small.tsv", "\n".join(rows))
    write(root / "tiny.tsv", rows[0] + "\r\n")
    for name in ("000/0000b6f0", "000/0000c1aa", "000/unnamed", "001/0001", "001/0003", "001/0004"):
        tone(root / f"{name}.flac")
    return Fixture(
        root,
        {"small": ["000/0000b6f0", "000/0000c1aa"], "tiny": ["000/0000b6f0"]},
        {
            "small": {
                ("001/0001", "no_transcript"),
                ("001/0002", "audio_missing"),
                ("../../secret", "unsafe_path"),
                ("001/0003", "too_few_columns"),
                ("001/0004", "wrong_encoding"),
            }
        },
    )
