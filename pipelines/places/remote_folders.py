"""What lies in the folders of a bucket: asked for in pages of a thousand names, never name by name.

A folder that holds up to a page of objects, counting those in its subfolders, is read whole with all of them by one
request; a larger one level by level. What was seen is remembered while it is little enough, so that a source may ask
as often as it likes whether there is a file or a folder.

Keys that no file on disk could have (an empty segment, `.` or `..` in them) are left out with a warning. A key that is
both an object and the beginning of others is a file and a folder.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shards.remote_files import RemoteFiles, patiently

PAGE = 1000  # keys; S3 gives no more at once
REMEMBERED_NAMES = 250_000  # of all folders together; about 100 bytes each
_LONGEST_KEY = 1024  # bytes
_VERSION = "?versionId="  # s3fs cuts keys off there

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Level:
    """The names directly in a folder. `exists` is False where there is no such folder."""

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    exists: bool = True


NOTHING = Level(exists=False)


class RemoteFolders:
    """The folders of the bucket that `files` lies in, by their full names there ("bucket/corpora/LibriSpeech")."""

    def __init__(self, files: RemoteFiles) -> None:
        self._files = files
        self._levels: OrderedDict[str, Level] = OrderedDict()
        self._names = 0  # in all of them
        self._large: set[str] = set()  # folders of more names than a page
        self._probes: dict[str, bool] = {}  # files in large folders that were asked for

    def is_folder(self, folder: str) -> bool:
        """Whether anything lies in `folder`."""
        level = self._known(folder)
        if level is None and (beside := self._beside(folder)) is not None:
            return folder.rpartition("/")[2] in beside.folders
        level = level or self._level(folder)
        return level is None or level.exists

    def is_file(self, path: str) -> bool:
        """Whether `path` is an object."""
        beside = self._beside(path)
        if beside is not None:
            return path.rpartition("/")[2] in beside.files
        if path not in self._probes:
            self._probes[path] = self._probe(path)
        return self._probes[path]

    def entries(self, folder: str) -> Iterator[tuple[str, bool]]:
        """The names in a folder, in no order, and whether each is a folder; a large one is read as it is asked for.

        Raises:
            FileNotFoundError: there is no such folder.
        """
        level = self._level(folder)
        if level is not None and not level.exists:
            raise FileNotFoundError(folder)
        for page in self._large_level(folder) if level is None else (level,):
            yield from ((name, False) for name in page.files)
            yield from ((name, True) for name in page.folders)

    def remembered_files(self, folder: str) -> frozenset[str]:
        """The files in a folder, as far as they are remembered."""
        return self._levels.get(folder, NOTHING).files

    def _beside(self, path: str) -> Level | None:
        """What is in the folder of `path`; None where it is large, or above the root: that may be nobody's to list."""
        folder, root = path.rpartition("/")[0], self._files.connection()[1]
        return self._level(folder) if f"{folder}/".startswith(f"{root}/") else None

    def _known(self, folder: str) -> Level | None:
        """What is remembered of a folder, be it that the one above it does not have it."""
        level = self._levels.get(folder)
        if level is not None:
            self._levels.move_to_end(folder)
            return level
        above, _, name = folder.rpartition("/")
        parent = self._levels.get(above)
        return NOTHING if parent is not None and name not in parent.folders else None

    def _level(self, folder: str) -> Level | None:
        """What is in a folder; None where that is more than a page, and not remembered."""
        level = self._known(folder)
        if level is not None or folder in self._large:
            return level
        fs, _ = self._files.connection()
        if not _is_s3(fs):
            return self._remember(folder, _listed(fs, folder))
        if not _is_possible(folder):
            return NOTHING
        keys, _, more = self._page(folder)
        if not more:
            return self._remember_all(folder, keys)
        keys, folders, more = self._page(folder, "/")
        if not more:
            return self._remember(folder, _level(folder, keys, folders))
        self._large.add(folder)
        return None

    def _large_level(self, folder: str) -> Iterator[Level]:
        """What is in a large folder, page by page; remembered if it was read to its end and is not too much."""
        files, folders, token = set[str](), set[str](), "first"
        while token:
            keys, inside, token = self._page(folder, "/", "" if token == "first" else token)
            page = _level(folder, keys, inside)
            yield page
            if len(files) + len(folders) <= REMEMBERED_NAMES // 2:
                files |= page.files
                folders |= page.folders
        if len(files) + len(folders) <= REMEMBERED_NAMES // 2:
            self._remember(folder, Level(frozenset(files), frozenset(folders)))

    def _page(self, folder: str, delimiter: str = "", token: str = "") -> tuple[list[str], list[str], str]:
        """Up to a page of the keys below a folder, relative to it.

        With "/" for `delimiter` those in subfolders are not told one by one: the second list has these folders' names,
        with a "/" at the end. The third is what to ask for the next page with, "" at the last.
        """
        fs, _ = self._files.connection()
        bucket, key, _ = fs.split_path(folder)
        asked = {"Bucket": bucket, "Prefix": f"{key}/" if key else "", "MaxKeys": PAGE, **fs.req_kw}
        asked |= ({"Delimiter": delimiter} if delimiter else {}) | ({"ContinuationToken": token} if token else {})
        answer: dict[str, Any] = patiently(lambda: fs.call_s3("list_objects_v2", **asked))
        start = len(asked["Prefix"])
        keys = [item["Key"][start:] for item in answer.get("Contents", ())]
        folders = [item["Prefix"][start:] for item in answer.get("CommonPrefixes", ())]
        return keys, folders, answer.get("NextContinuationToken", "") if answer.get("IsTruncated") else ""

    def _probe(self, path: str) -> bool:
        """Whether there is an object, by one request for it alone."""
        fs, _ = self._files.connection()
        if not _is_possible(path):
            return False
        if not _is_s3(fs):
            try:
                return bool(patiently(lambda: fs.info(path))["type"] == "file")
            except FileNotFoundError:
                return False
        bucket, key, _ = fs.split_path(path)
        asked = {"Bucket": bucket, "Prefix": key, "MaxKeys": 1, **fs.req_kw}
        answer: dict[str, Any] = patiently(lambda: fs.call_s3("list_objects_v2", **asked))
        return [item["Key"] for item in answer.get("Contents", ())] == [key]

    def _remember_all(self, folder: str, keys: list[str]) -> Level:
        """Remember a folder and those below it, in which `keys` are all that there is."""
        if not keys and "/" in folder:
            return self._remember(folder, NOTHING)
        levels = _tree(folder, keys)
        for place, level in levels.items():
            self._remember(f"{folder}/{place}" if place else folder, level)
        return levels[""]

    def _remember(self, folder: str, level: Level) -> Level:
        old = self._levels.pop(folder, None)
        self._names += _size(level) - (_size(old) if old else 0)
        self._levels[folder] = level
        while self._names > REMEMBERED_NAMES and len(self._levels) > 1:
            self._names -= _size(self._levels.popitem(last=False)[1])
        return level


