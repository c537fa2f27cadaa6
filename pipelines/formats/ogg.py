"""Ogg: the codec in it, and whether the last page is there.

A stream ends with a page that says so (RFC 3533). Decoders do not mind its absence and return what there is, so a
download that broke off looks like a shorter recording.
"""

from __future__ import annotations

from pipelines.formats.container import AudioReject
from pipelines.formats.content import Content

_CODECS = {b"\x01vorbis": "vorbis", b"OpusHead": "opus", b"\x7fFLAC": "flac", b"Speex   ": "speex"}
_FIRST, _LAST = 2, 4  # page flags
_HEADER_BYTES = 27


def ogg_codec(data: Content) -> str:
    """The codec of an Ogg file that holds one whole stream.

    Raises:
        AudioReject: an unknown codec, several streams, or no last page.
    """
    codec = None
    last_flags = 0
    position = 0
    while position >= 0:
        body = (
            position + _HEADER_BYTES + data[position + 26] if position + _HEADER_BYTES <= len(data) else len(data) + 1
        )
        end = body + sum(data[position + _HEADER_BYTES : body])
        if end > len(data):
            raise AudioReject("truncated", f"Ogg cut inside the page at byte {position}")
        flags = data[position + 5]
        if flags & _FIRST:
            if codec is not None:
                raise AudioReject("undecodable", "Ogg with more than one stream")
            codec = next((name for magic, name in _CODECS.items() if data.startswith(magic, body)), "unknown")
        last_flags = flags
        # Pages follow each other; what stands between two of them, or after the last, is no audio.
        position = end if data.startswith(b"OggS", end) else data.find(b"OggS", end)
    if codec in (None, "unknown"):
        raise AudioReject("undecodable", "Ogg whose codec is neither Vorbis, Opus, FLAC nor Speex")
    if not last_flags & _LAST:
        raise AudioReject("truncated", "Ogg without its last page")
    return codec
