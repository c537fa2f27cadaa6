"""A tiny wavcaps in its native layout, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

DEEP = "Zip_files/FreeSound/mnt/fast/somebody/waveforms/FreeSound_flac"


def corpus(folder: Path, deep: str = DEEP) -> Fixture:
    root = folder / "WavCaps"

    def item(name: str, caption: str, **more: object) -> dict[str, object]:
        return {"id": name, "caption": caption, "audio": "wav_path", "duration": 0.1, **more}

    tables = {
        "AudioSet_SL/as_final": [item("Yb0RFKhbpF_A.wav", "A bell rings."), item("Y-1RFKhbpF_A.wav", "A door shuts.")],
        "FreeSound/fsd_final": [
            item("17", "Rain\u2028falls.", tags=["rain", "roof"], author="ada", href="/people/ada/sounds/17/"),
            item("18", "Wind."),
            item("19", " "),
            item("../../20", "Out."),
            {"caption": "Nothing."},
            "no object",
        ],
        "SoundBible/sb_final": [item("17", "A bell rings twice.", duration="long")],
    }
    for name, data in tables.items():
        write(root / f"json_files/{name}.json", json.dumps({"num_captions_per_audio": 1, "data": data}))
    for name in ("all_ac", "test_ac"):
        lists = {"AudioSet": ["Yb0RFKhbpF_A.wav"], "FreeSound": ["17.wav"] if name == "all_ac" else []}
        write(root / f"json_files/blacklist/blacklist_exclude_{name}.json", json.dumps(lists, indent=4))
    tone(root / "Zip_files/AudioSet_SL/Yb0RFKhbpF_A.flac", 32_000)
    write(root / "Zip_files/FreeSound/FreeSound.zip", "still packed")
    for name in ("17", "19", "99"):
        tone(root / f"{deep}/{name}.flac", 32_000)
    tone(root / "Zip_files/SoundBible/17.flac", 32_000)
    return Fixture(
        root,
        {"AudioSet_SL": ["Yb0RFKhbpF_A"], "FreeSound": ["17"], "SoundBible": ["17"]},
        {
            "AudioSet_SL": {("Y-1RFKhbpF_A", "audio_missing")},
            "FreeSound": {
                ("18", "audio_missing"),
                ("19", "no_transcript"),
                ("../../20", "unsafe_path"),
                ("json_files/FreeSound/fsd_final.json:5", "bad_row"),
                ("json_files/FreeSound/fsd_final.json:6", "bad_row"),
            },
        },
    )