def _size(level: Level) -> int:
    return len(level.files) + len(level.folders) + 1


def _is_s3(fs: Any) -> bool:
    """Whether pages can be asked for one by one; other file systems list folders whole."""
    return hasattr(fs, "call_s3")


def _is_possible(path: str) -> bool:
    """Whether there can be such a key: paths from metadata may be anything."""
    try:
        return len(path.encode()) <= _LONGEST_KEY
    except UnicodeEncodeError:
        return False


def _listed(fs: Any, folder: str) -> Level:
    """The names in a folder of a file system that lists folders whole."""
    try:
        found = patiently(lambda: fs.ls(folder, detail=True))
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING
    # Some tell of a file where they are asked for what is in it, some of the folder itself.
    inside = [info for info in found if info["name"].strip("/") != folder.strip("/")]
    if found and not inside and found[0]["type"] != "directory":
        return NOTHING
    names = defaultdict[bool, set[str]](set)
    for info in inside:
        names[info["type"] == "directory"].add(info["name"].rstrip("/").rpartition("/")[2])
    return _level(folder, names[False], (f"{name}/" for name in names[True]))


def _level(folder: str, keys: Iterable[str], folders: Iterable[str]) -> Level:
    """What a listing tells of one folder; its own marker ("") is nothing in it."""
    files = frozenset(key for key in keys if key and _is_fit(folder, key))
    return Level(files, frozenset(name[:-1] for name in folders if _is_fit(folder, name[:-1])))


def _tree(folder: str, keys: Iterable[str]) -> dict[str, Level]:
    """The folders in which `keys` lie, "" for the uppermost one; a key that ends in "/" is a folder's marker."""
    files, folders = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    places = {""}
    for key in keys:
        if not _is_fit(folder, key.removesuffix("/") or "marker"):
            continue
        above, _, name = key.rpartition("/")
        if name:
            files[above].add(name)
        while above:
            places.add(above)
            below, _, name = above.rpartition("/")
            folders[below].add(name)
            above = below
    return {place: Level(frozenset(files[place]), frozenset(folders[place])) for place in places}


def _is_fit(folder: str, key: str) -> bool:
    """Whether a file on disk could have this path; a warning where it could not."""
    if key and _VERSION not in key and not {"", ".", ".."} & set(key.split("/")):
        return True
    _log.warning("left out %r: no file could have this path", f"{folder}/{key}")
    return False
