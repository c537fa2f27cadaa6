"""Windows of meetings: they cover the recording, are short enough, and cut no word."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from pipelines.windows import Window, windows


@pytest.mark.parametrize("seed", range(5))
def test_windows_cover_the_recording_and_cut_no_word(seed: int) -> None:
    chance = random.Random(seed)
    words = []
    for speaker in range(4):
        time = chance.uniform(0, 40) if speaker else 3.0
        while time < 600:
            end = round(time + chance.uniform(0, 0.8), 2)
            words.append((round(time, 2), end))
            time = end + (chance.expovariate(1 / 30) if chance.random() < 0.05 else 0.0)
    words.sort()
    last = max(end for _, end in words)
    found = list(windows(words, last))
    assert found[0].start == 0 and found[-1].end == last
    assert all(a.end == b.start for a, b in pairwise(found))
    assert all(0 < window.end - window.start <= 30 for window in found if window.whole)
    for window in found:
        assert not any(start < window.end < end for start, end in words)
    assert sum(window.end - window.start for window in found if window.whole) > 0.9 * last


def test_a_stretch_without_a_pause_is_told_apart() -> None:
    words = [(0.0, 20.0), (19.0, 38.0), (37.0, 50.0), (51.0, 52.0)]
    assert list(windows(words, 52.0)) == [Window(0.0, 50.0, whole=False), Window(50.0, 52.0)]
    assert list(windows([], 0.0)) == [] and list(windows([], 31.0)) == [Window(0.0, 15.0), Window(15.0, 31.0)]
