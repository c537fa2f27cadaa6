"""A tiny wenetspeech in its native layout, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.pipelines.sources.fixture import Fixture, opus, write


def segment(sid: str, text: str, subsets: str, start: float = 0.0, end: float = 0.05) -> dict[str, Any]:
    times = {"begin_time": start, "end_time": end}
    return {"sid": sid, **times, "subsets": subsets.split(), "confidence": 1.0, "text": text}


def corpus(folder: Path) -> Fixture:
    root = folder / "WenetSpeech"
    train = "audio/train/youtube/B00000/Y0000000000_--5llN02F84.opus"
    evaluation = {name: f"audio/{name.lower()}/B00000/{name}_0.opus" for name in ("DEV", "TEST_NET", "TEST_MEETING")}
    segments = [
        segment("Y0_S0", "怎么样这些日子", "L M S"),
        segment("Y0_S1", "用 Taylor Swift 的歌", "L M", 0.05, 0.1),
        segment("Y0_S2", "嗯", "W"),
        segment("Y0_S3", " ", "L"),
    ]
    audios = [{"aid": "Y0000000000_--5llN02F84", "path": train, "duration": 0.1, "segments": segments}]
    audios += [{"aid": name, "path": path, "duration": 0.1, "segments": [segment(f"{name}_S0", "好", name)]}
               for name, path in evaluation.items()]  # fmt: skip
    write(root / "WenetSpeech.json", "\ufeff" + json.dumps({"audios": audios, "version": "v1.0"}, ensure_ascii=False))
    for path in (train, *evaluation.values()):
        opus(root / path)
    splits = {"L": ["Y0_S0", "Y0_S1"], "M": ["Y0_S0", "Y0_S1"], "S": ["Y0_S0"], "W": ["Y0_S2"]}
    splits |= {name: [f"{name}_S0"] for name in evaluation}
    return Fixture(root, splits, {"L": {("Y0_S3", "no_transcript")}})
