"""Where a corpus lies: a `pathlib.Path` on this machine, a `PackedPath` where it was left in archives, or a
`RemotePath` in a bucket, used alike by every source.

A `RemotePath` has what sources do with paths and no more: `/`, names, parents, listing, opening. It costs no request
until it is asked something.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pipelines.places.first_bytes import CONNECTIONS, FIRST_BYTES, FirstBytes
from pipelines.places.folder import Entry, Name, matching
from pipelines.places.packed_path import PackedPath
from pipelines.places.remote_folders import RemoteFolders
from shards.remote_files import RemoteFiles, patiently
from shards.storage_error import StorageError, explained

_BLOCK_BYTES = 8 << 20  # of each request of a stream
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class _Corpus:
    """One SOURCE in a bucket: the connection, and what was seen of its folders."""

    def __init__(self, url: str, options: dict[str, Any], files: RemoteFiles | None = None) -> None:
        self.url, self.options = url, options
        if url.startswith(("s3://", "s3a://")):
            given = options.get("config_kwargs", {})
            if not isinstance(given, dict):
                raise StorageError("source_options.config_kwargs: expected keys with values", lasting=True)
            options = {**options, "config_kwargs": {"max_pool_connections": CONNECTIONS, **given}}
        self.files = files or RemoteFiles(url, options)
        self.folders = RemoteFolders(self.files)
        self.first_bytes = FirstBytes(self._first_bytes, self.folders.remembered_files)

    def address(self, url: str) -> str:
        """The name that the file system knows a place by, which may also be above SOURCE."""
        root = str(self.files.connection()[1])
        if len(url) >= len(self.url):
            return root + url[len(self.url) :]
        return root.rsplit("/", self.url[len(url) :].count("/"))[0]

    def _first_bytes(self, address: str) -> bytes:
        return self.files.read_range(address[len(str(self.files.connection()[1])) + 1 :], 0, FIRST_BYTES)


class RemotePath:
    """A file or folder below, or above, the URL that was passed as SOURCE. Can be pickled, without its connection.

    What goes wrong is told as a `StorageError`; only what is not there is a FileNotFoundError, as on disk.
    """

    __slots__ = ("_corpus", "_url")

    def __init__(self, corpus: _Corpus, url: str) -> None:
        self._corpus, self._url = corpus, url

    def __str__(self) -> str:
        return self._url

    def __repr__(self) -> str:
        return f"RemotePath({self._url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (self._corpus.url, self._corpus.options, self._url))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, RemotePath) and self._url == other._url and self._corpus.options == other._corpus.options
        )

    def __hash__(self) -> int:
        return hash(self._url)

    def __lt__(self, other: RemotePath) -> bool:
        return self._url.split("/") < other._url.split("/")  # as pathlib does: "a/b" before "a-b"

    def __truediv__(self, path: str) -> RemotePath:
        parts = [part for part in path.split("/") if part not in ("", ".")]
        return RemotePath(self._corpus, "/".join([self._url, *parts]))

    @property
    def name(self) -> str:
        return self._url.rpartition("/")[2]

    @property
    def parent(self) -> RemotePath:
        """The folder above; of a bucket, itself."""
        return next(iter(self.parents), self)

    @property
    def parents(self) -> tuple[RemotePath, ...]:
        """The folders above, the nearest first, up to the bucket."""
        above = []
        url = self._url.rpartition("/")[0]
        while not url.endswith("/"):
            above.append(RemotePath(self._corpus, url))
            url = url.rpartition("/")[0]
        return tuple(above)

    def fresh(self) -> RemotePath:
        """The same place, with nothing remembered of what was there before."""
        corpus = self._corpus
        return RemotePath(_Corpus(corpus.url, corpus.options, corpus.files), self._url)

    def exists(self) -> bool:
        """Whether there is a file or a folder."""
        return self.is_dir() or self.is_file()

    def is_dir(self) -> bool:
        """Whether anything lies below here."""
        with explained(self._url):
            return self._corpus.folders.is_folder(self._address())

    def is_file(self) -> bool:
        """Whether there is an object."""
        with explained(self._url):
            return self._corpus.folders.is_file(self._address())

    @contextlib.contextmanager
    def scandir(self) -> Iterator[Iterator[Entry]]:
        """What is in this folder, in no order, as `os.scandir` tells it.

        Raises:
            FileNotFoundError: there is no such folder.
        """
        with explained(self._url):
            yield (Name(*entry) for entry in self._corpus.folders.entries(self._address()))

    def iterdir(self) -> Iterator[RemotePath]:
        """The paths in this folder, in no order."""
        with self.scandir() as entries:
            for name in dict.fromkeys(entry.name for entry in entries):
                yield self / name

    def glob(self, pattern: str) -> Iterator[RemotePath]:
        """The paths below that fit a pattern such as `*/*.txt`, in order; without `**`."""
        return matching(self, pattern)

    def read_bytes(self) -> bytes:
        """The whole object, by one request.

        Raises:
            FileNotFoundError: it is not there.
        """
        with explained(self._url):
            return self._corpus.files.read_bytes(self._below())

    def read_range(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`, by one request.

        Raises:
            FileNotFoundError: it is not there.
        """
        with explained(self._url):
            return self._corpus.files.read_range(self._below(), offset, length)

    def size(self) -> int:
        """Bytes of the object.

        Raises:
            FileNotFoundError: it is not there.
        """
        with explained(self._url):
            size = self._corpus.files.size(self._below())
        if size is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", self._url)
        return size

    def at_bucket(self) -> RemotePath:
        """The same place, seen from the bucket: others than those below and above it can be reached from there."""
        scheme, _, rest = self._url.partition("://")
        return RemotePath(_Corpus(f"{scheme}://{rest.partition('/')[0]}", self._corpus.options), self._url)

    def elsewhere(self, bucket: str) -> RemotePath:
        """Another bucket, reached with the same options."""
        return RemotePath(_Corpus(bucket, self._corpus.options), bucket)

    def read_text(self, encoding: str = "utf-8") -> str:
        """The whole object as text."""
        return self.read_bytes().decode(encoding)

    def open(
        self, mode: str = "r", encoding: str | None = None, errors: str | None = None, newline: str | None = None
    ) -> IO[Any]:
        """The object for reading from its beginning: a small one by one request, a large one piece by piece.

        Raises:
            FileNotFoundError: it is not there.
        """
        with explained(self._url):
            first = self._corpus.first_bytes.of(self._address())
            file: io.BytesIO | io.BufferedReader = io.BytesIO(first)
            if len(first) == FIRST_BYTES:
                file = io.BufferedReader(_Stream(self._corpus.files, self._address(), self._url), FIRST_BYTES)
        if mode == "rb":
            return file
        return io.TextIOWrapper(file, encoding or "utf-8", errors, newline)

    def _below(self) -> str:
        """The path below SOURCE."""
        return self._url[len(self._corpus.url) + 1 :]

    def _address(self) -> str:
        return self._corpus.address(self._url)


