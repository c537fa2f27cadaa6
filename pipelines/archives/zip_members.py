"""The members of a zip, by its central directory, and their content.

zipfile reads the directory, zip64 included. The content is read here, because zipfile can only seek in it by unpacking
from the beginning, and keeps the whole directory in memory for as long as it is open.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from pipelines.archives.member import Found
from pipelines.archives.stream import ArchiveError, ByteFile, Bytes, Slice

_LOCAL = struct.Struct("<4s22xHH")  # magic, lengths of the name and of the extra field
_UTF8, _ENCRYPTED = 0x800, 0x1
_DOS, _UNIX = 0, 3
_FILE_TYPES = {0o040000: "folder", 0o120000: "link", 0o100000: "file", 0: "file"}
_METHODS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}
_INPUT_BYTES = 1 << 16


def zip_members(file: Bytes, name: str) -> Iterator[Found]:
    """The members of a zip.

    Raises:
        ArchiveError: it is no zip, cut off, one part of several, encrypted, or packed by another method.
    """
    raw = ByteFile(file)
    try:
        with zipfile.ZipFile(raw) as archive:
            listed = archive.infolist()
    except (zipfile.BadZipFile, struct.error, ValueError, EOFError) as error:
        if raw.failure is not None:
            raise raw.failure from None
        advice = "Download it again"
        if "multiple disks" in str(error) or "span" in str(error):
            advice = "Put its parts together: zip -s 0 THIS.zip --out whole.zip"
        raise ArchiveError(f"{name}: cannot be read as a zip ({error}); it may be cut off. {advice}") from error
    if sum(info.compress_size for info in listed) > file.size:
        raise ArchiveError(f"{name}: its members overlap, which no archive of a corpus does; it is not read")
    for info in listed:
        path = _path(info)
        kind = "folder" if path.endswith("/") else "file"
        if info.create_system == _UNIX and kind == "file":
            kind = _FILE_TYPES.get(info.external_attr >> 16 & 0o170000, "device")
        if kind == "file" and info.flag_bits & _ENCRYPTED:
            raise ArchiveError(f"{name}: member {path!r} is encrypted; unpack the archive there with its password")
        if kind == "file" and info.compress_type not in _METHODS:
            method = zipfile.compressor_names.get(info.compress_type, str(info.compress_type))  # type: ignore[attr-defined]
            raise ArchiveError(
                f"{name}: member {path!r} is packed by the method '{method}', which is not read in place; unpack the "
                f"archive there, for instance with 7z x"
            )
        yield Found(
            path, kind, info.header_offset, info.file_size, info.compress_size,
            _METHODS.get(info.compress_type, ""), info.CRC,
        )  # fmt: skip


def _path(info: zipfile.ZipInfo) -> str:
    """A member's path as unzip would write it; programs of Windows also part folders by backslashes."""
    name = _name(info)
    return name.replace("\\", "/") if info.create_system == _DOS and "/" not in name else name


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name: UTF-8 where that is said or possible, else as it is (Unix) or CP437."""
    if info.flag_bits & _UTF8:
        return info.filename
    raw = info.orig_filename.partition("\0")[0].encode("cp437", "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "surrogateescape") if info.create_system == _UNIX else info.filename


def zip_content(file: Bytes, name: str, found: Found) -> Bytes:
    """The content of a member.

    Raises:
        ArchiveError: the archive does not hold it where its directory says.
    """
    local = file.read_at(found.offset, _LOCAL.size)
    if len(local) < _LOCAL.size or not local.startswith(b"PK\x03\x04"):
        raise ArchiveError(
            f"{name}: member {found.path!r} is not where the archive's directory says. Download it again"
        )
    _, name_bytes, extra_bytes = _LOCAL.unpack(local)
    packed = Slice(file, found.offset + _LOCAL.size + name_bytes + extra_bytes, found.packed)
    return packed if found.packing == "stored" else Deflated(packed, found.size, f"{name}: member {found.path!r}")


class Deflated:
    """What a deflate stream unpacks to, never more than `size` bytes; to go back is to begin anew."""

    def __init__(self, packed: Bytes, size: int, name: str) -> None:
        self._packed, self.size, self._name = packed, size, name
        self._inflater: Any = None
        self._position = self._next = 0
        self._waiting = b""

    def read_at(self, offset: int, size: int) -> bytes:
        if self._inflater is None or offset < self._position:
            self._inflater, self._position, self._next, self._waiting = zlib.decompressobj(-15), 0, 0, b""
        while self._position < offset:
            self._some(min(offset - self._position, 1 << 20))
        parts, size = [], min(size, self.size - offset)
        while size > 0:
            parts.append(self._some(size))
            size -= len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _some(self, size: int) -> bytes:
        """Up to `size` bytes of what follows, at least one."""
        while True:
            if not self._waiting:
                self._waiting = self._packed.read_at(self._next, _INPUT_BYTES)
                self._next += len(self._waiting)
            try:
                data: bytes = self._inflater.decompress(self._waiting, size)
            except zlib.error as error:
                self._inflater = None
                raise ArchiveError(f"{self._name}: is damaged ({error}). Download the archive again") from error
            if not data and (self._inflater.eof or not self._waiting):
                self._inflater = None
                raise ArchiveError(f"{self._name}: is shorter than the archive says. Download the archive again")
            self._waiting = self._inflater.unconsumed_tail
            self._position += len(data)
            if data:
                return data
