"""What lies in a folder of a corpus, seen once: file names that can be trusted, without the litter of other systems."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import PurePosixPath

from pipelines.places.corpus_path import CorpusPath, fresh, scandir
from pipelines.record import Reject

# What the system says of paths that cannot be: links that lead to themselves, names of over 255 bytes.
NOWHERE = frozenset({errno.ELOOP, errno.ENAMETOOLONG})


class Listing:
    """The file names of one folder, read in one go: a corpus is not asked for each of its million files.

    `name in listing` is trustworthy in both answers: before the first "no" the corpus is checked to be there and
    the folder is read again. Litter of other systems (`._x`, `.DS_Store`) is left out, and so is what no audio can be
    read from: folders, pipes, links that lead nowhere.
    """

    def __init__(self, folder: CorpusPath, place: str, check_alive: Callable[[], None]) -> None:
        """`place` is the folder as rejects name it: relative to the corpus."""
        self._check_alive = check_alive  # raises where the corpus is gone
        self._folder, self._place = folder, place
        self._sure = False
        self.names = self._read(folder)

    def __contains__(self, name: str) -> bool:
        if name in self.names:
            return True
        if not self._sure:
            self._check_alive()
            self.names |= self._read(fresh(self._folder))
            self._sure = True
        return name in self.names

    def problem(self, record_id: str, name: str, where: str, metadata: str = "") -> Reject | None:
        """Why `name`, as the file `metadata` gives it at `where`, is no file of this folder; None: it is one."""
        if name in self.names:
            return None
        if not is_safe(name):
            return Reject(record_id, "unsafe_path", where)
        return None if name in self else Reject(record_id, "audio_missing", where, metadata)

    def unnamed(self, named: AbstractSet[str], suffix: str, prefix: str = "") -> Iterator[Reject]:
        """The audio of a closed folder, files that end in `suffix`, which no row named: it has no annotation.

        `prefix` is what ids have before the names of their files.
        """
        for name in sorted(self.names - named):
            if name.endswith(suffix):
                yield Reject(f"{prefix}{name.removesuffix(suffix)}", "no_transcript", f"{self._place}/{name}")

    def _read(self, folder: CorpusPath) -> frozenset[str]:
        try:
            with scandir(folder) as entries:
                return frozenset(entry.name for entry in entries if not is_litter(entry.name) and _is(entry.is_file))
        except (FileNotFoundError, NotADirectoryError):
            self._check_alive()
            return frozenset()
        except OSError as error:
            if error.errno in NOWHERE:  # a name from metadata that no folder can have
                return frozenset()
            raise


def is_litter(name: str) -> bool:
    """Whether a file is no part of any corpus: AppleDouble twins, Finder's settings."""
    return name.startswith("._") or name in (".DS_Store", "__MACOSX")


def is_safe(path: str) -> bool:
    """Whether a path from metadata stays inside the corpus."""
    if not path or "\0" in path or "\\" in path or path[0] == "/":
        return False
    return ".." not in path or ".." not in PurePosixPath(path).parts


def _is(kind: Callable[[], bool]) -> bool:
    """The answer of a folder entry's `is_file` or `is_dir`; no, where it is a link that leads to itself."""
    try:
        return kind()
    except OSError as error:
        if error.errno in NOWHERE:
            return False
        raise


def subfolders(folder: CorpusPath) -> list[CorpusPath]:
    """The folders in `folder`, by name."""
    with scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if _is(entry.is_dir) and not is_litter(entry.name))
    return [folder / name for name in names]


def files(folder: CorpusPath, *suffixes: str, lost: bool = False) -> list[str]:
    """The names of the files in `folder` that end in one of `suffixes` (any case), by name.

    With `lost`, also names that no file can be read by, such as links that lead nowhere.
    """
    with scandir(folder) as entries:
        wanted = (e for e in entries if e.name.lower().endswith(suffixes) and not is_litter(e.name))
        return sorted(entry.name for entry in wanted if lost or _is(entry.is_file))
