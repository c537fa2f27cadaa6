"""Multilingual LibriSpeech: read audiobooks in eight European languages.

Release   OpenSLR 94, one archive per language, as FLAC or (`_opus`) as Opus; Pratap et al., Interspeech 2020
Licence   CC BY 4.0
Audio     one file per utterance, 10 to 20 s, 16 kHz mono (Opus decodes at 48 kHz)
Quirk     `limited_supervision/` holds lists of utterances, no further audio; where a language is there as FLAC and as
          Opus, the FLAC is read
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pipelines.formats.tables import lines_if_there, read_lines
from pipelines.labels.speakers import gender
from pipelines.listing import files, is_safe, subfolders
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source

UTTERANCE = re.compile(r"([^_./\\\0]+)_([^_./\\\0]+)_([0-9]{1,6})")  # speaker, book, number
LANGUAGES = ("english", "german", "dutch", "french", "spanish", "italian", "portuguese", "polish")


class MLS(Source):
    name = "mls"
    title = "Multilingual LibriSpeech: read audiobooks"
    home = "https://www.openslr.org/94"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "V. Pratap, Q. Xu, A. Sriram, G. Synnaeve, R. Collobert: MLS: A Large-Scale Multilingual Dataset for Speech "
        "Research. Interspeech 2020"
    )
    tasks = ("asr", "lid", "sgc")
    languages = ("en", "de", "nl", "fr", "es", "it", "pt", "pl")
    splits = dict.fromkeys(("train", "dev", "test"))
    default_splits = ("train", "dev", "test")
    evaluation_splits = ("dev", "test")
    text_form = "unpunctuated"
    mean_seconds = 14.8
    # Of train, dev and test, as the release's README tells them.
    language_hours = {
        "en": 44_691.0, "de": 1_995.1, "nl": 1_579.8, "fr": 1_096.7, "es": 937.7, "it": 257.8, "pt": 168.3, "pl": 107.9,
    }  # fmt: skip
    hours = sum(language_hours.values())
    origin_namespace = "mls"
    audio = "FLAC 16 kHz mono, or Opus, one file per utterance"
    obtain = "Unpack mls_<language>.tar.gz or mls_<language>_opus.tar.gz of openslr.org/94 side by side."
    expects = "the folder that holds mls_german/, mls_spanish_opus/, … (or one of these)"
    archives = ("mls_*.tar.gz",)
    layout = """
corpora/                            <- SOURCE (or mls_german/ itself)
  mls_german/
    metainfo.txt                    (optional: speakers' genders)
    train/transcripts.txt           id, tab, text
    train/audio/10148/10119/10148_10119_000000.flac
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return bool(_languages(folder))

    def has_split(self, split: str) -> bool:
        return any((folder / split / "transcripts.txt").is_file() for folder in _languages(self.root).values())

    def read(self, split: str) -> Iterator[Record | Reject]:
        for language, folder in _languages(self.root).items():
            place = f"{relative(folder, self.root)}/" if folder != self.root else ""
            if self.has_file(folder / split / "transcripts.txt"):
                yield from self.language(language, place, split)

    def language(self, language: str, place: str, split: str) -> Iterator[Record | Reject]:
        """The utterances of one language by line; then the recordings that no line names, by path."""
        table = f"{place}{split}/transcripts.txt"
        listing = lru_cache(maxsize=256)(lambda book: self.listing(f"{place}{split}/audio/{book}"))
        genders = self.genders(place)
        seen: dict[str, int] = {}  # book -> its utterances as bits: English has 10.8 million
        for item in read_lines(self.root, table):
            if isinstance(item, Reject):
                utterance, text, where, reason = item.id, "", item.where, item.reason
            else:
                utterance, tab, text = item[1].partition("\t")
                where, reason = f"{table}:{item[0]}", "" if tab else "too_few_columns"
                utterance = utterance if tab else utterance.split(maxsplit=1)[0]
            named = UTTERANCE.fullmatch(utterance)
            if named is None:
                safe = is_safe(utterance) and "/" not in utterance
                yield Reject(utterance, reason or ("bad_row" if safe else "unsafe_path"), where)
                continue
            speaker, book = named[1], f"{named[1]}/{named[2]}"
            seen[book] = seen.get(book, 0) | 1 << int(named[3])
            if reason:
                yield Reject(utterance, reason, where)
                continue
            there = listing(book)
            audio = f"{utterance}.opus" if f"{utterance}.opus" in there.names else f"{utterance}.flac"
            sex = genders.get(speaker, "")
            if problem := there.problem(utterance, audio, where, table):
                yield problem
            elif not text.strip():
                yield Reject(utterance, "no_transcript", where)
            else:
                yield Record(
                    id=utterance,
                    audio=(AudioRef(f"{place}{split}/audio/{book}/{audio}"),),
                    annotations=(Transcript(text, language),),
                    speaker=Speaker(speaker, gender(sex)),
                    original={"gender": sex} if sex else {},
                )
        yield from self.unnamed(f"{place}{split}/audio", seen)

    def unnamed(self, audio: str, seen: dict[str, int]) -> Iterator[Reject]:
        """The recordings under the folder `audio` that are not `seen`."""
        for speaker in subfolders(self.root / audio) if (self.root / audio).is_dir() else ():
            for book in subfolders(speaker):
                bits = seen.get(f"{speaker.name}/{book.name}", 0)
                for name in files(book, ".flac", ".opus"):
                    utterance = name[:-5]
                    index = utterance.rpartition("_")[2]
                    if not (index.isascii() and index.isdigit() and len(index) <= 6 and bits >> int(index) & 1):
                        yield Reject(utterance, "no_transcript", f"{audio}/{speaker.name}/{book.name}/{name}")

    def genders(self, place: str) -> dict[str, str]:
        """Speaker -> M or F, from metainfo.txt: `|`-separated with padding, a header, one row per chapter."""
        lines = lines_if_there(self, f"{place}metainfo.txt")
        rows = ([cell.strip() for cell in line.split("|", 2)] for line in lines)
        return {row[0]: row[1] for row in rows if len(row) > 1 and row[1] in ("M", "F")}


def _language(folder: CorpusPath) -> str | None:
    """The language of a folder that is called as the release's archives are; None for any other."""
    name = folder.name.removeprefix("mls_").removesuffix("_opus")
    return name if folder.name.startswith("mls_") and name in LANGUAGES else None


def _languages(root: CorpusPath) -> dict[str, CorpusPath]:
    """Language -> its folder: `root` itself, or the folders in it."""
    found: dict[str, CorpusPath] = {}
    places = [root] if _language(root) else subfolders(root)
    for folder in places:  # mls_german comes before mls_german_opus
        if language := _language(folder):
            there = any((folder / split / "transcripts.txt").is_file() for split in MLS.splits)
            if there:
                found.setdefault(language, folder)
    return found
