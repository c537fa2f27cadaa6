"""Emilia: speech of the web in six languages, transcribed by machine.

Release   amphion/Emilia-Dataset; He et al., SLT 2024. Two parts: Emilia, and Emilia-YODAS
Licence   Emilia: CC BY-NC 4.0; Emilia-YODAS: CC BY 4.0
Audio     one MP3 per utterance of 3 to 30 s, 24 or 32 kHz mono
Splits    none published: each part is one
Quirk     comes in two forms: lists in JSON lines beside folders of speakers, or archives that hold a JSON beside each
          MP3, to be unpacked into a folder each. Texts, languages and speakers are found by machine, so that the
          language of speech is not taught from them. Emilia-YODAS names utterances by their videos on YouTube
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pipelines.formats.json_lines import read_json_lines
from pipelines.labels.languages import language_code
from pipelines.listing import files, is_safe, subfolders
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source, SourceError

LANGUAGES = ("DE", "EN", "FR", "JA", "KO", "ZH")
PLACES = {"Emilia": ("Emilia", "raw"), "Emilia-YODAS": ("Emilia-YODAS",)}
LICENCES = {"Emilia": "CC-BY-NC-4.0", "Emilia-YODAS": "CC-BY-4.0"}
_VIDEO = re.compile(r"[A-Z]{2}_(.{11})_W\d+")


class Emilia(Source):
    name = "emilia"
    title = "Emilia: speech of the web in six languages"
    home = "https://huggingface.co/datasets/amphion/Emilia-Dataset"
    licence = "CC-BY-NC-4.0"
    commercial = False
    attribution = (
        "H. He, Z. Shang, C. Wang, X. Li, Y. Gu, H. Hua, L. Liu, C. Yang, J. Li, P. Shi, Y. Wang, K. Chen, P. Zhang, "
        "Z. Wu: Emilia: An Extensive, Multilingual, and Diverse Speech Dataset for Large-Scale Speech Generation. "
        "SLT 2024"
    )
    tasks = ("asr",)
    languages = ("en", "zh", "de", "fr", "ja", "ko")
    splits = dict.fromkeys(PLACES)
    default_splits = tuple(PLACES)
    mean_seconds = 9.0
    hours = 215_600.0
    origin_namespace = "emilia"
    audio = "MP3 mono, 24 or 32 kHz, one file per utterance"
    obtain = (
        "Apply at huggingface.co/datasets/amphion/Emilia-Dataset and unpack each archive into a folder of its name: "
        "for f in *.tar; do mkdir ${f%.tar} && tar xf $f -C ${f%.tar}; done. Or take the lists from OpenDataLab."
    )
    expects = "the folder that holds Emilia/EN/, Emilia-YODAS/EN/, … (or raw/EN/ with its lists)"
    layout = """
Emilia-Dataset/                     <- SOURCE
  Emilia/EN/EN-B000000/             an archive, unpacked:
    EN_B00000_S00000_W000000.json   id, text, speaker, language, duration, dnsmos
    EN_B00000_S00000_W000000.mp3
  raw/EN/EN_B00000.jsonl            or a list: the same, and `wav`, the path of the audio:
  raw/EN/EN_B00000/EN_B00000_S00000/mp3/EN_B00000_S00000_W000000.mp3
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(_folders(folder, split) for split in cls.splits)

    def has_split(self, split: str) -> bool:
        return bool(_folders(self.root, split))

    def read(self, split: str) -> Iterator[Record | Reject]:
        for folder in _folders(self.root, split):
            place = relative(folder, self.root)
            lists = files(folder, ".jsonl")
            listed = {name.removesuffix(".jsonl") for name in lists}
            unpacked = [child for child in subfolders(folder) if child.name not in listed]
            if not lists and not unpacked and files(folder, ".tar"):
                raise SourceError(f"{self.name}: {folder} holds archives that are not unpacked. {self.obtain}")
            for name in lists:
                yield from self.listed(f"{place}/{name}", place, split)
            for child in unpacked:
                yield from self.beside(f"{place}/{child.name}", split)

    def listed(self, table: str, place: str, split: str) -> Iterator[Record | Reject]:
        """The utterances of a list, by line."""
        listing = lru_cache(maxsize=256)(self.listing)
        for item in read_json_lines(self.root / table, table):
            if isinstance(item, Reject):
                yield Reject(item.id, item.reason, item.id)
                continue
            where, told = f"{table}:{item[0]}", item[1]
            wav = told.get("wav")
            if not isinstance(wav, str):
                yield Reject(_id(told) or where, "bad_row", where)
                continue
            folder, _, name = wav.rpartition("/")
            if not is_safe(wav):
                yield Reject(_id(told) or where, "unsafe_path", where)
                continue
            problem = listing(f"{place}/{folder}").problem(_id(told) or where, name, where, table)
            yield problem or _utterance(told, f"{place}/{wav}", where, split)

    def beside(self, folder: str, split: str) -> Iterator[Record | Reject]:
        """The utterances of an unpacked archive, by name; each has its own JSON."""
        listing = self.listing(folder)
        names = {name.rpartition(".")[0] for name in listing.names if name.endswith((".mp3", ".json"))}
        for name in sorted(names):
            table, audio = f"{name}.json", f"{name}.mp3"
            where = f"{folder}/{table}"
            if table not in listing.names:
                yield Reject(name, "no_transcript", f"{folder}/{audio}")
            elif problem := listing.problem(name, audio, where, where):
                yield problem
            else:
                told = _fields((self.root / where).read_bytes())
                yield _utterance(told, f"{folder}/{audio}", where, split) if told else Reject(name, "bad_row", where)


def _fields(text: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _id(told: dict[str, Any]) -> str:
    name = told.get("id", told.get("_id"))
    return name if isinstance(name, str) else ""


def _utterance(told: dict[str, Any], path: str, where: str, split: str) -> Record | Reject:
    name, text, language = _id(told), told.get("text"), told.get("language")
    speaker, seconds = told.get("speaker"), told.get("duration")
    name = name or path.rpartition("/")[2].removesuffix(".mp3")
    if not isinstance(text, str) or not text.strip():
        return Reject(name, "no_transcript", where)
    if not isinstance(language, str) or language_code(language) is None:
        return Reject(name, "unknown_label", where)
    video = _VIDEO.fullmatch(name) if split == "Emilia-YODAS" else None
    return Record(
        id=name,
        audio=(AudioRef(path, seconds=float(seconds) if isinstance(seconds, (int, float)) and seconds > 0 else None),),
        annotations=(Transcript(text, language),),
        speaker=Speaker(speaker if isinstance(speaker, str) else None),
        licence=LICENCES[split],
        origin=f"youtube:{video[1]}" if video else None,
        original={"dnsmos": str(told["dnsmos"])} if "dnsmos" in told else {},
    )


def _folders(root: CorpusPath, split: str) -> list[CorpusPath]:
    """The folders of languages that hold a split; `root` may be the folder of a part, which its name tells."""
    itself = root.name if root.name in PLACES else "Emilia"
    places = [*(root / place for place in PLACES[split]), *([root] if split == itself else [])]
    found = [place / language for place in places for language in LANGUAGES if (place / language).is_dir()]
    # Folders of such names are common: these hold lists, archives, or folders named as the archives are.
    return [folder for folder in found if any(_is_part(name, folder.name) for name in _names(folder))]


def _names(folder: CorpusPath) -> list[str]:
    return [*files(folder, ".jsonl", ".tar"), *(child.name for child in subfolders(folder))]


def _is_part(name: str, language: str) -> bool:
    return re.match(rf"{language}[-_]B\d+", name) is not None
