"""MP4 and Matroska: whether the outermost boxes are all there.

An MP4 often has its index at the end, so that a cut one cannot be opened at all; a cut Matroska opens and ends early.
"""

from __future__ import annotations

from pipelines.formats.content import Content

_SEGMENT = b"\x18\x53\x80\x67"  # the Matroska element that holds everything but the header


def is_cut_mp4(data: Content) -> bool:
    """Whether an outermost box of an MP4 reaches beyond the end of the file."""
    position = 0
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if size == 1:  # the length is in 64 bits behind the name
            size = int.from_bytes(data[position + 8 : position + 16], "big")
        if size == 0:  # to the end of the file
            return False
        position += max(size, 8)
    return position > len(data)


def is_cut_matroska(data: Content) -> bool:
    """Whether the segment of a Matroska file reaches beyond the end; one written to a pipe does not tell."""
    at, size = _size_at(data, 4)  # of the header
    if size is None or not data.startswith(_SEGMENT, at + size):
        return False
    at, size = _size_at(data, at + size + 4)
    return size is not None and at + size > len(data)


def _size_at(data: Content, at: int) -> tuple[int, int | None]:
    """Where the content of the element whose size stands at `at` begins, and its size (None: unknown)."""
    if at >= len(data) or data[at] == 0:
        return at, None
    length = 9 - data[at].bit_length()  # in bytes, told by the leading zeros
    mask = (1 << 7 * length) - 1
    size = int.from_bytes(data[at : at + length], "big") & mask
    return at + length, None if size == mask else size
