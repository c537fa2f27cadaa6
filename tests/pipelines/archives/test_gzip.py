"""Gzip at any place: what is read there is what a whole unpacking has there, and no damage goes unseen."""

from __future__ import annotations

import gzip
from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.archives import access_points
from pipelines.archives.access_points import inflated
from pipelines.archives.inflate import AccessPoint, Inflated
from pipelines.archives.stream import ArchiveError

# Like speech in WAV: bytes that are alike and sometimes repeat, about a megabyte of them.
_NOISE = np.random.default_rng(0)
SOUND = (_NOISE.standard_normal(600_000) * np.repeat(_NOISE.uniform(1, 500, 600), 1000)).astype("<i2").tobytes()
REPEATS = SOUND[:300_000] + bytes(200_000) + SOUND[:200_000] + b"to be or not to be, " * 20_000 + SOUND[300_000:]


@dataclass
class Memory:
    """Bytes as a stream."""

    data: bytes
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = len(self.data)

    def read_at(self, offset: int, size: int) -> bytes:
        return self.data[offset : offset + size]


def opened(packed: bytes) -> tuple[bytes, list[AccessPoint], Inflated]:
    """What a pass over a gzip file gives, its points, and what is then read from these."""
    file, points = Memory(packed), list[AccessPoint]()
    data = b"".join(inflated(file, "x.gz", points.append))
    places = [point.out for point in points]
    assert places == sorted(set(places)) and places[0] == 0
    return data, points, Inflated(file, len(data), lambda at: points[bisect_right(places, at) - 1], "x.gz")


@pytest.mark.parametrize("harvest", [1 << 19, 64 << 20], ids=["harvested on the way", "at the end"])
@pytest.mark.parametrize("level", [1, 6, 9])
@pytest.mark.parametrize("streams", [1, 3])
def test_every_place_is_read_as_it_is(streams: int, level: int, harvest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_points, "_HARVEST_BYTES", harvest)
    content = REPEATS * streams
    data, points, unpacked = opened(gzip.compress(REPEATS, level) * streams)
    assert data == content and len(points) > len(content) // (2 * access_points.SPACING)
    places = np.random.default_rng(1).integers(0, len(content), 60)
    for place in (int(place) for place in places):
        assert unpacked.read_at(place, 5_000) == content[place : place + 5_000]
    for place in range(0, len(content), 100_000):  # in order: it goes on where it is
        assert unpacked.read_at(place, 70_000) == content[place : place + 70_000]
    assert unpacked.read_at(len(content) - 10, 100) == content[-10:] and unpacked.read_at(len(content), 1) == b""


def test_windows_keep_only_what_is_repeated() -> None:
    data, points, _ = opened(gzip.compress(SOUND))
    assert data == SOUND
    kept = sum(np.count_nonzero(np.frombuffer(point.window or b"", np.uint8)) for point in points)
    assert kept < 0.02 * len(SOUND)


@pytest.mark.parametrize("content", [b"", b"x", bytes(3_000_000)])
def test_short_and_empty_files(content: bytes) -> None:
    data, _, unpacked = opened(gzip.compress(content))
    assert data == content == unpacked.read_at(0, len(content) + 1)


@pytest.mark.parametrize("after", [bytes(700), b"something else"], ids=["zeros", "junk"])
def test_what_follows_is_ignored_as_by_gzip(after: bytes) -> None:
    assert opened(gzip.compress(SOUND) + after)[0] == SOUND


PACKED = gzip.compress(SOUND)


@settings(max_examples=30, deadline=None)
@given(st.one_of(st.integers(0, len(PACKED) - 1), st.integers(len(PACKED) - 40, len(PACKED) - 1)))
def test_a_file_that_is_cut_off_is_told(length: int) -> None:
    with pytest.raises(ArchiveError, match=r"x\.gz: is cut off or damaged.*Download it again"):
        opened(PACKED[:length])


@settings(max_examples=30, deadline=None)
@given(st.integers(10, len(PACKED) - 1), st.integers(1, 255))
def test_a_byte_that_changed_is_told(place: int, change: int) -> None:
    damaged = PACKED[:place] + bytes([PACKED[place] ^ change]) + PACKED[place + 1 :]
    with pytest.raises(ArchiveError, match="Download it again"):
        opened(damaged)


def test_a_failing_disk_is_no_damage() -> None:
    class Failing(Memory):
        def read_at(self, offset: int, size: int) -> bytes:
            if offset > 300_000:
                raise OSError(5, "Input/output error")
            return super().read_at(offset, size)

    with pytest.raises(OSError, match="Input/output error") as caught:
        list(inflated(Failing(PACKED), "x.gz", lambda point: None))
    assert caught.value.errno == 5
