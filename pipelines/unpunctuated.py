"""From written text to unpunctuated text: lower case, no marks, where nothing about it is a guess.

A transcript that is cased and punctuated is also a right answer to a prompt that asks for neither, as long as every
letter stays. `unpunctuated` gives None wherever the reading would have to be guessed: digits, symbols, abbreviations,
acronyms, brackets, apostrophes that may be quotation marks, hyphens in languages that differ about them, letters of
another script. The way back, casing and punctuating, is never safe and is not here.

Numbers: a standing alone whole number up to 99 that counts a word after it is spelled out in the languages where no
gender or case bends it. Years, dates, ordinals, times, decimals, units and digit strings are guesses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from num2words import num2words

from pipelines.text import lower

_LATIN = r"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_CYRILLIC = r"\u0400-\u0481\u048a-\u052f"
_HAN = r"\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = r"\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe"
_HANGUL = r"\u1100-\u11ff\uac00-\ud7a3"


@dataclass(frozen=True)
class Rules:
    """What is certain about a language's spelling.

    Attributes:
        letters: a character class.
        hyphen: what one within a word becomes; "-": it is spelling and stays; None: usage differs.
        apostrophe: whether one between letters is spelling.
        short_words: whether words without a vowel are no abbreviations.
        sentence_end: letters of a word whose full stop within a text ends a sentence: no abbreviation is so long.
        numbers: those whose word never changes.
    """

    letters: str = _LATIN
    hyphen: str | None = None
    apostrophe: bool = False
    short_words: bool = False
    sentence_end: int = 5
    numbers: frozenset[int] = frozenset()


_NUMBERS = frozenset(range(2, 100))
_NO_ONES = frozenset(number for number in _NUMBERS if number % 10 != 1 or number == 11)  # one, un, una
_BELOW_70 = frozenset(number for number in _NO_ONES if number < 70)
_PLAIN, _WITH_HYPHEN = Rules(), Rules(hyphen="-")
_WITHOUT_VOWELS = Rules(short_words=True)  # prst, vlk; Welsh cwm
_RUSSIAN = Rules(letters=_CYRILLIC, short_words=True, hyphen="-")
_CHINESE = Rules(letters=_HAN, short_words=True)
RULES: Mapping[str, Rules] = {
    # LibriSpeech and its kin write well known for well-known.
    "en": Rules(hyphen=" ", apostrophe=True, sentence_end=4, numbers=_NUMBERS | {1}),
    "de": Rules(apostrophe=True, sentence_end=4, numbers=_NUMBERS),
    "fr": Rules(hyphen="-", apostrophe=True, sentence_end=4, numbers=_BELOW_70),  # Belgians say septante
    "it": Rules(apostrophe=True, sentence_end=4, numbers=_NO_ONES),
    "es": Rules(sentence_end=4, numbers=_NO_ONES),
    "ca": Rules(hyphen="-", apostrophe=True),
    "pt": _WITH_HYPHEN,
    "ro": _WITH_HYPHEN,
    "nl": Rules(apostrophe=True),
    **dict.fromkeys(("sv", "da", "no", "fi", "et", "hu", "lv", "lt", "pl", "tr", "az", "id", "ms"), _PLAIN),
    **dict.fromkeys(("cs", "sk", "sl", "hr", "bs", "cy"), _WITHOUT_VOWELS),
    "ru": _RUSSIAN,
    "be": Rules(letters=_CYRILLIC, short_words=True, hyphen="-", apostrophe=True),
    "uk": Rules(letters=_CYRILLIC, short_words=True, hyphen="-", apostrophe=True),
    "bg": _RUSSIAN,
    "el": Rules(letters=r"\u0386\u0388-\u03ce", short_words=True),
    "ko": Rules(letters=_HANGUL, short_words=True),
    **dict.fromkeys(("zh", "zh_tr", "yue"), _CHINESE),
    "ja": Rules(letters=_HAN + _KANA, short_words=True),
}
_UNSPACED = frozenset({"zh", "zh_tr", "yue", "ja"})

# Written before or behind a word, and never spoken. Dashes stand between spaces; the long one may also touch.
_BEFORE, _BEHIND = '"“”„«»‹›¿¡…', '.,;:!?"“”„«»‹›…'
_DASHES = re.compile(r"(?:^| )(?:-|--|–|—)(?= |$)|(?:^| )—(?=[\w¿¡«])|(?<=\w)(?:--|—)(?=[\w\"“” ]|$)")
_ELLIPSIS = re.compile(r"(?<!\.)\.\.\.(?!\.)")
_CJK_MARKS = re.compile("[，。！？、；：“”‘’「」『』《》〈〉…—・·,!?.]")
_NUMBER = re.compile(r"[1-9]\d?")
_VOWEL = re.compile("[aeiouyıæœø]")
# Those that have a vowel and may end a text, or are long enough to pass for a word; hardly one is a word as well.
_ABBREVIATED = """
approx assoc assn atty ave arch bldg cit col corp deg dept elec est etc exec ext fig figs gov govt hon inc incl intl
jan feb apr aug sept oct dec maj messrs min mins misc nos op pres prof proc sec secs sen supt tel temp univ vol vols
dipl evtl fam ing inkl okt dez mio usf usw vgl vor abt geb ggf mlle mme mmes ecc enz osv pag lic resp sra srta sta telf
tys godz itd itp atd apod např hod tzv yms jne esim stb utt dll руб тыс проф акад долл коп мин сек чел обл ул пос стр др
"""
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
_DATE_WORDS = """
january february march april may june july august september october november december
januar jänner februar märz mai juni juli oktober dezember
monday tuesday wednesday thursday friday saturday sunday
"""
_NO_COUNT = _ABBREVIATIONS | frozenset(_DATE_WORDS.split())
_BEGINNINGS = """
so and but then when if what that well yes no now because as since where why how while should could can may did do am
was have had will would here there today tomorrow yesterday or maybe perhaps though although before after once until
than whatever whenever wherever yet nor for oh ah sometimes usually often never this it all only must might shall were
"""
_BEFORE_I = frozenset(_BEGINNINGS.split())  # words that begin a sentence before the English I; others may be a king's
_ROMAN = frozenset("IVX")
_SOUNDS = frozenset(("hm", "hmm", "mm", "mmm", "mhm", "shh", "psst", "pst", "brr"))


def unpunctuated(text: str, language: str | None) -> str | None:
    """`text` in lower case without punctuation; None where that is a guess.

    Args:
        text: written text, normalised (`text.normalise`).
        language: the project's code, as the text is written (`zh_tr` too).

    The letters of the result are those of `text` in lower case, but for numbers that are spelled out.
    """
    rules = RULES.get(language or "")
    if rules is None or language is None or not text:
        return None
    if language in _UNSPACED:
        bare = _CJK_MARKS.sub("", text)
        return bare if re.fullmatch(f"[{rules.letters}]+", bare) else None
    text = _ELLIPSIS.sub("…", text.replace("’", "'")).replace("…", "… ")
    tokens = _DASHES.sub(" ", text).split()
    words: list[str] = []
    for place in range(len(tokens)):
        word = _spelled(tokens, place, language, rules)
        if word is None:
            word = _word(tokens, place, language, rules)
        if word is None:
            return None
        words += word.split()
    return unicodedata.normalize("NFC", " ".join(words)) or None


def _word(tokens: list[str], place: int, language: str, rules: Rules) -> str | None:
    """A token without its marks, in lower case; "" where it is marks alone; None where it is no plain word."""
    token = tokens[place]
    core = token.strip(_BEFORE + _BEHIND)
    start = token.find(core)
    behind = token[start + len(core) :]
    if not core:
        return "" if "." not in token else None
    if token[:start].strip(_BEFORE) or behind.strip(_BEHIND) or _may_be_roman(core, tokens, place, language):
        return None
    word = _plain(core, language)
    if word is None or ("." in behind and not _ends_sentence(word, behind, tokens[place + 1 :], rules)):
        return None
    return word


@lru_cache(maxsize=1 << 16)
def _plain(core: str, language: str) -> str | None:
    """A word in lower case, as an unpunctuated text has it; None where it is none that is read as it is written."""
    rules = RULES[language]
    between = "'" * rules.apostrophe + "-" * (rules.hyphen is not None)
    joined = rf"(?:[{between}][{rules.letters}]+)*" if between else ""
    word = lower(core, language)
    # Lower case too: İ outside Turkish falls apart.
    if not all(re.fullmatch(rf"[{rules.letters}]+{joined}", form) for form in (core, word)):
        return None
    if any(map(_is_acronym, re.split("['-]", core))):
        return None
    if not rules.short_words and any(map(_has_no_vowel, word.split("-"))):
        return None
    return word.replace("-", rules.hyphen or "-")


def _is_acronym(part: str) -> bool:
    """Whether a word is in capitals, or in capitals within: `USA`, `GmbH`."""
    return len(part) > 1 and part[1:] != part[1:].lower()


def _may_be_roman(core: str, tokens: list[str], place: int, language: str) -> bool:
    """Whether a letter is a Roman number: `Charles I`, `Henry V`; not where a sentence begins, nor the English I."""
    if core not in _ROMAN or place == 0 or tokens[place - 1][-1] in ".!?":
        return False
    before = tokens[place - 1]
    if core != "I" or language != "en":
        return True
    return before[:1].isupper() and before[-1].isalpha() and not (place == 1 and before.lower() in _BEFORE_I)


def _ends_sentence(word: str, behind: str, rest: list[str], rules: Rules) -> bool:
    """Whether the full stop behind a word ends a sentence, and does not mark an abbreviation."""
    if behind.count(".") > 1 or word in _ABBREVIATIONS:
        return False
    if not rest:
        return len(word) > 1
    following = next((token.lstrip(_BEFORE) for token in rest if token.lstrip(_BEFORE)), "")
    return len(word) >= rules.sentence_end and following == following[:1].upper() + following[1:]


def _spelled(tokens: list[str], place: int, language: str, rules: Rules) -> str | None:
    """A number that counts the word behind it, in words; None where the token is none."""
    token = tokens[place]
    if not _NUMBER.fullmatch(token) or int(token) not in rules.numbers or place + 1 == len(tokens):
        return None
    counted, before = tokens[place + 1].rstrip(_BEHIND), tokens[place - 1] if place else ""
    # What is counted is a word; of one or two letters it may be a unit or an ending.
    if not re.fullmatch(rf"[{rules.letters}]{{3,}}", counted) or {counted.lower(), before.lower()} & _NO_COUNT:
        return None
    if language != "de" and (counted != counted.lower() or (place > 1 and before != before.lower())):
        return None  # names: Apollo 13, Downing Street
    if before[:1].isdigit() or before[-1:] in (",", ":", "."):
        return None  # a list, a time, a string of digits
    return _in_words(int(token), language)


@lru_cache(maxsize=1024)
def _in_words(number: int, language: str) -> str:
    words: str = num2words(number, lang=language)
    return words.replace("-", RULES[language].hyphen or "-")


def _has_no_vowel(word: str) -> bool:
    """Whether a word is hardly one, but an abbreviation."""
    # With the accents taken off, so that vowels can be told.
    bare = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    return len(word) > 1 and word not in _SOUNDS and not _VOWEL.search(bare)
