"""MusicQA: questions and answers about music, written by a language model from captions and tags.

Release   huggingface.co/datasets/mu-llama/MusicQA; Liu et al., ICASSP 2024
Licence   none stated; the music is that of MusicCaps (pretrain), MagnaTagATune (finetune) and MTG-Jamendo (eval)
Audio     one WAV per clip, 10 to 30 s, of many rates; numbers of files run on over the three parts
Splits    pretrain, finetune, eval, by where the music is from
Quirk     the two questions that ask for a description give captions (mc), all others questions (mqa)
Quirk     where question or answer speaks of tags, it speaks of what the model was shown and not of the music: kept in
          `original`, and no target. That is one pair in fifteen, so that only a clip of which nothing else is told is
          rejected (`about_metadata`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.json_stream import read_list
from pipelines.record import Annotation, AudioRef, Caption, QuestionAnswer, Record, Reject
from pipelines.source import Source

DESCRIBE = ("describe the audio", "describe the audio in detail")
_TAGS = re.compile(r"\btag(?:s|ged)?\b", re.IGNORECASE)


class MusicQA(Source):
    name = "musicqa"
    title = "MusicQA: questions about music"
    home = "https://huggingface.co/datasets/mu-llama/MusicQA"
    licence = "LicenseRef-MusicQA"
    commercial = False
    attribution = (
        "S. Liu, A. S. Hussain, C. Sun, Y. Shan: Music Understanding LLaMA: Advancing Text-to-Music Generation with "
        "Question Answering and Captioning. ICASSP 2024"
    )
    tasks = ("mqa", "mc")
    languages = ()
    splits = {"pretrain": None, "finetune": None, "eval": 560}
    default_splits = ("pretrain", "finetune", "eval")
    evaluation_splits = ("eval",)
    cut = "window"  # some clips are a few frames over 30 s
    mean_seconds = 25.0
    origin_namespace = "musicqa"
    audio = "WAV, 10-30 s, of many rates"
    obtain = "Take the JSON files of home and unpack the audio beside them"
    expects = "the folder that holds PretrainMusicQA.json, FinetuneMusicQA.json or EvalMusicQA.json, and audios/"
    archives = ("audios.zip",)
    split_tables = {split: (f"{split.capitalize()}MusicQA.json",) for split in splits}
    layout = """
MusicQA/                            <- SOURCE
  PretrainMusicQA.json  FinetuneMusicQA.json  EvalMusicQA.json
  audios/000000.wav                 (or anywhere below)
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        table = self.split_table(split)
        audio = AudioTree(self)
        audio.require_any(f"unpack the audio of {self.home} into audios/")
        clips: dict[str, tuple[int, list[Annotation], list[str]]] = {}
        places: dict[str, int] = {}
        for number, entry in enumerate(read_list(self.root / table), start=1):
            where = f"{table}:{number}"
            name, pair = _pair(entry)
            clip_id = name.removesuffix(".wav")
            places[clip_id] = places.get(clip_id, 0) + 1
            if not name or pair is None:
                yield Reject(f"{clip_id}_{places[clip_id]}" if name else where, "bad_row", where)
                continue
            _, annotations, of_tags = clips.setdefault(name, (number, [], []))
            if any(map(_TAGS.search, pair)):
                of_tags.append("\t".join(pair))
            elif pair[0].rstrip(".").lower() in DESCRIBE:
                annotations.append(Caption(pair[1]))
            else:
                annotations.append(QuestionAnswer(*pair, task="mqa"))
        for name, (number, annotations, of_tags) in clips.items():
            clip_id, where = name.removesuffix(".wav"), f"{table}:{number}"
            if (path := audio.find(name)) is None:
                yield audio.problem(clip_id, name, where, table)
            elif not annotations:
                yield Reject(clip_id, "about_metadata", where)
            else:
                original = {"about tags": "\n".join(of_tags)} if of_tags else {}
                yield Record(clip_id, (AudioRef(path),), tuple(annotations), original=original)


def _pair(entry: Any) -> tuple[str, tuple[str, str] | None]:
    """The audio of an entry, and its question and answer: the two turns of a conversation."""
    if not isinstance(entry, dict) or not isinstance(name := entry.get("audio_name"), str):
        return "", None
    turns = entry.get("conversation")
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        return name, None
    if [turn.get("from") for turn in turns] != ["human", "gpt"]:
        return name, None
    question, answer = (turn.get("value") for turn in turns)
    if not (isinstance(question, str) and isinstance(answer, str) and question.strip() and answer.strip()):
        return name, None
    return name, (question.strip(), answer.strip())
