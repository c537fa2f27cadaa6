"""One way to read and write below OUT, be that a folder or a bucket.

Every write leaves either the whole new file or what was there before, whatever dies when. Paths are relative to
the storage's root and use "/". What goes wrong is told as a `StorageError`; credentials are never part of it.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from shards.local_files import LocalFiles
from shards.remote_files import RemoteFiles
from shards.scratch import scratch
from shards.storage_error import StorageError, explained

__all__ = ["Storage", "StorageError"]

BLOCK = 1 << 20  # bytes read at a time


class Storage:
    """Files below `url`: a local folder, `s3://bucket/prefix`, or any other fsspec URL.

    `storage_options` go to fsspec (`endpoint_url`, `key`, `profile`, …); without them S3 takes its credentials and
    `AWS_ENDPOINT_URL` from the environment. Can be pickled; every process makes its own connection.
    """

    def __init__(self, url: str | os.PathLike[str], **storage_options: Any) -> None:
        given = os.fspath(url)
        if not given:
            raise StorageError("OUT is empty; give a folder or a URL")
        self.url = given.rstrip("/") or "/"
        self._options = storage_options
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", self.url)
        self._files: LocalFiles | RemoteFiles
        if scheme is None or scheme[1] in ("file", "local"):
            # Not Path.expanduser, which raises where there is no such user.
            folder = os.path.expanduser(self.url[scheme.end() :] if scheme else self.url)  # noqa: PTH111
            self._files = LocalFiles(Path(folder).absolute())
        else:
            self._files = RemoteFiles(self.url, storage_options)

    def __repr__(self) -> str:
        return f"Storage({self.url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A folder travels by its full path: another process may work in another folder.
        url = str(self._files.root) if isinstance(self._files, LocalFiles) else self.url
        return (_rebuild, (url, self._options))

    @property
    def is_local(self) -> bool:
        """Whether the files can be opened by path."""
        return isinstance(self._files, LocalFiles)

    def full(self, path: str) -> str:
        """How to name `path` to a user."""
        return f"{self.url}/{path}" if path else self.url

    def local_path(self, path: str) -> Path | None:
        """The file itself, where it is on this machine."""
        return self._files.path(path) if isinstance(self._files, LocalFiles) else None

    def check_writable(self) -> None:
        """Write and delete a small file, so that a job stops before its work and not after.

        Raises:
            StorageError: it cannot be written, and why.
        """
        with explained(self.full("")):
            self._files.check_writable()

    def exists(self, path: str) -> bool:
        """Whether a file is there."""
        with explained(self.full(path)):
            return self._files.exists(path)

    def size(self, path: str) -> int | None:
        """Bytes of a file; None where there is none."""
        with explained(self.full(path)):
            return self._files.size(path)

    def read_bytes(self, path: str) -> bytes:
        """The whole file.

        Raises:
            FileNotFoundError: it is not there.
            StorageError: it cannot be read.
        """
        with explained(self.full(path)):
            return self._files.read_bytes(path)

    def read_if_there(self, path: str) -> bytes | None:
        """The whole file, or None where there is none."""
        try:
            return self.read_bytes(path)
        except FileNotFoundError:
            return None

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`.

        Raises:
            FileNotFoundError: it is not there.
            StorageError: the file ends before, or cannot be read.
        """
        with explained(self.full(path)):
            data = self._files.read_range(path, offset, length)
        if len(data) != length:
            raise StorageError(
                f"{self.full(path)}: ends at byte {offset + len(data)}, not at {offset + length} or behind; "
                "the file is damaged (see make verify)"
            )
        return data

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """The file for reading and seeking; a missing one raises FileNotFoundError."""
        with explained(self.full(path)), self._files.open(path) as file:
            yield file

    @contextlib.contextmanager
    def local_copy(self, path: str) -> Iterator[Path]:
        """The file as one on this machine: itself, or a copy that lives as long as the context."""
        here = self.local_path(path)
        if here is not None:
            with explained(self.full(path)):
                here.stat()
            yield here
            return
        with scratch() as folder:
            copy = folder / "copy"
            with self.open(path) as source, copy.open("wb") as target:
                while block := source.read(BLOCK):
                    target.write(block)
            yield copy

    def put_file(self, local: Path, path: str, move: bool = False) -> None:
        """Put a finished file in place, replacing what is there; `move` gives the file away, which saves a copy.

        Local: written and synced under a temporary name beside `path`, then renamed. Else: uploaded whole.

        Raises:
            StorageError: not written; what was at `path` is still there.
        """
        with explained(self.full(path)):
            self._files.put_file(local, path, move)

    def create(self, path: str, data: bytes) -> bool:
        """Write a file only where there is none yet; False when one is there (then read it: it may be equal).

        Of many that try at once exactly one gets True, or none where its answer was lost on the way.

        Raises:
            StorageError: neither written nor already there.
        """
        with explained(self.full(path)):
            return self._files.create(path, data)

    def replace(self, path: str, data: bytes) -> None:
        """Write a file, or put it in the place of the one there: readers see the old or the new, never half."""
        with explained(self.full(path)):
            self._files.replace(path, data)

    def delete(self, *paths: str) -> None:
        """Delete files, in the given order; one that is not there is no error."""
        for path in paths:
            with explained(self.full(path)):
                self._files.delete(path)

    def list(self, prefix: str = "", recursive: bool = True) -> dict[str, int]:
        """Path and bytes of the files below a folder, sorted by path; empty where there is no such folder.

        Unfinished files (".tmp-…") are left out. `recursive=False` leaves out what lies in subfolders.
        """
        with explained(self.full(prefix)):
            found = self._files.list(prefix, recursive)
        return {path: found[path] for path in sorted(found) if not path.rpartition("/")[2].startswith(".tmp-")}

    def stamps(self, prefix: str, suffix: str) -> dict[str, tuple[int, str | None]]:
        """Bytes of the files directly in a folder, by path, and the MD5 (hex) of those whose names end in `suffix`.

        A bucket tells both with its listing, so that no file is read; None where it tells no MD5, as of what was
        uploaded in parts.
        """
        with explained(self.full(prefix)):
            return self._files.stamps(prefix, suffix)

    def folders(self, prefix: str = "") -> tuple[str, ...]:
        """The names of the folders directly in a folder, sorted."""
        with explained(self.full(prefix)):
            return tuple(sorted(self._files.folders(prefix)))

    def sweep(self, prefix: str = "", recursive: bool = True) -> int:
        """Delete the unfinished files that dead processes left below a folder; how many there were.

        Those of living processes stay. `recursive=False` leaves subfolders alone. (In a bucket nothing unfinished is
        visible but the probes of `check_writable`.)
        """
        with explained(self.full(prefix)):
            return self._files.sweep(prefix, recursive)


def _rebuild(url: str, options: dict[str, Any]) -> Storage:
    return Storage(url, **options)
