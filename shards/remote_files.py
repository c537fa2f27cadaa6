"""Files in a bucket, through fsspec: uploaded whole, created only where absent when the first must win.

Nothing is ever written through an s3fs file object: an exception inside its `with` block still completes the upload,
truncated. A rename is a copy and a deletion there, so nothing is renamed either.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import fsspec

from shards.storage_error import StorageError, s3_code

_log = logging.getLogger(__name__)
T = TypeVar("T")
TEMPORARY = ".tmp-"
_MD5 = re.compile("[0-9a-f]{32}")  # an ETag of another kind has a dash and a number behind it
_PROBES = 3  # another job's sweep may take one away between its two writes
_ATTEMPTS = 6
# Waits 0.2, 0.4, … s between attempts: s3fs and botocore have retried by themselves before.
_FIRST_WAIT_SECONDS = 0.2
_TRANSIENT_ERRNO = {errno.EBUSY, errno.EREMOTEIO, errno.ECONNRESET, errno.ETIMEDOUT, errno.EPIPE, errno.EIO}
_BEYOND_THE_END = ("InvalidRange", "416")
_TRANSIENT_CODES = {
    "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted",
    "ConditionalRequestConflict", "500", "502", "503", "504",
}  # fmt: skip
_TRANSIENT_KINDS = {
    "EndpointConnectionError", "ConnectionClosedError", "ConnectTimeoutError", "ReadTimeoutError", "HTTPClientError",
    "IncompleteReadError", "ResponseStreamingError", "ClientConnectorError", "ServerDisconnectedError",
    "ClientPayloadError", "ClientOSError", "ServerTimeoutError", "ResponseParserError", "IncompleteRead",
}  # fmt: skip


class RemoteFiles:
    """The objects below a URL, addressed by relative paths with "/"."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        self._url = url
        self._options = options
        self._lock = threading.Lock()
        self._connected: tuple[int, Any, str] | None = None  # process id, file system, root

    @property
    def _root(self) -> str:
        return self.connection()[1]

    @property
    def _fs(self) -> Any:
        return self.connection()[0]

    def connection(self) -> tuple[Any, str]:
        """The fsspec file system and the root in its words: one per process, for all threads; a fork makes its own."""
        with self._lock:
            if self._connected is None or self._connected[0] != os.getpid():
                try:
                    # Listings must be those of now: other jobs write too.
                    fs, root = fsspec.core.url_to_fs(
                        self._url, use_listings_cache=False, skip_instance_cache=True, **self._options
                    )
                except (ValueError, ImportError) as error:  # no such protocol, or its package is not installed
                    raise StorageError(f"{self._url}: cannot be used as storage: {error}") from error
                self._connected = os.getpid(), fs, str(root).rstrip("/")
            return self._connected[1:]

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def check_writable(self) -> None:
        """Put an object, see that a second one cannot take its place, and delete it."""
        for _ in range(_PROBES):
            probe = f"{TEMPORARY}{uuid.uuid4().hex}"
            self.create(probe, b"\0")
            second = self.create(probe, b"\0")
            self.delete(probe)
            if not second:
                return
        raise StorageError(
            f"{self._url}: ignores conditional writes (If-None-Match), which commits need; choose another OUT"
        )

    def exists(self, path: str) -> bool:
        """Whether there is an object."""
        return self.size(path) is not None

    def size(self, path: str) -> int | None:
        """Bytes of an object; None where there is none."""
        try:
            info = patiently(lambda: self._fs.info(self._full(path), refresh=True))
        except FileNotFoundError as error:
            _raise_if_no_bucket(error)
            return None
        return None if info["type"] == "directory" else int(info["size"])

    def read_bytes(self, path: str) -> bytes:
        """The whole object."""
        try:
            # Read from 0 on: s3fs asks for the size of what is read without a range, one request more.
            return bytes(patiently(lambda: self._fs.cat_file(self._full(path), start=0)))
        except OSError as error:
            if s3_code(error) in _BEYOND_THE_END:  # of an empty object
                return b""
            raise

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        if length == 0:
            return b""
        try:
            return bytes(patiently(lambda: self._fs.cat_file(self._full(path), start=offset, end=offset + length)))
        except OSError as error:
            if s3_code(error) in _BEYOND_THE_END:
                return b""
            raise

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """The object for reading and seeking."""
        with patiently(lambda: self._fs.open(self._full(path), "rb")) as file:
            yield file

    def put_file(self, local: Path, path: str, move: bool) -> None:
        """Upload a file, replacing what is there, and delete it here if it is to `move`."""
        patiently(lambda: self._fs.put_file(str(local), self._full(path)))
        uploaded, wanted = self.size(path), local.stat().st_size
        if uploaded != wanted:
            raise OSError(errno.EIO, f"{uploaded} bytes arrived of {wanted}; run the same command again")
        if move:
            local.unlink()

    def create(self, path: str, data: bytes) -> bool:
        """Put an object only where there is none; whether it was this call that did.

        A put whose answer was lost and that was repeated finds its own object: also False.
        """
        try:
            patiently(lambda: self._fs.pipe_file(self._full(path), data, mode="create"))
        except FileExistsError:
            return False
        except OSError as error:
            if s3_code(error) in ("PreconditionFailed", "412"):  # of an endpoint that does not say which condition
                return False
            raise
        return True

    def replace(self, path: str, data: bytes) -> None:
        """Put an object in place of what is there."""
        patiently(lambda: self._fs.pipe_file(self._full(path), data, mode="overwrite"))

    def delete(self, path: str) -> None:
        """Delete an object if it is there."""
        try:
            patiently(lambda: self._fs.rm_file(self._full(path)))
        except FileNotFoundError as error:
            _raise_if_no_bucket(error)

    def list(self, prefix: str, recursive: bool) -> dict[str, int]:
        """Relative path and bytes of every object below a folder."""
        return {path: int(info["size"]) for path, info in self._found(prefix, recursive).items()}

    def stamps(self, prefix: str, suffix: str) -> dict[str, tuple[int, str | None]]:
        """Bytes of the objects directly in a folder; of those whose names end in `suffix` also the MD5, if told."""
        stamps = {}
        for path, info in self._found(prefix, recursive=False).items():
            tag = str(info.get("ETag", "")).strip('"')
            told = path.endswith(suffix) and _MD5.fullmatch(tag)
            stamps[path] = int(info["size"]), tag if told else None
        return stamps

    def _found(self, prefix: str, recursive: bool) -> dict[str, dict[str, Any]]:
        """What the listing says of every object below a folder, by relative path."""
        try:
            depth = {} if recursive else {"maxdepth": 1}
            found = patiently(lambda: self._fs.find(self._full(prefix), detail=True, **depth))
        except FileNotFoundError as error:
            _raise_if_no_bucket(error)
            return {}
        start = len(self._root) + 1
        # A bucket knows no folders, but some tools leave empty objects for them.
        return {path[start:]: info for path, info in found.items() if info["type"] == "file"}

    def folders(self, prefix: str) -> set[str]:
        """The names of the folders directly in a folder."""
        try:
            found = patiently(lambda: self._fs.ls(self._full(prefix), detail=True, refresh=True))
        except FileNotFoundError as error:
            _raise_if_no_bucket(error)
            return set()
        return {info["name"].rstrip("/").rpartition("/")[2] for info in found if info["type"] == "directory"}

    def sweep(self, prefix: str, recursive: bool) -> int:
        """Delete the probes of killed jobs, which lie in the root; an upload that was not completed is no object."""
        del recursive
        probes = [path for path in self.list("", recursive=False) if path.startswith(TEMPORARY)] if not prefix else []
        for path in probes:
            self.delete(path)
        return len(probes)


def patiently(call: Callable[[], T]) -> T:
    """The result of `call`, repeated with growing waits while what fails may pass by itself."""
    for attempt in range(_ATTEMPTS):
        try:
            return call()
        except Exception as error:
            if attempt == _ATTEMPTS - 1 or not _transient(error):
                raise
            # Those below have tried several times by now, so it may look as if nothing happened.
            _log.warning("storage: %s; trying again, %d of %d", s3_code(error) or error, attempt + 2, _ATTEMPTS)
            time.sleep(_FIRST_WAIT_SECONDS * 2**attempt * random.uniform(0.5, 1.5))
    raise AssertionError("unreachable")


def _transient(error: Exception) -> bool:
    if isinstance(error, FileNotFoundError | FileExistsError | PermissionError):
        return False
    code = s3_code(error)
    if code is not None:
        return code in _TRANSIENT_CODES
    if isinstance(error, OSError):
        return isinstance(error, ConnectionError | TimeoutError) or error.errno in _TRANSIENT_ERRNO
    return type(error).__name__ in _TRANSIENT_KINDS


def _raise_if_no_bucket(error: FileNotFoundError) -> None:
    """A missing bucket is a mistake, not an empty folder."""
    if s3_code(error) == "NoSuchBucket":
        raise error
