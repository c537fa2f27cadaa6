"""FLAC frames: walked from the first to the last by their headers and checksums, without decoding (RFC 9639, 9).

A frame tells neither its length nor where the next one begins. It ends where its CRC-16 comes to 0 and either the file
ends or the header of another frame follows, whose CRC-8 is right. Every byte is looked at once, whatever a file holds.
(A zero byte behind a frame leaves its CRC at 0, and so does not show here.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from fastcrc import crc8, crc16

from pipelines.formats.container import AudioReject, truncated
from pipelines.formats.content import Content, buffer
from pipelines.formats.flac import FlacLayout

_LONGEST_HEADER = 16  # bytes
_SEARCH_BYTES = 1 << 24  # looked through at a time
_SIZES = {1: 192, **{code: 576 << (code - 2) for code in range(2, 6)}, **{code: 1 << code for code in range(8, 16)}}
_RATES = (0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)  # Hz, by code
_TOLD_RATES = {12: (1, 1_000), 13: (2, 1), 14: (2, 10)}  # code -> bytes behind the block size, their unit in Hz
_BITS = (0, 8, 12, None, 16, 20, 24, 32)  # by code; 3 is reserved


class _Header(NamedTuple):
    number: int  # of the frame, or of its first waveform frame where the block size varies
    frames: int  # waveform frames
    form: tuple[int, int, int]  # rate, channels, bits; 0: what STREAMINFO says


class _Frame(NamedTuple):
    start: int  # byte
    header: _Header
    whole: bool  # its CRC-16 is right
    followed: bool  # by any header, where it is not whole


def whole_frames(data: Content, layout: FlacLayout) -> int | None:
    """The waveform frames of a stream that holds nothing but whole FLAC frames in their order.

    Returns: None where all is right before the last frame, by the length in STREAMINFO, and that one does not end with
        the file: it is cut off or damaged, or something else follows it.

    Raises:
        AudioReject: `truncated`: the file ends early; `undecodable`: a frame is damaged, missing, or not as STREAMINFO
            tells. The detail says where.
    """
    heard = 0  # waveform frames
    by_blocks = not data[layout.offset + 1] & 1 if layout.offset + 1 < len(data) else True
    for number, (start, header, whole, followed) in enumerate(_frames(data, layout.offset)):
        where = f"FLAC frame {number} at byte {start}"
        if any(told and told != known for told, known in zip(header.form, _form(layout), strict=True)):
            raise AudioReject("undecodable", f"{where} is of {header.form}, STREAMINFO tells {_form(layout)}")
        if header.number != (number if by_blocks else heard):
            raise AudioReject("undecodable", f"{where} has the number {header.number}: a gap before it")
        heard += header.frames
        if layout.frames and heard > layout.frames:
            raise AudioReject("undecodable", f"{where} goes beyond the {layout.frames} frames of the header")
        if not whole:
            if followed:
                raise AudioReject("undecodable", f"{where} is damaged, or the next one: its CRC-16 is wrong")
            if heard == layout.frames:
                return None
            raise AudioReject("truncated", f"{where} does not end before the file does")
    if heard < layout.frames:
        raise truncated(layout.frames, heard, "frames")
    return heard


def _form(layout: FlacLayout) -> tuple[int, int, int]:
    return layout.rate, layout.channels, layout.bits


def _frames(data: Content, start: int) -> Iterator[_Frame]:
    """The frames from `start` to the end of the file; what is not whole is the last."""
    if start == len(data):
        return
    header = _header(data, start)
    if header is None:
        if len(data) - start < _LONGEST_HEADER:
            raise AudioReject("truncated", f"FLAC that ends inside its first frame, at byte {start}")
        raise AudioReject("undecodable", f"FLAC without a frame at byte {start}, where its metadata ends")
    view = memoryview(data) if isinstance(data, bytes) else data
    hashed, crc, followed = start, 0, False
    for position in _syncs(data, start):
        following = _header(data, position)
        if following is None:
            continue
        crc = crc16.umts(view[hashed:position], crc)  # of the frame with its CRC-16: 0 when it is right
        hashed, followed = position, True
        if crc == 0:
            yield _Frame(start, header, True, True)
            start, header, followed = position, following, False
    for place in range(hashed, len(data), _SEARCH_BYTES):
        crc = crc16.umts(view[place : place + _SEARCH_BYTES], crc)
    yield _Frame(start, header, crc == 0, followed)


def _syncs(data: Content, start: int) -> Iterator[int]:
    """Where the two bytes that begin the frame at `start` occur behind it; frames of one stream share them."""
    first, second = data[start], data[start + 1]
    for place in range(start + 2, len(data) - 1, _SEARCH_BYTES):
        values = np.frombuffer(buffer(data, place, place + _SEARCH_BYTES + 1), np.uint8)
        found = np.flatnonzero((values[:-1] == first) & (values[1:] == second))
        yield from (found + place).tolist()


def _header(data: Content, position: int) -> _Header | None:
    """The frame header at `position`, if there is one."""
    head = data[position : position + _LONGEST_HEADER]
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xFE != 0xF8 or head[3] & 1:
        return None
    # The number is written as in UTF-8, with up to 36 bits.
    lead = head[4]
    extra = 0 if lead < 0x80 else 7 - (lead ^ 0xFF).bit_length()
    size_code, rate_code, channel_code, bits = head[2] >> 4, head[2] & 15, head[3] >> 4, _BITS[head[3] >> 1 & 7]
    if extra > 6 or 0x80 <= lead < 0xC0 or size_code == 0 or rate_code == 15 or channel_code > 10 or bits is None:
        return None
    number = lead & (0x7F if extra == 0 else (1 << (6 - extra)) - 1)
    at = 5 + extra
    for byte in head[5:at]:
        if byte & 0xC0 != 0x80:
            return None
        number = number << 6 | byte & 0x3F
    if size_code in (6, 7):
        frames = int.from_bytes(head[at : at + size_code - 5], "big") + 1
        at += size_code - 5
    else:
        frames = _SIZES[size_code]
    if rate_code in _TOLD_RATES:
        size, unit = _TOLD_RATES[rate_code]
        rate = unit * int.from_bytes(head[at : at + size], "big")
        at += size
    else:
        rate = _RATES[rate_code]
    if at >= len(head) or crc8.smbus(head[:at]) != head[at]:
        return None
    return _Header(number, frames, (rate, channel_code + 1 if channel_code < 8 else 2, bits))
