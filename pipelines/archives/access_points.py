"""The one pass over a gzip file in which its access points are found, while what it unpacks to is read.

indexed_gzip tells where deflate blocks begin, which zlib does not tell Python. Of each window only those bytes are kept
that later ones repeat, so that a point takes some 10 (FLAC) to 1,000 bytes (WAV) instead of 32 KiB.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pipelines.archives.inflate import TRAILER, WINDOW, AccessPoint, begun
from pipelines.archives.stream import ArchiveError, ByteFile, Bytes

SPACING = 1 << 18  # bytes between access points, of what is unpacked: half of it is decoded in vain for each seek
BLOCK_BYTES = 1 << 20  # given at a time
MAGIC = b"\x1f\x8b"  # of a gzip stream; no deflate block begins so
_HARVEST_BYTES = 64 << 20  # between two harvests: indexed_gzip holds 32 KiB for each point until then
_HEAD = struct.Struct(
    "<5sBBQQIII"
)  # of indexed_gzip's own index: magic, version, flags, sizes, spacing, window, points
_POINT = struct.Struct("<QQBB")  # at, out, bits, whether there is a window


def inflated(file: Bytes, name: str, note: Callable[[AccessPoint], None]) -> Iterator[bytes]:
    """What a gzip file unpacks to, from beginning to end; each access point is noted after the bytes before it.

    Raises:
        ArchiveError: it is cut off or damaged, at the latest at its end.
    """
    begin = last = AccessPoint(0, 0, 0, None)
    note(begin)
    raw, out, crc, harvested = ByteFile(file), 0, 0, 0
    indexing, resumed, resumes = _indexing(raw, file.size), False, True
    try:
        while True:
            try:
                block = indexing.read(BLOCK_BYTES)
            except OSError:
                if not resumed or raw.failure is not None:
                    raise
                # It does not get from one gzip stream to the next where it was resumed: the rest in one go.
                indexing, resumed, resumes = _indexing(raw, file.size), False, False
                indexing.seek(out)
                continue
            out += len(block)
            crc = zlib.crc32(block, crc)
            if not block or out - harvested >= _HARVEST_BYTES:
                index = io.BytesIO()
                indexing.export_index(fileobj=index)
                points = [point for point in _parsed(index.getvalue()) if point.out > last.out]
                for point in points:
                    note(_sparse(file, point))
                last = points[-1] if points else last
                windowed = next((point for point in reversed(points) if point.window), None)
                if block and resumes and windowed:
                    indexing, resumed = _indexing(raw, file.size, windowed), True
                    indexing.seek(out)
                harvested = out
            if not block:
                break
            yield block
    except (OSError, EOFError, ValueError, zlib.error) as error:
        if raw.failure is not None:
            raise raw.failure from None  # the disk's, which indexed_gzip takes for the file's
        raise ArchiveError(_damaged(name)) from error
    # A trailer tells of one gzip stream, of which a file may hold several: then zlib looks at them all.
    if not (_ends_well(file, last, out, crc) or _ends_well(file, begin, out, None)):
        raise ArchiveError(_damaged(name))


def _indexing(raw: ByteFile, size: int, start: AccessPoint | None = None) -> Any:
    """indexed_gzip at work on a file of `size` bytes; with `start`, which has a window, from there on."""
    import indexed_gzip

    raw.seek(0)
    made = indexed_gzip.IndexedGzipFile(
        fileobj=raw, spacing=SPACING, window_size=WINDOW, readbuf_size=BLOCK_BYTES, skip_crc_check=start is not None
    )
    if start is not None:
        head = _HEAD.pack(b"GZIDX", 1, 0, size, 0, SPACING, WINDOW, 1)
        point = _POINT.pack(start.at, start.out, start.bits, 1)
        made.import_index(fileobj=io.BytesIO(head + point + (start.window or b"")))
    return made


def _parsed(index: bytes) -> Iterator[AccessPoint]:
    """The access points of an index as indexed_gzip writes it.

    At the beginning of a gzip stream it tells now the header's place, now that behind it: `window` is empty there.
    """
    *_, count = _HEAD.unpack_from(index)
    place = _HEAD.size + count * _POINT.size
    for number in range(count):
        at, out, bits, has_window = _POINT.unpack_from(index, _HEAD.size + number * _POINT.size)
        yield AccessPoint(out, at, bits, index[place : place + WINDOW] if has_window else b"")
        place += WINDOW if has_window else 0


def _sparse(file: Bytes, point: AccessPoint) -> AccessPoint:
    """The point with zeros for those bytes of its window that nothing repeats.

    What is decoded depends on the window's content in copied bytes alone. So the first 32 KiB, beyond which nothing
    reaches back, are decoded with three windows that tell a byte's place: its low half, that inverted, its high half.
    """
    if not point.window:
        return AccessPoint(point.out, point.at, 0, None) if file.read_at(point.at, 2) == MAGIC else point
    places = np.arange(WINDOW)
    low, inverted, high = (
        (places & 255).astype(np.uint8),
        (255 - (places & 255)).astype(np.uint8),
        (places >> 8).astype(np.uint8),
    )
    start = file.read_at(point.at - 1, 4 * WINDOW)
    first = _beginning(point, low, start)
    copied = first != _beginning(point, inverted, start)
    kept = np.zeros(WINDOW, np.uint8)
    if copied.any():
        used = first[copied] + 256 * _beginning(point, high, start)[copied].astype(np.int64)
        kept[used] = np.frombuffer(point.window, np.uint8)[used]
    return AccessPoint(point.out, point.at, point.bits, kept.tobytes())


def _beginning(point: AccessPoint, window: np.ndarray, start: bytes) -> np.ndarray:
    """The first 32 KiB from a point on, as they would be behind another window."""
    inflater = begun(AccessPoint(point.out, point.at, point.bits, window.tobytes()), start[:1])
    return np.frombuffer(inflater.decompress(start[1:], WINDOW), np.uint8)


def _ends_well(file: Bytes, start: AccessPoint, out: int, crc: int | None) -> bool:
    """Whether a gzip file ends as one: indexed_gzip takes one that is cut off to end there.

    Args:
        start: the point to decode from.
        out: bytes that were unpacked.
        crc: their checksum; None where zlib sees all checksums itself, from the beginning on.
    """
    inflater, raw, position, at = (
        begun(start, file.read_at(start.at - 1, 1) if start.bits else b""),
        start.window is not None,
        start.out,
        start.at,
    )
    waiting = b""
    try:
        while position <= out:
            if not waiting:
                waiting = file.read_at(at, BLOCK_BYTES)
                at += len(waiting)
                if not waiting:
                    return False
            position += len(inflater.decompress(waiting, BLOCK_BYTES))
            waiting = inflater.unconsumed_tail
            if inflater.eof:
                at -= len(inflater.unused_data)
                if raw or crc is not None:
                    trailer = file.read_at(at if raw else at - TRAILER, TRAILER)
                    return position == out and trailer == struct.pack("<II", crc or 0, out & 0xFFFFFFFF)
                if file.read_at(at, 2) != MAGIC:  # what else may follow, gzip ignores too
                    return position == out
                inflater, waiting = zlib.decompressobj(31), b""
    except zlib.error:
        pass
    return False


def _damaged(name: str) -> str:
    return f"{name}: is cut off or damaged: it does not end as a gzip file does. Download it again"
