"""A tiny musicqa in its native layout, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.pipelines.sources.fixture import Fixture, tone, write


def entry(audio: str, question: str, answer: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
    return {"audio_name": audio, "conversation": turns}


def corpus(folder: Path) -> Fixture:
    root = folder / "MusicQA"
    pretrain = [
        entry("000000.wav", "Describe the audio", "A slow piano piece."),
        entry("000000.wav", "Describe the audio in detail", "A slow, sad piano piece in a hall."),
        entry("000000.wav", "What do you hear in the audio?", "A piano."),
        entry("000000.wav", " What genre is the audio tagged as?", "Classical."),
        entry("000001.wav", "Describe the audio", "The tags say rock."),
        entry("000002.wav", "Describe the audio", float("nan")),
        entry("000003.wav", "Describe the audio", "A drum."),
        {"audio_name": "000004.wav", "conversation": [{"from": "human", "value": "Alone?"}]},
        ["no entry"],
        entry("../000005.wav", "Describe the audio", "A drum."),
    ]
    write(root / "PretrainMusicQA.json", json.dumps(pretrain, indent=2))
    held_out = [entry("000009.wav", "How fast is it?", "Fast."), entry("000009.wav", "Describe the audio", "Fast.")]
    write(root / "EvalMusicQA.json", json.dumps(held_out))
    for name, rate in (("000000", 44_100), ("000001", 16_000), ("000002", 16_000), ("000009", 22_050)):
        tone(root / f"audios/{name}.wav", rate)
    return Fixture(
        root,
        {"pretrain": ["000000"], "eval": ["000009"]},
        {
            "pretrain": {
                ("000001", "about_metadata"),
                ("000002_1", "bad_row"),
                ("000003", "audio_missing"),
                ("000004_1", "bad_row"),
                ("PretrainMusicQA.json:9", "bad_row"),
                ("../000005", "unsafe_path"),
            }
        },
    )
