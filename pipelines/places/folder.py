"""What a folder gives that is not on a disk: its names, and the paths below it that fit a pattern."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, Self, TypeVar


class Name(NamedTuple):
    """A name in a folder, as `os.scandir` tells of one on disk."""

    name: str
    folder: bool

    def is_file(self) -> bool:
        return not self.folder

    def is_dir(self) -> bool:
        return self.folder


class Entry(Protocol):
    """What `scandir` tells of a name in any folder."""

    @property
    def name(self) -> str: ...
    def is_file(self) -> bool: ...
    def is_dir(self) -> bool: ...


class _Folder(Protocol):
    def is_dir(self) -> bool: ...
    def scandir(self) -> AbstractContextManager[Iterable[Entry]]: ...
    def __truediv__(self, path: str, /) -> Self: ...


_Path = TypeVar("_Path", bound=_Folder)


def matching(folder: _Path, pattern: str) -> Iterator[_Path]:
    """The paths below that fit a pattern such as `*/*.txt`, in order; without `**`."""
    head, _, rest = pattern.partition("/")
    if not folder.is_dir():
        return
    with folder.scandir() as entries:
        fit = {e.name for e in entries if fnmatch.fnmatchcase(e.name, head) and (e.is_dir() or not rest)}
    for name in sorted(fit):
        yield from matching(folder / name, rest) if rest else [folder / name]
