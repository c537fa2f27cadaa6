"""Real recordings beside the checkout, which the project does not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def real(place: str = "") -> Path:
    """A file or folder of them; a test that asks for one that is missing is skipped."""
    if not (REAL / place).exists():
        pytest.skip(f"no real recordings beside the checkout: ../shared/data/{place}")
    return REAL / place
