"""Files that belong together line by line: a table of segments, and their texts in two languages.

A corpus has such files for each pair of languages, and the same segment in several pairs: they are merged into one
record with several translations, so that no transcript is told twice.

Lines end at "\\n" alone: a separator such as U+2028 inside of a text must not shift all that follow.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pipelines.formats.tables import read_lines
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript, Translation
from pipelines.source import SourceError

_MARKS = re.compile(r"\([^()]*\)|（[^（）]*）|[\W_]")  # what is no word: `(Laughter)`, punctuation


class Line(NamedTuple):
    """A line of the table, and the same line of each text; None where it is not UTF-8."""

    line: str | None
    texts: tuple[str | None, ...]
    where: str  # in the table


def read_parallel(root: CorpusPath, table: str, *texts: str) -> Iterator[Line]:
    """The segments, in the order of the table, whose own empty lines do not count.

    Raises:
        SourceError: a text has more or fewer lines than the table has entries (empty lines at its end may be more).
    """
    entries = sum(1 for _ in read_lines(root, table))
    for text in texts:
        _check_length(root, text, entries, table)
    lines = (_text_lines(root, text) for text in texts)
    for item, *row in zip(read_lines(root, table), *lines, strict=False):
        if isinstance(item, Reject):
            yield Line(None, tuple(row), item.where)
        else:
            yield Line(item[1], tuple(row), f"{table}:{item[0]}")


@dataclass(slots=True)
class Segment:
    """A segment of a recording; `translations` are packed, as there may be millions: language TAB text NEWLINE."""

    id: str
    audio: AudioRef
    language: str
    text: str
    speaker: str | None
    origin: str | None
    translations: bytes

    def record(self) -> Record:
        """With its transcript and its translations, in the order in which they came."""
        rows = (line.split("\t", 1) for line in self.translations.decode().split("\n")[:-1])
        translations = (Translation(text, language) for language, text in rows)
        transcript, speaker = Transcript(self.text, self.language), Speaker(self.speaker)
        return Record(self.id, (self.audio,), (transcript, *translations), speaker, origin=self.origin)


def segment_id(recording: str, start: float, end: float) -> str:
    """The name of a segment, of which releases give none: recording, start and end in milliseconds."""
    return f"{recording}_{round(start * 1000):07}_{round(end * 1000):07}"


def read_segment(segment: Segment, translation: tuple[str, str | None], line: Line) -> Iterator[Segment | Reject]:
    """A segment with its translation (language and text) added, where both texts of its line say something.

    Without a transcript it is a reject; without a translation a segment, and a reject by the language.
    """
    spoken, (language, translated) = line.texts[0], translation
    start, end = segment.audio.start or 0.0, segment.audio.end or 0.0
    if not 0 <= start < end < math.inf:
        yield Reject(segment.id, "bad_times", line.where)
        return
    if reason := _lacking(spoken):
        yield Reject(segment.id, reason, line.where)
        return
    if reason := _lacking(translated):
        yield Reject(f"{segment.id}:{language}", reason, line.where)
    else:
        segment.translations += f"{language}\t{translated}\n".encode()
    yield segment


def _lacking(text: str | None) -> str:
    """Why a text says nothing; "" where it does."""
    return "wrong_encoding" if text is None else "" if _MARKS.sub("", text) else "empty_text"


def merged(pairs: Iterable[Iterable[Segment | Reject]]) -> Iterator[Record | Reject]:
    """The records of segments of several pairs: in the order of the first pair, then of what the others have more.

    Of one pair they are passed on as they come; of several the whole split is kept until the last is read.
    """
    each = list(pairs)
    if len(each) == 1:
        yield from (item if isinstance(item, Reject) else item.record() for item in each[0])
        return
    found: dict[str, Segment] = {}
    for pair in each:
        for item in pair:
            if isinstance(item, Reject):
                yield item
            elif item.id in found:
                found[item.id].translations += item.translations
            else:
                found[item.id] = item
    yield from (segment.record() for segment in found.values())


def _check_length(root: CorpusPath, text: str, entries: int, table: str) -> None:
    lines = filled = 0
    for lines, line in enumerate(_text_lines(root, text), start=1):
        filled = lines if line is None or line.strip() else filled
    if not filled <= entries <= lines:
        raise SourceError(
            f"{root / text} has {lines:,} lines, but {table} has {entries:,} entries: they belong together line by "
            "line; download them again"
        )


def _text_lines(root: CorpusPath, path: str) -> Iterator[str | None]:
    with (root / path).open("rb") as file:
        for number, raw in enumerate(file):
            if number == 0:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            try:
                yield raw.decode().rstrip("\r\n")
            except UnicodeDecodeError:
                yield None
