"""A tiny commonvoice in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.corpora import TSV
from tests.pipelines.sources.fixture import Fixture, mp3, write

TSV_17 = (
    "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tdown_votes\tage\tgender\taccents\tvariant\t"
    "locale\tsegment"
)


def corpus(folder: Path) -> Fixture:
    root = folder / "cv-corpus-17.0-2024-03-15"

    def row(clip: str, text: str, age: str = "", gender: str = "", locale: str = "de") -> str:
        return f"c0ffee\t{clip}\ts1\t{text}\t\t2\t0\t{age}\t{gender}\t\t\t{locale}\t"

    train = [
        TSV_17,
        row("common_voice_de_1.mp3", 'Er rief: "Halt!', "fourties", "male_masculine"),
        row("common_voice_de_2", "Ohne Endung, mit\u2028Trenner.", "teens", "do_not_wish_to_say"),
        row("common_voice_de_3.mp3", "Nichts zu hören."),
        "c0ffee\tcommon_voice_de_4.mp3\tzu kurz",
        row("common_voice_de_5.mp3", "stra\udcdfe"),
        row("../../secret.mp3", "Hinaus."),
        row("/etc/passwd", "Hinaus."),
        row("common_voice_de_6.mp3", " "),
        row("common_voice_de_1.mp3", "zu viel") + "\tein Tab",
        "c0ffee",  # tells not even its clip
        "",
    ]
    write(root / "de/train.tsv", "\ufeff" + "\r\n".join(train))
    both = [TSV_17, row("common_voice_de_1.mp3", "Auch hier."), row("common_voice_de_7.mp3", "Nur hier."), ""]
    write(root / "de/validated.tsv", "\n".join(both))
    for number in (1, 2, 4, 5, 6, 7, 8):
        mp3(root / f"de/clips/common_voice_de_{number}.mp3")
    write(root / "de/clips/._common_voice_de_1.mp3", "litter")
    # An older release beside it: other columns, and no locale.
    old = [TSV, "c1\tcommon_voice_sv-SE_9.mp3\tHej på dig.\t2\t0\tnineties\tfemale\t", ""]
    write(root / "sv-SE/train.tsv", "\n".join(old))
    write(root / "sv-SE/dev.tsv", "\n".join([TSV, "c1\tcommon_voice_sv-SE_10.mp3\tNej.\t2\t0\t\t\t", ""]))
    mp3(root / "sv-SE/clips/common_voice_sv-SE_9.mp3")
    mp3(root / "sv-SE/clips/common_voice_sv-SE_10.mp3")
    mp3(root / "sv-SE/clips/common_voice_sv-SE_11.mp3")
    return Fixture(
        root,
        {
            "train": ["common_voice_de_1", "common_voice_de_2", "common_voice_sv-SE_9"],
            "dev": ["common_voice_sv-SE_10"],
            "validated": ["common_voice_de_7"],
        },
        {
            "train": {
                ("common_voice_de_3", "audio_missing"),
                ("common_voice_de_4", "too_few_columns"),
                ("common_voice_de_5", "wrong_encoding"),
                ("../../secret", "unsafe_path"),
                ("/etc/passwd", "unsafe_path"),
                ("common_voice_de_6", "no_transcript"),
                ("common_voice_de_1", "bad_row"),
                ("de/train.tsv:11", "too_few_columns"),
                ("common_voice_sv-SE_11", "no_transcript"),
            },
            "validated": {("common_voice_de_8", "no_transcript")},
        },
    )
