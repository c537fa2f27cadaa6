"""Which files are archives, by their names and first bytes, and what to do with those that are not read in place."""

from __future__ import annotations

import re
import tarfile
from typing import Literal

from pipelines.archives.stream import ArchiveError, Bytes

Kind = Literal["tar", "gzip", "zip"]

_READ = (".tar", ".tar.gz", ".tgz", ".zip")
_COMMANDS = {
    ".7z": "7z x {}", ".rar": "unrar x {}", ".tar.bz2": "tar xjf {}", ".tbz2": "tar xjf {}", ".tbz": "tar xjf {}",
    ".tar.xz": "tar xJf {}", ".txz": "tar xJf {}", ".tar.zst": "tar --zstd -xf {}", ".tar.lz4": "lz4 -dc {} | tar x",
    ".7z.001": "7z x {}",
}  # fmt: skip
_PART = re.compile(r"(.*\.(?:zip|tar|tar\.gz|tgz))[._-]?(?:part)?(?:[0-9]{2,3}|a[a-z])", re.IGNORECASE)
_MAGIC = {
    b"7z\xbc\xaf'\x1c": ".7z", b"Rar!": ".rar", b"BZh": ".tar.bz2", b"\xfd7zXZ\0": ".tar.xz", b"(\xb5/\xfd": ".tar.zst",
}  # fmt: skip


def is_archive_name(name: str) -> bool:
    """Whether a file is called like an archive that is read in place."""
    return name.lower().endswith(_READ) and not name.startswith("._")


def unpacking(name: str) -> str | None:
    """How to unpack a file that is called like an archive but is not read in place; None for any other."""
    lower = name.lower()
    if lower.endswith(".z01"):
        whole = name[:-4]
        return f"zip -s 0 {whole}.zip --out {whole}-whole.zip && unzip {whole}-whole.zip"
    if part := _PART.fullmatch(name):
        return f"cat {part[1]}* > {part[1]}, then pass that"
    return next((command.format(name) for suffix, command in _COMMANDS.items() if lower.endswith(suffix)), None)


def archive_kind(file: Bytes, name: str) -> Kind:
    """What an archive is, whatever it is called.

    Raises:
        ArchiveError: nothing that is read in place; says how to unpack it.
    """
    start = file.read_at(0, tarfile.BLOCKSIZE)
    if start.startswith(b"\x1f\x8b"):
        return "gzip"
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    for magic, suffix in _MAGIC.items():
        if start.startswith(magic):
            command = _COMMANDS[suffix].format(name.rpartition("/")[2])
            raise ArchiveError(f"{name}: is packed in a way that is not read in place; unpack it there: {command}")
    if start == bytes(tarfile.BLOCKSIZE):  # a tar without members
        return "tar"
    try:
        tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise ArchiveError(
            f"{name}: is no archive: it begins with {start[:15]!r}. Download it again, or move it out of SOURCE"
        ) from error
    return "tar"
