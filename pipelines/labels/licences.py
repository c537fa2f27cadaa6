"""Licences by their SPDX names."""

from __future__ import annotations

import re
from functools import lru_cache

_CREATIVE_COMMONS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/([\d.]+)/?.*", re.IGNORECASE
)


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
