"""A tiny fleurs in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def row(number: int, file: str, written: str, plain: str, samples: str = "1600", sex: str = "FEMALE") -> str:
    return f"{number}\t{file}\t{written}\t{plain}\t{' '.join(plain).replace('   ', ' | ')} |\t{samples}\t{sex}"


def corpus(folder: Path) -> Fixture:
    root = folder / "fleurs"
    english, german, chinese = (root / f"data/{name}" for name in ("en_us", "de_de", "cmn_hans_cn"))
    rows = [
        row(1603, "100.wav", 'The "cat sat, twice.', "the cat sat twice"),
        row(1603, "101.wav", 'The "cat sat, twice.', "the cat sat twice", sex="MALE"),
        row(1604, "102.wav", "", "only plain\u2028text", samples="many", sex="OTHER"),
        row(1605, "103.wav", "", " "),
        row(1606, "104.wav", "No sound.", "no sound"),
        row(1607, "../105.wav", "Outside.", "outside"),
        "1608\t106.wav\tToo short.",
        row(1609, "107.wav", "Caf\udce9.", "caf\udce9"),
        "",
    ]
    write(english / "train.tsv", "\n".join(rows))
    for name in (100, 101, 102, 103, 106, 107, 108):
        tone(english / f"audio/train/{name}.wav")
    tone(english / "audio/dev/109.wav")  # of a split whose table was not downloaded
    write(english / "audio/train/._100.wav", "litter")
    write(german / "train.tsv", row(1603, "200.wav", "Die Katze saß zweimal.", "die katze saß zweimal") + "\r\n")
    tone(german / "audio/200.wav")
    write(chinese / "test.tsv", row(1700, "300.wav", "你好，世界。", "你 好 世 界"))
    tone(chinese / "audio/test/300.wav")
    return Fixture(
        root,
        {"train": ["200", "100", "101", "102"], "test": ["300"]},
        {
            "train": {
                ("103", "no_transcript"),
                ("104", "audio_missing"),
                ("../105", "unsafe_path"),
                ("106", "too_few_columns"),
                ("107", "wrong_encoding"),
                ("108", "no_transcript"),
            }
        },
    )
