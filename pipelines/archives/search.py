"""Which archives are read as if they were unpacked: those that a source names, or those that SOURCE consists of.

An archive that lies beside what it unpacks to is left alone: where the first recording in it (or its first files) is on
disk, with its length, nothing is packed, and the plain folder is read. People also unpack into a folder of their own,
or take the archive's one away.
"""

from __future__ import annotations

import fnmatch
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from pipelines.archives.kind import archive_kind, is_archive_name
from pipelines.archives.member import Found
from pipelines.archives.overlay import Mount, joined
from pipelines.archives.stream import Bytes, FileBytes
from pipelines.archives.tar_members import Jumps, Steps, tar_members
from pipelines.archives.zip_members import zip_members
from pipelines.places.corpus_path import scandir
from pipelines.places.packed_path import PackedPath
from shards.storage_error import StorageError

_FIRST_FILES = 20  # of an archive, that tell whether it was unpacked
_AUDIO = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".sph", ".mp4", ".aac", ".aif", ".aiff", ".wma", ".webm")
_MANY_NAMES = 10_000  # in one folder: recordings, not downloads
_MANY_FOLDERS = 200  # beside an archive, into which it may have been unpacked
_INPUT_BYTES = 1 << 16  # of an archive, that are unpacked at a time for a look

Place = Path | PackedPath


def with_archives(place: Place, patterns: Sequence[str]) -> Place:
    """A folder with the archives in it that fit `patterns`, such as `data/*.tar.gz`; as it is, where there are none.

    An archive itself is a folder that holds what it unpacks to. Archives in archives are found as well.

    Raises:
        StorageError: an archive cannot be read, or must not be; OSError: nor can the disk.
    """
    if isinstance(place, Path) and is_archive_name(place.name) and place.is_file():
        place = PackedPath(place, (Mount("", "", place.stat().st_size),))
    while new := [mount for pattern in patterns for mount in _mounts(place, pattern)]:
        if isinstance(place, PackedPath):
            place = PackedPath(place.overlay.base, (*place.overlay.mounts, *new), place.inside)
        else:
            place = PackedPath(place, tuple(new))
    return place


def _mounts(place: Place, pattern: str) -> Iterator[Mount]:
    """The archives below a folder that fit a pattern and are neither read nor unpacked yet."""
    inside = place.inside if isinstance(place, PackedPath) else ""
    there = {mount.place for mount in place.overlay.mounts} if isinstance(place, PackedPath) else set()
    for path in _matching(place, pattern):
        if not is_archive_name(path) or joined(inside, path) in there or not (place / path).is_file():
            continue
        if (place / f"{path[:-4]}.z01").is_file():  # the last part of a zip, of which the whole has another name
            continue
        folder, _, name = joined(inside, path).rpartition("/")
        file = _content(place / path)
        if not _is_unpacked(file, place / path):
            yield Mount(folder, name, file.size)


def _matching(place: Place, pattern: str) -> Iterator[str]:
    """The paths below a folder that fit a pattern, relative to it, in order; none of a folder full of recordings."""
    head, _, rest = pattern.partition("/")
    if rest and not any(character in head for character in "*?["):
        names = [head] if (place / head).is_dir() else []
    elif place.is_dir():
        with scandir(place) as entries:
            some = list(islice(entries, _MANY_NAMES + 1))
        fit = [e for e in some if fnmatch.fnmatchcase(e.name, head) and (not rest or e.is_dir())]
        names = sorted(entry.name for entry in fit) if len(some) <= _MANY_NAMES else []
    else:
        names = []
    for name in names:
        yield from (f"{name}/{path}" for path in _matching(place / name, rest)) if rest else [name]


def _content(path: Place) -> Bytes:
    return FileBytes(path) if isinstance(path, Path) else path.content()


def _is_unpacked(file: Bytes, path: Place) -> bool:
    """Whether the first recording of an archive lies beside it already; of one without, its first files."""
    beside = path.parent if isinstance(path, Path) else path.overlay.real(path.inside).parent
    try:
        for member in islice(_first_members(file, str(path)), _FIRST_FILES):
            if member.kind != "file":
                continue
            if member.path.startswith("/") or ".." in member.path.split("/"):
                return False
            if not any(target.is_file() and target.stat().st_size == member.size for target in _places(beside, member)):
                return False
            if member.path.lower().endswith(_AUDIO):
                return True
    except (StorageError, OSError, zlib.error):
        return False  # whoever reads it will say what is wrong with it
    return True


def _places(beside: Path, member: Found) -> Iterator[Path]:
    """Where a member may lie that was unpacked: beside the archive, without its first folder, in a folder there."""
    yield beside / member.path
    if inner := member.path.removeprefix("./").partition("/")[2]:
        yield beside / inner
    with scandir(beside) as entries:
        folders = [entry.name for entry in islice(entries, _MANY_FOLDERS) if entry.is_dir()]
    yield from (beside / folder / member.path for folder in folders)


def _first_members(file: Bytes, name: str) -> Iterator[Found]:
    kind = archive_kind(file, name)
    if kind == "zip":
        return zip_members(file, name)
    return tar_members(Jumps(file) if kind == "tar" else Steps(_inflated(file)), name)


def _inflated(file: Bytes) -> Iterator[bytes]:
    """What a gzip file unpacks to, as far as it is asked for; of several streams the first."""
    inflater, offset, waiting = zlib.decompressobj(31), 0, b""
    while not inflater.eof and (waiting := waiting or file.read_at(offset, _INPUT_BYTES)):
        offset += 0 if inflater.unconsumed_tail else len(waiting)
        if block := inflater.decompress(waiting, _INPUT_BYTES):
            yield block
        waiting = inflater.unconsumed_tail
