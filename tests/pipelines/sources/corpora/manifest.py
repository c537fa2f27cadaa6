"""Data of one's own as a folder of manifests, a split each: all that rows can say, and what can be wrong with them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tests.pipelines.sources.fixture import Fixture, tone, write

TASKS = (
    "asr,lid,s2tt,osr,dialect_asr,srwt,did,sgc,er,sd,ser,ks,ic,sf,sap,vsc,aac,sec,asc,sed,aqa,sid,smer,mc,mic,mgr,mr,"
    "mqa"
)
SPEECH: dict[str, Any] = {"language": "de", "text": "Guten Tag."}
ROWS: dict[str, dict[str, Any]] = {
    "said": {**SPEECH, "speaker": "7", "gender": "female", "age": 34, "note": {"agent": "B"}, "empty": None},
    "words": {**SPEECH, "words": [{"word": "Guten", "start": 0.01, "end": 0.04}, ["Tag", 0.05, 0.09]]},
    "ctm": {**SPEECH, "words": "0.01 0.03 Guten\nx 1 0.05 0.04 Tag"},
    "part": {**SPEECH, "audio": "wav/long.wav", "start": 0.3, "duration": 0.1},
    "translated": {**SPEECH, "translation": "Good day.", "translation_language": "en"},
    "dialect": {**SPEECH, "text": "Servus beinand.", "task": "dialect_asr", "dialect": "bavarian"},
    "both": {"language": "de", "text": ["Wo ist es?", "Ich weiß nicht."], "task": "osr"},
    "feeling": {"language": "de", "task": "er", "label": "happy", "gender": "f", "age": "34", "singer": "Ida"},
    "order": {**SPEECH, "scenario": "light", "action": "off", "entities": [{"type": "place", "value": "Kitchen"}]},
    "slots": {**SPEECH, "task": "sf", "entities": [["room", "kitchen"]]},
    "song": {"task": "mr", "entities": [["title", "La"]], "genre": ["rock"], "instrument": "guitar", "mood": "dark"},
    "dog": {"sound": ["dog", "rain"], "scene": "park", "caption": ["A dog barks.", "A bark."], "vocal_sound": "cough"},
    "tune": {"caption": "A slow tune.", "task": "mc"},
    "asked": {"question": "What barks?", "answer": "a dog", "choices": ["a dog", "a cat"]},
    "asked2": {"question": "Which key?", "answer": "a minor", "task": "mqa"},
    "events": {"events": [{"label": "dog", "start": 0.0, "end": 0.05}], "turns": [["a", 0.0, 0.04], ["b", 0.05, 0.09]]},
    "word": {"language": "de", "keyword": "halt", "U+2028": "a\u2028b"},
}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "gone": (SPEECH, "audio_missing"),
    "silent": ({"language": "de", "text": " "}, "no_transcript"),
    "klingon": ({"text": "Hab", "language": "?"}, "unknown_label"),
    "newtask": ({**SPEECH, "task": "tts"}, "unknown_label"),
    "backwards": ({**SPEECH, "start": 2, "end": 1}, "bad_times"),
    "nan": ({**SPEECH, "start": "soon"}, "bad_times"),
    "kind": ({"language": "de", "label": "x"}, "bad_row"),
    "untimed": ({**SPEECH, "words": [{"word": "Guten"}]}, "bad_row"),
    "web": ({**SPEECH, "audio": "https://example.org/a.wav"}, "unsafe_path"),
}


def corpus(folder: Path) -> Fixture:
    root = folder / "mine"
    lines = [
        json.dumps({"id": name, "audio": f"wav/{name}.wav", **row}, ensure_ascii=False) for name, row in ROWS.items()
    ]
    lines += [json.dumps({"id": name, "audio": f"wav/{name}.wav", **row}) for name, (row, _) in BAD.items()]
    lines += ["{no JSON", "[1]", "", '{"id": "x", "text": "\udcff"}']
    write(root / "train.jsonl", "\ufeff" + "\r\n".join(lines))
    deepspeech = [
        "wav_filename,wav_filesize,transcript",
        'wav/said.wav,0,"Guten, ""Tag""\nNachbar"',
        "wav/word.wav,0",
        "",
    ]
    write(root / "dev.csv", "\n".join(deepspeech))
    write(root / "test.tsv", 'path\tsentence\tlocale\nwav/said.wav\tSagt "ja.\tde\nwav/word.wav\t\tde\n')
    nemo = {
        "audio_filepath": "wav/said.wav",
        "duration": 0.1,
        "lang": "de",
        "pnc": "no",
        "text": "guten tag",
    }
    asked = {
        **nemo,
        "taskname": "s2t_translation",
        "source_lang": "de",
        "target_lang": "en",
        "answer": "na",
        "pnc": "yes",
    }
    write(root / "nemo.jsonl.gz", gzip.compress(f"{json.dumps(nemo)}\n{json.dumps(asked)}\n".encode()))
    write(
        root / "object.json",
        json.dumps({"a": {"wav": "{data_root}/wav/said.wav", "wrd": "GUTEN TAG"}, "b": 1}, indent=1),
    )
    write(root / "list.json", json.dumps([{"audio": "wav/said.wav", "transcript": "Ja."}, "x"]))
    for name in ROWS.keys() | BAD.keys() - {"gone"}:
        tone(root / f"wav/{name}.wav")
    tone(root / "wav/long.wav", seconds=0.5)
    where = len(ROWS) + len(BAD)
    rejects = {(name, reason) for name, (_, reason) in BAD.items()}
    rejects |= {
        (f"train.jsonl:{where + n}", reason) for n, reason in ((1, "bad_row"), (2, "bad_row"), (4, "wrong_encoding"))
    }
    return Fixture(
        root,
        {
            "train": list(ROWS),
            "dev": ["wav/said"],
            "test": ["wav/said"],
            "nemo": ["wav/said", "wav/said-7e6c3aa8"],
            "object": ["a"],
            "list": ["wav/said"],
        },
        {
            "train": rejects,
            "dev": {("wav/word.wav", "too_few_columns")},
            "test": {("wav/word", "no_transcript")},
            "object": {("b", "bad_row")},
            "list": {("list.json:2", "bad_row")},
        },
        told={"language": "de", "licence": "CC-BY-4.0", "tasks": TASKS},
    )
