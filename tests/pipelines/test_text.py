"""Normalised text: Unicode form, spaces, case; idempotent, and never a change of words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.text import normalise

LANGUAGES = ("en", "zh", "zh_tr", "ja", "ko", "de", "tr", None)


@pytest.mark.parametrize(
    ("text", "language", "form", "wanted"),
    [
        ("IT'S  HERE ", "en", "unpunctuated", "it's here"),
        ("Keep Case, keep 3 digits.", "en", "written", "Keep Case, keep 3 digits."),
        ("\ufeff Il\u00a0fait\u2028froid.\r", "fr", "written", "Il fait froid."),
        ("e\u0301te\u0301", "fr", "written", "été"),
        ("今天 天气 很 好", "zh", "unpunctuated", "今天天气很好"),
        ("我 在 ＫＴＶ 唱 hello world 歌", "zh", "unpunctuated", "我在ktv唱hello world歌"),
        ("真っ昼間 なのに 、 はい", "ja", "written", "真っ昼間なのに、はい"),
        ("你好，３个！", "zh", "written", "你好，3个！"),  # full-width punctuation is Chinese punctuation
        ("안녕 하세요", "ko", "written", "안녕 하세요"),
        ("ISPARTA İZMİR", "tr", "unpunctuated", "ısparta izmir"),
        ("می\u200cخواهم", "fa", "written", "می\u200cخواهم"),  # the joiner is spelling
        ("a\u200bb\u00adc\x07", "en", "written", "abc"),
        ("you\x92ll \x93see\x94 \x97 soon\x85", "en", "written", "you’ll “see” — soon…"),  # Windows, read as Latin-1
        ("a\x81\x9db", "en", "written", "a b"),
        (" \u3000\t ", "zh", "written", ""),
    ],
)
def test_examples(text: str, language: str | None, form: str, wanted: str) -> None:
    assert normalise(text, language, form) == wanted  # type: ignore[arg-type]


UGLY = st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("今 アａＡ\u3000İIı\u0301\u200b -'"))


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("今 アａＡ\u3000İIı\u0301\u200b -'")),
        max_size=30,
    ),
    st.sampled_from(LANGUAGES),
    st.sampled_from(["written", "spoken", "unpunctuated"]),
)
def test_is_idempotent_composed_and_stripped(text: str, language: str | None, form: str) -> None:
    once = normalise(text, language, form)  # type: ignore[arg-type]
    assert normalise(once, language, form) == once  # type: ignore[arg-type]
    assert unicodedata.is_normalized("NFC", once) and once == once.strip() and "  " not in once
    assert not any(character in once for character in "\n\r\t\u2028\u3000\ufeff")


@given(st.text("abcXYZ é.,'0123456789", max_size=30))
def test_changes_no_word(text: str) -> None:
    assert normalise(text, "en", "written").split() == text.split()
    assert normalise(text, "en", "unpunctuated").split() == text.lower().split()
