"""A tiny fsd50k in its native layout, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "FSD50K"
    guitar = '"Electric_guitar,Guitar,Plucked_string_instrument,Musical_instrument,Music"'
    dev = [
        "fname,labels,mids,split",
        f'901,{guitar},"/m/02sgy,/m/0342h,/m/0fx80y,/m/04szw,/m/04rlf",train',
        '902,"Gunshot_and_gunfire,Bark,Explosion,Dog,Domestic_animals_and_pets,Animal","/m/1,/m/2",train',
        "903,Crushing,/m/07plct2,val",
        '904,"Hiss,Cat,Animal","/m/3",val',
        "905,Crushing,/m/07plct2,train",
        "906,,,train",
        "907,Crushing,/m/07plct2,dev",
        "908,Crushing",
        "../909,Crushing,/m/07plct2,val",
        "",
    ]
    write(root / "FSD50K.ground_truth/dev.csv", "\n".join(dev))
    write(root / "FSD50K.ground_truth/eval.csv", 'fname,labels,mids\r\n911,"Bark,Dog",/m/1\r\n912,Rain,/m/4\r\n')
    write(root / "FSD50K.ground_truth/vocabulary.csv", "53,Crushing,/m/07plct2\n")
    terms = {"901": "sampling+/1.0/", "902": "by-nc/3.0/", "903": "by/4.0/"}
    clips = {
        clip: {
            "title": "a }, { title", "description": "x", "tags": [], "uploader": "someone",
            "license": f"http://creativecommons.org/licenses/{term}",
        }
        for clip, term in terms.items()
    }  # fmt: skip
    write(root / "FSD50K.metadata/dev_clips_info_FSD50K.json", json.dumps(clips, indent=4))
    for name in ("901", "902", "903", "904", "906", "907", "908", "910"):
        tone(root / f"FSD50K.dev_audio/{name}.wav", 44_100)
    tone(root / "FSD50K.eval_audio/911.wav", 44_100)
    return Fixture(
        root,
        {"train": ["901", "902"], "val": ["903", "904"], "eval": ["911"]},
        {
            "train": {
                ("905", "audio_missing"),
                ("906", "no_transcript"),
                ("907", "bad_row"),
                ("908", "too_few_columns"),
                ("910", "no_transcript"),
            },
            "val": {("../909", "unsafe_path")},
            "eval": {("912", "audio_missing")},
        },
    )
