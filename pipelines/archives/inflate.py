"""Gzip, read at any place: from the nearest access point on, a quarter of a megabyte before it on average.

An access point is the beginning of a deflate block: where it lies, to the bit, and the 32 KiB before it that later
bytes may repeat. zlib takes these as a dictionary; that the block may begin within a byte is dealt with by empty blocks
of our own before it, of as many bits as the byte lacks.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipelines.archives.stream import ArchiveError, Bytes

WINDOW = 1 << 15  # bytes: how far deflate looks back
TRAILER = 8  # bytes: checksum and length at the end of a gzip stream
_INPUT_BYTES = 1 << 16  # given to zlib at a time


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """Where decoding can begin: `out` and `at` are places in what is unpacked and in the gzip file.

    A block that begins within a byte has its first `bits` bits in the byte before `at`. `window` is empty behind the
    header of a gzip stream, and None before it.
    """

    out: int
    at: int
    bits: int
    window: bytes | None


def begun(point: AccessPoint, shared: bytes) -> Any:
    """A zlib object that has arrived at an access point; `shared` is the byte before `at`, which counts with `bits`."""
    if point.window is None:
        return zlib.decompressobj(31)
    inflater = zlib.decompressobj(-15, zdict=point.window) if point.window else zlib.decompressobj(-15)
    if point.bits:
        lacking = 8 - point.bits
        inflater.decompress(_FILLERS[lacking][0] + bytes([_FILLERS[lacking][1] | (shared[0] >> lacking << lacking)]))
    return inflater


def _bits(value: int, count: int) -> list[int]:
    return [value >> place & 1 for place in range(count)]


# Blocks without content, as bits (RFC 1951): one of 10 bits with the fixed code, and one of 93, an odd number, whose
# own code has the symbol 256 (end) alone: 138 and 118 lengths of 0, then 1 for the end, and 1 for a distance.
_FIXED = [*_bits(0b010, 3), *_bits(0, 7)]
_CODED = [*_bits(0b100, 3), *_bits(0, 5), *_bits(0, 5), *_bits(15, 4)]
for _symbol in (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15):
    _CODED += _bits(int(_symbol in (1, 18)), 3)
_CODED += [1, *_bits(138 - 11, 7), 1, *_bits(118 - 11, 7), 0, 0, 0]


def _filler(count: int) -> tuple[bytes, int]:
    """Empty blocks of `count` bits, modulo 8: the whole bytes, and the last bits."""
    bits = _CODED * (count % 2)
    while len(bits) % 8 != count:
        bits = bits + _FIXED
    values = [
        sum(bit << place for place, bit in enumerate(bits[start : start + 8])) for start in range(0, len(bits), 8)
    ]
    return bytes(values[:-1]), values[-1]


_FILLERS = {count: _filler(count) for count in range(1, 8)}


class Inflated:
    """What a gzip file unpacks to. `point` gives the last access point at or before a place in it."""

    def __init__(self, base: Bytes, size: int, point: Callable[[int], AccessPoint], name: str) -> None:
        self._base, self.size, self._point, self._name = base, size, point, name
        self._inflater: Any = None
        self._raw = False  # whether zlib leaves the trailer to us
        self._position = 0  # in what is unpacked
        self._next = 0  # byte of the file to be read
        self._waiting = b""  # what zlib has not taken yet

    def read_at(self, offset: int, size: int) -> bytes:
        size = min(size, self.size - offset)
        if size <= 0:
            return b""
        try:
            self._go_to(offset)
            parts = []
            while size > 0:
                parts.append(self._some(size))
                size -= len(parts[-1])
        except (zlib.error, EOFError) as error:
            self._inflater = None
            raise ArchiveError(f"{self._name}: damaged since its index was made ({error}); unpack it again") from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _go_to(self, offset: int) -> None:
        point = self._point(offset)
        if self._inflater is None or not point.out <= self._position <= offset:
            self._inflater = begun(point, self._base.read_at(point.at - 1, 1) if point.bits else b"")
            self._raw, self._position, self._next, self._waiting = point.window is not None, point.out, point.at, b""
        while self._position < offset:
            self._some(offset - self._position)

    def _some(self, size: int) -> bytes:
        """Up to `size` bytes of what follows, at least one."""
        while True:
            if not self._waiting:
                self._waiting = self._base.read_at(self._next, _INPUT_BYTES)
                self._next += len(self._waiting)
                if not self._waiting and not self._inflater.eof:
                    raise EOFError("it ends within its data")
            data: bytes = self._inflater.decompress(self._waiting, size)
            self._waiting = self._inflater.unconsumed_tail
            if self._inflater.eof:
                self._next_stream()
            self._position += len(data)
            if data:
                return data

    def _next_stream(self) -> None:
        """Go on behind the end of a gzip stream: zlib passes over the trailer where it read the header."""
        self._next += (TRAILER if self._raw else 0) - len(self._inflater.unused_data)
        self._inflater, self._raw, self._waiting = zlib.decompressobj(31), False, b""
