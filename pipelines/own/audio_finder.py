"""Finds audio by the paths that a user's own metadata has for it.

They are relative to the folder of the metadata or to one above it, to ROOTS=audio=/path where it is given, absolute, or
addresses in a bucket. They may lead anywhere (`..`): it is the user's own list, and names what he can read. Not the
web: a corpus is not fetched from strangers' servers. Where audio was moved since the list was written, the leading
folders that do not exist any more are left out; as the first path shows that is found, so all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from os.path import isfile, join, normpath
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pipelines.listing import NOWHERE
from pipelines.own.rows import Place
from pipelines.places.corpus_path import CorpusPath, RemotePath, corpus_path

_ABOVE = 4  # folders, that of the metadata counted, in which relative paths may begin
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_WEB = frozenset({"http", "https", "ftp", "ftps"})


class _Start(NamedTuple):
    """Where paths begin: a root, a folder from there, and how many leading folders of them to leave out."""

    root: str = ""
    folder: str = ""
    left_out: int = 0


class AudioFinder:
    """`base` is the folder of the metadata, `audio` that of ROOTS; `has_file` tells surely whether a file is there."""

    def __init__(self, base: CorpusPath, audio: CorpusPath | None, has_file: Callable[[CorpusPath], bool]) -> None:
        self._base, self._audio, self._has_file = base, audio, has_file
        self._begin: dict[str, _Start] = {}  # by folder of metadata
        self._buckets: dict[str, CorpusPath] = {}

    def find(self, given: str, folder: str = "") -> Place | str:
        """Where `given` lies, as metadata in `folder` below `base` has it; or a reason of a reject."""
        given = given.removeprefix("{data_root}/").removeprefix("file://")
        url = _URL.match(given)
        if not given or "\0" in given or (url and url[1].lower() in _WEB):
            return "unsafe_path" if given else "audio_missing"
        start = self._begin.get(folder)
        if start is not None and (place := self._quickly(given, start)):
            return place
        if start is None:
            starts = list(self._starts(given, folder))
            found = next((start for start in starts if self._is_there(given, start)), None)
            start = starts[0] if found is None else self._begin.setdefault(folder, found)
        return (
            Place(self._joined(given, start), start.root)
            if self._is_there(given, start, surely=True)
            else "audio_missing"
        )

    def _quickly(self, given: str, start: _Start) -> Place | None:
        """The place of what is surely there, on this machine."""
        base = self._audio if start.root else self._base
        path = self._joined(given, start)
        # Of millions of rows; a Path takes as long to make as all the rest.
        there = isinstance(base, Path) and not _URL.match(path) and isfile(join(base, path))  # noqa: PTH113, PTH118
        return Place(path, start.root) if there else None

    def path(self, path: str, root: str) -> CorpusPath:
        """Where a `Place` lies."""
        base = self._audio if root == "audio" and self._audio is not None else self._base
        if _URL.match(path):
            scheme, _, rest = path.partition("://")
            bucket, _, below = rest.partition("/")
            if bucket not in self._buckets:
                url = f"{scheme}://{bucket}"
                self._buckets[bucket] = base.elsewhere(url) if isinstance(base, RemotePath) else corpus_path(url)
            return self._buckets[bucket] / below
        if path.startswith("/"):
            return Path(path)
        while isinstance(base, RemotePath) and path.startswith("../"):
            base, path = base.parent, path[3:]
        return base / path

    def _starts(self, given: str, folder: str) -> Iterator[_Start]:
        """The likeliest first."""
        first = _Start("", f"{folder}/" if folder else "") if self._audio is None else _Start("audio")
        yield first
        if self._audio is None:
            yield from (_Start("", first.folder + "../" * above) for above in range(1, _ABOVE))
        if not _URL.match(given):
            yield from (first._replace(left_out=count) for count in range(1, len(PurePosixPath(given).parts)))

    def _joined(self, given: str, start: _Start) -> str:
        if _URL.match(given):
            return given
        path = "/".join(PurePosixPath(given).parts[start.left_out :]) if start.left_out else given
        base = self._audio if start.root else self._base
        if path.startswith("/"):
            # As little as possible of this machine is to stand in a sample.
            inside = isinstance(base, Path) and path.startswith(f"{base}/")
            return path.removeprefix(f"{base}/") if inside else path
        return normpath(start.folder + path) if "." in start.folder or "./" in path else start.folder + path

    def _is_there(self, given: str, start: _Start, surely: bool = False) -> bool:
        try:
            path = self.path(self._joined(given, start), start.root)
            return self._has_file(path) if surely else path.is_file()
        except (ValueError, UnicodeError):  # names that no file can have
            return False
        except OSError as error:
            if error.errno in NOWHERE:
                return False
            raise
