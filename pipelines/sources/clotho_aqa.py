"""Clotho-AQA: questions about sounds of Freesound, each answered by three people.

Release   zenodo.org/records/6473207; Lipping et al., EUSIPCO 2022
Licence   questions and answers: MIT; audio: a Creative Commons licence per file
Audio     one WAV per clip, 44.1 kHz mono, 15 to 30 s; all splits in one folder
Splits    the release's own. One record per clip: six questions, of three people's answers each
Quirk     where the three disagree, the answer of most is taken, so that no question has both yes and no for an answer;
          where each gave another, all three are alternatives. All are kept in `original`
Quirk     tables are not all UTF-8 and are then read as Latin-1; questions hold HTML entities (`&#39;`), which become
          what they stand for. A few names are spelt differently in archive and tables (`me.tallique`, `me_tallique`):
          those that agree in letters and digits are one. Answers are in any case: they are lowered. The archive is said
          to hold clips that no table names: these are no items
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

from pipelines.formats.tables import read_csv, rows_if_there
from pipelines.labels.licences import licence
from pipelines.listing import is_safe
from pipelines.record import AudioRef, QuestionAnswer, Record, Reject
from pipelines.source import Source

METADATA = "clotho_aqa_metadata.csv"
COLUMNS = ("keywords", "sound_link", "license", "manufacturer")
_FREESOUND = re.compile(r"freesound\.org/(?:people/[^/]+/sounds|s|sounds)/(\d+)")
_APART = re.compile(r"\W|_")


class ClothoAQA(Source):
    name = "clotho_aqa"
    title = "Clotho-AQA: questions about sounds"
    home = "https://zenodo.org/records/6473207"
    licence = "MIT AND LicenseRef-Freesound-Per-File"
    commercial = False
    attribution = (
        "S. Lipping, P. Sudarsanam, K. Drossos, T. Virtanen: Clotho-AQA: A Crowdsourced Dataset for Audio Question "
        "Answering. EUSIPCO 2022"
    )
    tasks = ("aqa",)
    languages = ()
    splits = {"train": 1_174, "val": 344, "test": 473}
    default_splits = ("train", "val", "test")
    evaluation_splits = ("val", "test")
    mean_seconds = 22.5
    hours = 12.5
    origin_namespace = "clotho"
    audio = "WAV, 44.1 kHz mono, 15-30 s"
    obtain = "Download audio_files.zip and the .csv files of zenodo.org/records/6473207, and unpack audio_files.zip"
    expects = "the folder that holds clotho_aqa_train.csv and audio_files/"
    archives = ("audio_files.zip",)
    split_tables = {split: (f"clotho_aqa_{split}.csv",) for split in splits}
    layout = """
clotho_aqa/                         <- SOURCE
  clotho_aqa_train.csv  clotho_aqa_val.csv  clotho_aqa_test.csv     file_name,QuestionText,answer,confidence
  clotho_aqa_metadata.csv           (optional: Freesound link, keywords, licence of each file)
  audio_files/Some file.wav
"""

    @cached_property
    def metadata(self) -> dict[str, dict[str, str]]:
        """Key of a file name -> what is told of its recording; empty without the table."""
        told = rows_if_there(self, METADATA, ("file_name",), COLUMNS, fallback="latin-1")
        return {
            _key(name): {column: cell.strip() for column, cell in zip(COLUMNS, cells, strict=True) if cell.strip()}
            for name, *cells in told
        }

    def read(self, split: str) -> Iterator[Record | Reject]:
        table = self.split_table(split)
        folder = self.folder_of("the audio", "audio_files", advice=self.obtain)
        listing = self.listing(folder)
        by_key = {_key(name): name for name in sorted(listing.names, reverse=True)}
        # Nothing says that all rows of a clip follow one another; those of a split are few.
        asked: dict[str, tuple[str, list[tuple[str, str, str]]]] = {}
        for row in read_csv(self.root, table, ("file_name", "QuestionText", "answer"), ("confidence",), "latin-1"):
            if isinstance(row, Reject):
                yield Reject(row.where, row.reason, row.where)  # one of several rows of its clip
                continue
            number, (name, question, answer, confidence) = row
            name = name if name in listing.names or not is_safe(name) else by_key.get(_key(name), name)
            _, rows = asked.setdefault(name, (f"{table}:{number}", []))
            rows.append((html.unescape(question), html.unescape(answer).strip().lower(), confidence.strip().lower()))
        for name, (where, rows) in asked.items():
            clip = name.removesuffix(".wav")
            answered = _agreed((question, answer) for question, answer, _ in rows if question.strip() and answer)
            if problem := listing.problem(clip, name, where, table):
                yield problem
            elif not answered:
                yield Reject(clip, "no_transcript", where)
            else:
                told = self.metadata.get(_key(name), {})
                sound = _FREESOUND.search(told.get("sound_link", ""))
                licensed = f"MIT AND {licence(told['license'])}" if "license" in told else None
                yield Record(
                    id=clip,
                    audio=(AudioRef(f"{folder}/{name}"),),
                    annotations=tuple(QuestionAnswer(question, answer) for question, answer in answered),
                    licence=licensed,
                    origin=f"freesound:{sound[1]}" if sound else None,
                    original=told
                    | {"answers": ", ".join(each for _, each, _ in rows)}
                    | {"confidence": ", ".join(each for _, _, each in rows)},
                )


def _agreed(answered: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each question with the answer that most people gave to it, or with all of those that as many gave."""
    given: dict[str, Counter[str]] = {}
    for question, answer in answered:
        given.setdefault(question, Counter())[answer] += 1
    return [
        (question, answer)
        for question, counts in given.items()
        for answer, count in counts.items()
        if count == max(counts.values())
    ]


def _key(name: str) -> str:
    """What spellings of one file name share: letters and digits, HTML entities resolved."""
    return _APART.sub("", unicodedata.normalize("NFC", html.unescape(name))).casefold()
