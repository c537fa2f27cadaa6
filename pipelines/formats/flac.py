"""FLAC: the STREAMINFO block, a file reduced to it and its frames, and whether the last frame is there (RFC 9639)."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.formats.container import AudioReject

_STREAMINFO_BYTES = 34
_LONGEST_FRAME = 1 << 18  # bytes searched from the end for the last frame; frames of real files stay far below
_TRIES = 8  # what looks like a frame header there; one in 256 syncs inside a frame does
_SIZES = {1: 192, **{code: 576 << (code - 2) for code in range(2, 6)}, **{code: 1 << code for code in range(8, 16)}}


@dataclass(frozen=True, slots=True)
class FlacLayout:
    """`frames` counts waveform frames and is 0 when the encoder did not know; `md5` is of the PCM, b"" if unknown."""

    rate: int
    channels: int
    bits: int
    frames: int
    md5: bytes
    block_frames: int  # per FLAC frame, where all have the same
    streaminfo: bytes
    offset: int  # of the first FLAC frame


def flac_layout(data: bytes, start: int = 0) -> FlacLayout:
    """Read the metadata blocks of the FLAC stream that begins at `start`.

    Raises:
        AudioReject: no STREAMINFO, or a file that ends inside its metadata.
    """
    streaminfo = b""
    position = start + 4
    last = False
    while not last:
        if position + 4 > len(data):
            raise AudioReject("truncated", "FLAC cut inside its metadata")
        last, kind = bool(data[position] & 0x80), data[position] & 0x7F
        size = int.from_bytes(data[position + 1 : position + 4], "big")
        position += 4
        if kind == 0:
            streaminfo = data[position : position + size]
        position += size
    if position > len(data):
        raise AudioReject("truncated", "FLAC cut inside its metadata")
    if len(streaminfo) != _STREAMINFO_BYTES:
        raise AudioReject("undecodable", "FLAC without a STREAMINFO block")
    packed = int.from_bytes(streaminfo[10:18], "big")  # 20 bits rate, 3 channels, 5 bits, 36 frames
    md5 = streaminfo[18:34]
    return FlacLayout(
        rate=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
        bits=(packed >> 36 & 31) + 1,
        frames=packed & (1 << 36) - 1,
        md5=md5 if any(md5) else b"",
        block_frames=int.from_bytes(streaminfo[2:4], "big"),
        streaminfo=streaminfo,
        offset=position,
    )


def without_metadata(data: bytes, layout: FlacLayout) -> bytes:
    """The same FLAC frames after STREAMINFO alone."""
    return b"fLaC\x80\x00\x00\x22" + layout.streaminfo + data[layout.offset :]


def with_length(data: bytes, layout: FlacLayout, frames: int) -> bytes:
    """The same file, its STREAMINFO telling the number of waveform frames."""
    packed = int.from_bytes(layout.streaminfo[10:18], "big") >> 36 << 36 | frames
    at = data.index(layout.streaminfo) + 10
    return data[:at] + packed.to_bytes(8, "big") + data[at + 8 :]


def last_frame_end(data: bytes, layout: FlacLayout) -> int | None:
    """The waveform frames up to the end of the last FLAC frame; None: the file does not end with a whole one."""
    lowest = max(layout.offset, len(data) - _LONGEST_FRAME)
    position, tries = len(data), 0
    while tries < _TRIES and (position := data.rfind(b"\xff", lowest, position)) >= 0:
        end = _frame_end(data, position, layout)
        if end is not None:
            if _crc16(data[position:-2]) == int.from_bytes(data[-2:], "big"):
                return end
            tries += 1
    return None


def _frame_end(data: bytes, position: int, layout: FlacLayout) -> int | None:
    """The number of waveform frames up to the end of the FLAC frame at `position`; None: there is no frame header."""
    header = data[position : position + 16]
    if len(header) < 16 or header[1] & 0xFE != 0xF8:
        return None
    size_code, rate_code = header[2] >> 4, header[2] & 15
    # The number is written as in UTF-8, with up to 36 bits.
    lead = header[4]
    extra = 0 if lead < 0x80 else 7 - (lead ^ 0xFF).bit_length()
    if extra > 6 or 0x80 <= lead < 0xC0:
        return None
    number = lead & (0x7F if extra == 0 else (1 << (6 - extra)) - 1)
    for byte in header[5 : 5 + extra]:
        number = number << 6 | byte & 0x3F
    at = 5 + extra
    if size_code in (6, 7):
        frames = int.from_bytes(header[at : at + size_code - 5], "big") + 1
        at += size_code - 5
    else:
        frames = _SIZES.get(size_code, 0)
    at += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if not frames or _crc8(header[:at]) != header[at]:
        return None
    return (number if header[1] & 1 else number * layout.block_frames) + frames


def _crc8(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x07) & 0xFF if value & 0x80 else value << 1
    return value


def _crc16(data: bytes) -> int:
    value = 0
    for byte in data:
        value = (value << 8) & 0xFFFF ^ _CRC16[value >> 8 ^ byte]
    return value


def _crc16_entry(value: int) -> int:
    value <<= 8
    for _ in range(8):
        value = (value << 1 ^ 0x8005) & 0xFFFF if value & 0x8000 else value << 1
    return value


_CRC16 = tuple(map(_crc16_entry, range(256)))
