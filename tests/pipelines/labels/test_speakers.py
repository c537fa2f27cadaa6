"""The project's names for genders and ages."""

from __future__ import annotations

import pytest

from pipelines.labels.speakers import age, gender


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [("M", "male"), ("female_feminine", "female"), ("male", "male"), ("other", None), ("do_not_wish_to_say", None),
     ("non-binary", None), ("", None), (" F ", "female")],
)  # fmt: skip
def test_genders(raw: str, wanted: str | None) -> None:
    assert gender(raw) == wanted


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [("fourties", "forties"), ("teens", "teens"), ("31", "thirties"), ("99", "nineties"), ("7", None), ("", None),
     ("old", None), ("105", None), ("45.5", "forties"), ("-30", None)],
)  # fmt: skip
def test_ages(raw: str, wanted: str | None) -> None:
    assert age(raw) == wanted
