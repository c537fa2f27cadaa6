"""AISHELL-2: read Mandarin, recorded by telephones and a microphone.

Release   AISHELL Foundation; Du et al., arXiv 1808.10583; on application
Licence   academic use only
Audio     one WAV per utterance, 16 kHz mono 16 bit
Splits    train, dev and test are of the iOS channel. dev and test come in a second download too, also as the Android
          and Mic channels recorded them
Quirk     an utterance is in `wav.scp` and in `trans.txt`, or is none. Words are not divided; English ones are, and keep
          their spaces. As in public recipes, `，` and `?` and brackets go, `-` parts words, an apostrophe after a
          Chinese character goes, and one rare character is written as all the others write it
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pipelines.formats.tables import read_lines
from pipelines.listing import files, is_safe, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source

CHANNELS = {"": "iOS", "-android": "Android", "-mic": "Mic"}
DOWNLOADS = ("", "AISHELL-2/", "AISHELL-DEV-TEST-SET/")
_DROPPED = str.maketrans({"，": None, ",": None, "?": None, "？": None, "(": None, ")": None, "-": " ", "𫖯": "頫"})
_APOSTROPHE = re.compile(r"(?<=[\u3400-\u9fff])['’]")


class Aishell2(Source):
    name = "aishell2"
    title = "AISHELL-2: read Mandarin"
    home = "https://www.aishelltech.com/aishell_2"
    licence = "LicenseRef-AISHELL-2-academic"
    commercial = False
    attribution = (
        "J. Du, X. Na, X. Liu, H. Bu: AISHELL-2: Transforming Mandarin ASR Research Into Industrial Scale. "
        "arXiv:1808.10583, 2018"
    )
    tasks = ("asr",)
    languages = ("zh",)
    splits = {
        "train": 1_009_223, "dev": 2_500, "test": 5_000,
        "dev-android": 2_500, "test-android": 5_000, "dev-mic": 2_500, "test-mic": 5_000,
    }  # fmt: skip
    default_splits = tuple(splits)
    evaluation_splits = tuple(splits)[1:]
    text_form = "unpunctuated"
    mean_seconds = 3.6
    hours = 1_020.0
    origin_namespace = "aishell2"
    audio = "WAV, 16 kHz mono 16 bit, one file per utterance"
    obtain = "Apply at aishelltech.com/aishell_2; unpack AISHELL-2 and AISHELL-DEV-TEST-SET into one folder."
    expects = "the folder AISHELL-2/, which holds iOS/data/ (or one that holds it and AISHELL-DEV-TEST-SET/)"
    layout = """
AISHELL-2/                          <- SOURCE (or the folder that holds it)
  iOS/data/                         train; beside it iOS/dev/ and iOS/test/
    wav.scp                         id, tab, wav/C0001/IC0001W0001.wav
    trans.txt                       id, tab, text
    wav/C0001/IC0001W0001.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(_folder(folder, split) for split in cls.splits)

    def has_split(self, split: str) -> bool:
        return _folder(self.root, split) is not None

    def read(self, split: str) -> Iterator[Record | Reject]:
        place = _folder(self.root, split)
        if place is None:
            return
        paths: dict[str, str | None] = {}  # "" where it follows from the id: there are a million
        yield from self.paths(f"{place}/wav.scp", paths)
        listing = lru_cache(maxsize=256)(self.listing)
        table, scp = f"{place}/trans.txt", f"{place}/wav.scp"
        named: set[str] = set()
        for item in read_lines(self.root, table):
            if isinstance(item, Reject):
                named.add(item.id)
                yield item
                continue
            utterance, text = (*item[1].split(maxsplit=1), "")[:2]
            where = f"{table}:{item[0]}"
            named.add(utterance)
            if utterance not in paths:
                yield Reject(utterance, "audio_missing" if is_safe(utterance) else "unsafe_path", where, scp)
                continue
            path = paths[utterance]
            if path is None:  # its row of wav.scp was told
                continue
            folder, _, wav = f"{place}/{path or _usual(utterance)}".rpartition("/")
            if problem := listing(folder).problem(utterance, wav, where, scp):
                yield problem
            elif not (cleaned := clean(text)):
                yield Reject(utterance, "no_transcript", where)
            else:
                yield Record(
                    id=utterance,
                    audio=(AudioRef(f"{folder}/{wav}"),),
                    annotations=(Transcript(cleaned, "zh"),),
                    speaker=Speaker(folder.rpartition("/")[2]),
                    original={"text": text} if cleaned != text else {},
                )
        named.update(path for path in paths.values() if path)
        wavs = self.root / f"{place}/wav"
        for speaker in subfolders(wavs) if self.has_folder(wavs) else ():
            for name in files(speaker, ".wav"):
                if name[:-4] not in named and f"wav/{speaker.name}/{name}" not in named:
                    yield Reject(name[:-4], "no_transcript", f"{place}/wav/{speaker.name}/{name}")

    def paths(self, table: str, paths: dict[str, str | None]) -> Iterator[Reject]:
        """Fill in the path of each utterance, None where its line of wav.scp has none; such lines are given."""
        for item in read_lines(self.root, table):
            if isinstance(item, Reject):
                yield item
                continue
            utterance, path = (*item[1].split(maxsplit=1), "")[:2]
            paths[utterance] = "" if path == _usual(utterance) else path
            if not is_safe(path):
                paths[utterance] = None
                yield Reject(utterance, "unsafe_path" if path else "too_few_columns", f"{table}:{item[0]}")


def clean(text: str) -> str:
    """A transcript without the marks that its others do not have."""
    return " ".join(_APOSTROPHE.sub("", text.translate(_DROPPED)).split())


def _usual(utterance: str) -> str:
    return f"wav/{utterance[1:6]}/{utterance}.wav"


def _folder(root: CorpusPath, split: str) -> str | None:
    """The folder of a split, relative to `root`; None where it is not there."""
    name, dash, channel = split.partition("-")
    folder = f"{CHANNELS[dash + channel]}/{'data' if name == 'train' else name}"
    for place in (f"{download}{folder}" for download in DOWNLOADS):
        if (root / place / "wav.scp").is_file() and (root / place / "trans.txt").is_file():
            return place
    return None
