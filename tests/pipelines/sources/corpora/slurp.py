"""A tiny slurp in its native layout, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "slurp"

    def sentence(number: int, text: str, files: list[str], **changes: object) -> str:
        tokens = [
            {"surface": word, "id": place, "lemma": word, "pos": "NN"}
            for place, word in enumerate(text.replace("'", " '").split())
        ]
        recordings = [{"file": f"{name}.flac", "wer": 0.25, "ent_wer": None, "status": "correct"} for name in files]
        facts = {
            "slurp_id": number, "sentence": text, "sentence_annotation": text, "intent": "play", "action": "play",
            "tokens": tokens, "scenario": "music", "recordings": recordings, "entities": [],
        }  # fmt: skip
        return json.dumps(facts | changes)

    names = [{"span": [1, 2], "type": "artist_name"}, {"span": [4], "type": "time"}]
    devel = [
        sentence(1, "play adele's at nine", ["audio-1-headset", "audio--1"], entities=names, intent="music_play"),
        sentence(2, "stop\u2028now", ["audio-2", "audio-3"], action="stop"),
        sentence(3, "louder", ["audio-4"], entities=[{"span": [7], "type": "time"}]),
        sentence(4, "louder", ["audio-5"], scenario=None),
        '{"slurp_id": 5, "recordings": [',
        sentence(6, "out", ["../../audio-6"]),
        sentence(7, "nothing", []),
    ]
    write(root / "dataset/slurp/devel.jsonl", "\r\n".join([*devel, ""]))
    write(root / "dataset/slurp/train.jsonl", sentence(8, "lights on", ["audio-8"]) + "\n")
    write(root / "dataset/slurp/test.jsonl", sentence(9, "lights off", ["audio-9"]) + "\n")
    write(root / "dataset/slurp/train_synthetic.jsonl", sentence(8, "lights on", ["audio-8"]) + "\n")
    people = {
        "1": {"nlub_id": 1, "recordings": {"audio-1-headset.flac": {"usrid": "FE-123"}, "audio--1.flac": {}}},
        "2": {"recordings": {"audio-2.flac": {"usrid": "UNK-326", "status": "correct"}}},
        "9": {"recordings": {"audio-9.flac": {"usrid": "MO-045"}}},
    }
    write(root / "dataset/slurp/metadata.json", json.dumps(people))
    for name in ("audio-1-headset", "audio--1", "audio-2", "audio-4", "audio-5", "audio-8", "audio-9", "audio-99"):
        tone(root / f"audio/slurp_real/{name}.flac")
    tone(root / "audio/slurp_synth/audio-8.flac")
    write(root / "audio/slurp_real/._audio-8.flac", "litter")
    return Fixture(
        root,
        {
            "train": ["audio-8"],
            "train_synthetic": ["audio-8"],
            "devel": ["audio-1-headset", "audio--1", "audio-2"],
            "test": ["audio-9"],
        },
        {
            "train": {("audio-99", "no_transcript")},
            "devel": {
                ("audio-3", "audio_missing"),
                ("audio-4", "bad_row"),
                ("audio-5", "bad_row"),
                ("dataset/slurp/devel.jsonl:5", "bad_row"),
                ("../../audio-6", "unsafe_path"),
                ("dataset/slurp/devel.jsonl:7", "bad_row"),
            },
        },
    )
