"""Which licences clearly allow commercial use of what is trained on a sample.

A list of what is allowed rather than of what is not: a licence that nobody has judged stays out, and is counted.
Licences that forbid derivatives (ND) are not on it, since a model may be held to be one.
"""

from __future__ import annotations

import re

_ALLOWED = (
    r"cc0(-1\.0)?",
    r"cc-by(-sa)?(-\d\.\d)?(-[a-z]{2,3})?",
    r"cc-pddc|pddl(-1\.0)?|public[ -]domain",
    r"odc-by(-1\.0)?|odbl(-1\.0)?|cdla-(permissive|sharing)-\d\.\d",
    r"apache-2\.0|mit(-0)?|bsd-[23]-clause|isc|unlicense",
    r"https?://creativecommons\.org/(licenses/by(-sa)?|publicdomain/(zero|mark))(/.*)?",
)
_PATTERN = re.compile("|".join(f"(?:{pattern})" for pattern in _ALLOWED), re.IGNORECASE)


def allows_commercial_use(licence: str | None) -> bool:
    """Whether a licence, an SPDX identifier or a Creative Commons address, is known to allow commercial use.

    Of several that hold together (`CC-BY-4.0 AND CC-BY-NC-3.0`: of labels and of audio) each must allow it.
    """
    return licence is not None and all(_PATTERN.fullmatch(part.strip()) for part in licence.split(" AND "))
