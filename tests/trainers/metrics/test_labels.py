"""Accuracy, label sets, notes and entities on cases worked out by hand."""

import pytest

from trainers.metrics.answer import Answer
from trainers.metrics.labels import accuracy, average_precision, entities, intents, multilabel, notes, question_accuracy


def answers(*pairs: tuple[str, str]) -> list[Answer]:
    return [Answer((right,), got) for right, got in pairs]


def test_accuracy_is_exact_and_any_reference_counts():
    score = accuracy([Answer(("yes", "maybe"), "maybe"), Answer(("yes",), "Yes"), Answer(("no",), "no")])
    assert score.value == pytest.approx(200 / 3)
    assert score.details["outside the labels %"] == pytest.approx(100 / 3)


def test_nothing_to_score():
    assert accuracy([]).value is None
    assert multilabel([]).value is None
    assert notes([]).value is None


def test_binary_questions_are_also_counted_apart():
    score = question_accuracy(answers(("yes", "yes"), ("no", "yes"), ("a dog", "a dog"), ("two", "2")))
    assert score.value == 50
    assert (score.details["binary as published %"], score.details["binary answers"]) == (50, 2)


def test_published_question_accuracy_counts_every_answer():
    score = question_accuracy([Answer(("yes", "no", "yes"), "no"), Answer(("Yes",), "Yes")])
    assert score.value == 100
    assert score.details["as published %"] == score.details["binary as published %"] == 50


@pytest.mark.parametrize(
    ("wanted", "predicted", "expected"),
    [
        ([1, 1, 0, 0], [1, 1, 0, 0], 1.0),
        ([1, 1, 0, 0], [0, 0, 0, 0], 0.5),  # no ranking: the share of positives
        ([1, 0, 0, 0], [0, 1, 1, 1], 0.25),
        ([1, 1, 0, 0], [1, 0, 1, 0], 0.5 * 0.5 + 0.5 * 0.5),
        ([1, 1, 1, 0], [1, 0, 0, 0], 1 / 3 + 2 / 3 * 0.75),
        ([0, 0], [1, 0], 0.0),
    ],
)
def test_average_precision_of_a_yes_no_prediction(wanted, predicted, expected):
    assert average_precision([*map(bool, wanted)], [*map(bool, predicted)]) == pytest.approx(expected)


def test_label_sets():
    score = multilabel(
        answers(("dog<|delim|>rain, heavy", "rain, heavy<|delim|>dog"), ("dog", "cat"), ("<|sil|>", "<|sil|>"))
    )
    # dog: wanted 1 1 0, found 1 0 0: AP = 1/2 + 1/2 * 2/3; rain: 1.
    assert score.details["mAP %"] == pytest.approx(100 * (5 / 6 + 1) / 2)
    assert score.value == pytest.approx(100 * 2 * 2 / 6)
    assert score.details["all labels right %"] == pytest.approx(200 / 3)


def test_intents():
    score = intents(answers(("alarm<|action|>set", "alarm<|action|>set"), ("alarm<|action|>set", "alarm<|action|>off")))
    assert (score.value, score.details["scenario %"], score.details["action %"]) == (50, 100, 50)


def note(pitch: int, velocity: int = 50, instrument: str = "bass", sonic: str = "dark") -> str:
    return (
        f"<|pitch|><|midi_pitch_{pitch}|><|velocity|><|midi_velocity_{velocity}|>"
        f"<|instrument|>{instrument}<|sonic|>{sonic}"
    )


def test_chroma_forgives_octaves_whatever_pitches_occur():
    # With 60, 61 and 73 observed, indices modulo 12 would call 73 and 61 different.
    score = notes(answers((note(60), note(60)), (note(61), note(73)), (note(60), note(61)), (note(60), "")))
    assert score.value == 25
    assert score.details["chroma %"] == 50


def test_note_fields_in_any_order_or_missing():
    shuffled = "<|sonic|>bright, dark<|instrument|>guitar<|velocity|><|midi_velocity_25|><|pitch|><|midi_pitch_7|>"
    straight = note(7, 25, "guitar", "dark, bright")
    score = notes(answers((straight, shuffled), (straight, "<|pitch|>no number<|instrument|>guitar")))
    assert (score.value, score.details["velocity %"], score.details["instrument %"]) == (50, 50, 100)
    assert score.details["sonic mAP %"] == 100 * (0.5 + 0.5 * 1)


def test_a_missing_pitch_is_no_octave_of_anything():
    assert notes(answers((note(128 - 120), ""))).details["chroma %"] == 0


def entity(value: str, kind: str) -> str:
    return f"<|startofentityvalue|>{value}<|endofentityvalue|><|startofentitytype|>{kind}<|endofentitytype|>"


def test_entities_count_pairs_and_repeats():
    score = entities(
        answers(
            (entity("Rome", "place") + entity("Rome", "place"), entity("Rome", "place")),
            (entity("May", "date"), entity("May", "person")),
            ("<|sil|>", "<|sil|>"),
        )
    )
    assert score.value == pytest.approx(100 * 2 * 1 / 5)
    assert score.details["F1 of values %"] == pytest.approx(100 * 2 * 2 / 5)
