"""Speech Commands v0.02: one spoken word per clip.

Release   Warden 2018; the archive unpacks without a folder of its own
Licence   CC BY 4.0
Audio     one WAV per clip, 16 kHz mono 16 bit, at most 1 s
Splits    `validation_list.txt` and `testing_list.txt` name theirs; all else is train. Where both lists are missing,
          the rule of the release's README, from which they were made, decides: a hash of the speaker's part of the
          file name, 10 % each, so that a speaker is in one split
Quirk     `_background_noise_` is left out: minutes of noise hold no keyword, and the 35 words have no class for it.
          Nor have they one for `_unknown_/` and `_silence_/` of the separate test set: reported as unknown labels
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import cache, cached_property

from pipelines.formats.tables import read_lines
from pipelines.listing import files, is_safe, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject, Speaker
from pipelines.source import Source, SourceError

WORDS = {
    "backward", "bed", "bird", "cat", "dog", "down", "eight", "five", "follow", "forward", "four", "go", "happy",
    "house", "learn", "left", "marvin", "nine", "no", "off", "on", "one", "right", "seven", "sheila", "six", "stop",
    "three", "tree", "two", "up", "visual", "wow", "yes", "zero",
}  # fmt: skip
NOISE = "_background_noise_"
LISTS = {"validation": "validation_list.txt", "test": "testing_list.txt"}


class SpeechCommands(Source):
    name = "speechcommands"
    title = "Speech Commands v0.02: spoken keywords"
    home = "https://arxiv.org/abs/1804.03209"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "P. Warden: Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition. arXiv:1804.03209, 2018"
    )
    tasks = ("ks",)
    languages = ("en",)
    splits = {"train": 84_843, "validation": 9_981, "test": 11_005}
    default_splits = tuple(splits)
    evaluation_splits = ("validation", "test")
    text_form = "unpunctuated"
    mean_seconds = 0.98
    origin_namespace = "speechcommands"
    audio = "WAV, 16 kHz mono 16 bit, one word per file, at most 1 s"
    obtain = "Unpack http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz in a folder of its own."
    expects = "the folder that holds one folder per word: yes/, no/, …"
    archives = ("speech_commands_v0.02.tar.gz",)
    layout = """
speech_commands_v0.02/              <- SOURCE
  yes/0165e0e8_nohash_0.wav         speaker _nohash_ repetition
  _background_noise_/               (left out)
  validation_list.txt  testing_list.txt
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any((folder / name).is_file() for name in LISTS.values()) or any((folder / w).is_dir() for w in WORDS)

    def has_split(self, split: str) -> bool:
        if self.lists:
            return split == "train" or bool(self.lists[split])
        return any(self.split_of(clip) == split for clip in self.clips())

    @cached_property
    def lists(self) -> dict[str, dict[str, str]]:
        """Split -> clip -> where it is listed; {} where both lists are missing.

        Raises:
            SourceError: one list is there without the other.
        """
        there = {split: self.has_file(self.root / name) for split, name in LISTS.items()}
        if any(there.values()) and not all(there.values()):
            lost = next(LISTS[split] for split, found in there.items() if not found)
            raise SourceError(f"{self.name}: {self.root / lost} is missing: incomplete download. {self.obtain}")
        return {split: dict(self._listed(LISTS[split])) for split, found in there.items() if found}

    def _listed(self, name: str) -> Iterator[tuple[str, str]]:
        for item in read_lines(self.root, name):
            if isinstance(item, Reject):
                raise SourceError(f"{self.name}: {self.root / item.where} is not UTF-8; restore the list")
            yield item[1].strip(), f"{name}:{item[0]}"

    def split_of(self, clip: str) -> str:
        """The split of `word/file.wav`, by the lists or, without them, by the release's hash."""
        if self.lists:
            return next((split for split, listed in self.lists.items() if clip in listed), "train")
        who = clip.rpartition("/")[2].partition("_nohash_")[0]
        share = int(hashlib.sha1(os.fsencode(who)).hexdigest(), 16) % 2**27 * 100 / (2**27 - 1)
        return "validation" if share < 10 else "test" if share < 20 else "train"

    def clips(self) -> Iterator[str]:
        """Every `word/file.wav`, by word and name, even where it is a link that leads nowhere."""
        for folder in subfolders(self.root):
            if folder.name != NOISE and not folder.name.startswith("."):
                yield from (f"{folder.name}/{name}" for name in files(folder, ".wav", lost=True))

    def read(self, split: str) -> Iterator[Record | Reject]:
        found: set[str] = set()
        listing = cache(self.listing)
        for clip in self.clips():
            if self.split_of(clip) != split:
                continue
            found.add(clip)
            word, _, name = clip.partition("/")
            if word not in WORDS:
                yield Reject(clip.removesuffix(".wav"), "unknown_label", clip)
                continue
            if problem := listing(word).problem(clip.removesuffix(".wav"), name, clip):
                yield problem
                continue
            who, nohash, _ = name.partition("_nohash_")
            speaker = Speaker(who if nohash else None)
            yield Record(clip.removesuffix(".wav"), (AudioRef(clip),), (Label("ks", (word,)),), speaker)
        for clip, where in self.lists.get(split, {}).items():
            if clip not in found:
                reason = "audio_missing" if is_safe(clip) else "unsafe_path"
                yield Reject(clip.removesuffix(".wav"), reason, where, metadata=LISTS[split])
