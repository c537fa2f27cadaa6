"""FLAC: the STREAMINFO block, and a file reduced to it and its frames (RFC 9639)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines.formats.container import AudioReject
from pipelines.formats.content import Content, buffer

_STREAMINFO_BYTES = 34


@dataclass(frozen=True, slots=True)
class FlacLayout:
    """`frames` counts waveform frames and is 0 when the encoder did not know."""

    rate: int
    channels: int
    bits: int
    frames: int
    streaminfo: bytes
    offset: int  # of the first FLAC frame


def flac_layout(data: Content, start: int = 0) -> FlacLayout:
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
    return FlacLayout(
        rate=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
        bits=(packed >> 36 & 31) + 1,
        frames=packed & (1 << 36) - 1,
        streaminfo=streaminfo,
        offset=position,
    )


def streaminfo(layout: FlacLayout) -> bytes:
    """What stands before the frames of a file that has no further metadata."""
    return b"fLaC\x80\x00\x00\x22" + layout.streaminfo


def without_metadata(data: Content, layout: FlacLayout) -> bytes:
    """The same FLAC frames after STREAMINFO alone."""
    return b"".join((streaminfo(layout), buffer(data, layout.offset)))


def with_length(layout: FlacLayout, frames: int) -> FlacLayout:
    """The layout of the same file, its STREAMINFO telling the number of waveform frames."""
    info = layout.streaminfo
    packed = int.from_bytes(info[10:18], "big") >> 36 << 36 | frames
    return replace(layout, frames=frames, streaminfo=info[:10] + packed.to_bytes(8, "big") + info[18:])
