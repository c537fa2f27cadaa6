"""A tiny covost2 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.corpora import TSV
from tests.pipelines.sources.fixture import Fixture, mp3, write


def corpus(folder: Path) -> Fixture:
    root, voices = folder / "covost2", folder / "cv-corpus-4"
    english = [TSV]
    for number in range(1, 7):
        english.append(f"c{number}\tcommon_voice_en_{number}.mp3\tSentence {number}.\t2\t0\ttwenties\tfemale\t")
        if number != 5:
            mp3(voices / f"en/clips/common_voice_en_{number}.mp3")
    english[3] = 'c3\tcommon_voice_en_3.mp3\tA tab\\\there and \\"quotes.\t2\t0\t\tother\t'
    write(voices / "en/validated.tsv", "\n".join([*english, ""]))
    german = [
        "path\ttranslation\tsplit",
        'common_voice_en_1.mp3\tSatz "eins.\ttrain',
        "common_voice_en_2.mp3\tNA\ttrain_covost",
        "common_voice_en_3.mp3\tDrei\\\tmit Tab.\ttrain",
        "common_voice_en_4.mp3\tREMOVE\ttrain",
        "common_voice_en_5.mp3\tFünf.\ttrain",
        "common_voice_en_6.mp3\tSechs.\ttrain",
        "common_voice_en_7.mp3\tohne Split",
        "common_voice_en_8.mp3\tfremd\telsewhere",
        "",
    ]
    write(root / "en/covost_v2.en_de.tsv", "\r\n".join(german))
    chinese = [
        "path\ttranslation\tsplit",
        "common_voice_en_1.mp3\t句子一。\ttrain",
        "common_voice_en_6.mp3\t六。\ttest",
    ]
    write(root / "en/covost_v2.en_zh-CN.tsv", "\n".join([*chinese, ""]))
    # As the release's own script writes it: with sentences, so that validated.tsv is not needed.
    french = ["path\tsentence\ttranslation\tclient_id", "common_voice_fr_1.mp3\tIl fait froid.\tIt is cold.\t9ab3", ""]
    write(root / "fr/covost_v2.fr_en.dev.tsv", "\n".join(french))
    mp3(root / "fr/clips/common_voice_fr_1.mp3")
    return Fixture(
        root,
        {
            "train": ["common_voice_en_1", "common_voice_en_2", "common_voice_en_3"],
            "dev": ["common_voice_fr_1"],
            "test": ["common_voice_en_6"],
        },
        {
            "train": {
                ("common_voice_en_4:de", "empty_text"),
                ("common_voice_en_5", "audio_missing"),
                ("common_voice_en_7:de", "too_few_columns"),
                ("common_voice_en_8:de", "bad_row"),
            }
        },
        roots={"commonvoice": voices},
    )
