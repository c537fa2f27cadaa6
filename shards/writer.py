"""Writes a shard's tar, whose bytes follow from the samples alone, and says where in it everything lies."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from fastcrc import crc32

from shards.sample import KEY, LONGEST_KEY, member_names
from shards.schema import ShardError
from shards.storage_error import explained
from shards.tar import padding, tar_end, tar_header

WRITE_BUFFER = 4 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """Where the data of one member lies in its tar."""

    offset: int
    bytes: int
    crc32: int


@dataclass(frozen=True, slots=True)
class StoredSample:
    """Where the members of one sample lie in its tar."""

    audio: tuple[Part, ...]
    json: Part


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file: what a commit record says of it."""

    sha256: str
    bytes: int


class ShardWriter:
    """Writes samples one after the other into a tar on local disk.

        with ShardWriter(path) as writer:
            stored = writer.add(key, [flac], sample.to_json())
        writer.written.sha256

    Leaving the block by an exception deletes the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples = 0
        self._keys: set[str] = set()
        self._position = 0
        self._hash = hashlib.sha256()
        self._written: WrittenFile | None = None
        with explained(str(path)):
            self._file = path.open("wb", buffering=WRITE_BUFFER)

    @property
    def size(self) -> int:
        """Length of the tar so far."""
        return self._position

    @property
    def written(self) -> WrittenFile:
        """The finished tar's sha256 and length."""
        assert self._written is not None, "the writer is still open"
        return self._written

    def add(self, key: str, audio: Sequence[bytes], json: bytes) -> StoredSample:
        """Append a sample: its FLAC files in order, then its JSON.

        Raises:
            ShardError: the key is in this shard already, or cannot be one.
            StorageError: the disk is full or refuses.
        """
        if key in self._keys:
            raise ShardError(f"{self.path.name}: two samples have the key {key!r}; ids must differ within a split")
        if len(key) > LONGEST_KEY or not KEY.fullmatch(key):
            raise ShardError(f"{self.path.name}: {key!r} is no key; make it with sample_key")
        self._keys.add(key)
        parts = []
        between = b""  # what stands between the data of two members: small, and so written and hashed together
        with explained(str(self.path)):
            for member, data in zip((*member_names(len(audio)), "json"), (*audio, json), strict=True):
                self._write(between + tar_header(f"{key}.{member}", len(data)))
                parts.append(Part(self._position, len(data), crc32.iso_hdlc(data)))
                self._write(data)
                between = padding(len(data))
            self._write(between)
        self.samples += 1
        return StoredSample(tuple(parts[:-1]), parts[-1])

    def close(self) -> WrittenFile:
        """End the tar; what it came to."""
        if self._written is None:
            with explained(str(self.path)):
                self._write(tar_end(self._position))
                self._file.close()
            self._written = WrittenFile(self._hash.hexdigest(), self._position)
        return self._written

    def abort(self) -> None:
        """Give up: nothing stays."""
        try:
            with explained(str(self.path)):
                self._file.close()  # may have to flush, so a full disk can speak up once more
        finally:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._position += len(data)
