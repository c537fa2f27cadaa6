"""What an archive holds: files that can be read, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A member as the archive tells of it.

    `kind` is "file", "folder", or what it is else ("link", "device", "sparse file"), which is not read. A file's
    content begins at `offset` of the archive (of what it unpacks to, for a .tar.gz), or behind the local header there,
    for a zip. It takes `packed` bytes and is `size` bytes long. `crc` is its CRC-32 where that is known.
    """

    path: str
    kind: str
    offset: int = 0
    size: int = 0
    packed: int = 0
    packing: str = "stored"
    crc: int | None = None
    link: str = ""
