"""NITE XML (NXT), the annotations of AMI and ICSI: words of a speaker with times, and segments that point to them.

    words     <w nite:id="ES2002a.A.words3" starttime="12.34" endtime="12.60">hello</w>      punc="true": punctuation
    segments  <segment nite:id="…" transcriber_start="9.1" transcriber_end="15.2">
                <nite:child href="ES2002a.A.words.xml#id(ES2002a.A.words0)..id(ES2002a.A.words17)"/>

Files tell their encoding, often ISO-8859-1. Prefixes of names are not looked at. No NXT file has a DOCTYPE: one that
has could name other files, or entities that grow without end, and is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple
from xml.parsers import expat

from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Word

_RANGE = re.compile(r"id\(([^()]+)\)(?:\.\.id\(([^()]+)\))?")
_DEEPEST = 32  # elements in each other; NXT has four


class NxtError(ValueError):
    """A file that cannot be read; `where` is its path and, if known, the line."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where


@dataclass(slots=True)
class Element:
    """An element by its local name, with the local names of its attributes."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)


class Spoken(NamedTuple):
    """A word as it is written, with the punctuation behind it, and as it is said; times in seconds where told."""

    written: str
    word: str
    start: float | None
    end: float | None


class Utterance(NamedTuple):
    """What one person says in a segment; times in seconds, `where` in the file of segments."""

    id: str
    start: float
    end: float
    words: tuple[Spoken, ...]
    where: str

    @property
    def text(self) -> str:
        """The words as they are written."""
        return " ".join(word.written for word in self.words)

    @property
    def timed(self) -> tuple[Word, ...]:
        """The words with their times, in order; () where some have none, or begin before those in front of them."""
        words = tuple(Word(w.word, w.start, w.end) for w in self.words if w.start is not None and w.end is not None)
        in_order = all(a.start <= b.start for a, b in pairwise(words))
        return words if len(words) == len(self.words) and in_order else ()


def read_elements(root: CorpusPath, path: str) -> list[Element]:
    """The elements directly below the top of a file, in order.

    Raises:
        NxtError: it is not XML, or has a DOCTYPE.
    """
    top = Element("", {}, 0)
    open_elements = [top]
    parser = expat.ParserCreate()

    def begin(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > _DEEPEST:
            raise NxtError(f"{path}:{parser.CurrentLineNumber}", f"over {_DEEPEST} elements in each other")
        local = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition(":")[2], local, parser.CurrentLineNumber)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def text(data: str) -> None:
        open_elements[-1].text += data

    def refuse(*_: object) -> None:
        raise NxtError(f"{path}:{parser.CurrentLineNumber}", "has a DOCTYPE, which no NXT file has")

    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: open_elements.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    try:
        with (root / path).open("rb") as file:
            parser.ParseFile(file)
    except (expat.ExpatError, LookupError, UnicodeError) as error:  # of an encoding that nobody knows
        raise NxtError(f"{path}:{parser.CurrentLineNumber}", str(error)) from error
    return top.children[0].children


def read_utterances(root: CorpusPath, words: str, segments: str) -> list[Utterance]:
    """The segments of one speaker that hold words, in the order of the file.

    Segments of sounds alone (`vocalsound`), and those of no length, are no utterances.

    Raises:
        NxtError: a file is broken, or a segment has no times or points to words that are not there.
    """
    elements = read_elements(root, words)
    places = {element.attributes.get("id", ""): place for place, element in enumerate(elements)}
    found = []
    for segment in read_elements(root, segments):
        if segment.tag != "segment":
            continue
        where = f"{segments}:{segment.line}"
        start, end = (_seconds(segment.attributes, f"transcriber_{edge}", f"{edge}time") for edge in ("start", "end"))
        spoken: list[Spoken] = []
        for child in segment.children:
            for match in _RANGE.finditer(child.attributes.get("href", "").partition("#")[2]):
                first, last = places.get(match[1]), places.get(match[2] or match[1])
                if first is None or last is None:
                    raise NxtError(where, f"points to words that {words} does not have: {match[0]}")
                _add(spoken, elements[first : last + 1])
        if spoken and (start is None or end is None):
            raise NxtError(where, "a segment without times")
        if spoken and start is not None and end is not None and start < end:
            found.append(Utterance(segment.attributes.get("id", ""), start, end, tuple(spoken), where))
    return found


def _add(spoken: list[Spoken], elements: list[Element]) -> None:
    """Add the words among `elements`; punctuation is written behind the word before it."""
    for element in elements:
        texts = element.text.split() if element.tag == "w" else []
        if element.attributes.get("punc") == "true":
            if spoken:
                spoken[-1] = spoken[-1]._replace(written=spoken[-1].written + "".join(texts))
            continue
        start, end = (_seconds(element.attributes, key) for key in ("starttime", "endtime"))
        known = len(texts) == 1 and start is not None and end is not None and start <= end
        spoken += [Spoken(text, text, start if known else None, end if known else None) for text in texts]


def _seconds(attributes: Mapping[str, str], *keys: str) -> float | None:
    """The time under the first of `keys` that is there; None where it is none."""
    try:
        value = float(next((attributes[key] for key in keys if key in attributes), ""))
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
