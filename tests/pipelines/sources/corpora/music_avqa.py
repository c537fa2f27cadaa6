"""A tiny music_avqa in its native layout, with the faults of its kind. Its audio was extracted by the user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.pipelines.sources.fixture import Fixture, tone, write


def question(video: str, number: int, kind: str, text: str, values: list[str], answer: str) -> dict[str, Any]:
    return {
        "video_id": video, "question_id": number, "type": f'["{kind}", "Counting"]', "question_content": text,
        "templ_values": json.dumps(values), "question_deleted": 0, "anser": answer,
    }  # fmt: skip


def corpus(folder: Path) -> Fixture:
    root = folder / "MUSIC-AVQA"
    louder = "Is the <Object> louder than the <Object>? "
    train = [
        question("00000093", 1, "Audio", "How many musical instruments were heard?", [], "more than ten"),
        question("va00003871", 2, "Audio", louder, ["electric_bass", "drum"], "yes"),
        question("00000093", 3, "Audio", louder, ["guitar", "drum"], "no"),
        question("00000094", 4, "Visual", "Where is the <Object>?", ["drum"], "left"),
        question("00000093", 5, "Audio", louder, ["guitar"], "no"),
        question("00000095", 6, "Audio", "Is there a <Object> sound?", ["erhu"], "yes"),
        {"video_id": "00000093", "question_id": 7, "type": "Audio"},
        question("00000093", 8, "Audio", "Deleted?", [], "yes") | {"question_deleted": 1},
        question("../00000096", 9, "Audio", "Is there a <Object> sound?", ["erhu"], "yes"),
        "no entry",
    ]
    write(root / "data/json_update/avqa-train.json", json.dumps(train))
    older = [question("00000093", 1, "Audio", "An older question?", [], "no")]
    for split in ("train", "val"):
        write(root / f"data/json/avqa-{split}.json", json.dumps(older))
    tone(root / "data/audio/00000093.wav", 44_100)
    tone(root / "data/audio/va00003871.wav", 44_100)
    return Fixture(
        root,
        {"train": ["00000093", "va00003871"], "val": ["00000093"]},
        {
            "train": {
                ("00000093_5", "bad_row"),
                ("00000095", "audio_missing"),
                ("00000093_7", "bad_row"),
                ("../00000096", "unsafe_path"),
                ("data/json_update/avqa-train.json:10", "bad_row"),
            }
        },
    )
