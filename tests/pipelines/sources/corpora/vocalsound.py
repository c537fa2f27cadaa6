"""A tiny vocalsound in its native layout, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path, audio: str = "audio_16k", meta: str = "csv", datafiles: bool = True) -> Fixture:
    root = folder / "vocalsound"
    people = {
        "tr": [["f0003", "female", "31", "Norway", "Norwegian", "no"], ["m0600", "male", "9", "Peru", "Spanish", "no"]],
        "val": [["m0072", "male", "80", "India", "Hindi, too", "a cold"]],
        "te": [["f0098", "female", "18", "Kenya", "Swahili", "no"]],
    }
    for split, rows in people.items():
        lines = [",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows]
        text = json.dumps(rows) if meta == "json" else "\r\n".join([*lines, ""])
        write(root / f"meta/{split}_meta.{meta}", text)
    clips = {
        "tr": ["f0003_0_cough", "f0003_0_throatclearing", "f0003_0_yawn", "m0600_1_sneeze"],
        "val": ["m0072_0_sigh"],
        "te": ["f0098_0_laughter"],
    }
    for split, names in clips.items():
        missing = ["f0003_0_sniff"] if split == "tr" else []
        data = [{"wav": f"/home/somebody/{audio}/{name}.wav", "labels": "/m/01b_21"} for name in [*names, *missing]]
        if datafiles:
            write(root / f"datafiles/{split}.json", json.dumps({"data": data}))
        for name in names:
            tone(root / f"{audio}/{name}.wav")
    write(root / f"{audio}/m0600_1_sneeze.wav", "no audio at all")
    tone(root / f"{audio}/x9999_0_cough.wav")
    write(root / f"__MACOSX/{audio}/._f0003_0_cough.wav", "litter")
    write(root / "class_labels_indices_vs.csv", "index,mid,display_name\n0,/m/01j3sz,Laughter\n")
    rejects = {("f0003_0_yawn", "unknown_label"), ("x9999_0_cough", "no_transcript")}
    return Fixture(
        root,
        {
            "tr": ["f0003_0_cough", "f0003_0_throatclearing", "m0600_1_sneeze"],
            "val": ["m0072_0_sigh"],
            "te": ["f0098_0_laughter"],
        },
        {"tr": rejects | ({("f0003_0_sniff", "audio_missing")} if datafiles else set())},
        refused={"tr": {("m0600_1_sneeze", "undecodable")}},
    )
