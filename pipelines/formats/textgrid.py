"""Praat's TextGrid: labelled times in tiers, as the Montreal Forced Aligner (MFA) and phoneticians write them.

A Praat text file is its free-standing numbers, its quoted strings and its flags (`<exists>`), in order; all else in it
is comment. So one reader serves the long form (`xmin = 0.5`), the short one (`0.5`), and whatever lies between them.
A quotation mark in a string is doubled. Praat writes UTF-16 with a BOM where ASCII does not do; MFA writes UTF-8.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject, Word

_TOKEN = re.compile(
    r'"((?:[^"]|"")*)"|(?<!\S)([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?!\S)|(?<!\S)<(?:exists|absent)>(?!\S)'
)
_SILENCE = frozenset({"", "sil", "sp", "<sil>", "<eps>", "<s>", "</s>"})
_WORD_TIERS = ("words", "word")
UNKNOWN_WORDS = frozenset({"<unk>", "spn", "<spn>", "[unk]"})  # out of the aligner's vocabulary


@dataclass(frozen=True, slots=True)
class Tier:
    """A named row of intervals: start and end in seconds, label. Of a tier of points the ends are the starts."""

    name: str
    intervals: tuple[tuple[float, float, str], ...]


def read_tiers(root: CorpusPath, path: str) -> list[Tier] | Reject:
    """The tiers of a TextGrid, in their order; a reject (its id is `path`) where it cannot be read."""
    data = (root / path).read_bytes()
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        return Reject(path, "wrong_encoding", path)
    try:
        return list(_tiers(text))
    except (StopIteration, RuntimeError, TypeError, ValueError):
        return Reject(path, "bad_row", path)


def read_words(root: CorpusPath, path: str) -> tuple[Word, ...] | Reject:
    """The words of the tiers `words` or `word` by start, without silences; `<speaker> - words` names a speaker."""
    tiers = read_tiers(root, path)
    if isinstance(tiers, Reject):
        return tiers
    found = []
    several = sum(_is_words(tier) for tier in tiers) > 1
    for tier in filter(_is_words, tiers):
        speaker = tier.name.rpartition(" - ")[0] if several else None
        for start, end, label in tier.intervals:
            if label.strip().lower() in _SILENCE:
                continue
            if not 0 <= start <= end < float("inf"):
                return Reject(path, "bad_times", path)
            found.append(Word(label.strip(), start, end, speaker or None))
    return tuple(sorted(found, key=lambda word: (word.start, word.end)))


def _is_words(tier: Tier) -> bool:
    return tier.name.rpartition(" - ")[2].strip().lower() in _WORD_TIERS


def _tiers(text: str) -> Iterator[Tier]:
    """Raises: StopIteration, ValueError, TypeError: no TextGrid, or it breaks off."""
    tokens = _tokens(text)
    if (next(tokens), next(tokens)) != ("ooTextFile", "TextGrid"):
        raise ValueError("no TextGrid")
    _number(next(tokens)), _number(next(tokens))
    for _ in range(int(_number(next(tokens)))):
        kind, name = next(tokens), next(tokens)
        if kind not in ("IntervalTier", "TextTier") or not isinstance(name, str):
            raise ValueError("no tier")
        _number(next(tokens)), _number(next(tokens))
        intervals = []
        for _ in range(int(_number(next(tokens)))):
            start = _number(next(tokens))
            end = _number(next(tokens)) if kind == "IntervalTier" else start
            label = next(tokens)
            if not isinstance(label, str):
                raise ValueError("a number where a label should be")
            intervals.append((start, end, label))
        yield Tier(name, tuple(intervals))


def _tokens(text: str) -> Iterator[str | float]:
    for match in _TOKEN.finditer(text):
        if match[1] is not None:
            yield match[1].replace('""', '"')
        elif match[2] is not None:
            yield float(match[2])


def _number(token: str | float) -> float:
    if isinstance(token, str):
        raise TypeError("a label where a number should be")
    return token
