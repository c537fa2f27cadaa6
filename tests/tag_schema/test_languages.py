"""How words carry their spaces, in languages with and without."""

import pytest

from tag_schema.languages import join_words
from tag_schema.target import Target, TimedWord


@pytest.mark.parametrize(
    ("words", "language", "text"),
    [
        ("the lamp , still", "en", "the lamp , still"),
        ("guten Morgen", "de", "guten Morgen"),
        ("안녕 하세요", "ko", "안녕 하세요"),
        ("面 条 机", "zh", "面条机"),
        ("麵 條 機", "zh_tr", "麵條機"),
        ("きょう は", "ja", "きょうは"),
        ("ภาษา ไทย", "th", "ภาษาไทย"),
        ("用 Taylor Swift 的 歌", "zh", "用Taylor Swift的歌"),
        ("3 G 网 络", "zh", "3 G网络"),
        ("OK , 好", "zh", "OK,好"),
        ("好 , OK", "zh", "好,OK"),
        ("ＯＫ ＯＫ", "zh", "ＯＫＯＫ"),
        ("mixed 面 条", "en", "mixed 面 条"),
        ("", "en", ""),
    ],
)
def test_words_make_the_transcript(words, language, text):
    assert join_words(words.split(), language) == text


@pytest.mark.parametrize(
    ("language", "words", "response"),
    [
        ("zh", "面 条 机", "面<|0.10|>条<|0.20|>机<|0.30|>"),
        ("zh", "用 Taylor Swift 的", "用<|0.10|>Taylor<|0.20|> Swift<|0.30|>的<|0.40|>"),
        ("en", "use Taylor Swift", "use<|0.10|> Taylor<|0.20|> Swift<|0.30|>"),
    ],
)
def test_a_space_belongs_to_the_later_word(language, words, response):
    timed = tuple(TimedWord(word, i / 10, (i + 1) / 10) for i, word in enumerate(words.split()))
    assert Target("srwt", audio_language=language, words=timed).render().response == response


def test_silence_does_not_take_the_space():
    words = (TimedWord("a", 0.0, 0.1), TimedWord("b", 0.2, 0.3))
    response = Target("srwt", audio_language="en", words=words).render().response
    assert response == "a<|0.10|><|sil|><|0.20|> b<|0.30|>"


def test_the_papers_example():
    words = (TimedWord("面", 0.54, 0.86), TimedWord("条", 0.86, 1.17), TimedWord("机", 1.17, 1.46))
    tagged = Target("srwt", audio_language="zh", words=words, seconds=2.01).render()
    assert tagged.prompt.endswith("<|timestamps|><|0.00|>")
    assert tagged.response == "<|sil|><|0.54|>面<|0.86|>条<|1.17|>机<|1.46|><|sil|><|2.01|>"
