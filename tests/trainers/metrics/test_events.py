"""Sound events and diarization on cases worked out by hand."""

import pytest

from trainers.metrics.answer import Answer
from trainers.metrics.events import diarization, sound_events


def event(label: str, start: float, end: float) -> str:
    return f"<|startofword|>{label}<|endofword|><|{start:.2f}|><|delim|><|{end:.2f}|>"


def turn(speaker: int, start: float, end: float) -> str:
    return event(str(speaker), start, end)


def test_an_event_is_right_within_its_tolerances():
    reference = event("dog", 1, 3) + event("car", 5, 5.2)
    near = event("dog", 1.2, 4) + event("car", 5.2, 5.4)
    assert sound_events([Answer((reference,), near)]).value == 100
    late_onset = event("dog", 1.21, 3) + event("car", 5, 5.41)
    assert sound_events([Answer((reference,), late_onset)]).value == 0


def test_one_prediction_matches_one_event():
    score = sound_events([Answer((event("dog", 1, 2),), event("dog", 1, 2) + event("dog", 1.1, 2.1))])
    assert score.value == pytest.approx(100 * 2 / 3)
    # The best matching, where taking the first that fits would lose one.
    reference = event("dog", 1.0, 2.0) + event("dog", 1.3, 2.3)
    prediction = event("dog", 1.15, 2.0) + event("dog", 0.9, 2.0)
    assert sound_events([Answer((reference,), prediction)]).value == 100


def test_segments_forgive_boundaries():
    score = sound_events([Answer((event("dog", 1, 3),), event("dog", 1.5, 3.0))])
    assert score.value == 0
    assert score.details["segment F1 (1 s) %"] == 100


def test_no_events_wanted_and_none_found():
    assert sound_events([Answer(("<|sil|>",), "<|sil|>")]).value is None
    assert sound_events([Answer(("<|sil|>",), event("dog", 0, 1))]).value == 0


def test_diarization_maps_speakers():
    reference = turn(1, 0, 4) + turn(2, 4, 6)
    assert diarization([Answer((reference,), turn(1, 4, 6) + turn(2, 0, 4))]).value == 0
    assert diarization([Answer((reference,), "")]).value == 100
    one_voice = diarization([Answer((reference,), turn(1, 0, 6))])
    assert one_voice.value == pytest.approx(100 * 2 / 6)
    assert one_voice.details["confused %"] == pytest.approx(100 * 2 / 6)


def test_overlap_and_false_speech_count():
    reference = turn(1, 0, 4) + turn(2, 2, 4)
    score = diarization([Answer((reference,), turn(1, 0, 5))])
    assert score.details["missed %"] == pytest.approx(100 * 2 / 6)
    assert score.details["false %"] == pytest.approx(100 * 1 / 6)
    assert score.details["confused %"] == 0
