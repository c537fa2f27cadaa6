"""Dialects, as the documentation of their corpora names them."""

from __future__ import annotations

# Regions of TIMIT by their codes.
TIMIT_REGIONS = {
    "dr1": "New England", "dr2": "Northern", "dr3": "North Midland", "dr4": "South Midland", "dr5": "Southern",
    "dr6": "New York City", "dr7": "Western", "dr8": "Army Brat",
}  # fmt: skip


def dialect(raw: str) -> str:
    """A dialect's or region's name."""
    return TIMIT_REGIONS.get(raw.lower(), raw)
