"""Languages: the codes and names of releases in the codes of the tag vocabulary.

A source passes on what its release says; only here is it mapped. None: no language, or not told.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Other names of a language -> the code of the tag vocabulary (ISO 639-1 where Whisper uses it).
_LANGUAGE_NAMES = {
    "english": "en", "chinese": "zh", "mandarin": "zh", "german": "de", "spanish": "es", "korean": "ko", "french": "fr",
    "japanese": "ja", "italian": "it", "dutch": "nl", "portuguese": "pt", "polish": "pl", "russian": "ru",
    "cantonese": "yue", "turkish": "tr", "arabic": "ar", "swedish": "sv", "catalan": "ca",
    "eng": "en", "cmn": "zh", "zho": "zh", "chi": "zh", "deu": "de", "ger": "de", "spa": "es", "kor": "ko", "fra": "fr",
    "fre": "fr", "jpn": "ja", "ita": "it", "nld": "nl", "dut": "nl", "por": "pt", "pol": "pl", "rus": "ru", "tur": "tr",
    "ara": "ar", "swe": "sv", "cat": "ca", "jv": "jw", "nb": "no", "iw": "he", "in": "id", "fil": "tl", "tgl": "tl",
}  # fmt: skip
# Hong Kong's Chinese is spoken Cantonese: it must not be taught as Mandarin.
_REGIONAL = {"zh-hk": "yue", "zh-mo": "yue", "zh-yue": "yue", "zh_tr": "zh", "nan-tw": "nan"}
_TRADITIONAL = frozenset({"zh-tw", "zh-hant", "zh_tr", "cmn-hant"})
_CODE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)


@lru_cache(maxsize=4096)
def language_code(raw: str) -> str | None:
    """The code of the language that is spoken: `zh-CN` zh, `sv-SE` sv, `German` de, `zh-HK` yue.

    Any other language keeps its own primary code (`rw`), so that it can be counted by name as outside the
    vocabulary; None for what is no language.
    """
    code = raw.strip().lower()
    if code in _LANGUAGE_NAMES:
        return _LANGUAGE_NAMES[code]
    if code.replace("_", "-") in _REGIONAL or code in _REGIONAL:
        return _REGIONAL.get(code) or _REGIONAL[code.replace("_", "-")]
    if not _CODE.fullmatch(code) or code in ("unknown", "und", "none", "nan"):
        return None
    primary = re.split("[-_]", code)[0]
    return _LANGUAGE_NAMES.get(primary, primary)


@lru_cache(maxsize=4096)
def text_language(raw: str) -> str | None:
    """The code of the language as written: as `language_code`, but `zh_tr` for Chinese in traditional characters."""
    return "zh_tr" if raw.strip().lower() in _TRADITIONAL else language_code(raw)
