"""Word boundaries: our AAS on cases worked out by hand, the published script's with its quirks."""

import pytest
from hypothesis import given, settings

from tests.tag_schema.strategies import targets
from trainers.metrics.answer import Answer
from trainers.metrics.timestamps import aas_reference, average_shift, read_units
from trainers.metrics.words import normalise_transcript

PROMPT = "<|startoftranscript|><|en|><|transcribe|><|en|><|timestamps|><|0.00|>"
SPOKEN = "<|sil|><|0.50|>one<|0.80|> two<|1.20|><|sil|><|1.50|>"


def answer(prediction: str, reference: str = SPOKEN, language: str = "en") -> Answer:
    return Answer((reference,), prediction, prompt=PROMPT, language=language)


def test_equal_text_has_no_shift():
    score = average_shift([answer(SPOKEN)])
    assert (score.value, score.details["words right"], score.details["words"]) == (0, 2, 2)


def test_both_boundaries_add_up_and_silence_is_no_word():
    # one: |0.53 - 0.50| + |0.79 - 0.80| = 40 ms; two: |0.79 - 0.80| + |1.27 - 1.20| = 80 ms
    score = average_shift([answer("<|sil|><|0.53|>one<|0.79|> two<|1.27|><|sil|><|9.00|>")])
    assert score.value == pytest.approx(60)
    assert score.details["within 100 ms %"] == 100


def test_the_unit_after_the_given_time_token_counts():
    reference = "one<|0.80|>"
    assert average_shift([answer("one<|0.90|>", reference)]).value == pytest.approx(100)
    assert aas_reference([answer("one<|0.90|>", reference)]).seconds is None


def test_wrong_words_are_left_out_and_counted():
    score = average_shift([answer("<|sil|><|0.50|>won<|0.80|> two<|1.20|>")])
    assert score.value == 0
    assert (score.details["words right"], score.details["words right %"]) == (1, 50)
    assert score.details["WER %"] == 50


@pytest.mark.parametrize("text", ["", "one two", "<|1.00|>", "<|en|><|0.5", "one<|0.80|"])
def test_text_without_times_scores_no_word(text):
    score = average_shift([answer(text)])
    assert score.value is None
    assert score.details["words right"] == 0
    assert score.text() == "-"


def test_chinese_units_are_characters():
    reference = "<|sil|><|0.54|>面<|0.86|>条<|1.17|>机<|1.46|><|sil|><|2.01|>"
    score = average_shift([answer(reference.replace("0.86", "0.90"), reference, "zh")])
    assert score.value == pytest.approx(1000 * 0.08 / 3)
    assert [unit.word for unit in read_units("<|0.00|>" + reference, "zh")] == ["面", "条", "机"]


def test_published_shift_counts_silence_and_skips_the_first_unit():
    prediction = "<|sil|><|0.60|>one<|0.80|> two<|1.20|><|sil|><|1.70|>"
    # Pieces between stamps: one (0.1 s off), two, <|sil|> (0.2 s off); the leading silence is never scored.
    published = aas_reference([answer(prediction)])
    assert published.units == 3
    assert published.seconds == pytest.approx(0.3 / 3)


def test_published_shift_compares_text_as_it_stands():
    published = aas_reference([answer(SPOKEN.replace(" two", "two"))])
    assert published.units == 2


def test_published_script_stops_when_a_prediction_has_no_times():
    published = aas_reference([answer(SPOKEN), answer("one two")])
    assert published.seconds is None
    assert "1 of 2" in published.remark


def test_published_script_compares_with_the_wrong_answer_after_a_drop_on_each_side():
    first, second = "<|0.10|>a<|0.20|>", "<|0.30|>b<|0.40|>"
    # The first prediction and the second reference drop out: `a` is compared with `b`'s prediction.
    assert aas_reference([Answer((first,), "no times"), Answer(("none",), second)]).seconds is None
    shifted = aas_reference([Answer((first,), "no times"), Answer(("none",), "<|0.30|>a<|0.40|>")])
    assert shifted.seconds == pytest.approx(0.4)


@settings(max_examples=50, deadline=None)
@given(targets("srwt"))
def test_units_of_well_formed_text_are_the_words_of_its_target(target):
    language = target.text_language
    read = [(unit.word, unit.start, unit.end) for unit in read_units(target.render().text, language)]
    spoken = [(normalise_transcript(word.word, language), word.start, word.end) for word in target.words]
    if not any("|" in word.word for word in target.words):  # a word that looks like a token
        assert read == [unit for unit in spoken if unit[0]]
