"""Lhotse's manifests: cuts of a meeting and of read speech, and what of them is no stretch of a file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tests.pipelines.sources.fixture import Fixture, tone, write

FILE = "test/fixtures/wav/r.wav"


def recording(name: str, path: str, channels: int = 1, **more: Any) -> dict[str, Any]:
    source = {"type": "file", "channels": list(range(channels)), "source": path}
    return {"id": name, "sources": [source], "sampling_rate": 16000, "num_samples": 8000, "duration": 0.5, **more}


def resampled(rate: int) -> dict[str, Any]:
    return {"name": "Resample", "kwargs": {"source_sampling_rate": 44100, "target_sampling_rate": rate}}


def supervision(name: str, start: float = 0.0, duration: float = 0.5, **more: Any) -> dict[str, Any]:
    told = {"id": name, "recording_id": "r", "start": start, "duration": duration, "channel": 0, "text": "Yes."}
    return {**told, "language": "English", "speaker": "ann", "gender": "F", **more}


def cut(name: str, said: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    told = {"id": name, "start": 0.0, "duration": 0.5, "channel": 0, "supervisions": said, "type": "MonoCut"}
    return {**told, "recording": recording("r", FILE), **more}


def corpus(folder: Path) -> Fixture:
    root = folder / "manifests"
    meeting = [supervision("s1", 0.1, 0.1), supervision("s2", 0.25, 0.2, channel=1, speaker="bob")]
    aligned = {"word": [["Yes.", 0.01, 0.05, 0.9], ["", 0.06, 0.1, None]]}
    two = recording("two", "test/fixtures/wav/two.wav", 2)
    broken = recording("r", "flac -dc r.flac")
    broken["sources"][0]["type"] = "command"
    cuts = [
        cut("whole", [supervision("s0", custom={"emotion": "happy"})], custom={"snr": 12.5}),
        cut("meeting", meeting, recording=two),
        cut("part", [supervision("s3", duration=0.2, alignment=aligned)], duration=0.2),
        cut("window", [supervision("s9", -0.2)]),
        cut("quiet", []),
        {"id": "mixed", "type": "MixedCut", "tracks": [{"cut": cut("x", [])}]},
        cut("many", [supervision("s4", channel=[0, 1])], type="MultiCut", channel=[0, 1], recording=two),
        cut("some", [supervision("s10", channel=[0, 1])], type="MultiCut", recording=recording("r", "r.wav", 3)),
        cut("resampled", [supervision("s11")], recording=recording("r", FILE, transforms=[resampled(16000)])),
        cut("telephone", [supervision("s12")], recording=recording("r", FILE, transforms=[resampled(8000)])),
        cut("piped", [supervision("s5")], recording=broken),
        cut("fast", [supervision("s6")], recording=recording("r", "r.wav", transforms=[{"name": "Speed"}])),
        cut("features", [supervision("s7")], recording=None),
        cut("odd", [{"id": "s8"}], duration=None),
    ]
    write(root / "cuts_train.jsonl.gz", gzip.compress("\n".join(map(json.dumps, cuts)).encode()))
    write(root / "supervisions_train.jsonl", json.dumps(supervision("s0")) + "\n")
    tone(root / "wav/r.wav", seconds=0.5)
    tone(root / "wav/two.wav", seconds=0.5, channels=2)
    return Fixture(
        root,
        {"train": ["whole", "s1", "s2", "part", "s4", "resampled"]},
        {
            "train": {
                ("quiet", "no_transcript"),
                ("window", "bad_times"),
                *((n, "bad_row") for n in ("mixed", "some", "telephone", "piped", "fast", "features", "odd")),
            },
        },
        told={"tasks": "asr,srwt,er,sgc"},
    )
