"""Which folder is the corpus: SOURCE itself, packed or not, or one near it that the user should have named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from pipelines.archives.kind import is_archive_name, unpacking
from pipelines.archives.search import with_archives
from pipelines.listing import subfolders
from pipelines.places.corpus_path import CorpusPath, RemotePath
from pipelines.places.packed_path import PackedPath
from shards.storage_error import StorageError


def unpacked(root: CorpusPath, recognises: Callable[[CorpusPath], bool], archives: Sequence[str]) -> CorpusPath:
    """SOURCE with the archives in it as if they were unpacked, or the corpus that then lies in it.

    `archives` are the patterns that the source names; where it names none, and nothing else is the corpus, all
    archives in SOURCE are looked into.
    """
    if not isinstance(root, Path) or not (root.is_dir() or is_archive_name(root.name)):
        return root
    for patterns in (archives, ("*",)):
        packed = with_archives(root, patterns)
        if isinstance(packed, PackedPath):
            found = [packed] if recognises(packed) else _within(packed, recognises)
            if len(found) == 1 and isinstance(found[0], PackedPath):
                return with_archives(found[0], archives)
        if recognises(root) or _within(root, recognises):
            return root
    return packed


def found_in(root: CorpusPath, with_contents: bool) -> str:
    """The first names in SOURCE, for a message; `with_contents` also the first ones in its folders."""
    if not root.is_dir():
        return "a file"
    names = sorted(entry.name for entry in root.iterdir())[:6]
    return ", ".join(_with_contents(root / name) if with_contents else name for name in names) or "an empty folder"


def _with_contents(place: CorpusPath) -> str:
    """The name of a file; of a folder also the first names in it."""
    try:
        names = sorted(entry.name for entry in place.iterdir()) if place.is_dir() else []
    except (OSError, StorageError):  # not everybody may look there
        names = []
    inside = ", ".join([*names[:3], *(["…"] if names[3:] else [])])
    return f"{place.name}/ ({inside})" if inside else place.name


def packed_advice(root: CorpusPath) -> str:
    """What to do with the first archive in SOURCE that is not read in place, as a further sentence; or ""."""
    where = root if root.is_dir() else root.parent
    names = sorted(entry.name for entry in root.iterdir()) if root.is_dir() else [root.name]
    for name in names:
        if command := unpacking(name):
            return f". {name} is not read in place; unpack it in {where}: {command}"
        if isinstance(root, RemotePath) and is_archive_name(name):
            return f". Archives in a bucket, such as {name}, are not read in place; unpack it there, or copy it here"
    return ""


def nearby(folder: CorpusPath, recognises: Callable[[CorpusPath], bool], levels_above: int) -> list[CorpusPath]:
    """Folders up to two levels below or some levels above that are the corpus; the nearest level only.

    Those below go first: what the user named holds them, and what lies beside it above is not his concern.
    """
    parents: Sequence[CorpusPath] = folder.parents
    above = (parent for parent in parents[:levels_above] if _is_corpus(parent, recognises))
    return _within(folder, recognises) or list(islice(above, 1))


def _is_corpus(place: CorpusPath, recognises: Callable[[CorpusPath], bool]) -> bool:
    try:
        return recognises(place)
    except (OSError, StorageError):  # not everybody may look there
        return False


def _within(folder: CorpusPath, recognises: Callable[[CorpusPath], bool]) -> list[CorpusPath]:
    """Folders up to two levels below that are the corpus; the nearest level only."""
    level = [folder] if folder.is_dir() else []
    for _ in range(2):
        try:
            level = [child for parent in level for child in subfolders(parent)][: _at_most(folder)]
        except (OSError, StorageError):
            return []
        found = [child for child in level if _is_corpus(child, recognises)]
        if found:
            return found
    return []


def packed_alone(root: CorpusPath) -> CorpusPath:
    """A folder of ROOTS with its archives as if they were unpacked, where there is nothing but them in it."""
    if not isinstance(root, Path) or (root.is_dir() and any(not is_archive_name(path.name) for path in root.iterdir())):
        return root
    return with_archives(root, ("*",))


def _at_most(folder: CorpusPath) -> int:
    """How many folders of a level are worth a look; in a bucket each costs requests."""
    return 30 if isinstance(folder, RemotePath) else 500
