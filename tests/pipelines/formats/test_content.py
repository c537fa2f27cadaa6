"""Long recordings, read where they lie: the clips of those held in memory, and no failing disk taken for damage."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decoding import decode, waveform
from pipelines.decoding.audio import AudioReject, Clip, Span, clips
from pipelines.formats import content
from pipelines.formats.content import FileContent, opened
from tests.pipelines.archives.test_gzip import Memory
from tests.pipelines.decoding.test_damaged_audio import WHOLE
from tests.pipelines.recordings import chirp, encoded, ffmpeg, mp3

STEREO = chirp(2, 48_000, 2)
RECORDINGS = WHOLE | {
    "wav, float": encoded(STEREO, 48_000, "WAV", "FLOAT"),
    "mp3 with junk inside": mp3(STEREO, 48_000)[:9_000] + bytes(300) + mp3(STEREO, 48_000)[9_000:],
    "aac with a tag": b"ID3\x03\0\0\0\0\0\x0a" + bytes(10) + ffmpeg(STEREO, 48_000, "adts", "aac"),
    "aiff": encoded(STEREO, 48_000, "AIFF", "PCM_16"),
    "nothing": b"",
    "text": b"no recording at all" * 100,
}
SPANS: list[Span] = [(None, None), (0.5, 1.25), (0.0, 2.0), (1.0, 1.1), (1.9, 9.0), (5.0, 6.0)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is short elsewhere counts as long, and is read in little pieces."""
    monkeypatch.setattr(decode, "LARGE_BYTES", 1)
    monkeypatch.setattr(content, "_BLOCK_BYTES", 1 << 10)
    monkeypatch.setattr(content, "_SEARCH_BYTES", 1 << 6)
    monkeypatch.setattr(content, "_BUFFER_BYTES", 1 << 12)
    monkeypatch.setattr(waveform, "_IN_MEMORY_BYTES", 1 << 10)


def outcome(file: Path | bytes) -> list[object]:
    """What becomes of a recording and of each of its clips."""
    try:
        made = list(clips(file, SPANS))
    except AudioReject as reject:
        return [reject.reason, reject.detail]
    return [
        (clip.encoded(), clip.recording_seconds, clip.clipped) if isinstance(clip, Clip) else str(clip) for clip in made
    ]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", RECORDINGS)
def test_long_recordings_give_what_short_ones_give(name: str, tmp_path: Path) -> None:
    data = RECORDINGS[name]
    damaged = bytearray(data)
    for place in range(len(data) // 3, len(data), max(1, len(data) // 4)):
        damaged[place] ^= 0x55
    for form in (data, data[: len(data) // 2], data[: len(data) - 3], bytes(damaged)):
        (tmp_path / "x").write_bytes(form)
        assert outcome(tmp_path / "x") == outcome(form)


class Failing(Memory):
    """A recording of which a part cannot be read."""

    def __init__(self, data: bytes, bad: int) -> None:
        super().__init__(data)
        self.bad = bad

    def read_at(self, offset: int, size: int) -> bytes:
        if offset <= self.bad < offset + size:
            raise OSError(errno.EIO, "Input/output error", "x")
        return super().read_at(offset, size)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.999])
def test_a_disk_that_fails_is_no_damage(name: str, share: float) -> None:
    data = WHOLE[name]
    with pytest.raises(OSError, match="Input/output error") as caught:
        list(clips(Failing(data, int(share * len(data))), [(0.1, 1.9)]))
    assert caught.value.errno == errno.EIO


def test_a_file_that_becomes_shorter_is_no_damage(small: None) -> None:
    stream = Memory(WHOLE["wav-24"])
    stream.data = stream.data[: len(stream.data) // 2]
    with pytest.raises(OSError, match="is shorter than it was"):
        list(clips(stream))


PLACES = st.integers(0, 5_000)


@given(PLACES, PLACES, st.binary(min_size=1, max_size=2), st.sampled_from([16, 300, 1 << 18]))
def test_slices_and_searches_are_those_of_bytes(start: int, end: int, wanted: bytes, block: int) -> None:
    data = np.random.default_rng(0).integers(0, 256, 4_000).astype(np.uint8).tobytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "_BLOCK_BYTES", block)
        patch.setattr(content, "_SEARCH_BYTES", max(2, block // 3))
        file = FileContent(Memory(data), "x")
        checks: list[Callable[[bytes | FileContent], object]] = [
            len,
            lambda it: it[start:end],
            lambda it: it[start:],
            lambda it: it[-start:] if start else b"",
            lambda it: it.find(wanted, start),
            lambda it: it.find(wanted, start, end),
            lambda it: it.startswith(wanted, start),
            lambda it: it.startswith((wanted, data[start : start + 3] + b"?"), start),
            lambda it: it.endswith(data[-1:]),
        ]
        assert [check(file) for check in checks] == [check(data) for check in checks]


def test_parts_are_joined(small: None) -> None:
    data = bytes(range(256)) * 40
    spans = [(5, 3_000), (3_000, 3_000), (9_000, 9_500)]
    for kind in (data, FileContent(Memory(data), "x")):
        with opened(kind, spans, b"before") as file:
            assert file.read() == b"before" + data[5:3_000] + data[9_000:9_500]
