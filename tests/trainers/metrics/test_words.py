"""Error rates and BLEU against jiwer and sacreBLEU themselves."""

import jiwer
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from trainers.metrics.answer import Answer
from trainers.metrics.words import (
    bleu,
    bleu_tokenizer,
    chrf,
    error_rate,
    normalise_transcript,
    overlapped_error_rate,
)

SENTENCE = st.lists(st.sampled_from(["one", "two", "three", "Four", "it's"]), min_size=1, max_size=6).map(" ".join)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("  Hello ,  World !", "en", "hello, world!"),
        ("<|en|>a<|0.50|>b", "en", "a b"),
        ("it's 3 o'clock", "en", "it's 3 o'clock"),
        ("<|0.00|>面<|0.31|> 条 A", "zh", "面条a"),
        ("これ は", "ja", "これは"),
        ("", "en", ""),
        ("<|sil|>", "zh", ""),
    ],
)
def test_normalise_transcript(text, language, expected):
    assert normalise_transcript(text, language) == expected


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(SENTENCE, SENTENCE), min_size=1, max_size=5))
def test_word_error_rate_is_jiwers(pairs):
    score = error_rate([Answer((right,), got, language="en") for right, got in pairs])
    expected = jiwer.wer([right.lower() for right, _ in pairs], [got.lower() for _, got in pairs])
    assert score.metric == "WER"
    assert score.value == pytest.approx(100 * expected)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text("面条机a ", min_size=1), st.text("面条机a ")), min_size=1, max_size=5))
def test_chinese_is_counted_in_characters_without_spaces(pairs):
    pairs = [("机" + right, got) for right, got in pairs]
    score = error_rate([Answer((right,), got, language="zh") for right, got in pairs])
    expected = jiwer.cer(*([text.replace(" ", "") for text in side] for side in zip(*pairs, strict=True)))
    assert score.metric == "CER"
    assert score.value == pytest.approx(100 * expected)


def test_the_nearest_of_several_references_counts():
    assert error_rate([Answer(("a b c", "a b d"), "a b d", language="en")]).value == 0


def test_nothing_said_and_nothing_recognised():
    assert error_rate([Answer(("a b",), "", language="en")]).value == 100
    assert error_rate([Answer(("<|sil|>",), "x", language="en")]).value is None  # no reference word: no rate


def test_words_and_characters_do_not_mix():
    with pytest.raises(ValueError, match="each language apart"):
        error_rate([Answer(("a",), "a", language="en"), Answer(("面",), "面", language="zh")])


def test_bleu_is_sacrebleus_with_missing_references():
    answers = [
        Answer(("the cat sat on the mat", "a cat sat on the mat"), "the cat sat on a mat", language="en"),
        Answer(("Guten Morgen, wie geht es dir?",), "Guten Morgen, wie geht es Ihnen?", language="en"),
    ]
    expected = sacrebleu.corpus_bleu(
        [answer.prediction for answer in answers],
        [["the cat sat on the mat", answers[1].references[0]], ["a cat sat on the mat", None]],
    )
    assert bleu(answers).value == pytest.approx(expected.score)
    assert bleu(answers).details["tokenizer"] == "13a"


def test_bleu_of_chinese_is_over_characters():
    answers = [Answer(("我们今天去公园玩",), "我们明天去公园玩", language="zh")]
    expected = sacrebleu.corpus_bleu([answers[0].prediction], [[answers[0].references[0]]], tokenize="zh").score
    assert bleu(answers).value == pytest.approx(expected)
    assert 0 < expected < 100


def test_japanese_names_its_tokenizer():
    assert bleu_tokenizer("ja") in ("ja-mecab", "char")
    score = bleu([Answer(("今日は公園に行きます",), "今日は公園に行きます", language="ja")])
    assert score.value == pytest.approx(100)
    assert score.details["tokenizer"] == bleu_tokenizer("ja")


def test_chrf_takes_several_references():
    answer = Answer(("a dog barks", "birds sing loudly"), "birds sing loudly")
    assert chrf([answer]).value == pytest.approx(100)


def test_the_order_of_voices_means_nothing():
    reference = "one two<|delim|>three four five"
    assert overlapped_error_rate([Answer((reference,), "three four five<|delim|>one two", language="en")]).value == 0
    missing = overlapped_error_rate([Answer((reference,), "three four five", language="en")])
    assert missing.value == pytest.approx(40)
    assert missing.details["number of voices right %"] == 0
    extra = overlapped_error_rate([Answer((reference,), reference + "<|delim|>six", language="en")])
    assert extra.value == pytest.approx(20)
