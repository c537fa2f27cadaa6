"""The members of a tar, as they come: names, places, and what is no file.

Headers are read by Python's tarfile; their order is followed here, because tarfile takes a damaged header for the end,
and nobody learns that half of the corpus is gone.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from typing import Protocol

from pipelines.archives.member import Found
from pipelines.archives.stream import ArchiveError, Bytes

BLOCK = tarfile.BLOCKSIZE
_LONGEST_HEADER = 1 << 20  # bytes of a name or of extended headers; more is an attack on memory
_LINKS = {tarfile.LNKTYPE: "link", tarfile.SYMTYPE: "link"}


class Forward(Protocol):
    """Bytes read from the beginning on."""

    position: int

    def read(self, size: int) -> bytes:
        """The next `size` bytes, or fewer at the end."""
        ...

    def skip(self, size: int) -> int | None:
        """Pass over as many; their CRC-32 where they were seen."""
        ...


class Jumps:
    """A stream that need not be read to get on."""

    def __init__(self, stream: Bytes) -> None:
        self._stream, self.position = stream, 0

    def read(self, size: int) -> bytes:
        data = self._stream.read_at(self.position, size)
        self.position += len(data)
        return data

    def skip(self, size: int) -> int | None:
        self.position += size
        if self.position > self._stream.size:
            raise EOFError
        return None


class Steps:
    """Blocks that come one after the other."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._block, self._start, self.position = blocks, b"", 0, 0

    def read(self, size: int) -> bytes:
        return b"".join(self._parts(size))

    def skip(self, size: int) -> int | None:
        crc, end = 0, self.position + size
        for part in self._parts(size):
            crc = zlib.crc32(part, crc)
        if self.position < end:
            raise EOFError
        return crc

    def rest(self) -> Iterator[None]:
        """Read on to the end, where the stream is found to be whole; block by block."""
        self.position += len(self._block) - self._start
        for block in self._blocks:
            self.position += len(block)
            yield

    def _parts(self, size: int) -> Iterator[bytes | memoryview]:
        while size > 0:
            if self._start == len(self._block):
                self._block, self._start = next(self._blocks, b""), 0
                if not self._block:
                    return
            part = memoryview(self._block)[self._start : self._start + size]
            self._start += len(part)
            self.position += len(part)
            size -= len(part)
            yield part


def tar_members(file: Forward, name: str) -> Iterator[Found]:
    """The members of a tar, without its folders' and files' rights, owners and times.

    Raises:
        ArchiveError: it is no tar, damaged, or cut off.
    """
    pax: dict[str, str] = {}  # of the next member; `everywhere` for all that follow
    everywhere: dict[str, str] = {}
    long_name, long_link = "", ""
    while True:
        start = file.position
        header = file.read(BLOCK)
        if header == bytes(BLOCK):  # the end mark
            return
        try:
            info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            what = "is no tar archive" if start == 0 else f"is damaged at byte {start:,}"
            if len(header) < BLOCK:
                what = "is cut off: it lacks the end of a tar archive" if start else what
            raise ArchiveError(f"{name}: {what}. Download it again, or unpack it there") from error
        try:
            if info.type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE):
                (everywhere if info.type == tarfile.XGLTYPE else pax).update(
                    _records(_body(file, info.size, name), name)
                )
                continue
            if info.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
                text = _body(file, info.size, name).rstrip(b"\0").decode("utf-8", "surrogateescape")
                long_name, long_link = (text, long_link) if info.type == tarfile.GNUTYPE_LONGNAME else (long_name, text)
                continue
            told = everywhere | pax
            path = told.get("path") or long_name or info.name
            link = told.get("linkpath") or long_link or info.linkname
            size = int(told.get("size") or info.size)
            kind = _kind(info, told)
            offset = file.position
            crc = file.skip(size) if info.isreg() or info.type not in tarfile.SUPPORTED_TYPES else None
            file.skip((offset - file.position) % BLOCK)
        except (EOFError, ValueError) as error:
            raise ArchiveError(
                f"{name}: is cut off or damaged at byte {start:,}. Download it again, or unpack it there"
            ) from error
        pax, long_name, long_link = {}, "", ""
        yield Found(path, kind, offset, size if kind == "file" else 0, size, "stored", crc, link)


def _kind(info: tarfile.TarInfo, told: dict[str, str]) -> str:
    if info.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse") for key in told):
        return "sparse file"
    if info.isreg() and not info.name.endswith("/"):
        return "file"
    return "folder" if info.isdir() or info.isreg() else _LINKS.get(info.type, "device")


def _body(file: Forward, size: int, name: str) -> bytes:
    """The content of a header that has one."""
    if not 0 <= size <= _LONGEST_HEADER:
        raise ArchiveError(f"{name}: a header of {size:,} bytes; this is no archive of a corpus")
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    file.skip(-size % BLOCK)
    return data


def _records(body: bytes, name: str) -> Iterator[tuple[str, str]]:
    """Key and value of the records of an extended header: `30 path=…\\n`, with the record's length before it."""
    while body.strip(b"\0"):
        length, _, _ = body.partition(b" ")
        if not length.isdigit() or not len(length) < int(length) <= len(body):
            raise ValueError(f"{name}: extended header")
        key, _, value = body[len(length) + 1 : int(length) - 1].partition(b"=")
        yield key.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")
        body = body[int(length) :]
