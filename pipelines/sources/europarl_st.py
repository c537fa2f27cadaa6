"""Europarl-ST: debates of the European Parliament in nine languages, each translated into the others.

Release   mllp.upv.es/europarl-st, version 1.1; Iranzo-Sánchez et al., ICASSP 2020
Licence   CC BY-NC 4.0
Audio     one M4A (AAC) per speech, 44.1 or 48 kHz, of which segments are cut; whatever it was converted to is read too
Splits    the release's own; `train-noisy` is left out, as its texts are known to be wrong in part. Pairs differ in what
          they hold out: a segment of train whose speech is in dev or test of another pair of its language is reported,
          not trained on
Quirk     pairs of one spoken language share speeches: segments with equal times are one record with several
          translations, so that no transcript is told twice. Segments have no ids: they are named by speech and times in
          ms. `speakers.lst` has a line per speech, as `speeches.lst` has. Speeches that no list names belong to
          `train-noisy` and are not reported
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.parallel_text import Segment, merged, read_parallel, read_segment, segment_id
from pipelines.formats.tables import read_lines
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject
from pipelines.source import Source

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pl", "pt", "ro")
RANK = {"train": 0, "dev": 1, "test": 2}


class EuroparlST(Source):
    name = "europarl_st"
    title = "Europarl-ST: translated debates of the European Parliament"
    home = "https://www.mllp.upv.es/europarl-st/"
    licence = "CC-BY-NC-4.0"
    commercial = False
    attribution = (
        "J. Iranzo-Sánchez, J. A. Silvestre-Cerdà, J. Jorge, N. Roselló, A. Giménez, A. Sanchis, J. Civera, A. Juan: "
        "Europarl-ST: A Multilingual Corpus for Speech Translation of Parliamentary Debates. ICASSP 2020"
    )
    tasks = ("s2tt", "asr")
    languages = LANGUAGES
    splits = dict.fromkeys(RANK)
    default_splits = tuple(RANK)
    evaluation_splits = ("dev", "test")
    mean_seconds = 9.0
    origin_namespace = "europarl_st"
    audio = "M4A (AAC), 44.1 or 48 kHz, one file per speech"
    obtain = "Unpack v1.1.tar.gz of the home page."
    expects = "the folder v1.1/, which holds es/audios/, es/en/train/segments.lst, …"
    layout = """
v1.1/                               <- SOURCE
  es/                               spoken language
    audios/es.20080901.22.1-107.m4a
    en/train/                       language of the translation
      segments.lst                  speech, start and end in seconds
      segments.es  segments.en      a line per segment
      speeches.lst  speakers.lst    (optional)
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(_has(folder, f"{a}/{b}/{split}") for a in LANGUAGES for b in LANGUAGES if a != b for split in RANK)

    def has_split(self, split: str) -> bool:
        return any(self.tables(spoken, split) for spoken in LANGUAGES)

    def tables(self, spoken: str, split: str) -> dict[str, str]:
        """Language of the translations -> folder of a split, of one spoken language."""
        if not self.has_folder(self.root / spoken):
            return {}
        places = ((to, f"{spoken}/{to}/{split}") for to in LANGUAGES if to != spoken)
        return {to: place for to, place in places if self.has_file(self.root / f"{place}/segments.lst")}

    @cached_property
    def held_out(self) -> dict[str, int]:
        """Speech -> the highest rank of the splits that have it."""
        ranks: dict[str, int] = {}
        for split, rank in RANK.items():
            for spoken in LANGUAGES if rank else ():
                for place in self.tables(spoken, split).values():
                    for item in read_lines(self.root, f"{place}/segments.lst"):
                        speech = item.id if isinstance(item, Reject) else item[1].split(maxsplit=1)[0]
                        ranks[speech] = max(rank, ranks.get(speech, 0))
        return ranks

    def read(self, split: str) -> Iterator[Record | Reject]:
        for spoken in LANGUAGES:
            if tables := self.tables(spoken, split):
                tree = AudioTree(self, f"{spoken}/audios")
                yield from merged(self.pair(split, spoken, to, place, tree) for to, place in tables.items())

    def pair(self, split: str, spoken: str, to: str, place: str, tree: AudioTree) -> Iterator[Segment | Reject]:
        """The segments of one pair, by line."""
        table = f"{place}/segments.lst"
        speakers = self.speakers(place)
        for line in read_parallel(self.root, table, f"{place}/segments.{spoken}", f"{place}/segments.{to}"):
            cells = (line.line or "").split()
            span = _span(cells)
            if span is None:
                yield Reject(line.where, "wrong_encoding" if line.line is None else "bad_row", line.where)
                continue
            speech, path = cells[0], tree.find(cells[0])
            segment = segment_id(speech, *span)
            if path is None:
                yield tree.problem(segment, speech, line.where, table)
            elif self.held_out.get(speech, 0) > RANK[split]:
                yield Reject(segment, "held_out", line.where)
            else:
                audio, origin = AudioRef(path, start=span[0], end=span[1]), f"europarl_st:{speech}"
                found = Segment(segment, audio, spoken, line.texts[0] or "", speakers.get(speech), origin, b"")
                yield from read_segment(found, (to, line.texts[1]), line)

    def speakers(self, place: str) -> dict[str, str]:
        """Speech -> who holds it; {} where the lists are not there or do not belong together."""
        lists = [f"{place}/{name}.lst" for name in ("speeches", "speakers")]
        if not all(self.has_file(self.root / path) for path in lists):
            return {}
        speeches, speakers = (
            [item[1].strip() for item in read_lines(self.root, path) if not isinstance(item, Reject)] for path in lists
        )
        return dict(zip(speeches, speakers, strict=True)) if len(speeches) == len(speakers) else {}


def _has(folder: CorpusPath, place: str) -> bool:
    return (folder / f"{place}/segments.lst").is_file()


def _span(cells: list[str]) -> tuple[float, float] | None:
    """Start and end in seconds of `speech start end`; None where they are no numbers."""
    if len(cells) != 3:
        return None
    try:
        start, end = float(cells[1]), float(cells[2])
    except ValueError:
        return None
    return (start, end) if abs(start) + abs(end) < 1e9 else None  # false of a NaN
