"""Licences by their SPDX names, or names of the same form where SPDX has none (`LicenseRef-…`)."""

from __future__ import annotations

import re
from functools import lru_cache

_CREATIVE_COMMONS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/([\d.]+)/?.*", re.IGNORECASE
)
_VERSION = re.compile(r"\b\d\.\d\b")


@lru_cache(maxsize=4096)
def licence(raw: str) -> str:
    """The SPDX name of a licence given as a Creative Commons address or title; anything else as it is.

    Ported versions of a licence (`… 3.0 France`) go by the name of the unported one.
    """
    text = raw.strip()
    found = _CREATIVE_COMMONS.fullmatch(text)
    if found is None and "sampling+" in text.lower():
        return "LicenseRef-Sampling-Plus-1.0"
    if "artlibre.org" in text.lower():
        return "LicenseRef-Art-Libre"  # addresses tell no version
    if found is None:
        return _by_title(text)
    family, terms, version = found.groups()
    if family.lower() == "publicdomain":
        return f"CC0-{version}" if terms.lower() == "zero" else f"CC-PDM-{version}"
    return f"CC-{terms.upper()}-{version}"


def _by_title(text: str) -> str:
    """The SPDX name of `Attribution-Noncommercial-Share Alike 3.0 United States` and its like."""
    flat = text.lower().replace("-", "").replace(" ", "")
    version = _VERSION.search(text)
    number = f"-{version[0]}" if version else ""
    if flat.startswith("cc0"):
        return "CC0-1.0"
    if flat.startswith("publicdomainmark"):
        return "CC-PDM-1.0"
    if not flat.removeprefix("creativecommons").startswith("attribution"):
        return text
    terms = [("noncommercial", "NC"), ("noderiv", "ND"), ("sharealike", "SA")]
    name = "-".join(["CC", "BY", *(short for term, short in terms if term in flat)])
    return f"{name}{number}" if number else f"LicenseRef-{name}"
