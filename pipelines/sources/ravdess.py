"""RAVDESS: actors who speak, and sing, two sentences in eight emotions.

Release   zenodo.org/record/1188976; Livingstone & Russo, PLoS ONE 2018
Licence   CC BY-NC-SA 4.0
Audio     one WAV per clip, 16 bit, 48 kHz, mono (a few are said to be stereo)
Splits    none published; speech and song are archives of their own, with tasks of their own
Quirk     all is told by seven numbers in the name of a file: modality, channel, emotion, intensity, statement,
          repetition, actor. A popular copy holds every file of speech twice: equal names count once. Files of the other
          modalities (01 with video, 02 without sound) are not read: the sound of 01 is that of its 03
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.formats.audio_tree import AudioTree
from pipelines.labels.speakers import gender
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject, Speaker
from pipelines.source import Source

CHANNELS = {"01": "speech", "02": "song"}
EMOTIONS = {
    "01": "neutral", "02": "calm", "03": "happy", "04": "sad", "05": "angry", "06": "fearful", "07": "disgust",
    "08": "surprised",
}  # fmt: skip
INTENSITIES = {"01": "normal", "02": "strong"}
STATEMENTS = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}
_NAME = re.compile(r"03-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")
_OTHER_MODALITY = re.compile(r"0[12](-\d\d){6}")


class RAVDESS(Source):
    name = "ravdess"
    title = "RAVDESS: acted emotions in speech and song"
    home = "https://zenodo.org/record/1188976"
    licence = "CC-BY-NC-SA-4.0"
    commercial = False
    attribution = (
        "S. R. Livingstone, F. A. Russo: The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS). "
        "PLoS ONE 13(5), 2018"
    )
    tasks = ("er", "smer", "sgc")
    languages = ("en",)
    splits = {"speech": 1_440, "song": 1_012}
    default_splits = ("speech", "song")
    mean_seconds = 4.1
    origin_namespace = "ravdess"
    audio = "WAV, 48 kHz mono 16 bit, one file per clip"
    obtain = "Unpack Audio_Speech_Actors_01-24.zip and Audio_Song_Actors_01-24.zip of zenodo.org/record/1188976"
    expects = "the folder that holds Audio_Speech_Actors_01-24/Actor_01/ (or Actor_01/ itself)"
    archives = ("Audio_*_Actors_01-24.zip",)
    layout = """
ravdess/                            <- SOURCE
  Audio_Speech_Actors_01-24/Actor_01/03-01-01-01-01-01-01.wav
  Audio_Song_Actors_01-24/Actor_01/03-02-01-01-01-01-01.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(next(folder.glob(f"{place}Actor_*/03-0*.wav"), None) for place in ("", "*/"))

    def has_split(self, split: str) -> bool:
        channel = next(code for code, name in CHANNELS.items() if name == split)
        return any(next(self.root.glob(f"{place}Actor_*/03-{channel}-*.wav"), None) for place in ("", "*/"))

    def read(self, split: str) -> Iterator[Record | Reject]:
        first = self.available_splits()[0]  # where what tells no split is reported
        for path in AudioTree(self, suffixes=(".wav",)).paths():
            clip = path.rpartition("/")[2].removesuffix(".wav")
            told = _NAME.fullmatch(clip)
            if told is None:
                if split == first and not _OTHER_MODALITY.fullmatch(clip):
                    yield Reject(clip, "no_transcript", path)
                continue
            channel, emotion, intensity, statement, repetition, actor = told.groups()
            if CHANNELS.get(channel, first) != split:
                continue
            if channel not in CHANNELS or emotion not in EMOTIONS or not 1 <= int(actor) <= 24:
                yield Reject(clip, "unknown_label", path)
                continue
            sex = "male" if int(actor) % 2 else "female"
            facts = {"intensity": INTENSITIES.get(intensity), "statement": STATEMENTS.get(statement)}
            yield Record(
                id=clip,
                audio=(AudioRef(path),),
                annotations=(Label("er" if split == "speech" else "smer", (EMOTIONS[emotion],)),),
                speaker=Speaker(f"Actor_{actor}", gender(sex)),
                original={key: value for key, value in facts.items() if value} | {"repetition": repetition},
            )
