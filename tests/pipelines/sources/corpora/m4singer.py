"""A tiny m4singer in its native layout, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

PHRASES = ("Alto-1#美错#0000", "Alto-1#美错#0001", "Tenor-2#Let it go#0000", "Bass-1#海#0003")


def corpus(folder: Path, first: str = "Alto-1#美错") -> Fixture:
    root = folder / "m4singer"
    items: list[object] = [
        {
            "item_name": name,
            "txt": "啦啦",
            "phs": ["l", "a"],
            "ph_dur": [0.04, 0.06],
            "notes": [60, 60],
            "is_slur": [0, 0],
        }
        for name in PHRASES
    ]
    items += [
        {"item_name": "Alto-1#美错#0009", "txt": "没有"},
        {"item_name": "Kazoo-1#海#0000", "txt": "啦"},
        {"item_name": "../../Alto-1#海#0000", "txt": "啦"},
        {"item_name": "Alto-1"},
        {"txt": "啦"},
        "nonsense",
    ]
    write(root / "meta.json", json.dumps(items, ensure_ascii=False))
    for name in (f"{first}/0000", f"{first}/0001", "Tenor-2#Let-it-go/0000", "Bass-1##U6d77/0003", "Kazoo-1#海/0000"):
        tone(root / f"{name}.wav", 48_000)
        write(root / f"{name}.TextGrid", "File type = ...")
    tone(root / f"{first}/0008.wav", 48_000)
    return Fixture(
        root,
        {"all": list(PHRASES)},
        {
            "all": {
                ("Alto-1#美错#0009", "audio_missing"),
                ("Kazoo-1#海#0000", "unknown_label"),
                ("../../Alto-1#海#0000", "unsafe_path"),
                ("Alto-1", "bad_row"),
                ("meta.json:9", "bad_row"),
                ("meta.json:10", "bad_row"),
                (f"{first}#0008", "no_transcript"),
            }
        },
    )
