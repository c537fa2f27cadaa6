"""Segmenting: every piece fits 30 s, no word is cut, nothing said in the record is lost or told twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.record import (
    Annotation,
    AudioRef,
    Caption,
    Event,
    Events,
    Label,
    Note,
    Record,
    Reject,
    Transcript,
    Translation,
    Turns,
    Word,
    Words,
)
from pipelines.segment import Piece, pieces


def record(*annotations: Annotation, **audio: float) -> Record:
    return Record("id", (AudioRef("a.wav", **audio),), annotations)  # type: ignore[arg-type]


def cut(of: Record, seconds: float, rule: str, evaluation: bool = False) -> list[Piece]:
    found = pieces(of, [seconds], rule, evaluation)  # type: ignore[arg-type]
    assert isinstance(found, list)
    return found


def words_of(piece: Piece) -> tuple[Word, ...]:
    return next((a.words for a in piece.annotations if isinstance(a, Words)), ())


def text_of(piece: Piece) -> str:
    return next(a.text for a in piece.annotations if isinstance(a, Transcript))


@st.composite
def spoken(draw: st.DrawFn) -> tuple[tuple[Word, ...], float]:
    """Words with pauses of 0 to 40 s, and the length of the recording."""
    time = draw(st.floats(0, 3))
    words = []
    for number in range(draw(st.integers(1, 60))):
        length = draw(st.floats(0.05, 4))
        words.append(Word(f"w{number}", round(time, 3), round(time + length, 3)))
        time += length + draw(st.sampled_from([0.0, 0.0, 0.002, 0.1, 0.7, 40.0]))
    return tuple(words), time + draw(st.floats(0, 35))


@pytest.mark.parametrize("rule", ["annotated", "window", "whole"])
@pytest.mark.parametrize("seconds", [0.01, 29.99, 30.0])
def test_up_to_30_seconds_nothing_is_cut(rule, seconds):
    of = record(Transcript("Hello there.", "en"), Translation("Hallo.", "de"))
    assert cut(of, seconds, rule) == [Piece(((None, None),), of.annotations)]


@pytest.mark.parametrize("rule", ["annotated", "window", "whole"])
def test_evaluation_splits_stay_whole(rule):
    of = record(Transcript("Hello there.", "en"))
    assert cut(of, 95.0, rule, evaluation=True) == [Piece(((None, None),), of.annotations)]


@pytest.mark.parametrize("rule", ["annotated", "window", "whole"])
def test_a_long_transcript_without_word_times_is_too_long(rule):
    found = pieces(record(Transcript("Hello there.", "en")), [95.0], rule, False)
    assert isinstance(found, Reject) and found.reason == "too_long"


def test_what_holds_only_for_the_whole_is_not_cut():
    words = Words(tuple(Word("w", float(t), t + 0.5) for t in range(40)))
    of = record(Transcript(" ".join(["w"] * 40), "en"), words, Translation("x", "de"))
    found = pieces(of, [40.0], "annotated", False)
    assert isinstance(found, Reject) and found.reason == "too_long"


@pytest.mark.parametrize("annotation", [Note(60), Translation("x", "de")])
def test_a_long_record_of_what_holds_only_for_the_whole_is_too_long(annotation):
    found = pieces(record(annotation, Label("sec", ("dog",))), [31.0], "window", False)
    assert isinstance(found, Reject) and found.reason == "too_long"


@settings(max_examples=60, deadline=None)
@given(spoken(), st.sampled_from(["annotated", "window"]))
def test_words_are_never_cut_lost_or_repeated(speech, rule):
    words, seconds = speech
    text = " ".join(word.word.upper() + "," for word in words)
    of = record(Transcript(text, "en"), Words(words), Label("er", ("joy",)))
    found = cut(of, seconds, rule)
    assert " ".join(text_of(piece) for piece in found if words_of(piece)) == text
    back = []
    for piece in found:
        ((start, end),) = piece.spans
        assert start is None or end is None or 0 < end - start <= 30 + 1e-6
        for word in words_of(piece):
            assert word.start >= -1e-6 and (end is None or word.end <= end - (start or 0) + 1e-3)
            by = start or 0.0
            back.append(replace(word, start=round(word.start + by, 3), end=round(word.end + by, 3)))
        assert Label("er", ("joy",)) in piece.annotations
    assert tuple(back) == words
    if rule == "window" and len(found) > 1:
        assert found[0].spans[0][0] == 0.0 and found[-1].spans[0][1] == seconds
        assert all(a.spans[0][1] == b.spans[0][0] for a, b in pairwise(found))


def test_a_word_over_30_seconds_cannot_be_cut():
    of = record(Transcript("oh well", "en"), Words((Word("oh", 0.0, 1.0), Word("well", 1.0, 60.0))))
    found = pieces(of, [61.0], "annotated", False)
    assert isinstance(found, Reject) and found.reason == "too_long"


def test_the_longest_pause_of_the_later_half_is_taken():
    words = [Word("w", t / 2, t / 2 + 0.45) for t in range(100)]
    del words[44]  # silence from 21.95 to 22.5
    of = record(Transcript(" ".join("w" for _ in words), "en"), Words(tuple(words)))
    first, *_ = cut(of, 50.0, "annotated")
    assert first.spans[0][1] == pytest.approx(22.225)


def test_words_that_are_not_the_transcript_give_the_text_of_a_piece():
    words = tuple(Word("字", t / 2, t / 2 + 0.4) for t in range(80))
    of = record(Transcript("字" * 80, "zh-CN"), Words(words))
    found = cut(of, 40.0, "annotated")
    assert len(found) == 2
    assert "".join(text_of(piece) for piece in found) == "字" * 80
    written = record(
        Transcript("It costs 20 euros.", "en"),
        Words(tuple(Word(w, t * 11.0, t * 11 + 9.0) for t, w in enumerate(["it", "costs", "twenty", "euros"]))),
    )
    assert [text_of(piece) for piece in cut(written, 45.0, "annotated")] == ["it costs", "twenty euros"]
    assert cut(written, 45.0, "annotated")[0].annotations[0] == Transcript("it costs", "en", "unpunctuated")


@pytest.mark.parametrize(
    "seconds, edges",
    [
        (95.0, [0, 30, 60, 90, 95]),
        (60.0, [0, 30, 60]),
        (60.5, [0, 30, 60]),
        (31.0, [0, 30, 31]),
        (30.013, [0, 30]),
    ],
)
def test_windows(seconds, edges):
    found = cut(record(Label("sec", ("dog",)), Caption("A dog.")), seconds, "window")
    assert [piece.spans[0] for piece in found] == list(pairwise(edges))
    assert all(piece.annotations == (Label("sec", ("dog",)), Caption("A dog.")) for piece in found)


@pytest.mark.parametrize("seconds, edges", [(60.5, [0, 30, 45.25, 60.5]), (30.4, [0, 15.2, 30.4])])
def test_a_short_rest_is_halved_where_times_may_lie_in_it(seconds, edges):
    found = cut(record(Label("sec", ("dog",)), Events((Event("dog", 0.0, seconds),))), seconds, "window")
    assert [piece.spans[0] for piece in found] == list(pairwise(edges))


def test_events_and_turns_are_clipped_to_the_window():
    of = record(
        Events((Event("dog", 1.0, 2.0), Event("rain", 25.0, 70.0))), Turns((("a", 0.0, 31.0), ("b", 29.0, 30.0)))
    )
    found = cut(of, 70.0, "window")
    assert [piece.annotations for piece in found] == [
        (Events((Event("dog", 1.0, 2.0), Event("rain", 25.0, 30.0))), Turns((("a", 0.0, 30.0), ("b", 29.0, 30.0)))),
        (Events((Event("rain", 0.0, 30.0),)), Turns((("a", 0.0, 1.0),))),
        (Events((Event("rain", 0.0, 10.0),)), Turns(())),
    ]


def test_a_segment_of_a_recording_counts_from_its_own_beginning():
    of = record(Transcript("hello", "en"), Words((Word("hello", 12.1, 12.5),)), start=12.0, end=14.0)
    (piece,) = cut(of, 600.0, "whole")
    assert piece.spans == ((12.0, 14.0),)
    assert words_of(piece) == (Word("hello", 0.1, 0.5),)
    long = record(Label("sec", ("dog",)), start=12.0, end=52.0)
    assert [p.spans[0] for p in cut(long, 600.0, "window")] == [(12.0, 42.0), (42.0, 52.0)]
    at_30 = record(Transcript("hello", "en"), start=12.1, end=42.1)
    assert len(cut(at_30, 600.0, "whole")) == 1


@pytest.mark.parametrize(
    "start, end",
    [(-1.0, 2.0), (3.0, 2.0), (2.0, 2.0), (10.0, 11.0), (1.0, 12.0), (float("nan"), 2.0), (0.0, float("nan"))],
)
def test_times_outside_the_recording_are_bad(start, end):
    found = pieces(record(Transcript("a", "en"), start=start, end=end), [10.0], "whole", False)
    assert isinstance(found, Reject) and found.reason == "bad_times"


def test_an_end_that_rounding_put_behind_the_recording_is_its_end():
    (piece,) = cut(record(Transcript("a", "en"), start=8.0, end=10.2), 10.0, "whole")
    assert piece.spans == ((8.0, 10.2),)  # audio.clips cuts there


def test_a_pair_is_one_piece_of_two_spans():
    pair = Record("id", (AudioRef("a.wav"), AudioRef("b.wav", start=1.0, end=2.0)), (Label("sv", ("yes",)),))
    assert pieces(pair, [3.0, 4.0], "whole", False) == [Piece(((None, None), (1.0, 2.0)), pair.annotations)]
    found = pieces(pair, [31.0, 4.0], "window", False)
    assert isinstance(found, Reject) and found.reason == "too_long"


def test_joined_spans_are_one_clip_as_long_as_all_of_them() -> None:
    ref = AudioRef.join("a.ogg", [(2.0, 14.0), (40.0, 55.5)], "session")
    assert (ref.start, ref.end, ref.seconds) == (2.0, 55.5, 27.5) and AudioRef.join("a", [(1.0, 2.0)]).joined == ()
    said = Record("id", (ref,), (Transcript("a word", "en"),))
    (piece,) = cut(said, 60.0, "whole")
    assert piece.spans == ((2.0, 55.5),)
    longer = Record("id", (AudioRef.join("a.ogg", [(2.0, 14.0), (40.0, 60.0)]),), said.annotations)
    for rule in ("whole", "window", "annotated"):
        found = pieces(longer, [70.0], rule, evaluation=False)  # type: ignore[arg-type]
        assert isinstance(found, Reject) and found.reason == "too_long" and "32.000 s" in found.where
    for spans in ([(2.0, 1.0), (3.0, 4.0)], [(2.0, 3.0), (61.0, 62.0)], [(-1.0, 3.0), (4.0, 5.0)]):
        found = pieces(Record("id", (AudioRef.join("a.ogg", spans),), ()), [60.0], "whole", evaluation=True)
        assert isinstance(found, Reject) and found.reason == "bad_times"
