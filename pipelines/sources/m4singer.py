"""M4Singer: Mandarin songs, phrase by phrase, of 20 singers of all four voice parts.

Release   github.com/M4Singer/M4Singer, on application; Zhang et al., NeurIPS 2022 Datasets and Benchmarks
Licence   CC BY-NC-SA 4.0, by the application form
Audio     one WAV per phrase, mono
Splits    none published: `all`
Quirk     names hold "#", and folders may have escaped characters (`#U7f8e`), or other blanks than the metadata, after
          some tools unpacked them. The voice part is no statement about the singer's gender, and none is made of it
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

from pipelines.formats.json_stream import read_list
from pipelines.listing import is_safe, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject, Speaker
from pipelines.source import Source

TABLE = "meta.json"
SINGER = re.compile(r"(Alto|Bass|Soprano|Tenor)-\d+")
_ESCAPED = re.compile(r"#U([0-9a-fA-F]{4,5})")
_BLANKS = re.compile(r"[\s_+-]+")


class M4Singer(Source):
    name = "m4singer"
    title = "M4Singer: songs of 20 singers"
    home = "https://github.com/M4Singer/M4Singer"
    licence = "CC-BY-NC-SA-4.0"
    commercial = False
    attribution = (
        "L. Zhang, R. Li, S. Wang, L. Deng, J. Liu, Y. Ren, J. He, R. Huang, J. Zhu, X. Chen, Z. Zhao: M4Singer: A "
        "Multi-Style, Multi-Singer and Musical Score Provided Mandarin Singing Corpus. NeurIPS 2022"
    )
    tasks = ("sid",)
    languages = ("zh",)
    splits = {"all": None}
    default_splits = ("all",)
    cut = "window"
    mean_seconds = 5.1
    hours = 29.8
    origin_namespace = "m4singer"
    audio = "WAV, mono, one file per phrase"
    obtain = "Apply at github.com/M4Singer/M4Singer and unpack m4singer.zip."
    expects = "the folder m4singer/, which holds meta.json and folders such as Alto-1#song/"
    layout = """
m4singer/                           <- SOURCE
  meta.json                         a list: item_name (Alto-1#song#0000), txt, phs, ph_dur, …
  Alto-1#song/0000.wav              0000.TextGrid and 0000.mid beside it
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return (folder / TABLE).is_file() and any(SINGER.match(place.name) for place in subfolders(folder))

    def has_split(self, split: str) -> bool:
        return True

    def read(self, split: str) -> Iterator[Record | Reject]:
        folders = {_plain(place.name): place.name for place in subfolders(self.root) if "#" in place.name}
        listing = cache(self.listing)
        named: dict[str, set[str]] = defaultdict(set)  # of each folder
        for number, item in enumerate(read_list(self.root / TABLE), start=1):
            where = f"{TABLE}:{number}"
            phrase = item.get("item_name") if isinstance(item, dict) else None
            if not isinstance(phrase, str) or phrase.count("#") < 2:
                yield Reject(phrase if isinstance(phrase, str) and phrase else where, "bad_row", where)
                continue
            song, _, utterance = phrase.rpartition("#")
            singer = song.partition("#")[0]
            folder = folders.get(_plain(song), song)
            if not is_safe(f"{folder}/{utterance}.wav"):
                yield Reject(phrase, "unsafe_path", where)
                continue
            named[folder].add(f"{utterance}.wav")
            if problem := listing(folder).problem(phrase, f"{utterance}.wav", where, TABLE):
                yield problem
            elif not SINGER.fullmatch(singer):
                yield Reject(phrase, "unknown_label", where)
            else:
                yield Record(
                    id=phrase,
                    audio=(AudioRef(f"{folder}/{utterance}.wav", seconds=_seconds(item)),),
                    annotations=(Label("sid", (singer,)),),
                    speaker=Speaker(singer),
                    original={"lyrics": item["txt"]} if isinstance(item.get("txt"), str) else {},
                )
        for folder in sorted(folders.values()):
            yield from listing(folder).unnamed(named[folder], ".wav", f"{folder}#")


def _plain(song: str) -> str:
    """What the names of a song's folder have in common, however it was unpacked."""
    text = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), song)
    return _BLANKS.sub("", unicodedata.normalize("NFC", text)).casefold()


def _seconds(item: dict[str, Any]) -> float | None:
    """The length of a phrase by its phonemes; None: not told."""
    lengths = item.get("ph_dur")
    if not isinstance(lengths, list) or not all(type(length) in (int, float) and length < 600 for length in lengths):
        return None
    return round(float(sum(lengths)), 3) if sum(lengths) > 0 else None
