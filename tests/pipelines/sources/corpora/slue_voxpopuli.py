"""A tiny slue_voxpopuli in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

DAY = "20131007-0900-PLENARY-19-en_20131007"


def corpus(folder: Path) -> Fixture:
    root = folder / "slue-voxpopuli"
    header = "id\traw_text\tnormalized_text\tspeaker_id\tsplit\traw_ner\tnormalized_ner"
    rows = [
        header,
        f'{DAY}-21:26:04_0\t"In Malta, the ""Council"" meets."\tin malta the council meets.\tNone\tdev'
        "\t[['GPE', 3, 5], ['ORG', 15, 7]]\t[['ORG', 13, 7], ['GPE', 3, 5]]",
        f"{DAY}-21:26:04_1\t\tarticle twenty one!\t28115\tdev\t[]\t[['LAW', 0, 18]]",
        f"{DAY}-21:26:04_2\t\tnothing here\t28115\tdev\tNone\tNone",
        f"{DAY}-21:26:04_3\tOnly Malta.\t\t28115\tdev\t[['GPE', 5, 5]]\t",
        f"{DAY}-21:26:04_4\t\ttoo far\t28115\tdev\t[]\t[['LAW', 90, 18]]",
        f"{DAY}-21:26:04_5\t\tno list\t28115\tdev\t[]\t__import__('os')",
        f"{DAY}-21:26:04_6\t\tno type\t28115\tdev\t[]\t[['FOOD', 0, 2]]",
        f"{DAY}-21:26:04_7\t\t\t28115\tdev\t[]\t[]",
        f"{DAY}-21:26:04_8\t\tgone\t28115\tdev\t[]\t[]",
        f"../{DAY}-21:26:04_9\t\tout\t28115\tdev\t[]\t[]",
        f"{DAY}-21:26:05_0\tshort",
        "",
    ]
    write(root / "slue-voxpopuli_dev.tsv", "\r\n".join(rows))
    blind = "id\traw_text\tnormalized_text\tspeaker_id\tsplit\n"
    write(root / "slue-voxpopuli_test_blind.tsv", f"{blind}{DAY}-22:00:00_0\t\tthe end, then\tNone\ttest\n")
    for number in range(8):
        tone(root / f"dev/{DAY}-21:26:04_{number}.ogg")
    for name in ("21:26:05_0", "21:26:05_1"):
        tone(root / f"dev/{DAY}-{name}.ogg")
    tone(root / f"test/{DAY}-22:00:00_0.ogg")
    return Fixture(
        root,
        {"dev": [f"{DAY}-21:26:04_{number}" for number in range(4)], "test": [f"{DAY}-22:00:00_0"]},
        {
            "dev": {
                (f"{DAY}-21:26:04_4", "bad_row"),
                (f"{DAY}-21:26:04_5", "bad_row"),
                (f"{DAY}-21:26:04_6", "unknown_label"),
                (f"{DAY}-21:26:04_7", "no_transcript"),
                (f"{DAY}-21:26:04_8", "audio_missing"),
                (f"../{DAY}-21:26:04_9", "unsafe_path"),
                (f"{DAY}-21:26:05_0", "too_few_columns"),
                (f"{DAY}-21:26:05_1", "no_transcript"),
            }
        },
    )
