"""A tiny LibriTTS in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

ORIGINAL = {
    "121_4000_000001_000000": "He paid 5 pounds.",
    "121_4000_000002_000000": "“Nobody,” said Dr. Vane,\n",
    "121_4000_000004_000000": "\n",
    "121_4000_000005_000000": "gone",
    "121_4000_000007_000000": "caf\udce9",
}
NORMALIZED = {
    "121_4000_000001_000000": "He paid five pounds.",
    "121_4000_000002_000000": '"Nobody," said Doctor Vane,',
    "121_4000_000003_000000": "\ufeffA text without its printed form.\r\n",
}


def corpus(folder: Path) -> Fixture:
    root = folder / "LibriTTS"
    write(
        root / "speakers.tsv", "READER\tGENDER\tSUBSET\tNAME\n121\tF\tdev-clean\tAda Invented\n122\tM\tdev-clean\tBo\n"
    )
    chapter = root / "dev-clean/121/4000"
    for end, texts in ((".original.txt", ORIGINAL), (".normalized.txt", NORMALIZED)):
        for utterance, text in texts.items():
            write(chapter / f"{utterance}{end}", text)
    for number in (1, 2, 3, 4, 6, 7):
        tone(chapter / f"121_4000_{number:06}_000000.wav", 24_000)
    other = root / "dev-clean/122/4001/122_4001_000000_000000"
    write(other.with_suffix(".normalized.txt"), "The other one.")
    tone(other.with_suffix(".wav"), 24_000)
    write(chapter / "121_4000.trans.tsv", "121_4000_000001_000000\tHe paid 5 pounds.\tHe paid five pounds.\n")
    write(chapter / ".DS_Store", "litter")
    rejects = {
        ("121_4000_000004_000000", "no_transcript"),
        ("121_4000_000005_000000", "audio_missing"),
        ("121_4000_000006_000000", "no_transcript"),
        ("121_4000_000007_000000", "wrong_encoding"),
    }
    utterances = [*NORMALIZED, other.name]
    return Fixture(root, {"dev-clean": utterances}, {"dev-clean": rejects})
