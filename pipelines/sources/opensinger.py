"""OpenSinger: Mandarin songs, phrase by phrase, of 66 singers.

Release   github.com/Multi-Singer/Multi-Singer.github.io; Huang et al., ACM MM 2021
Licence   CC BY-NC-SA (the repository links version 2.0)
Audio     one WAV per phrase, 24 kHz mono
Splits    none published: `all`
Quirk     singers are counted anew in ManRaw and WomanRaw: singer 1 is two people. Titles may hold "_": the singer
          stands before the first, the number of the phrase behind the last. The text files beside the audio hold lyrics
          and phonemes and are not read
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.labels.speakers import gender
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject, Speaker
from pipelines.source import Source

FOLDERS = {"ManRaw": "Man", "WomanRaw": "Woman"}
PHRASE = re.compile(r"(\d+)_.*_\d+", re.DOTALL)


class OpenSinger(Source):
    name = "opensinger"
    title = "OpenSinger: songs of 66 singers"
    home = "https://github.com/Multi-Singer/Multi-Singer.github.io"
    licence = "CC-BY-NC-SA-2.0"
    commercial = False
    attribution = (
        "R. Huang, F. Chen, Y. Ren, J. Liu, C. Cui, Z. Zhao: Multi-Singer: Fast Multi-Singer Singing Voice Vocoder "
        "With A Large-Scale Corpus. ACM Multimedia 2021"
    )
    tasks = ("sid", "sgc")
    languages = ("zh",)
    splits = {"all": None}
    default_splits = ("all",)
    cut = "window"
    mean_seconds = 4.3
    hours = 50.0
    origin_namespace = "opensinger"
    audio = "WAV, 24 kHz mono, one file per phrase"
    obtain = "Download OpenSinger by the link in the README of the home page and unpack it with UTF-8 file names."
    expects = "the folder OpenSinger/, which holds ManRaw/ and WomanRaw/"
    layout = """
OpenSinger/                         <- SOURCE
  ManRaw/12_song/12_song_1.wav      singer_song_phrase; .txt and .lab beside it
  WomanRaw/46_song/46_song_0.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any((folder / place).is_dir() for place in FOLDERS)

    def has_split(self, split: str) -> bool:
        return True

    def read(self, split: str) -> Iterator[Record | Reject]:
        for place, sex in FOLDERS.items():
            if self.has_folder(self.root / place):
                for song in subfolders(self.root / place):
                    yield from self.song(f"{place}/{song.name}", place, sex)

    def song(self, folder: str, place: str, sex: str) -> Iterator[Record | Reject]:
        """The phrases of one song, and lyrics whose audio is not there."""
        listing = self.listing(folder)
        for name in files(self.root / folder, ".wav", ".txt"):
            stem, path = name[:-4], f"{folder}/{name}"
            phrase = f"{place}_{stem}"
            if name.lower().endswith(".txt"):
                if problem := listing.problem(phrase, f"{stem}.wav", path, path):
                    yield problem
                continue
            found = PHRASE.fullmatch(stem)
            if found is None:
                yield Reject(phrase, "unknown_label", path)
                continue
            singer = f"{sex}{found[1]}"
            yield Record(
                id=phrase,
                audio=(AudioRef(path),),
                annotations=(Label("sid", (singer,)),),
                speaker=Speaker(singer, gender(sex)),
                original={"gender": sex},
            )
