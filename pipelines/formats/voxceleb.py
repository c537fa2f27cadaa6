"""What VoxCeleb1 and 2 have in common: a tree of speakers, videos and utterances, and a table of the speakers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from pipelines.formats.tables import read_lines
from pipelines.labels.speakers import gender
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import AudioRef, Record, Reject, Speaker
from pipelines.source import Source, SourceError

_FOLDERS = ("wav", "aac")  # in SOURCE, or in its folders for dev and test (`dev/`, `vox1_test_wav/`)
_SUFFIXES = (".m4a", ".wav")  # of two with one stem the first: the release's own, not what somebody made of it
SPEAKER = re.compile(r"id\d{5}")


class VoxCeleb(Source):
    """A release of VoxCeleb; a subclass adds its facts. Utterances are `id10001-<video>-00001`."""

    meta: ClassVar[str]  # the file name of the table of speakers
    separator: ClassVar[str]  # of its columns

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(SPEAKER.fullmatch(child.name) for tree in _trees(folder) for child in subfolders(tree))

    def has_split(self, split: str) -> bool:
        if not self.has_file(self.root / self.meta):  # who is in which set is not known: reading them says so
            return bool(self.folders)
        return any(self.split_of(speaker) == split for speaker in self.folders)

    @cached_property
    def folders(self) -> dict[str, str]:
        """Speaker -> the folder of his videos; of several the first."""
        found: dict[str, str] = {}
        for tree in _trees(self.root):
            for child in subfolders(tree):
                if SPEAKER.fullmatch(child.name):
                    found.setdefault(child.name, relative(child, self.root))
        return dict(sorted(found.items()))

    @cached_property
    def speakers(self) -> dict[str, tuple[str, str]]:
        """Speaker -> gender (m, f) and set (dev, test), as the release tells them.

        Raises:
            SourceError: the table is not there, or is none.
        """
        if not self.has_file(self.root / self.meta):
            raise SourceError(f"{self.name}: {self.root / self.meta} is missing; download it from {self.home}")
        found = {}
        for item in read_lines(self.root, self.meta):
            cells = [] if isinstance(item, Reject) else [cell.strip() for cell in item[1].split(self.separator)]
            if len(cells) >= 4 and SPEAKER.fullmatch(cells[0]):
                found[cells[0]] = cells[2], cells[-1]
        if not found:
            raise SourceError(f"{self.name}: {self.root / self.meta} names no speaker; download it again")
        return found

    def split_of(self, speaker: str) -> str:
        """The set of a speaker; one that the table lacks is in `dev`, where he is reported."""
        return self.speakers.get(speaker, ("", "dev"))[1]

    def read(self, split: str) -> Iterator[Record | Reject]:
        for speaker, folder in self.folders.items():
            if self.split_of(speaker) != split:
                continue
            for video in subfolders(self.root / folder):
                yield from self.video(speaker, video.name, f"{folder}/{video.name}")

    def video(self, speaker: str, video: str, folder: str) -> Iterator[Record | Reject]:
        """The utterances of a speaker in one video."""
        told = self.speakers.get(speaker)
        utterances = {name.rpartition(".")[0]: name for name in reversed(files(self.root / folder, *_SUFFIXES))}
        for stem, name in sorted(utterances.items()):
            utterance, path = f"{speaker}-{video}-{stem}", f"{folder}/{name}"
            if told is None:
                yield Reject(utterance, "no_transcript", path)
            else:
                who, original = Speaker(speaker, gender(told[0])), {"gender": told[0]}
                yield Record(utterance, (AudioRef(path),), (), who, origin=f"youtube:{video}", original=original)


def _trees(root: CorpusPath) -> Iterator[CorpusPath]:
    """The folders of speakers: `wav/`, `dev/aac/`, …"""
    children = subfolders(root)
    for place in (root, *(child for child in children if "dev" in child.name or "test" in child.name)):
        yield from (child for child in subfolders(place) if child.name in _FOLDERS)
