"""How languages write words next to each other.

The words of a timed transcript carry their own spaces, so that deleting the time tokens gives the transcript:

- In a language with spaces, a word that follows another begins with one space.
- In a language without, words touch (面条机), except that two neighbouring words in other scripts keep the
  space between them (用 Taylor Swift 的歌 has it between Taylor and Swift and nowhere else: 用Taylor Swift的歌).
  Punctuation that stands as a unit of its own touches too.

The space belongs to the later word, as in the byte-pair pieces of the LLM, whose vocabulary has ` the` and not `the `.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tag_schema.vocabulary import EXTENSION_LANGUAGES, LANGUAGES, TRADITIONAL_CHINESE

UNSPACED_LANGUAGES: Final = frozenset({"zh", TRADITIONAL_CHINESE, "ja", "yue", "th", "lo", "my", "km", "bo"})
SPOKEN_LANGUAGES: Final = frozenset(LANGUAGES + EXTENSION_LANGUAGES)
WRITTEN_LANGUAGES: Final = SPOKEN_LANGUAGES | {TRADITIONAL_CHINESE}

# Scripts that put no space between words: Thai and Lao, Tibetan, Myanmar, Khmer; then the Chinese and
# Japanese blocks with their punctuation and full-width forms.
_UNSPACED_CHARACTER: Final = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u2e80-\u312f\u31a0-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff]"
)


def written_language(language: str) -> str:
    """The spoken language behind a written one: `zh` for traditional Chinese, else the same."""
    return "zh" if language == TRADITIONAL_CHINESE else language


def space_between(previous: str, word: str, language: str | None) -> str:
    """What stands between two neighbouring words of a transcript: one space or nothing."""
    if language not in UNSPACED_LANGUAGES:
        return " "
    if _UNSPACED_CHARACTER.match(previous[-1]) or _UNSPACED_CHARACTER.match(word[0]):
        return ""
    return " " if _is_word(previous) and _is_word(word) else ""


def _is_word(unit: str) -> bool:
    return any(character.isalnum() for character in unit)


def join_words(words: Iterable[str], language: str | None) -> str:
    """The transcript that these words make in a language."""
    pieces: list[str] = []
    previous = ""
    for word in words:
        if previous:
            pieces.append(space_between(previous, word, language))
        pieces.append(word)
        previous = word
    return "".join(pieces)
