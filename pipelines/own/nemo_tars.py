"""NeMo's tarred sets: the audio of a manifest in tars that its rows count by `shard_id`.

A row's `audio_filepath` is the name of a member. Segments of one recording are members `a.wav`, `a-sub1.wav`, … in the
manifest, and one member in the tar.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from pipelines.formats.tar_members import read_members
from pipelines.own.patterns import expanded
from pipelines.own.row_values import text_of
from pipelines.own.rows import Place, Row
from pipelines.places.corpus_path import CorpusPath, corpus_path, relative
from pipelines.places.file_part import range_name
from pipelines.source import SourceError

_TARS_HELD = 64  # whose members are remembered; manifests are sorted by tar, or nearly
_SEGMENT = re.compile(r"-sub\d+(?=\.[^.]*$)")


class NemoTars:
    """The tars that `pattern` names, else `audio_<shard_id>.tar` in the folder of the manifest or the one above."""

    def __init__(self, base: CorpusPath, pattern: str, has_file: Callable[[CorpusPath], bool]) -> None:
        self._base, self._has_file = base, has_file
        # A pattern that is no absolute path begins where the manifest lies.
        here = "://" in pattern or pattern.startswith(("/", "~"))
        self._tars = expanded(corpus_path(pattern) if here else base / pattern) if pattern else []
        self._members = lru_cache(_TARS_HELD)(_members)
        self._tar = lru_cache(_TARS_HELD)(self._tar_of)

    def find(self, given: str, row: Row) -> Place | str:
        """Where the audio of a row lies, or a reason of a reject.

        Raises:
            SourceError: there is no such tar.
        """
        tar = self._tar(text_of(row.cells["shard_id"]), row.folder)
        members = self._members(tar)
        found = members.get(given) or members.get(_SEGMENT.sub("", given))
        return "audio_missing" if found is None else Place(_named(tar, self._base), inside=found)

    def _tar_of(self, shard: str, folder: str) -> CorpusPath:
        if self._tars:
            number = int(shard) if shard.isdecimal() else len(self._tars)
            known = self._tars[number : number + 1]
        else:
            here = self._base / folder if folder else self._base
            known = [place / f"audio_{shard}.tar" for place in (here, here.parent)]
        found = next(filter(self._has_file, known), None)
        if found is None:
            raise SourceError(
                f"there is no tar for the rows with shard_id {shard}: {known[0] if known else 'TARS has not so many'}; "
                "pass TARS='/folder/audio__OP_0..511_CL_.tar'"
            )
        return found


def _members(tar: CorpusPath) -> dict[str, str]:
    return {member.name.removeprefix("./"): range_name(member.offset, member.length) for member in read_members(tar)}


def _named(tar: CorpusPath, base: CorpusPath) -> str:
    inside = str(tar).startswith(f"{base}/")
    return relative(tar, base) if inside else str(tar)
