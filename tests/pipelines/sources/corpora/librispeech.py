"""A tiny librispeech in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, textgrid, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "LibriSpeech"
    write(
        root / "SPEAKERS.TXT",
        ";ID  |SEX| SUBSET |MINUTES| NAME\n19   | F | dev-clean | 8.1 | Kara | Shallenberg\n7 | M | x | 1 | N\n",
    )
    first, second = root / "dev-clean/19/198", root / "dev-clean/7/3"
    lines = [
        "19-198-0000 NORTHANGER ABBEY",
        "19-198-0001 IT'S HER\u2028FATHER'S",
        "19-198-0002",
        "19-198-0003 NO AUDIO",
        "../../../../etc/passwd LEAVES",
        "19-198-0004 CAF\udcc9",
    ]
    write(first / "19-198.trans.txt", "\ufeff" + "\r\n".join(lines) + "\r\n")
    for number in (0, 1, 2, 4):
        tone(first / f"19-198-000{number}.flac")
    write(first / "._19-198-0000.flac", "litter")
    write(first / ".DS_Store", "litter")
    # Word times, merged into the tree: one chapter condensed, one as TextGrids.
    write(
        first / "19-198.alignment.txt",
        '19-198-0000 ",NORTHANGER,ABBEY," "0.010,0.050,0.090,0.100"\n19-198-0001 ",IT\'S" "0.01,0.1"\n'
        '19-198-0003 ",NO," "0.2,0.1,0.3"\n19-198-0009 ",A," "0.2"\nshort\n',
    )
    write(second / "7-3-0000.TextGrid", textgrid([("words", [(0, 0.02, ""), (0.02, 0.05, "a"), (0.05, 0.1, "<unk>")])]))
    write(second / "7-3.trans.txt", "7-3-0000 A NAME")  # no line end at the end
    tone(second / "7-3-0000.flac")
    tone(second / "7-3-0001.flac")
    rejects = {
        ("19-198-0002", "no_transcript"),
        ("19-198-0003", "audio_missing"),
        ("../../../../etc/passwd", "unsafe_path"),
        ("19-198-0004", "wrong_encoding"),
        ("7-3-0001", "no_transcript"),
        ("dev-clean/19/198/19-198.alignment.txt:2", "bad_row"),  # not the words of the transcript
        ("dev-clean/19/198/19-198.alignment.txt:3", "bad_times"),
        ("dev-clean/19/198/19-198.alignment.txt:4", "bad_row"),
        ("dev-clean/19/198/19-198.alignment.txt:5", "too_few_columns"),
    }
    return Fixture(root, {"dev-clean": ["19-198-0000", "19-198-0001", "7-3-0000"]}, {"dev-clean": rejects})
