"""Speakers: gender and age as releases write them, in the project's words; None: not told, or not one of ours."""

from __future__ import annotations

import re
from functools import lru_cache

_GENDERS = {
    "m": "male", "male": "male", "man": "male", "male_masculine": "male", "masculine": "male",
    "f": "female", "female": "female", "woman": "female", "female_feminine": "female", "feminine": "female",
    "男": "male", "女": "female",
}  # fmt: skip
DECADES = ("teens", "twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")


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
