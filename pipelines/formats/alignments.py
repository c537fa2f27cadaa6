"""Word times that lie beside a corpus: of an aligner, by the id of the utterance, for task `srwt`.

`<utterance>.TextGrid` anywhere below a folder, as the Montreal Forced Aligner (MFA) writes them; or, for LibriSpeech,
the condensed form of the published alignments, one `<speaker>-<chapter>.alignment.txt` per chapter:

    84-121123-0007 ",THE,SHIP,,SAILED," "0.310,0.450,0.980,1.200,1.770,2.05"

Its numbers are the words' ends; a word begins where the one before it ends, and an empty word is silence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.tables import read_lines
from pipelines.formats.textgrid import UNKNOWN_WORDS, read_words
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject, Word, Words
from pipelines.source import Source, SourceError

METHOD = "mfa"
CONDENSED = ".alignment.txt"
TEXTGRID = ".TextGrid"
_SUFFIXES = (CONDENSED, TEXTGRID.lower())


class Alignments:
    """The word times of a corpus: in the root named `root`, sorted in any way, or else merged into the corpus itself.

    What cannot be read costs no record: `rejects` gives it, under the name of the file.

    Raises:
        SourceError: the root has no word times at all.
    """

    def __init__(self, source: Source, root: str) -> None:
        self._tree = AudioTree(source, root=root, suffixes=_SUFFIXES) if root in source.roots else None
        self._place = source.roots.get(root, source.root)
        if self._tree is not None and next(self._tree.paths(), None) is None:
            source.check_alive()
            raise SourceError(
                f"{source.name}: no word times below {self._place}: "
                f"ROOTS={root} names a folder with *{TEXTGRID} or *{CONDENSED}, in any folders of it"
            )
        self._chapter = ""  # whose condensed words are at hand
        self._condensed: Mapping[str, tuple[str, tuple[Word, ...]]] = {}
        self._rejects: list[Reject] = []

    def words(self, utterance: str, text: str, folder: str, names: frozenset[str]) -> tuple[Words, ...]:
        """The words of an utterance that says `text`, as an annotation; none where nobody aligned it.

        `folder`, relative to SOURCE, holds its audio, and `names` are the files in it.
        """
        chapter = utterance.rpartition("-")[0]
        if chapter and chapter != self._chapter:
            self._chapter, self._condensed = chapter, {}
            if path := self._find(chapter, CONDENSED, folder, names):
                self._condensed, rejects = read_condensed(self._place, path)
                self._rejects += rejects
        found: tuple[Word, ...] | Reject | None
        where, found = self._condensed.get(utterance, ("", None))
        if found is None and (path := self._find(utterance, TEXTGRID, folder, names)):
            found, where = read_words(self._place, path), path
        if found is None:
            return ()
        fit = found if isinstance(found, Reject) else fitted(found, text, where)
        if isinstance(fit, Reject):
            self._rejects.append(fit)
            return ()
        return (fit,)

    def rejects(self) -> Iterator[Reject]:
        """What could not be read since this was asked."""
        while self._rejects:
            yield self._rejects.pop(0)

    def _find(self, stem: str, suffix: str, folder: str, names: frozenset[str]) -> str | None:
        if self._tree is not None:
            return self._tree.find(stem)
        return f"{folder}/{stem}{suffix}" if f"{stem}{suffix}" in names else None


def read_condensed(root: CorpusPath, path: str) -> tuple[Mapping[str, tuple[str, tuple[Word, ...]]], list[Reject]]:
    """Where the words of each utterance of a chapter stand, and which; and what cannot be read."""
    found: dict[str, tuple[str, tuple[Word, ...]]] = {}
    rejects = []
    for item in read_lines(root, path):
        if isinstance(item, Reject):
            rejects.append(replace(item, id=item.where))
            continue
        where = f"{path}:{item[0]}"
        cells = item[1].split()
        try:
            utterance, words, times = cells
            labels = words.strip('"').split(",")
            ends = [float(time) for time in times.strip('"').split(",")]
            starts = [0.0, *ends]
            if len(labels) != len(ends):
                raise ValueError("not as many words as times")
        except ValueError:
            rejects.append(Reject(where, "bad_row" if len(cells) > 2 else "too_few_columns", where))
            continue
        if not all(a <= b < float("inf") for a, b in zip(starts, ends, strict=False)):
            rejects.append(Reject(where, "bad_times", where))
            continue
        timed = zip(labels, starts, ends, strict=False)
        found[utterance] = where, tuple(Word(label, start, end) for label, start, end in timed if label)
    return found, rejects


def fitted(words: tuple[Word, ...], text: str, where: str) -> Words | Reject:
    """Words as the transcript `text` writes them; `bad_row` where they are not its words.

    Of as many words as the transcript has, each takes the transcript's spelling: of case, and of what the aligner did
    not know (`<unk>`). Else they keep their own, as where MFA divides `it's`, or Chinese is divided otherwise.
    """
    written = text.split()
    unknown = [word.word.lower() in UNKNOWN_WORDS for word in words]
    if words and len(written) == len(words):
        pairs = zip(words, written, unknown, strict=True)
        if all(lost or _letters(word.word) == _letters(spelling) for word, spelling, lost in pairs):
            spelt = tuple(replace(word, word=spelling) for word, spelling in zip(words, written, strict=True))
            return Words(spelt, METHOD)
    if any(unknown) or not words or _letters("".join(word.word for word in words)) != _letters(text):
        return Reject(where, "bad_row", where)
    return Words(words, METHOD)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
