"""The one form of tar that shards have, written and read back strictly.

Plain ustar with regular files only: mode 0644, owner 0, no time, no names. Python's tarfile writes the same bytes for
the same members. Reading is strict because tarfile and webdataset are not: at a damaged header in the middle of
a tar they stop as if it ended there, and nobody learns that half of the samples are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from shards.schema import ShardError

BLOCK = 512  # bytes; a member is a header block and its data, filled up to whole blocks
RECORD = 20 * BLOCK  # a tar's length is a multiple of this
LONGEST_NAME = 100  # bytes
LARGEST_MEMBER = 8**11 - 1  # bytes; 11 octal digits


class Bytes(Protocol):
    """Bytes that can be sliced: `bytes` or a mapped file."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: slice, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a tar: where its data begins and how long it is."""

    name: str
    offset: int
    bytes: int


def tar_header(name: str, size: int) -> bytes:
    """The header block of a member.

    Raises:
        ShardError: the name is over 100 bytes or not ASCII, or the file over 8 GiB.
    """
    if not name or len(name) > LONGEST_NAME or not name.isascii():
        raise ShardError(f"{name!r} cannot be a name in a tar: empty, over {LONGEST_NAME} bytes, or not ASCII")
    if size > LARGEST_MEMBER:
        raise ShardError(f"{name!r}: {size} bytes; a member of a tar holds {LARGEST_MEMBER}")
    named, digits = name.encode("ascii"), b"%011o" % size
    checksum = _TEMPLATE_CHECKSUM + sum(named) + sum(digits)
    return b"".join(
        (named, _TEMPLATE[len(named) : 124], digits, _TEMPLATE[135:148], b"%06o\0 " % checksum, _TEMPLATE[156:])
    )


def padding(size: int) -> bytes:
    """What fills a member's data up to whole blocks."""
    return bytes(-size % BLOCK)


def tar_end(position: int) -> bytes:
    """What ends a tar whose last member ends at `position`."""
    return bytes(2 * BLOCK + -(position + 2 * BLOCK) % RECORD)


def tar_members(tar: Bytes) -> Iterator[Member]:
    """The members of a tar in order.

    Raises:
        ShardError: at the first byte that is not as `tar_header`, `padding` and `tar_end` make it; members before it
            have been given by then.
    """
    position = 0
    while True:
        header = bytes(tar[position : position + BLOCK])
        if len(header) < BLOCK:
            raise ShardError(f"at byte {position}: the tar ends without an end mark; it was cut off")
        if not any(header):
            break
        name, digits = header[:LONGEST_NAME].rstrip(b"\0"), header[124:135]
        if not name.isascii() or not digits.isdigit() or b"8" in digits or b"9" in digits:
            raise ShardError(f"at byte {position}: no header of a tar member")
        member = Member(name.decode("ascii"), position + BLOCK, int(digits, 8))
        if header != tar_header(member.name, member.bytes):
            raise ShardError(f"at byte {position}: the header of {member.name!r} is damaged, or not written by us")
        end = member.offset + member.bytes
        position = end + len(padding(member.bytes))
        if position > len(tar):
            raise ShardError(
                f"at byte {member.offset}: {member.name!r} is cut off after {len(tar) - member.offset} bytes"
            )
        if any(tar[end:position]):
            raise ShardError(f"at byte {end}: something stands between {member.name!r} and the next member")
        yield member
    if bytes(tar[position : len(tar)]) != tar_end(position):
        raise ShardError(f"at byte {position}: the end of the tar is not {len(tar_end(position))} zero bytes")


def _template() -> bytes:
    header = bytearray(BLOCK)
    header[100:108] = b"0000644\0"
    header[108:116] = header[116:124] = b"0000000\0"  # owner and group
    header[136:148] = b"00000000000\0"  # time
    header[156:157] = b"0"  # a regular file
    header[257:265] = b"ustar\00000"
    return bytes(header)


_TEMPLATE = _template()
_TEMPLATE_CHECKSUM = sum(_TEMPLATE) + 8 * ord(" ")  # it counts its own field as blanks
