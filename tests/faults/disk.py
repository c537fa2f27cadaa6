"""Numbers what a process does with the files below some folders; at one of the numbers it is killed, or fails once.

Python's own file operations are counted: create, write, sync, link, rename, delete, make a folder, list, look at, read.
What Arrow writes by itself goes to scratch folders only, and is not.
"""

from __future__ import annotations

import errno
import io
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

# Of operations that change something. A failure "after" did what was asked and lost the answer, as NFS can.
CHANGING = ("kill before", "kill after", "fail", "fail after", "full")
READING = ("fail",)
# The first of the watched folders is gone from there on, or empty as where a mount was lost; or but for a moment.
VANISHING = ("gone", "emptied", "blink")
_CODES = {"fail": errno.EIO, "full": errno.ENOSPC, "blink": errno.ENOENT}
_READS = ("list", "look", "read", "open")


@dataclass(frozen=True)
class Fault:
    """What happens at which operation, counted from 0."""

    number: int
    how: str


def faults_of(operation: str) -> tuple[str, ...]:
    """How an operation of the log can go wrong."""
    verb = operation.partition(" ")[0]
    if verb in _READS:
        return READING
    return (*CHANGING, "kill within") if verb == "write" else CHANGING


class Disk:
    """The operations of this process below `folders`, each written to `log` before it is done."""

    def __init__(self, folders: Sequence[str], log: str, fault: Fault | None) -> None:
        self._folders = tuple(folders)
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._fault = fault
        self._count = 0

    def install(self) -> None:
        """From here on every operation is counted."""
        for name, verb in {
            "mkdir": "folder", "rmdir": "unfolder", "unlink": "delete", "remove": "delete", "link": "link",
            "rename": "rename", "replace": "rename", "fsync": "sync", "scandir": "list", "stat": "look",
        }.items():  # fmt: skip
            setattr(os, name, self._guarded(verb, getattr(os, name)))
        io.open = self._open  # type: ignore[assignment]

    def named(self, path: Any) -> str | None:
        """The path if it is watched, else None; descriptors are told by what they stand for."""
        if isinstance(path, int):
            try:
                path = Path(f"/proc/self/fd/{path}").readlink()
            except OSError:
                return None
        text = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        return text if text.startswith(self._folders) else None

    def do(self, verb: str, path: str, act: Callable[[], Any], half: Callable[[], Any] | None = None) -> Any:
        """Do one operation, or let it go wrong."""
        number, self._count = self._count, self._count + 1
        os.write(self._log, f"{verb} {path}\n".encode())
        how = self._fault.how if self._fault is not None and self._fault.number == number else ""
        if how == "kill before":
            _die()
        if how in ("gone", "emptied"):
            vanish(Path(self._folders[0]), how)
        if half is not None and how in ("kill within", "full"):
            half()
        if how == "kill within":
            _die()
        if how in _CODES:
            code = _CODES[how]
            raise OSError(code, os.strerror(code), path)
        try:
            result = act()
        finally:
            if how == "kill after":
                _die()
        if how == "fail after":
            if isinstance(result, io.IOBase):
                result.close()
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        return result

    def _guarded(self, verb: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            descriptor = options.get("dir_fd")
            given = arguments[0] if arguments else "."
            path = self.named(given if descriptor is None else descriptor)
            if path is None:
                return function(*arguments, **options)
            return self.do(verb, path, lambda: function(*arguments, **options))

        return call

    def _open(self, file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **options: Any) -> Any:
        path = None if isinstance(file, int) else self.named(file)
        if path is None or "b" not in mode:
            return _real_open(file, mode, buffering, *rest, **options)
        if not set(mode) & set("wxa+"):
            return self.do("open", path, lambda: _real_open(file, mode, buffering, *rest, **options))
        raw = self.do("create", path, lambda: _Writing(self, file, mode.replace("b", "")))
        return io.BufferedWriter(raw, buffering if buffering > 0 else io.DEFAULT_BUFFER_SIZE)


def vanish(folder: Path, how: str) -> None:
    """Move a folder away, and perhaps leave an empty one."""
    _real_rename(folder, _away(folder))
    if how == "emptied":
        _real_mkdir(folder)


def come_back(folder: Path) -> None:
    """Undo `vanish`."""
    if _away(folder).exists():
        if folder.exists():
            folder.rmdir()
        _away(folder).rename(folder)


def _away(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.away")


class _Writing(io.FileIO):
    """A file whose writes are counted."""

    def __init__(self, disk: Disk, file: Any, mode: str) -> None:
        self._disk, self._path = disk, os.fsdecode(file)
        super().__init__(file, mode)

    def write(self, data: Any) -> int:  # type: ignore[override]
        write = super().write
        view = memoryview(data).cast("B")
        return int(self._disk.do("write", self._path, lambda: write(view), half=lambda: write(view[: len(view) // 2])))


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


_real_open = io.open
_real_rename, _real_mkdir = os.rename, os.mkdir
