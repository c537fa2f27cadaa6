"""A tiny emilia in its native layouts, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.pipelines.sources.fixture import Fixture, mp3, write


def row(number: int, text: Any = " Ein Satz.", **more: Any) -> dict[str, Any]:
    name = f"DE_B00000_S00000_W00000{number}"
    told = {"id": name, "wav": f"DE_B00000/DE_B00000_S00000/mp3/{name}.mp3", "text": text, "duration": 0.1}
    return {**told, "speaker": "DE_B00000_S00000", "language": "de", "dnsmos": 3.37, **more}


def corpus(folder: Path) -> Fixture:
    root = folder / "Emilia-Dataset"
    german = root / "raw/DE"
    rows = [row(0), row(1, " "), row(2), row(3, wav="../../secret.mp3"), row(4, language="?"), row(5, duration="x")]
    lines = [json.dumps(told, ensure_ascii=False) for told in rows] + ["{broken", "[1]", '{"id": "DE_x"}']
    write(german / "DE_B00000.jsonl", "\n".join(lines) + '\n{"id": "DE_y", "text": "\udcff"}\n')
    for number in (0, 1, 4, 5):
        mp3(german / f"DE_B00000/DE_B00000_S00000/mp3/DE_B00000_S00000_W00000{number}.mp3")
    videos = root / "Emilia-YODAS/JA/JA-B000000"
    told = {"_id": "JA_--5llN02F84_W000001", "text": "はい。", "language": "ja", "speaker": "JA_--5llN02F84"}
    write(videos / f"{told['_id']}.json", json.dumps(told))
    mp3(videos / f"{told['_id']}.mp3")
    mp3(videos / "JA_--5llN02F84_W000002.mp3")
    write(videos / "JA_--5llN02F84_W000003.json", json.dumps(told))
    write(videos / "JA_--5llN02F84_W000004.json", "broken")
    mp3(videos / "JA_--5llN02F84_W000004.mp3")
    name = "DE_B00000_S00000_W00000"
    table = "raw/DE/DE_B00000.jsonl"
    return Fixture(
        root,
        {"Emilia": [f"{name}0", f"{name}5"], "Emilia-YODAS": ["JA_--5llN02F84_W000001"]},
        {
            "Emilia": {
                (f"{name}1", "no_transcript"),
                (f"{name}2", "audio_missing"),
                (f"{name}3", "unsafe_path"),
                (f"{name}4", "unknown_label"),
                (f"{table}:7", "bad_row"),
                (f"{table}:8", "bad_row"),
                ("DE_x", "bad_row"),
                (f"{table}:10", "wrong_encoding"),
            },
            "Emilia-YODAS": {
                ("JA_--5llN02F84_W000002", "no_transcript"),
                ("JA_--5llN02F84_W000003", "audio_missing"),
                ("JA_--5llN02F84_W000004", "bad_row"),
            },
        },
    )
