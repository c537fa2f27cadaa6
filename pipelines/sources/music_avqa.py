"""MUSIC-AVQA: questions about videos of musicians, of which those about the sound alone are read.

Release   gewu-lab.github.io/MUSIC-AVQA; Li et al., CVPR 2022
Licence   CC BY-NC 4.0 as the project's page says; the annotations are in a repository under MIT
Audio     the sound of MP4 videos of about 60 s, or what the user extracted from them
Splits    train, val, test. `json_update/` corrects `json/` and is preferred
Quirk     the answer's key is spelt `anser`; `type` and `templ_values` are JSON inside JSON strings
Quirk     questions of type Audio-Visual and Visual need the picture and are left out, as are those marked as deleted
Quirk     a question is about the whole video: longer ones are cut in windows for training, each with every answer
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.json_stream import read_list
from pipelines.record import AudioRef, QuestionAnswer, Record, Reject
from pipelines.source import Source

PLACES = ("data/json_update/", "json_update/", "data/json/", "json/", "")  # of the tables; the first that is there
_SLOT = re.compile(r"<[A-Za-z]+>")
ROOT = "audio"


class MusicAVQA(Source):
    name = "music_avqa"
    title = "MUSIC-AVQA: questions about performed music"
    home = "https://gewu-lab.github.io/MUSIC-AVQA/"
    licence = "CC-BY-NC-4.0"
    commercial = False
    attribution = (
        "G. Li, Y. Wei, Y. Tian, C. Xu, J. Wen, D. Hu: Learning to Answer Questions in Dynamic Audio-Visual "
        "Scenarios. CVPR 2022"
    )
    tasks = ("mqa",)
    languages = ()
    splits = {"train": None, "val": 797, "test": 1_579}  # videos with questions about the sound
    default_splits = ("train", "val", "test")
    evaluation_splits = ("val", "test")
    cut = "window"
    mean_seconds = 60.0
    hours = 150.0
    origin_namespace = "music_avqa"
    audio = "MP4 video, about 60 s"
    obtain = "Clone github.com/GeWu-Lab/MUSIC-AVQA and put the videos of home into data/video/"
    expects = "the folder that holds data/json_update/avqa-train.json (or data/json/), with the videos anywhere in it"
    split_tables = {split: tuple(f"{place}avqa-{split}.json" for place in PLACES) for split in splits}
    layout = """
MUSIC-AVQA/                         <- SOURCE
  data/json_update/avqa-train.json  avqa-val.json  avqa-test.json      (or data/json/)
  data/video/00000093.mp4           (or data/audio/00000093.wav)
"""
    extra_roots = {ROOT: "the folder of the videos, if it is not below SOURCE"}

    def read(self, split: str) -> Iterator[Record | Reject]:
        table = self.split_table(split)
        root = ROOT if ROOT in self.roots else ""
        audio = AudioTree(self, root=root)
        audio.require_any("put the videos of home into data/video/, or pass ROOTS=audio=/path where they lie")
        videos: dict[str, tuple[int, list[QuestionAnswer]]] = {}
        for number, entry in enumerate(read_list(self.root / table), start=1):
            where = f"{table}:{number}"
            if not isinstance(entry, dict) or not isinstance(video := entry.get("video_id"), str) or not video:
                yield Reject(where, "bad_row", where)
            elif _list(entry.get("type"))[:1] != ["Audio"]:
                if not _list(entry.get("type")):
                    yield Reject(f"{video}_{entry.get('question_id')}", "bad_row", where)
            elif str(entry.get("question_deleted", 0)) == "1":
                continue
            elif (pair := _pair(entry)) is None:
                yield Reject(f"{video}_{entry.get('question_id')}", "bad_row", where)
            else:
                videos.setdefault(video, (number, []))[1].append(pair)
        for video, (number, pairs) in videos.items():
            if (path := audio.find(video)) is None:
                yield audio.problem(video, video, f"{table}:{number}", table)
            else:
                yield Record(video, (AudioRef(path, root=root),), tuple(pairs))


def _pair(entry: Mapping[str, Any]) -> QuestionAnswer | None:
    """Question and answer, the slots of the question filled in their order; None: they do not fit."""
    question, values = entry.get("question_content"), _list(entry.get("templ_values"))
    answer = entry.get("anser", entry.get("answer"))
    if not isinstance(question, str) or not isinstance(answer, str) or not question.strip() or not answer.strip():
        return None
    if len(_SLOT.findall(question)) != len(values):
        return None
    words = iter(values)
    filled = _SLOT.sub(lambda slot: next(words).replace("_", " "), question)
    return QuestionAnswer(filled.strip(), answer.strip().replace("_", " "), task="mqa")


def _list(value: Any) -> list[str]:
    """The strings of a list that may be written as JSON inside a string; none where it is something else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else []
