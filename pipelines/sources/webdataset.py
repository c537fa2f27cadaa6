"""WebDataset: tars in which a recording and what is said of it lie one behind the other, under one name.

Format    a.flac and a.json (fields as of a manifest) or a.txt (the text); further members of a name are not read, least
          of all pickles. Plain tar: audio is read where it lies in it
Splits    the tars in a folder, or of a pattern, are one, called as SPLIT says ("train"); folders in SOURCE are one each
Quirk     a name counts in its tar only: ids are those of the JSON, or the name behind that of the tar. Of several
          recordings of a name the first is taken, or the one with the ending of COLUMNS=audio=ENDING
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from pipelines.formats.audio_tree import AUDIO_SUFFIXES
from pipelines.formats.tar_members import Member, read_members
from pipelines.listing import subfolders
from pipelines.own.data import safe_name
from pipelines.own.patterns import is_pattern
from pipelines.own.rows import Place, Row
from pipelines.own.source import OwnSource
from pipelines.places.corpus_path import CorpusPath
from pipelines.places.file_part import range_name
from pipelines.places.packed_path import PackedPath
from pipelines.record import Reject

_TEXTS = ("txt", "text", "transcript")


class WebDataset(OwnSource):
    name = "webdataset"
    title = "Your own data in WebDataset's tars"
    home = "https://github.com/webdataset/webdataset"
    suffixes = (".tar",)
    audio = "any that can be decoded, as members of tars"
    obtain = "Write plain tars, not compressed ones."
    expects = "tars, as a pattern ('shards/{000..099}.tar', 'shards/*.tar'), or the folder that holds them"
    layout = """
shards/                             <- SOURCE (or 'shards/{000..099}.tar')
  000.tar                           utt1.flac utt1.json utt2.flac utt2.json …   (or .txt for .json)
"""

    @classmethod
    def metadata_in(cls, folder: CorpusPath) -> list[CorpusPath]:
        tars = super().metadata_in(folder)
        for below in subfolders(folder) if folder.is_dir() and not tars else ():
            tars += super().metadata_in(below)
        return tars

    def _wrong_folder(self) -> str:
        if isinstance(self.root, PackedPath):  # nothing but archives is there, and no tar in them
            return (
                f"{self.name}: SOURCE={self.root} holds tars that are compressed, in which nothing can be read where "
                f"it lies. Expected {self.expects}; uncompress them: gunzip NAME.tar.gz"
            )
        return super()._wrong_folder()

    def parts(self) -> Mapping[str, list[CorpusPath]]:
        if is_pattern(self.root) or self.is_metadata(self.root):
            return super().parts()
        found = self.metadata_in(self.root)
        by_folder = {folder: list(tars) for folder, tars in groupby(found, key=lambda tar: tar.parent)}
        return {"" if folder == self.root else safe_name(folder.name): tars for folder, tars in by_folder.items()}

    def rows(self, path: CorpusPath) -> Iterator[Row | Reject]:
        where = self.inside(path)
        for key, group in groupby(read_members(path, _is_metadata), key=lambda member: _parted(member.name)[0]):
            yield self._row(where, key, list(group))

    def _row(self, where: str, key: str, members: list[Member]) -> Row | Reject:
        place, name = f"{where}: {key}", f"{where.removesuffix('.tar')}/{key}"
        cells: dict[str, Any] = {}
        for member in members:
            ending = _parted(member.name)[1]
            if ending == "json":
                try:
                    cells |= json.loads(member.text or b"")
                except (ValueError, TypeError, RecursionError):
                    return Reject(name, "bad_row", f"{place}: {member.name} is no object of JSON")
        for member in members:
            if _parted(member.name)[1] in _TEXTS and member.text is not None:
                try:
                    cells.setdefault("text", member.text.decode("utf-8-sig"))
                except UnicodeDecodeError:
                    return Reject(name, "wrong_encoding", place)
        ending = dict(self.own.columns).get("audio", "").lower().lstrip(".")
        sounds = [member for member in members if _is_audio(member.name, ending)]
        if not sounds:
            return Reject(name, "audio_missing", f"{place}: no audio among {', '.join(m.name for m in members[:5])}")
        if not cells:  # a dot in a name ends it: what is there is not what was meant
            place += f" ({', '.join(member.name for member in members[:5])})"
        return Row(place, cells, name=name, place=Place(where, inside=range_name(sounds[0].offset, sounds[0].length)))


def _parted(name: str) -> tuple[str, str]:
    """The name of a sample, and the ending of its member: they part at the first dot of the last part of a path."""
    folder, slash, file = name.rpartition("/")
    key, _, ending = file.partition(".")
    return f"{folder}{slash}{key}".removeprefix("./"), ending.lower()


def _is_metadata(name: str) -> bool:
    return _parted(name)[1] in ("json", *_TEXTS)


def _is_audio(name: str, ending: str) -> bool:
    return _parted(name)[1] == ending if ending else name.lower().endswith(AUDIO_SUFFIXES)
