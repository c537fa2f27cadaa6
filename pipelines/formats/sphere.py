"""NIST SPHERE: the text header of TIMIT, WSJ, Switchboard and TED-LIUM recordings.

    NIST_1A
       1024
    sample_count -i 46797
    sample_byte_format -s2 01
    end_head

Times in annotations count from the first waveform sample after the header, whose length is its second line.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.formats.container import AudioReject, truncated
from pipelines.formats.content import Content

_CODINGS = {"pcm": "PCM", "ulaw": "ULAW", "mu-law": "ULAW", "alaw": "ALAW"}
_PCM_SUBTYPES = {1: "PCM_S8", 2: "PCM_16", 3: "PCM_24", 4: "PCM_32"}


@dataclass(frozen=True, slots=True)
class SphereLayout:
    """`subtype` and `endian` are libsndfile's names."""

    rate: int
    channels: int
    subtype: str
    endian: str
    offset: int
    frames: int


def sphere_layout(data: Content) -> SphereLayout:
    """Read the header.

    Raises:
        AudioReject: a header that cannot be read, a compressed waveform, or fewer frames than promised.
    """
    try:
        offset = int(data[8:16])
        fields = _fields(data[16:offset].decode("ascii", "replace"))
        coding = fields.get("sample_coding", "pcm").lower()
        sample_bytes = int(fields.get("sample_n_bytes", 1 if "law" in coding else 2))
        channels = int(fields.get("channel_count", 1))
        rate = int(float(fields["sample_rate"]))
        frames = int(fields["sample_count"]) if "sample_count" in fields else None
    except (KeyError, ValueError, OverflowError) as error:
        raise AudioReject("undecodable", f"SPHERE header without or with a bad {error}") from error
    if "," in coding:
        raise AudioReject("undecodable", f"SPHERE compressed ({coding}): unpack it with `sph2pipe -p -f wav`")
    kind = _CODINGS.get(coding)
    subtype = _PCM_SUBTYPES.get(sample_bytes) if kind == "PCM" else kind
    if subtype is None or sample_bytes < 1 or channels < 1 or offset < 16 or (frames is not None and frames < 0):
        raise AudioReject("undecodable", f"SPHERE of {coding} with {sample_bytes} bytes and {channels} channels")
    present = max(0, len(data) - offset) // (sample_bytes * channels)
    if frames is not None and frames > present:
        raise truncated(frames, present, "frames")
    # "01": the least significant byte comes first, as on the VAX that recorded TIMIT.
    endian = "BIG" if fields.get("sample_byte_format", "01").startswith("1") and sample_bytes > 1 else "LITTLE"
    return SphereLayout(rate, channels, subtype, endian, offset, present if frames is None else frames)


def _fields(header: str) -> dict[str, str]:
    """name -> value of the lines `name -type value` before `end_head`."""
    fields = {}
    for line in header.split("\n"):
        if line.strip() == "end_head":
            break
        parts = line.split(None, 2)
        if len(parts) == 3:
            fields[parts[0]] = parts[2].strip()
    return fields
