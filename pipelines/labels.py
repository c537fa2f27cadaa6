"""The project's vocabulary for what corpora call differently: languages, genders, ages, labels, licences.

A source passes on what its release says; only here is it mapped. An answer of None means: not told, or not one
of ours; the original stays in the sample.
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

_GENDERS = {
    "m": "male", "male": "male", "man": "male", "male_masculine": "male", "masculine": "male",
    "f": "female", "female": "female", "woman": "female", "female_feminine": "female", "feminine": "female",
    "男": "male", "女": "female",
}  # fmt: skip
DECADES = ("teens", "twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")

# Dialect regions of TIMIT, as its documentation names them.
_TIMIT_REGIONS = {
    "dr1": "New England", "dr2": "Northern", "dr3": "North Midland", "dr4": "South Midland", "dr5": "Southern",
    "dr6": "New York City", "dr7": "Western", "dr8": "Army Brat",
}  # fmt: skip


_CREATIVE_COMMONS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/([\d.]+)/?.*", re.IGNORECASE
)


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


@lru_cache(maxsize=4096)
def gender(raw: str) -> str | None:
    """`male`, `female` or None."""
    return _GENDERS.get(raw.strip().lower())


@lru_cache(maxsize=4096)
def age(raw: str) -> str | None:
    """The decade of life in words (`twenties`), from a word (also Common Voice's `fourties`) or from years."""
    text = raw.strip().lower()
    text = {"fourties": "forties", "ninties": "nineties"}.get(text, text)
    if text in DECADES:
        return text
    years = re.fullmatch(r"(\d{1,3})(?:\.\d+)?(?:\s*(?:years?|yrs?|岁))?", text)
    if years is None or not 10 <= int(years[1]) < 100:
        return None
    return DECADES[int(years[1]) // 10 - 1]


@lru_cache(maxsize=65536)
def label_text(kind: str, raw: str) -> str:
    """A label as the model is to write it: words with spaces, in small letters where the release codes them.

    `kind` is a task id (`sec`, `ks`, `did`, `mic`, …).
    """
    text = " ".join(raw.replace("_", " ").split())
    if kind == "did":
        return _TIMIT_REGIONS.get(text.lower(), text)
    return text.lower() if kind in ("ks", "sec", "asc", "er", "vsc", "mgr", "mic", "smer") else text


@lru_cache(maxsize=4096)
def licence(raw: str) -> str:
    """The SPDX name of a licence given as a Creative Commons address; anything else as it is."""
    text = raw.strip()
    found = _CREATIVE_COMMONS.fullmatch(text)
    if found is None:
        return "LicenseRef-Sampling-Plus-1.0" if "sampling+" in text.lower() else text
    family, terms, version = found.groups()
    if family.lower() == "publicdomain":
        return f"CC0-{version}" if terms.lower() == "zero" else f"CC-PDM-{version}"
    return f"CC-{terms.upper()}-{version}"
