"""A tiny voxpopuli in its native layouts, with the faults of its kind."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

CUT = "20131007-0900-PLENARY-19-en_20131007-21:26:04_"
HEADER = "session_id|id_|original_text|normed_text|speaker_id|split|gender|vad|start_time|end_time"


def corpus(folder: Path) -> Fixture:
    root = folder / "voxpopuli"
    english, german = root / "transcribed_data/en", root / "transcribed_data/de"
    rows = [
        "id\traw_text\tnormalized_text\tspeaker_id\tsplit\tgender",
        f'{CUT}1\tMr President, "thank you.\tmr president thank you\t4321\ttrain\tmale',
        f"{CUT}2\t\tonly plain\tNone\ttrain\tNone",
        f"{CUT}3\t\t\t4321\ttrain\tfemale",
        f"{CUT}4\tNo sound.\tno sound\t4321\ttrain\tfemale",
        f"{CUT}5\tToo short.",
        "../../6\tOut.\tout\t1\ttrain\tmale",
        "",
    ]
    write(english / "asr_train.tsv", "\n".join(rows))
    write(english / "asr_en.tsv.gz", "not read where the script has written its tables")
    for number in (1, 2, 3):
        tone(english / f"2013/{CUT}{number}.ogg")
    session = "20120101-0900-PLENARY-1-de"
    table = [
        HEADER,
        f'{session}|20120101-09:00:00_1|"Herr | Präsident, ""danke""."|herr präsident danke|7|train|male|'
        "[(0.0, 0.02), (0.05, 0.09)]|0.0|0.09",
        f"{session}|2||ein stück|7|train|female|[[0.01, 0.06]]|0.01|0.06",
        f"{session}|3|Falsch.|falsch|7|train|female|[(0.05, 0.01)]|0|1",
        f"{session}|4|Kein Ort.|kein ort|7|train|female|nirgends|0|1",
        "20120102-0900-PLENARY-1-de|5|Kein Ton.|kein ton|7|train|female|[(0.0, 0.1)]|0|1",
        f"{session}|6|Schon geschnitten.|schon geschnitten|7|dev|female|[(0.0, 0.1)]|0|1",
        f"{session}|7|Nirgends drin.|nirgends drin|7|invalid|female|[(0.0, 0.1)]|0|1",
        f"{session}|8|zu kurz",
        f"{session}|9|Zuletzt.|zuletzt|7|test|female|[(0.0, 0.1)]|0|1",
    ]
    write(german / "asr_de.tsv.gz", gzip.compress("\n".join(table).encode()))
    tone(root / f"raw_audios/original/2012/{session}_original.ogg")
    tone(german / f"2012/{session}-6.ogg")
    return Fixture(
        root,
        {
            "train": [f"{session}-20120101-09:00:00_1", f"{session}-2", f"{CUT}1", f"{CUT}2"],
            "dev": [f"{session}-6"],
            "test": [f"{session}-9"],
        },
        {
            "train": {
                (f"{session}-3", "bad_times"),
                (f"{session}-4", "bad_times"),
                ("20120102-0900-PLENARY-1-de-5", "audio_missing"),
                ("8", "too_few_columns"),
                (f"{CUT}3", "no_transcript"),
                (f"{CUT}4", "audio_missing"),
                (f"{CUT}5", "too_few_columns"),
                ("../../6", "unsafe_path"),
            }
        },
    )
