"""MP3: where the frames lie, how many there are, and whether all of them are there.

An MP3 is a row of frames that each tell their own length; nothing tells how many there should be, unless the encoder
put an Info, Xing or VBRI header into the first one. Decoders return what they find, so a download that broke off looks
like a shorter recording. What stands before and after the frames (ID3, APE, Lyrics3 tags) is no audio.

Layers I and II (.mp1, .mp2) are read too. Frames of "free format" have no length of their own and are not found.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.formats.container import AudioReject, truncated
from pipelines.formats.content import Content

_MPEG1_KBITS = (
    (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),  # layer I
    (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
)
_MPEG2_KBITS = (
    (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_RATES = (44_100, 48_000, 32_000)
_SAME_STREAM = 0xFFFE0C00  # sync, version, layer and rate: equal in all frames of a stream
_SEARCHED_BYTES = 1 << 16  # in which the first frame must begin
_APE_FOOTER_BYTES = 32
_DECODER_DELAY = 529  # waveform samples that every Layer III decoder adds in front


@dataclass(frozen=True, slots=True)
class Mp3Layout:
    """`spans` bound the MPEG frames in the file, one span where nothing stands between them; `frames` counts waveform
    frames after decoding."""

    spans: tuple[tuple[int, int], ...]
    rate: int
    channels: int
    frames: int


@dataclass(frozen=True, slots=True)
class _Header:
    bits: int
    length: int  # bytes of the frame
    rate: int
    channels: int
    samples: int  # waveform frames it decodes to
    side_bytes: int  # Layer III side information


@dataclass(frozen=True, slots=True)
class _Promise:
    """What an Info, Xing or VBRI header tells; 0 where it does not. `delay` and `padding` in waveform samples."""

    frames: int
    size: int
    delay: int
    padding: int


def mp3_layout(data: Content) -> Mp3Layout | None:
    """Walk over all frames; None when the file is no MP3.

    Raises:
        AudioReject: fewer frames than promised, a last frame that is cut, or a tag and nothing else.
    """
    start = id3v2_end(data)
    end = _tags_start(data, start)
    first = _first_frame(data, start, end)
    if first is None:
        if start > len(data):
            raise AudioReject("truncated", "MP3 cut inside its ID3 tag")
        return None
    position, header = first
    promise = _promise(data, position, header)
    count, spans, cut = _walk(data, position, end, header)
    last = spans[-1][1]
    if promise is not None:
        count -= 1  # the frame that holds it is no audio
        if promise.frames:
            # Some encoders count that frame too: one frame less is a loss only if bytes are missing as well.
            short_by_one = count == promise.frames - 1 and promise.size > last
            if count < promise.frames - 1 or short_by_one or (cut and count < promise.frames):
                raise truncated(promise.frames, count, "MPEG frames")
    if cut and not (promise and promise.frames):
        raise AudioReject("truncated", f"MP3 cut inside the frame at byte {last}")
    frames = count * header.samples
    if promise is not None and promise.delay:
        frames -= promise.delay + max(promise.padding, _DECODER_DELAY)
    return Mp3Layout(spans, header.rate, header.channels, max(frames, 0))


def id3v2_end(data: Content) -> int:
    """The first byte after the ID3v2 tags at the beginning."""
    position = 0
    while data[position : position + 3] == b"ID3" and len(data) >= position + 10:
        size = 0
        for byte in data[position + 6 : position + 10]:
            size = size << 7 | byte & 0x7F
        position += 10 + size + (10 if data[position + 5] & 0x10 else 0)
    return position


def _tags_start(data: Content, start: int) -> int:
    """The first byte of the tags at the end: ID3v1, APEv1 and v2, Lyrics3v2, in any order."""
    end = len(data)
    while True:
        if data[max(start, end - 128) :][:3] == b"TAG" and end - 128 >= start:
            end -= 128
        elif data[max(start, end - _APE_FOOTER_BYTES) :][:8] == b"APETAGEX" and end - _APE_FOOTER_BYTES >= start:
            size = int.from_bytes(data[end - 20 : end - 16], "little")  # with this footer, without the header
            if size < _APE_FOOTER_BYTES:
                return max(end, start)  # nonsense, and with 0 there would be no end to it
            flags = int.from_bytes(data[end - 12 : end - 8], "little")
            end -= size + (_APE_FOOTER_BYTES if flags >> 31 else 0)
        elif data[max(start, end - 9) : end] == b"LYRICS200" and data[end - 15 : end - 9].isdigit():
            end -= int(data[end - 15 : end - 9]) + 15
        else:
            return max(end, start)


def _first_frame(data: Content, start: int, end: int) -> tuple[int, _Header] | None:
    """The first frame that two more follow, or as many as the file has; so that no text or picture is taken for one."""
    position = start
    while (position := data.find(b"\xff", position, min(end, start + _SEARCHED_BYTES))) >= 0:
        header = _header(data, position)
        if header is not None:
            following, agreeing = position + header.length, 1
            while following + 4 <= end and agreeing < 3:
                after = _header(data, following)
                if after is None or (after.bits ^ header.bits) & _SAME_STREAM:
                    break
                following, agreeing = following + after.length, agreeing + 1
            # A file of one or two frames ends with them, whole or cut.
            if agreeing == 3 or (following + 4 > end and (position == start or agreeing == 2)):
                return position, header
        position += 1
    return None


def _walk(data: Content, start: int, end: int, first: _Header) -> tuple[int, tuple[tuple[int, int], ...], bool]:
    """The number of whole frames, where they lie, and whether a cut frame follows the last."""
    lengths: dict[bytes, int] = {}  # few different headers occur
    spans: list[tuple[int, int]] = []
    position, count, cut = start, 0, False
    while position + 4 <= end and not cut:
        bits = data[position : position + 4]
        length = lengths.get(bits)
        if length is None:
            header = _header(data, position)
            agrees = header is not None and not (header.bits ^ first.bits) & _SAME_STREAM
            length = lengths[bits] = header.length if header is not None and agrees else 0
        if not length:
            spans.append((start, position))
            found = _resume(data, position, end, first)
            if found is None:
                return count, tuple(spans), False
            position = start = found
        elif position + length > end:
            cut = True
        else:
            position, count = position + length, count + 1
    # Fewer than four bytes: the beginning of one more frame, or padding.
    cut = cut or (position < end and data[position] == 0xFF)
    return count, (*spans, (start, position)), cut


def _resume(data: Content, position: int, end: int, first: _Header) -> int | None:
    """The next frame after bytes that are none: it must be whole and followed by another, or by the end."""
    while (position := data.find(b"\xff", position + 1, end)) >= 0:
        header = _header(data, position)
        if header is None or (header.bits ^ first.bits) & _SAME_STREAM:
            continue
        following = position + header.length
        if following == end:
            return position
        after = _header(data, following) if following + 4 <= end else None
        if after is not None and not (after.bits ^ first.bits) & _SAME_STREAM:
            return position
    return None


def _header(data: Content, position: int) -> _Header | None:
    """The frame header at `position` (ISO 11172-3 section 2.4.1.3, 13818-3), if there is one."""
    bits = int.from_bytes(data[position : position + 4], "big")
    version, layer = bits >> 19 & 3, 4 - (bits >> 17 & 3)  # version 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
    kbits_code, rate_code = bits >> 12 & 15, bits >> 10 & 3
    if bits >> 21 != 0x7FF or version == 1 or layer == 4 or kbits_code in (0, 15) or rate_code == 3:
        return None
    kbits = (_MPEG1_KBITS if version == 3 else _MPEG2_KBITS)[layer - 1][kbits_code]
    rate = _RATES[rate_code] >> (0, 1, 2)[(3, 2, 0).index(version)]
    padding = bits >> 9 & 1
    channels = 1 if bits >> 6 & 3 == 3 else 2
    if layer == 1:
        return _Header(bits, (12_000 * kbits // rate + padding) * 4, rate, channels, 384, 0)
    samples = 576 if layer == 3 and version != 3 else 1152
    side = ((17, 32) if version == 3 else (9, 17))[channels - 1]
    return _Header(bits, samples // 8 * 1000 * kbits // rate + padding, rate, channels, samples, side)


def _promise(data: Content, position: int, header: _Header) -> _Promise | None:
    """The Info, Xing or VBRI header in the first frame."""
    frame = data[position : position + header.length]
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        return _Promise(int.from_bytes(frame[50:54], "big"), int.from_bytes(frame[46:50], "big"), 0, 0)
    at = 4 + header.side_bytes
    if frame[at : at + 4] not in (b"Xing", b"Info") and not header.bits >> 16 & 1:
        at += 2  # after the checksum
    if frame[at : at + 4] not in (b"Xing", b"Info"):
        return None
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    frames = int.from_bytes(frame[at + 8 : at + 12], "big") if flags & 1 else 0
    sized = at + 8 + (4 if flags & 1 else 0)
    size = int.from_bytes(frame[sized : sized + 4], "big") if flags & 2 else 0
    encoder = sized + (4 if flags & 2 else 0) + (100 if flags & 4 else 0) + (4 if flags & 8 else 0)
    delay = padding = 0
    if frame[encoder : encoder + 4] in (b"LAME", b"Lavf", b"Lavc"):
        gaps = int.from_bytes(frame[encoder + 21 : encoder + 24], "big")
        delay, padding = gaps >> 12, gaps & 0xFFF
    return _Promise(frames, size, delay, padding)
