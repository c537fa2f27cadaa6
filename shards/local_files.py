"""Files on a disk or a network file system, written so that a crash at any moment leaves old or new, never half.

A file is written under a temporary name in its own folder and synced, then renamed over its final name, or linked to it
where only the first may win; at last the folder is synced, without which the name could be lost with the power. While a
temporary file is written its writer holds a lock on it, which dies with the process: that tells leftovers from
work in progress. Nothing but tidiness depends on the lock.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

TEMPORARY = ".tmp-"
# Where locks do not work, only what is older counts as left behind.
OLD_SECONDS = 24 * 3600.0
_READ_AT_ONCE = 8  # small files: on a network file system the time goes into waiting
_ATTEMPTS = 3  # a sweep may take a temporary file away between its creation and its lock
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class LocalFiles:
    """The files below `root`, addressed by relative paths with "/"."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, path: str) -> Path:
        """Where `path` is on this machine."""
        return self.root / path

    def check_writable(self) -> None:
        """Create and delete a file in the root, creating the root itself where needed."""
        make_folder(self.root)
        with _temporary(self.root / "probe") as (_, file):
            file.write(b"\0")
            file.flush()

    def exists(self, path: str) -> bool:
        """Whether `path` is a file."""
        return self.size(path) is not None

    def size(self, path: str) -> int | None:
        """Bytes of a file; None where there is none."""
        try:
            status = self.path(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def read_bytes(self, path: str) -> bytes:
        """The whole file."""
        return self.path(path).read_bytes()

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        with self.path(path).open("rb", buffering=0) as file:
            file.seek(offset)
            pieces = []
            while length > 0 and (piece := file.read(length)):
                pieces.append(piece)
                length -= len(piece)
        return b"".join(pieces)

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """The file for reading."""
        with self.path(path).open("rb") as file:
            yield file

    def put_file(self, local: Path, path: str, move: bool) -> None:
        """Copy or `move` a file into place, replacing what is there."""
        if move and self._moved(local, path):
            return

        def copy(file: BinaryIO) -> None:
            with local.open("rb") as source:
                shutil.copyfileobj(source, file, 1 << 20)

        self._write(path, copy, exclusive=False)
        if move:
            local.unlink()

    def create(self, path: str, data: bytes) -> bool:
        """Write a file only where there is none; whether it was this call that did."""
        # A look first spares the writing where the answer is known; the link below decides.
        return not self.exists(path) and self._write(path, lambda file: _write_all(file, data), exclusive=True)

    def replace(self, path: str, data: bytes) -> None:
        """Write a file in place of what is there."""
        self._write(path, lambda file: _write_all(file, data), exclusive=False)

    def delete(self, path: str) -> None:
        """Delete a file if it is there, lastingly."""
        target = self.path(path)
        try:
            target.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return
        sync_folder(target.parent)

    def list(self, prefix: str, recursive: bool) -> dict[str, int]:
        """Relative path and bytes of every file below a folder."""
        found: dict[str, int] = {}
        folders = [prefix]
        while folders:
            folder = folders.pop()
            for entry in self._entries(folder):
                path = f"{folder}/{entry.name}" if folder else entry.name
                with contextlib.suppress(FileNotFoundError):  # deleted or renamed since the folder was read
                    if entry.is_dir():
                        if recursive:
                            folders.append(path)
                    else:
                        found[path] = entry.stat().st_size
        return found

    def stamps(self, prefix: str, suffix: str) -> dict[str, tuple[int, str | None]]:
        """Bytes of the files directly in a folder; of those whose names end in `suffix` also the MD5."""

        def digest(path: str) -> str | None:
            return hashlib.md5(self.read_bytes(path), usedforsecurity=False).hexdigest()

        sizes = self.list(prefix, recursive=False)
        wanted = [path for path in sizes if path.endswith(suffix)]
        with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
            md5 = dict(zip(wanted, pool.map(digest, wanted), strict=True))
        return {path: (size, md5.get(path)) for path, size in sizes.items()}

    def folders(self, prefix: str) -> set[str]:
        """The names of the folders directly in a folder."""
        return {entry.name for entry in self._entries(prefix) if entry.is_dir()}

    def sweep(self, prefix: str, recursive: bool) -> int:
        """Delete temporary files that nobody writes any more; how many."""
        swept = 0
        for path in self.list(prefix, recursive):
            if path.rpartition("/")[2].startswith(TEMPORARY) and _abandoned(self.path(path)):
                self.path(path).unlink(missing_ok=True)
                swept += 1
        return swept

    def _entries(self, folder: str) -> tuple[os.DirEntry[str], ...]:
        try:
            with os.scandir(self.path(folder)) as entries:
                return tuple(entries)
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def _moved(self, local: Path, path: str) -> bool:
        """Rename `local` to `path`; False where they are on different file systems."""
        target = self.path(path)
        make_folder(target.parent)
        with local.open("rb") as file:
            os.fsync(file.fileno())
        try:
            local.replace(target)
        except OSError as error:
            if error.errno == errno.EXDEV:
                return False
            raise
        sync_folder(target.parent)
        return True

    def _write(self, path: str, fill: Callable[[BinaryIO], None], exclusive: bool) -> bool:
        """Write what `fill` writes to `path`; False where `exclusive` and something is there."""
        target = self.path(path)
        make_folder(target.parent)
        for attempt in range(_ATTEMPTS):
            try:
                with _temporary(target) as (temporary, file):
                    fill(file)
                    file.flush()
                    os.fsync(file.fileno())
                    won = _link(temporary, target) if exclusive else _rename(temporary, target)
                sync_folder(target.parent)
                return won
            except FileNotFoundError:
                if attempt == _ATTEMPTS - 1 or not target.parent.exists():
                    raise
        raise AssertionError("unreachable")


def make_folder(folder: Path) -> None:
    """Create a folder and its parents so that they survive a power cut."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
        sync_folder(new.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder lasting."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE file systems have no sync for folders; there the server sees to it.
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file beside `target`, locked while it is written, and gone afterwards unless renamed."""
    temporary = target.with_name(f"{TEMPORARY}{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield temporary, file
    finally:
        temporary.unlink(missing_ok=True)


def _write_all(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def _rename(temporary: Path, target: Path) -> bool:
    temporary.replace(target)
    return True


def _link(temporary: Path, target: Path) -> bool:
    """Give the file its final name unless that is taken; whether it got it."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        # On NFS the answer to a link that succeeded can be lost; the repeated call then finds its own file.
        return temporary.stat().st_nlink == 2
    except PermissionError as error:
        # What Linux says where the file system has no hard links.
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP), str(target)) from error
    return True


def _abandoned(temporary: Path) -> bool:
    try:
        with temporary.open("rb") as file:
            # NFS and CIFS lock for writing only what is open for writing. A shared lock is no less refused by a writer.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        return False  # finished meanwhile
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            return False
    with contextlib.suppress(OSError):  # finished meanwhile, or no room for another file
        return _seconds_from_now(temporary) > OLD_SECONDS
    return False


def _seconds_from_now(path: Path) -> float:
    """How far from now a file was last written, by the clock of its file system: this machine's may be another.

    Written in the future, it was left behind before a clock was set back.
    """
    with _temporary(path) as (_, probe):
        probe.write(b"\0")
        probe.flush()
        now = os.fstat(probe.fileno()).st_mtime
    return abs(now - path.stat().st_mtime)
