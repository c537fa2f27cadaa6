"""How much memory a call takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import TypeVar

Given = TypeVar("Given")


def traced(work: Callable[[], Given]) -> tuple[Given, int]:
    """What a call gives, and the bytes that Python's own objects took at most meanwhile."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
