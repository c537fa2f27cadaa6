"""A tiny voxconverse in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "voxconverse"
    labels = root / "voxconverse-master"

    def turn(recording: str, start: object, duration: object, speaker: str = "spk00") -> str:
        return f"SPEAKER {recording} 1 {start} {duration} <NA> <NA> {speaker} <NA> <NA>"

    tone(root / "audio/abjxc.wav")
    long = [turn("abjxc", 0.4, "29.700000"), turn("abjxc", 20, 11.5, "spk01"), turn("abjxc", 33, 0)]
    write(labels / "dev/abjxc.rttm", "\ufeff;; a comment\r\n" + "\r\n".join([*long, "SPKR-INFO abjxc 1 <NA>", ""]))
    for name, line in {
        "bkwns": turn("bkwns", 0.1, 0.2),
        "cobal": turn("cobal", 0.1, -0.2),
        "duvox": turn("duvox", 0.1, "half"),
        "eapdk": "SPEAKER eapdk 1 0.1",
        "falxo": turn("falxo", 0.1, 0.2, "sp\udce6"),
    }.items():
        write(labels / f"dev/{name}.rttm", line)
        if name != "bkwns":
            tone(root / f"audio/{name}.wav")
    write(labels / "test/aepyx.rttm", turn("aepyx", 0, 0.05) + "\n")
    tone(root / "voxconverse_test_wav/aepyx.wav")
    tone(root / "voxconverse_test_wav/unlabelled.wav")
    write(root / "voxconverse_test_wav/._aepyx.wav", "litter")
    rejects = {
        ("bkwns", "audio_missing"), ("cobal", "bad_times"), ("duvox", "bad_row"), ("eapdk", "too_few_columns"),
        ("voxconverse-master/dev/falxo.rttm:1", "wrong_encoding"), ("falxo", "no_transcript"),
        ("unlabelled", "no_transcript"),
    }  # fmt: skip
    return Fixture(root, {"dev": ["abjxc"], "test": ["aepyx"]}, {"dev": rejects})
