"""WAV: where the waveform lies in a RIFF file, and whether all of it is there.

RIFF/WAVE with 32-bit sizes, and RF64/BW64 with the sizes in a `ds64` chunk (EBU Tech 3306). Programs that write to a
pipe cannot fill the sizes in afterwards: such headers hold 0, or a number near 2**31 or 2**32, and the waveform then
runs to the end of the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pipelines.formats.container import AudioReject, truncated
from pipelines.formats.content import Content

# gstreamer writes 0x7FFF0000, sox 0x7FFFF000, arecord 0x80000000, ffmpeg 0xFFFFFFFF.
_UNKNOWN_SIZE = 0x7FFF0000
_FORMAT_BYTES = 64  # of a format chunk, more than any has
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_SUBTYPES = {
    (_PCM, 1): "PCM_U8", (_PCM, 2): "PCM_16", (_PCM, 3): "PCM_24", (_PCM, 4): "PCM_32",
    (_FLOAT, 4): "FLOAT", (_FLOAT, 8): "DOUBLE", (_ALAW, 1): "ALAW", (_ULAW, 1): "ULAW",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WavLayout:
    """`subtype` is libsndfile's name of the encoding; None for a compressed one (ADPCM, GSM), which has no fixed
    bytes per frame: `offset` and `frames` are 0 then."""

    rate: int
    channels: int
    subtype: str | None
    offset: int
    frames: int


def wav_layout(data: Content) -> WavLayout:
    """Read the chunks of a WAV file.

    Raises:
        AudioReject: no format or data chunk, nonsense in them, or less data than promised.
    """
    # A pipe's RIFF size is as unknown as its data size; a data size of 0 in a file of known size means no audio.
    riff_bytes = struct.unpack("<I", data[4:8])[0]
    piped = data[:4] == b"RIFF" and (riff_bytes == 0 or riff_bytes >= _UNKNOWN_SIZE or riff_bytes + 8 < len(data))
    long_sizes: dict[bytes, int] = {}
    form: tuple[int, int, int, int] | None = None
    position = 12
    while position + 8 <= len(data):
        name, size = struct.unpack("<4sI", data[position : position + 8])
        position += 8
        present = len(data) - position
        if name == b"ds64" and present >= 24:
            long_sizes[b"data"] = struct.unpack("<Q", data[position + 8 : position + 16])[0]
        elif name == b"fmt ":
            form = _format(data[position : position + min(size, _FORMAT_BYTES)])
        elif name == b"data":
            if form is None:
                raise AudioReject("undecodable", "WAV whose data chunk comes before its format chunk")
            if size == 0xFFFFFFFF and name in long_sizes:
                size = long_sizes[name]
            elif (size >= _UNKNOWN_SIZE and size > present) or (size == 0 and piped):
                size = present
            return _layout(form, position, size, present)
        position += size + size % 2
    raise AudioReject("truncated" if form else "undecodable", "WAV without a data chunk")


def _format(chunk: bytes) -> tuple[int, int, int, int]:
    """Codec, channels, rate and bytes per frame of a format chunk."""
    if len(chunk) < 16:
        raise AudioReject("truncated", f"WAV format chunk of {len(chunk)} bytes, 16 are needed")
    codec, channels, rate, _, frame_bytes, _ = struct.unpack_from("<HHIIHH", chunk)
    if codec == _EXTENSIBLE and len(chunk) >= 26:
        codec = struct.unpack_from("<H", chunk, 24)[0]
    return codec, channels, rate, frame_bytes


def _layout(form: tuple[int, int, int, int], offset: int, size: int, present: int) -> WavLayout:
    codec, channels, rate, frame_bytes = form
    if not channels or not frame_bytes:
        raise AudioReject("undecodable", f"WAV of {channels} channels and {frame_bytes} bytes per frame")
    if size > present:
        raise truncated(size // frame_bytes, present // frame_bytes, "frames")
    if codec not in (_PCM, _FLOAT, _ALAW, _ULAW):
        return WavLayout(rate, channels, None, 0, 0)
    subtype = _SUBTYPES.get((codec, frame_bytes // channels))
    if subtype is None or frame_bytes % channels:
        raise AudioReject("undecodable", f"WAV of codec {codec} with {frame_bytes} bytes for {channels} channels")
    return WavLayout(rate, channels, subtype, offset, size // frame_bytes)
