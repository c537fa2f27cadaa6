"""A tiny gigaspeech in its native layout, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.pipelines.sources.fixture import Fixture, opus, write

NESTED = {"XS": "XS S M L XL", "S": "S M L XL", "L": "L XL", "XL": "XL", "DEV": "DEV", "TEST": "TEST"}


def segment(sid: str, text: Any, subset: str, start: Any = 0.0, end: Any = 0.05) -> dict[str, Any]:
    subsets = [f"{{{name}}}" for name in NESTED[subset].split()]
    return {"sid": sid, "speaker": "N/A", "begin_time": start, "end_time": end, "text_tn": text, "subsets": subsets}


def recording(aid: str, path: str, segments: Any, **more: str) -> dict[str, Any]:
    told = {"title": "N/A", "url": "N/A", "path": path, "aid": aid, "format": "opus", "sample_rate": 16_000}
    return {**told, "source": "podcast", "category": "Arts", "speaker": "N/A", **more, "segments": segments}


def corpus(folder: Path) -> Fixture:
    root = folder / "gigaspeech"
    pod, you = "audio/podcast/P0001/POD0000000025.opus", "audio/youtube/P0002/YOU0000000003.opus"
    audios = [
        recording(
            "POD0000000025",
            pod,
            [
                segment("POD_S0", "WE WENT HOME <COMMA> SLOWLY <PERIOD>", "XS"),
                segment("POD_S1", "<MUSIC>", "XL"),
                segment("POD_S2", "O'NEIL SAID <COMMA> REALLY <QUESTIONMARK> YES <EXCLAMATIONPOINT>", "L", 0.05, 0.1),
                segment("POD_S3", "BACKWARDS", "XL", 0.06, 0.02),
                segment("POD_S4", "", "XL"),
                segment("POD_S5", None, "XL"),
                segment("POD_S6", "STARTS NOWHERE", "XL", "0.0"),
                {"sid": "POD_S7", "subsets": ["{XL}"]},
            ],
        ),
        recording("POD0000000026", "audio/podcast/P0001/gone.opus", [segment("GONE_S0", "LOST", "XL")]),
        recording("POD0000000027", "../../etc/passwd", [segment("OUT_S0", "OUT", "XL")]),
        recording("POD0000000028", pod, None),
        "no recording",
        recording(
            "YOU0000000003",
            you,
            [segment("YOU_S0", "A TEST <PERIOD>", "TEST"), segment("YOU_S1", "A DEV\u2028SET", "DEV"),
             segment("YOU_S2", "S ONLY <PERIOD>", "S") | {"speaker": "Jo"}],
            url="https://www.youtube.com/watch?v=--5llN02F84",
        ),
    ]  # fmt: skip
    head = {"dataset": "GigaSpeech", "language": "EN", "version": "1.0.0"}
    write(root / "GigaSpeech.json", json.dumps({**head, "audios": audios}, ensure_ascii=False, indent=1))
    for path in (pod, you):
        opus(root / path)
    broken = {("GigaSpeech.json:4", "bad_row"), ("GigaSpeech.json:5", "bad_row")}
    train = ["POD_S0", "POD_S2", "YOU_S2"]
    splits = {"XL": train, "L": train, "M": ["POD_S0", "YOU_S2"], "S": ["POD_S0", "YOU_S2"], "XS": ["POD_S0"]}
    return Fixture(
        root,
        {**splits, "DEV": ["YOU_S1"], "TEST": ["YOU_S0"]},
        dict.fromkeys(("L", "M", "S", "XS", "DEV", "TEST"), broken)
        | {
            "XL": broken
            | {
                ("POD_S3", "bad_times"),
                ("POD_S4", "no_transcript"),
                ("POD_S5", "bad_row"),
                ("POD_S6", "bad_row"),
                ("POD_S7", "bad_row"),
                ("GONE_S0", "audio_missing"),
                ("OUT_S0", "unsafe_path"),
            }
        },
    )
