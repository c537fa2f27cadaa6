"""A tiny librispeechmix in its native layout, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "LibriSpeechMix"

    def line(number: int, **changes: object) -> str:
        name = f"dev-clean-2mix/dev-clean-2mix-{number:04}"
        mixture: dict[str, object] = {
            "id": name, "mixed_wav": f"{name}.wav", "texts": ["SECOND\u2028HALF", "FIRST"], "delays": [0.05, 0.0],
            "durations": [0.05, 0.08], "speakers": ["84", "251"], "genders": ["f", "m"],
            "wavs": ["dev-clean/84/1/84-1-0000.wav", "dev-clean/251/1/251-1-0000.wav"],
            "speaker_profile": [["x.wav"]], "speaker_profile_index": [0, 1],
        }  # fmt: skip
        return json.dumps(mixture | changes, ensure_ascii=False)

    lines = [
        line(0),
        line(1),
        line(2),
        line(3, delays=[0.0]),
        line(4, mixed_wav="../../etc/passwd"),
        line(5, durations=[0.1, float("nan")]),
        line(6)[:-4],
        "[" * 5_000,
        line(7).replace("SECOND", "\udce6"),
    ]
    write(root / "list/dev-clean-2mix.jsonl", "\r\n".join([*lines, ""]))
    for number in (0, 2, 9):
        tone(root / f"data/dev-clean-2mix/dev-clean-2mix-{number:04}.wav")
    one = line(0, texts=["ALONE"], delays=[0.0], durations=[0.1], speakers=["84"], genders=["f"])
    write(root / "list/test-clean-1mix.jsonl", one.replace("dev-clean-2mix", "test-clean-1mix"))
    tone(root / "data/test-clean-1mix/test-clean-1mix-0000.wav")
    write(root / "list/test-clean-3mix.jsonl", line(0))  # its audio was not made
    tone(root / "data/dev-clean/84/1/84-1-0000.wav")
    ids = [f"dev-clean-2mix/dev-clean-2mix-{number:04}" for number in range(10)]
    bad = {(f"list/dev-clean-2mix.jsonl:{number}", "bad_row") for number in (4, 6, 7, 8)}
    rejects = {
        (ids[1], "audio_missing"), (ids[4], "unsafe_path"), (ids[9], "no_transcript"),
        ("list/dev-clean-2mix.jsonl:9", "wrong_encoding"),
    }  # fmt: skip
    return Fixture(
        root,
        {"dev-clean-2mix": [ids[0], ids[2]], "test-clean-1mix": ["test-clean-1mix/test-clean-1mix-0000"]},
        {"dev-clean-2mix": rejects | bad},
    )
