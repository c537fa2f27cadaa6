"""MuST-C: English TED talks with transcripts and translations into up to fourteen languages.

Release   versions 1 to 3; Di Gangi et al., NAACL 2019. SOURCE holds all pairs that were downloaded, or is one of them
Licence   CC BY-NC-ND 4.0
Audio     one WAV per talk, 16 kHz mono 16 bit, of which segments are cut
Splits    the release's own. Pairs differ in what they hold out: a segment of train whose talk is in a development or
          test split of another pair is reported, not trained on
Quirk     pairs hold the same talks, each with its own segments: those with equal times are one record with several
          translations, so that no English is told twice. Segments have no ids: they are named by talk and times in ms.
          Texts are cased, with marks such as `(Laughter)`; segments that hold nothing else are rejected
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cached_property

from pipelines.formats.parallel_text import Segment, merged, read_parallel, read_segment, segment_id
from pipelines.formats.tables import read_lines
from pipelines.listing import subfolders
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import AudioRef, Record, Reject
from pipelines.source import Source

PAIR = re.compile(r"en-([a-z]{2,3})")
ENTRY = re.compile(r"-\s*\{(.*)\}\s*")
RANK = {"train": 0, "dev": 1, "tst-COMMON": 2, "tst-HE": 2}


class MuSTC(Source):
    name = "mustc"
    title = "MuST-C: translated TED talks"
    home = "https://ict.fbk.eu/must-c/"
    licence = "CC-BY-NC-ND-4.0"
    commercial = False
    attribution = (
        "M. A. Di Gangi, R. Cattoni, L. Bentivogli, M. Negri, M. Turchi: MuST-C: a Multilingual Speech Translation "
        "Corpus. NAACL 2019"
    )
    tasks = ("s2tt", "asr")
    languages = ("en",)
    splits = dict.fromkeys(RANK)
    default_splits = tuple(RANK)
    evaluation_splits = ("dev", "tst-COMMON", "tst-HE")
    mean_seconds = 6.5
    origin_namespace = "mustc"
    audio = "WAV, 16 kHz mono 16 bit, one file per talk"
    obtain = "Register at ict.fbk.eu/must-c, and unpack the archives of the pairs side by side."
    expects = "the folder that holds en-de/data/train/txt/train.yaml, … (or the folder en-de/ itself)"
    archives = ("MUSTC_*.tar.gz",)
    layout = """
MUSTC/                              <- SOURCE (or en-de/)
  en-de/data/train/
    wav/ted_1.wav
    txt/train.yaml                  - {duration: 3.5, offset: 16.08, speaker_id: spk.1, wav: ted_1.wav}
    txt/train.en  train.de          a line per entry
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return bool(_pairs(folder))

    def has_split(self, split: str) -> bool:
        return bool(self.tables(split))

    def tables(self, split: str) -> dict[str, str]:
        """Language of the translations -> folder of a split, of the pairs that have it."""
        places = ((language, f"{folder}/{split}") for language, folder in _pairs(self.root).items())
        return {to: place for to, place in places if self.has_file(self.root / f"{place}/txt/{split}.yaml")}

    @cached_property
    def held_out(self) -> dict[str, int]:
        """Talk -> the highest rank of the splits that have it; {} of one pair, whose splits are disjoint."""
        ranks: dict[str, int] = {}
        for split, rank in RANK.items() if len(_pairs(self.root)) > 1 else ():
            for place in self.tables(split).values() if rank else ():
                for item in read_lines(self.root, f"{place}/txt/{split}.yaml"):
                    talk = "" if isinstance(item, Reject) else _entry(item[1]).get("wav", "")
                    ranks[talk] = max(rank, ranks.get(talk, 0))
        return ranks

    def read(self, split: str) -> Iterator[Record | Reject]:
        yield from merged(self.pair(split, language) for language in self.tables(split))

    def pair(self, split: str, language: str) -> Iterator[Segment | Reject]:
        """The segments of one pair, by line; then the talks that no line names."""
        place = self.tables(split)[language]
        table = f"{place}/txt/{split}.yaml"
        listing = self.listing(f"{place}/wav")
        named: set[str] = set()
        texts = (f"{place}/txt/{split}.{code}" for code in ("en", language))
        for line in read_parallel(self.root, table, *texts):
            entry = _entry(line.line or "")
            wav, span = entry.get("wav", ""), _span(entry)
            named.add(wav)
            if line.line is None or not wav or span is None:
                yield Reject(line.where, "wrong_encoding" if line.line is None else "bad_row", line.where)
                continue
            talk = wav.removesuffix(".wav")
            segment = segment_id(talk, *span)
            if problem := listing.problem(segment, wav, line.where, table):
                yield problem
            elif self.held_out.get(wav, 0) > RANK[split]:
                yield Reject(segment, "held_out", line.where)
            else:
                audio = AudioRef(f"{place}/wav/{wav}", start=span[0], end=span[1])
                speaker, origin = entry.get("speaker_id"), f"ted:{talk.removeprefix('ted_')}"
                found = Segment(segment, audio, "en", line.texts[0] or "", speaker, origin, b"")
                yield from read_segment(found, (language, line.texts[1]), line)
        yield from listing.unnamed(named, ".wav")


def _pairs(root: CorpusPath) -> dict[str, str]:
    """Language of the translations -> the folder `data` of a pair, by language; `root` may be that of a pair."""
    folders = (
        [root] if PAIR.fullmatch(root.name) else [child for child in subfolders(root) if PAIR.fullmatch(child.name)]
    )
    found = {folder.name.removeprefix("en-"): folder / "data" for folder in folders}
    there = {language: folder for language, folder in found.items() if _is_data(folder)}
    return {language: relative(folder, root) for language, folder in there.items()}


def _is_data(folder: CorpusPath) -> bool:
    return any((folder / f"{split}/txt/{split}.yaml").is_file() for split in RANK)


def _entry(line: str) -> dict[str, str]:
    """The inline mapping of a line; {} where it is none. Values are numbers and names, without commas."""
    match = ENTRY.fullmatch(line.strip())
    fields = (field.partition(":") for field in match[1].split(",")) if match else ()
    return {key.strip(): value.strip().strip("'\"") for key, _, value in fields}


def _span(entry: dict[str, str]) -> tuple[float, float] | None:
    """Start and end in seconds; None where they are no numbers."""
    try:
        start, seconds = float(entry["offset"]), float(entry["duration"])
    except (KeyError, ValueError):
        return None
    return (start, round(start + seconds, 6)) if math.isfinite(start) and math.isfinite(seconds) else None
