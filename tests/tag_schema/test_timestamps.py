"""Measured times on the 10 ms grid."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tag_schema.languages import join_words
from tag_schema.target import Target, TargetError, TimedEvent, TimedWord, Turn
from tag_schema.timestamps import floor_to_grid, number_turns, quantise, quantise_events, time_token
from tests.tag_schema.strategies import targets


@st.composite
def measured_words(draw):
    """Words with rising starts in a clip, with gaps and overlaps, and the clip's length."""
    seconds = draw(st.floats(0.5, 30))
    points = sorted(draw(st.lists(st.floats(0, seconds - 0.01), max_size=12)))
    words = [TimedWord(f"w{i}", start, min(seconds, start + draw(st.floats(0, 2)))) for i, start in enumerate(points)]
    return words, seconds


@settings(deadline=None)
@given(measured_words())
def test_quantised_words_make_a_target(case):
    words, seconds = case
    placed = quantise(words, seconds)
    target = Target("srwt", audio_language="en", words=placed, seconds=floor_to_grid(seconds))
    assert Target.parse(target.render().text) == target
    assert target.seconds <= seconds + 1e-9
    assert quantise(placed, floor_to_grid(seconds)) == placed
    assert [word.word for word in placed] == [word.word for word in words]


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, 29_000), min_size=2, max_size=20), st.randoms())
def test_boundaries_move_less_than_a_step(milliseconds, random):
    """Words of at least 20 ms: half a step by rounding, and less than half a step where a tiny gap is closed."""
    points = sorted(milliseconds)
    words = [
        TimedWord("a", start / 1000, end / 1000)
        for start, end in itertools.pairwise(points)
        if end - start >= 20 and random.random() < 0.8
    ]
    for word, placed in zip(words, quantise(words, 29.5), strict=True):
        assert abs(word.start - placed.start) < 0.01
        assert abs(word.end - placed.end) < 0.01


def times(*spans: tuple[float, float], seconds: float = 2.0) -> list[tuple[float, float]]:
    words = [TimedWord("a", start, end) for start, end in spans]
    return [(word.start, word.end) for word in quantise(words, seconds)]


@pytest.mark.parametrize(
    ("spans", "placed"),
    [
        ([(0.285, 0.415)], [(0.29, 0.42)]),  # as written, not as 28.499999999999996
        ([(0.1, 0.8649), (0.8651, 1.2)], [(0.1, 0.87), (0.87, 1.2)]),  # no silence from rounding alone
        ([(0.1, 0.5), (0.509, 0.9)], [(0.1, 0.5), (0.5, 0.9)]),
        ([(0.1, 0.5), (0.51, 0.9)], [(0.1, 0.5), (0.51, 0.9)]),  # one step is a silence
        ([(0.1, 0.6), (0.4, 0.9)], [(0.1, 0.5), (0.5, 0.9)]),  # the middle of the overlap
        ([(0.0, 1.0), (0.3, 0.5)], [(0.0, 0.4), (0.4, 0.5)]),  # of one word inside another too
        ([(0.5, 0.5), (0.5, 0.5)], [(0.5, 0.51), (0.51, 0.52)]),  # at least 10 ms
        ([(1.999, 2.0), (1.9995, 2.0)], [(1.98, 1.99), (1.99, 2.0)]),  # not over the end
        ([(-0.01, 0.3)], [(0.0, 0.3)]),
        ([(1.5, 2.04)], [(1.5, 2.0)]),
        ([], []),
    ],
)
def test_rules_of_quantisation(spans, placed):
    assert times(*spans) == placed


@pytest.mark.parametrize(
    "spans",
    [
        [(0.5, 0.4)],
        [(float("nan"), 0.4)],
        [(0.1, float("nan"))],
        [(-0.2, 0.4)],
        [(0.5, 2.2)],
        [(2.0, 2.0)],
        [(0.5, 0.6), (0.4, 0.8)],
        [(0.5, 0.6)] * 201,
    ],
)
def test_wrong_times_are_refused(spans):
    with pytest.raises(TargetError) as caught:
        times(*spans)
    assert caught.value.code == "bad_times"


def test_the_clip_ends_inside_itself():
    assert floor_to_grid(4.3275) == 4.32
    assert floor_to_grid(0.29) == 0.29
    assert floor_to_grid(30.0) == 30.0
    for seconds in (30.02, -1.0, float("nan")):
        with pytest.raises(TargetError):
            floor_to_grid(seconds)


def test_time_tokens():
    assert [time_token(i / 100) for i in (0, 29, 57, 115, 3000)] == [
        "<|0.00|>", "<|0.29|>", "<|0.57|>", "<|1.15|>", "<|30.00|>",
    ]  # fmt: skip
    assert all(time_token(round(i * 0.01, 2)) == time_token(i / 100) for i in range(3001))
    with pytest.raises(TargetError, match="no multiple of"):
        time_token(0.1 + 0.2)


def test_events_are_clipped_to_the_window():
    events = [
        TimedEvent("before", -3.0, -1.0),
        TimedEvent("into", -1.0, 0.504),
        TimedEvent("click", 1.0, 1.0),
        TimedEvent("over", 1.5, 7.0),
        TimedEvent("edge", 1.9999, 2.5),
        TimedEvent("after", 2.0, 3.0),
    ]
    assert quantise_events(events, 2.0) == (
        TimedEvent("into", 0.0, 0.5),
        TimedEvent("click", 1.0, 1.01),
        TimedEvent("over", 1.5, 2.0),
        TimedEvent("edge", 1.99, 2.0),
    )
    with pytest.raises(TargetError, match="dog"):
        quantise_events([TimedEvent("dog", 1.0, 0.5)], 2.0)


def test_speakers_are_numbered_by_first_appearance():
    turns = [("bob", 1.0, 2.0), ("ann", 0.2, 1.5), ("bob", 3.0, 3.5), ("eve", -2.0, -1.0), ("cy", 2.0, 9.0)]
    assert number_turns(turns, 4.0) == (Turn(1, 0.2, 1.5), Turn(2, 1.0, 2.0), Turn(3, 2.0, 4.0), Turn(2, 3.0, 3.5))
    assert Target("sd", turns=number_turns(turns, 4.0)).turns == number_turns(turns, 4.0)


@settings(max_examples=50, deadline=None)
@given(targets("srwt"))
def test_deleting_times_and_silence_gives_the_transcript(target):
    read = re.sub(r"<\|(?:sil|[0-9]+\.[0-9]{2})\|>", "", re.sub(r"<\|31\.00\|>", "□", target.render().response))
    transcript = join_words([word.word for word in target.words], target.text_language)
    assert read == transcript.replace("<|31.00|>", "□")
