"""A tiny mustc in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def entry(talk: int, offset: object, duration: object = 0.1, **more: object) -> str:
    fields = {"duration": duration, "offset": offset, "rW": 9, "uW": 0, "speaker_id": f"spk.{talk}"} | more
    return "- {" + ", ".join(f"{key}: {value}" for key, value in (fields | {"wav": f"ted_{talk}.wav"}).items()) + "}"


def corpus(folder: Path) -> Fixture:
    root = folder / "MUSTC"
    german, chinese = root / "en-de/data", root / "en-zh/data"
    rows = [
        (entry(1, "0.000000"), "Hello\u2028there.", "Hallo."),
        (entry(1, 0.1), "(Laughter)", "(Lachen)"),
        (entry(1, 0.2), "Thank you. (Applause)", ""),
        (entry(2, 0.0), "No audio.", "Kein Ton."),
        (entry(1, "later"), "No time.", "Keine Zeit."),
        (entry(1, 0.3, -0.1), "Reversed.", "Rückwärts."),
        ("- duration: 3", "No entry.", "Kein Eintrag."),
        (entry(1, 0.4), "Caf\udce9.", "Café."),
        (entry(3, 0.0), "This talk is a test elsewhere.", "Test."),
        (entry(1, 0.5), "Last one.", "Letzter \udcff."),
    ]
    yaml, english, translated = ("\n".join(column) for column in zip(*rows, strict=True))
    write(german / "train/txt/train.yaml", "\ufeff" + yaml.replace("\n", "\r\n") + "\n\n")
    write(german / "train/txt/train.en", english.replace("\n", "\r\n") + "\n")
    write(german / "train/txt/train.de", translated)
    for talk in (1, 3, 9):
        tone(german / f"train/wav/ted_{talk}.wav", seconds=0.7)
    write(german / "tst-HE/txt/tst-HE.yaml", entry(4, 0, 0.1))
    write(german / "tst-HE/txt/tst-HE.en", "A test.")
    write(german / "tst-HE/txt/tst-HE.de", "Ein Test.")
    tone(german / "tst-HE/wav/ted_4.wav", seconds=0.2)
    # Version 1 has four fields.
    short = "- {duration: 0.1, offset: 0.0, speaker_id: spk.1, wav: ted_1.wav}"
    write(chinese / "train/txt/train.yaml", f"{short}\n{entry(1, 0.05)}\n")
    write(chinese / "train/txt/train.en", "Hello there.\nOnly here.\n")
    write(chinese / "train/txt/train.zh", "你好。\n只在这里。\n")
    tone(chinese / "train/wav/ted_1.wav", seconds=0.7)
    write(chinese / "tst-COMMON/txt/tst-COMMON.yaml", entry(3, 0))
    write(chinese / "tst-COMMON/txt/tst-COMMON.en", "This talk is a test.\n")
    write(chinese / "tst-COMMON/txt/tst-COMMON.zh", "测试。\n")
    tone(chinese / "tst-COMMON/wav/ted_3.wav", seconds=0.2)
    table = "en-de/data/train/txt/train.yaml"
    return Fixture(
        root,
        {
            "train": ["ted_1_0000000_0000100", "ted_1_0000200_0000300", "ted_1_0000500_0000600",
                      "ted_1_0000050_0000150"],
            "tst-COMMON": ["ted_3_0000000_0000100"],
            "tst-HE": ["ted_4_0000000_0000100"],
        },
        {
            "train": {
                ("ted_1_0000100_0000200", "empty_text"), ("ted_1_0000200_0000300:de", "empty_text"),
                ("ted_2_0000000_0000100", "audio_missing"), (f"{table}:5", "bad_row"),
                ("ted_1_0000300_0000200", "bad_times"), (f"{table}:7", "bad_row"),
                ("ted_1_0000400_0000500", "wrong_encoding"), ("ted_3_0000000_0000100", "held_out"),
                ("ted_1_0000500_0000600:de", "wrong_encoding"), ("ted_9", "no_transcript"),
            }
        },
    )  # fmt: skip
