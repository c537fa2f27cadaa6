"""The second form of a written transcript: the same letters, or none where a reading would be a guess."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.text import lower, normalise
from pipelines.unpunctuated import RULES, unpunctuated


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("en", "It’s a well-known fact, isn't it?", "it's a well known fact isn't it"),
        ("en", "“Wait—what?” she asked... Then she left!", "wait what she asked then she left"),
        ("en", "Hmm… we were…we were there", "hmm we were we were there"),
        ("en", "We went home. Then it rained.", "we went home then it rained"),
        ("en", "Bob and I said no.", "bob and i said no"),
        ("fr", "« L’eau, dit-elle, est-elle froide ? »", "l'eau dit-elle est-elle froide"),
        ("it", "Perché no? L'ho visto!", "perché no l'ho visto"),
        ("de", "Straße und Größe – so ist's.", "straße und größe so ist's"),
        ("es", "—¿Qué pasa? —dijo Juan. ¡Nada!", "qué pasa dijo juan nada"),
        ("pt", "Levantou-se, e disse: “vem!”", "levantou-se e disse vem"),
        ("tr", "Isparta'ya gitti.", None),  # usage of this apostrophe differs
        ("tr", "Isınan İzmir, kırk derece.", "ısınan izmir kırk derece"),
        ("ru", "Кто-то пришёл: «Ёж!»", "кто-то пришёл ёж"),
        ("cs", "Strč prst skrz krk.", "strč prst skrz krk"),
        ("el", "Ο ΆΝΕΜΟΣ", None),
        ("el", "Ο άνεμος, φίλε;", "ο άνεμος φίλε"),
        ("en", "So I left, and then I, too, slept.", "so i left and then i too slept"),
        ("de", "İzmir", None),  # its small letter falls apart outside Turkish
        ("zh", "你好，世界！", "你好世界"),
        ("zh_tr", "「臺灣」、很好。", "臺灣很好"),
        ("ja", "「はい」、そうです。コーヒー・タイム!", "はいそうですコーヒータイム"),
        ("ko", "안녕하세요, 여러분!", "안녕하세요 여러분"),
        ("ar", "مرحبا، كيف الحال؟", None),  # no rules yet
        (None, "Hello.", None),
        ("en", "", None),
        ("en", "...", None),
    ],
)
def test_examples(language: str | None, text: str, wanted: str | None) -> None:
    assert unpunctuated(text, language) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Smith left.", "He lives on Elm St.", "The U.S. said so.", "NASA flies.", "The BBC's news.", "A GmbH.",
        "Apples, pears, etc.", "Prof. Jones came.", "About 5 km away.", "It is 10:30.", "In 1984.", "The 5th day.",
        "May 5 was cold.", "On 5 May.", "Friday 13 came.", "On Apollo 13 they flew.",
        "Downing Street 10 is it.", "He paid $5.", "Ten % of it.",
        "R&B", "and/or", "(laughs) Well.", "[noise]", "Hello <b>", "5.5 litres", "1,000 men", "Call 5 5 5 now.",
        "Charles I was king.", "World War I ended.", "Louis XIV", "Henry V fell.", "The dogs' tails.", "'Tis so.",
        "He said 'no' twice.", "user@example", "example.com", "A* is good", "x = y", "你好 world", "½ cup", "he₂",
        "Paris–Lyon", "good.Bad", "so..", "Go to p. nine.", "room 101 was", "He weighs 5 lbs.", "10 mins later",
    ],
)  # fmt: skip
def test_no_guess_in_english(text: str) -> None:
    assert unpunctuated(text, "en") is None


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", "Vor- und Nachteile."), ("de", "Das ist z.B. so."), ("de", "Am 5 Mai war es."), ("de", "Die EU tagt."),
     ("fr", "Il a 80 ans."), ("fr", "Il a 21 ans."), ("it", "Un po' d'acqua."), ("es", "El rey Carlos I murió."),
     ("es", "Tiene 21 años."), ("zh", "我在KTV唱歌。"), ("zh", "他有3个。"), ("zh", "二〇二四年"), ("ja", "Tシャツ"),
     ("ko", "3개 있어요."), ("ko", "漢字"), ("ru", "У него 5 рублей."), ("ru", "Пять руб."), ("pl", "To jest 5 zł.")],
)  # fmt: skip
def test_no_guess_elsewhere(language: str, text: str) -> None:
    assert unpunctuated(text, language) is None


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [("en", "He has 12 cats.", "he has twelve cats"), ("en", "The 24 hours passed.", "the twenty four hours passed"),
     ("en", "1 person came.", "one person came"), ("de", "Er hat 21 Katzen.", "er hat einundzwanzig katzen"),
     ("fr", "Il a 22 ans.", "il a vingt-deux ans"), ("es", "Tiene 35 libros.", "tiene treinta y cinco libros"),
     ("it", "Ha 28 anni.", "ha ventotto anni")],
)  # fmt: skip
def test_plain_cardinals_are_spelled_out(language: str, text: str, wanted: str) -> None:
    assert unpunctuated(text, language) == wanted


def letters(text: str, language: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFC", lower(text, language)) if c.isalpha())


ALPHABETS = (
    "abIJKéÉßĞıİøŁ'’ ,.;:!?-–—…\"«»¿¡", "абвЁЖё ,.!?-«»", "今天你好，。！？「」、·", "アいう・ー。", "안녕하 ,.",
    "ab1 5%$()[]/@&", "Σςαβ ;·",
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(
    st.one_of(*(st.text(alphabet, max_size=24) for alphabet in ALPHABETS), st.text(max_size=24)),
    st.sampled_from(sorted(RULES)),
)
def test_every_letter_stays_and_nothing_else(text: str, language: str) -> None:
    written = normalise(text, language, "written")
    bare = unpunctuated(written, language)
    if bare is None:
        return
    assert unpunctuated(bare, language) == bare and normalise(bare, language, "unpunctuated") == bare
    assert re.fullmatch(r"[\w'-]+(?: [\w'-]+)*", bare) and not re.search(r"[\d_]", bare)
    if not re.search(r"\d", written):
        assert letters(bare, language) == letters(written, language)


SAFE = st.lists(
    st.sampled_from(["Home", "again", "don't", "well-known", "she", "over", "water"]), min_size=1, max_size=8
)


@given(SAFE, st.sampled_from([" ", ", ", "; ", " – ", "! ", "? "]), st.sampled_from([".", "!", "?", "…", '"', ""]))
def test_plain_sentences_are_not_refused(words: list[str], between: str, end: str) -> None:
    assert unpunctuated(between.join(words) + end, "en") == " ".join(words).lower().replace("-", " ")
