"""A tiny medley_solos_db in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path, tables: str = "annotation/") -> Fixture:
    root = folder / "medley-solos-db"
    rows = [
        "subset,instrument,instrument_id,song_id,uuid4",
        "training,piano,4,77,aaaaaaaa-0000-0000-0000-000000000001",
        "training,female singer,2,78,aaaaaaaa-0000-0000-0000-000000000002",
        "training,kazoo,9,78,aaaaaaaa-0000-0000-0000-000000000003",
        "training,violin,7,78,aaaaaaaa-0000-0000-0000-000000000004",
        "training,violin,7",
        "test,tenor saxophone,5,79,aaaaaaaa-0000-0000-0000-000000000005",
        "extra,flute,3,79,aaaaaaaa-0000-0000-0000-000000000006",
        "test,flute,3,79,../../aaaaaaaa",
        "",
    ]
    write(root / f"{tables}Medley-solos-DB_metadata.csv", "\ufeff" + "\r\n".join(rows))
    for name in (
        "training-4_aaaaaaaa-0000-0000-0000-000000000001.wav",
        "training-2_aaaaaaaa-0000-0000-0000-000000000002.wav.wav",
        "training-9_aaaaaaaa-0000-0000-0000-000000000003.wav",
        "test-5_aaaaaaaa-0000-0000-0000-000000000005.wav",
        "test-5_aaaaaaaa-0000-0000-0000-000000000009.wav",
    ):
        tone(root / f"audio/Medley-solos-DB_{name}", 44_100)
    write(root / "audio/._Medley-solos-DB_test-5_aaaaaaaa-0000-0000-0000-000000000005.wav", "litter")
    ids = [f"aaaaaaaa-0000-0000-0000-00000000000{number}" for number in range(10)]
    return Fixture(
        root,
        {"training": [ids[1], ids[2]], "test": [ids[5]]},
        {
            "training": {
                (ids[3], "unknown_label"),
                (ids[4], "audio_missing"),
                ("annotation/Medley-solos-DB_metadata.csv:6", "too_few_columns"),
                (ids[6], "bad_row"),
            },
            "test": {("../../aaaaaaaa", "unsafe_path"), (ids[9], "no_transcript")},
        },
    )
