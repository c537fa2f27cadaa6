"""Text as the model is to write it: Unicode form, white space, case, spaces of Chinese and Japanese.

Nothing here changes what is said: numbers are not spelled out and punctuation is neither added nor removed.
"""

from __future__ import annotations

import re
import unicodedata

from pipelines.record import TextForm

# Written without spaces altogether; in Thai, Lao or Khmer a space ends a phrase and stays.
CJK_LANGUAGES = frozenset({"zh", "zh_tr", "yue", "ja"})
TURKIC = frozenset({"tr", "az"})  # I is the capital of the dotless ı

# Letters and digits in full width become ASCII; punctuation in full width is Chinese punctuation and stays.
_NARROW = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
# Invisible: soft hyphen, zero-width space, word joiner, direction marks, BOM. The zero-width joiners stay: Persian and
# Indic spelling needs them.
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
# Text of Windows that was read as Latin-1, here or by whoever made the release, has its quotes, dashes and ellipsis as
# control characters, U+0085 among them: MELD's first tables write `you\x92ll`.
_WINDOWS = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_MAPPED: dict[int, int | str | None] = {**_NARROW, **_INVISIBLE, **_WINDOWS}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x9f]")
# In unspaced scripts only a space between two pieces of Latin (or other spaced) text separates words.
_CJK = (
    r"\u2e80-\u30ff\u3100-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
    r"\U00020000-\U0003ffff"
)
_CJK_SPACE = re.compile(rf"(?<=[{_CJK}]) | (?=[{_CJK}])")
_PLAIN = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")


def normalise(text: str, language: str | None, form: TextForm) -> str:
    """The text in NFC, stripped, with single spaces; lower case where the release has no case to tell.

    `language` is the project's code (`labels.language_code`). Unpunctuated releases write all in capitals or all in
    small letters: they are lowered. An empty result means that nothing is left.
    """
    if not _PLAIN.fullmatch(text):
        text = unicodedata.normalize("NFC", text).translate(_MAPPED)
        text = " ".join(_CONTROL.sub(" ", text).split())
        if language in CJK_LANGUAGES:
            text = _CJK_SPACE.sub("", text)
    if form == "unpunctuated":
        text = lower(text, language)
    # Lowering may leave a letter and its mark apart (İ): compose again.
    return unicodedata.normalize("NFC", text)


def lower(text: str, language: str | None) -> str:
    """Lower case by the rules of `language`."""
    if language in TURKIC:
        text = text.replace("I", "ı").replace("İ", "i")
    return text.lower()
