"""Folders on local disk for what is not in place yet; those of killed processes are removed by the next one.

While a folder is in use its owner holds a lock on it, which dies with the process. A process id would not do: where
containers or machines share TMPDIR, another's live process is not to be seen.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shards.storage_error import StorageError

PREFIX = "qwen-audio-scratch-"


@contextlib.contextmanager
def scratch(needed_bytes: int = 0) -> Iterator[Path]:
    """A folder below TMPDIR that goes with the context.

    Raises:
        StorageError: there is no TMPDIR to write to, or `needed_bytes` are more than it has free, which may pass.
    """
    check_room(needed_bytes)
    sweep()
    folder, lock = _locked_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def check_room(needed_bytes: int) -> None:
    """See that TMPDIR has room, before hours of work run into its end.

    Raises:
        StorageError: it has not, which may pass, or it is not there.
    """
    try:
        place = tempfile.gettempdir()
        free = shutil.disk_usage(place).free
    except OSError as error:
        raise StorageError(f"TMPDIR: {error.strerror}; set it to a folder on local disk", lasting=True) from error
    if free < needed_bytes:
        raise StorageError(
            f"{place}: no space left for a shard of about {needed_bytes / 1e6:,.1f} MB, {free / 1e6:,.1f} MB are free; "
            "free some, or set TMPDIR to a folder on another disk, then run the same command again: it goes on"
        )


def sweep() -> None:
    """Remove this user's folders that nobody holds any more. Where locks do not work, all are left alone."""
    with os.scandir(tempfile.gettempdir()) as entries:
        found = [Path(entry.path) for entry in entries if entry.name.startswith(PREFIX)]
    for folder in found:
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.getuid() and (lock := _lock(folder, fcntl.LOCK_NB)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _locked_folder() -> tuple[Path, int]:
    """A new folder, and the descriptor that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = _lock(folder)
        if lock is not None and folder.exists():
            return folder, lock
        # Somebody's sweep took it between its creation and its lock.
        if lock is not None:
            os.close(lock)


def _lock(folder: Path, how: int = 0) -> int | None:
    """The descriptor of a folder that is locked now; None where it is gone, or (with LOCK_NB) another's."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
    except OSError:
        if not how:
            return descriptor  # no locks here: the folder is used without
        os.close(descriptor)
        return None
    return descriptor
