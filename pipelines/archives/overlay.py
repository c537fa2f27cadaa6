"""A folder in which archives appear as if each had been unpacked where it lies; what is really there goes first."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from pipelines.archives.index import Archive
from pipelines.archives.member import Found
from pipelines.archives.stream import Bytes, FileBytes
from pipelines.places.folder import Entry, Name
from shards.storage_error import StorageError

_FILES_EACH = 2  # that are open for an archive: itself and its index
_OTHER_FILES = 1024
_Folders = dict[str, list[tuple[int, int]]]  # of each path: the archives that have it, and its number in them


@dataclass(frozen=True, slots=True)
class Mount:
    """An archive: the folder it lies in, below the overlay's base and with "/", its name there, its bytes.

    Without a name it is the base itself: SOURCE=/downloads/dev-clean.tar.gz.
    """

    folder: str
    name: str
    size: int

    @property
    def place(self) -> str:
        return joined(self.folder, self.name)


class Overlay:
    """The files and folders below `base`: real ones, and those in `mounts`, of which some may lie in earlier ones.

    All paths are below `base`, with "/"; "" is `base`. Archives are opened when they are first asked for something.
    """

    def __init__(self, base: Path, mounts: tuple[Mount, ...]) -> None:
        self.base, self.mounts = base, mounts
        self._files: list[FileBytes] = []  # of the archives on disk
        self._archives: list[Archive] = []

    def real(self, path: str) -> Path:
        """Where a path is on disk, if it is there."""
        return self.base / path if path else self.base

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        real = self.real(path)
        return real.is_file() if os.path.lexists(real) and path else self._found(path) is not None

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder."""
        real = self.real(path)
        return real.is_dir() if os.path.lexists(real) and path else real.is_dir() or path in self._opened

    def entries(self, path: str) -> Iterator[Entry]:
        """What is in a folder, each name once, in no order.

        Raises:
            OSError: there is no such folder, or it cannot be read.
        """
        packed = self._opened.get(path, [])
        seen: set[str] = set()
        try:
            with os.scandir(self.real(path)) as real:
                for entry in real:
                    seen.add(entry.name)
                    yield entry
        except (FileNotFoundError, NotADirectoryError):
            if not packed:
                raise
        for number, folder in reversed(packed):
            for name, is_folder in self._archives[number].entries(folder):
                if name not in seen:
                    seen.add(name)
                    yield Name(name, is_folder)

    def read(self, path: str) -> bytes:
        """The whole content of a packed file.

        Raises:
            FileNotFoundError: there is none.
            StorageError: its archive changed, or is damaged.
        """
        archive, member = self._member(path)
        return archive.read(member)

    def content(self, path: str) -> Bytes:
        """The content of a file, packed or not; errors as of `read`."""
        real = self.real(path)
        if os.path.lexists(real) and (path or real.is_file()):
            return FileBytes(real)
        archive, member = self._member(path)
        return archive.content(member)

    def check(self) -> None:
        """See that all archives are what they were.

        Raises:
            OSError, StorageError: one is not.
        """
        _ = self._opened
        for file in self._files:
            file.check()

    def _member(self, path: str) -> tuple[Archive, Found]:
        found = self._found(path)
        if found is None:
            raise FileNotFoundError(2, "no such file", str(self.real(path)))
        return found

    def _found(self, path: str) -> tuple[Archive, Found] | None:
        return self._look(self._opened, path)

    def _look(self, folders: _Folders, path: str) -> tuple[Archive, Found] | None:
        for number, folder in reversed(folders.get(path.rpartition("/")[0], [])):  # whoever unpacks keeps the last
            mounted = self.mounts[number].folder
            member = self._archives[number].member(folder, path[len(mounted) + 1 :] if mounted else path)
            if member is not None:
                return self._archives[number], member
        return None

    @cached_property
    def _opened(self) -> _Folders:
        """The folders in the archives, which this opens."""
        self._files, self._archives = [], []
        _allow_files(_FILES_EACH * len(self.mounts))
        folders: _Folders = {}
        for mount in self.mounts:
            archive = self._open(mount, folders)
            self._archives.append(archive)
            paths: list[str] = []
            for number, above, name in archive.folders():
                paths.append(joined(paths[above], name) if number else mount.folder)
                folders.setdefault(paths[number], []).append((len(self._archives) - 1, number))
        return folders

    def _open(self, mount: Mount, folders: _Folders) -> Archive:
        real = self.real(mount.place)
        packed = None if os.path.lexists(real) else self._look(folders, mount.place)
        if packed is not None:
            outer, member = packed
            name = f"{outer.name}: {member.path}"
            return Archive(outer.content(member), name, f"{outer.identity}\0{member.path}\0{member.offset}")
        file = FileBytes(real)
        if file.size != mount.size:
            raise StorageError(f"{real}: is not the archive that was planned with; run the same command again", True)
        self._files.append(file)
        return Archive(file, str(real), f"{real}\0{file.size}\0{file.modified}")


def _allow_files(more: int) -> None:
    """Let this process open `more` files, as far as it may: many systems allow 1,024, AISHELL-1 has 400 archives."""
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OTHER_FILES + more
    if least != resource.RLIM_INFINITY and least < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most)
        )


@lru_cache(maxsize=16)
def overlay(base: Path, mounts: tuple[Mount, ...]) -> Overlay:
    """One overlay for all that ask for the same in a process: its indexes are opened once."""
    return Overlay(base, mounts)


def joined(folder: str, name: str) -> str:
    """A path below a folder, which may be the base ("")."""
    return f"{folder}/{name}" if folder and name else folder or name