class _Stream(io.RawIOBase):
    """A large object, read in pieces; all of them are of the same version of it."""

    def __init__(self, files: RemoteFiles, address: str, url: str) -> None:
        super().__init__()
        fs = files.connection()[0]
        self._url = url
        self._file = patiently(lambda: fs.open(address, "rb", block_size=_BLOCK_BYTES))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with explained(self._url):
            data = patiently(lambda: self._read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def _read(self, length: int) -> bytes:
        try:
            return bytes(self._file.read(length))
        except OSError as error:
            if type(error).__name__ != "FileExpired":  # of s3fs, which asks for the version that it began with
                raise
            raise StorageError(f"{self._url}: changed while it was read; run the same command again") from error

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


CorpusPath = Path | RemotePath | PackedPath
Root = str | os.PathLike[str] | CorpusPath  # what may be passed as SOURCE or in ROOTS


def corpus_path(place: Root, options: dict[str, Any] | None = None) -> CorpusPath:
    """What the user passed as SOURCE or in ROOTS: a folder or a URL. `options` go to fsspec.

    A folder is given from the top; `~` is this user's home, whatever shell passed it on.

    Raises:
        StorageError: a URL that holds a password, which would be printed.
    """
    if isinstance(place, RemotePath | PackedPath):
        return place
    text = os.fspath(place)
    scheme = _SCHEME.match(text)
    if scheme is None or scheme[1] in ("file", "local"):
        folder = text[scheme.end() :] if scheme else text
        return Path(os.path.expanduser(folder)).absolute()  # noqa: PTH111 -- the other one raises without such a user
    if ":" in text[scheme.end() :].partition("/")[0].rpartition("@")[0]:
        raise StorageError(
            f"{scheme[0]}…: a URL with a password in it; leave it out, and pass source_options.password=… or what the "
            "file system takes from the environment",
            lasting=True,
        )
    url = text.rstrip("/")
    if len(url) <= scheme.end():
        raise StorageError(f"{text}: names no bucket; pass {text}BUCKET/PATH", lasting=True)
    return RemotePath(_Corpus(url, options or {}), url)


def relative(path: CorpusPath, root: CorpusPath) -> str:
    """The way from `root` down to `path`, with "/"; "." where they are the same."""
    return PurePosixPath(str(path)).relative_to(str(root)).as_posix()


def fresh(path: CorpusPath) -> CorpusPath:
    """The same place; what is asked of it next is asked anew."""
    return path.fresh() if isinstance(path, RemotePath) else path


def confirm(path: CorpusPath) -> None:
    """See that a file or folder is there; of a `fresh` path, that it is there now.

    Raises:
        OSError: it is not, or it cannot be said.
    """
    if isinstance(path, PackedPath):
        path.confirm()
    elif isinstance(path, Path):
        os.stat(path)  # noqa: PTH116 -- the error is wanted, with its errno
    elif not path.exists():
        raise FileNotFoundError(errno.ENOENT, "no such file", str(path))


def scandir(folder: CorpusPath) -> AbstractContextManager[Iterator[Entry]]:
    """What is in a folder, in no order.

    Raises:
        OSError: there is no such folder, or it cannot be read.
    """
    return os.scandir(folder) if isinstance(folder, Path) else folder.scandir()


def _rebuild(base: str, options: dict[str, Any], url: str) -> RemotePath:
    return RemotePath(_Corpus(base, options), url)
