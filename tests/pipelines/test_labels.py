"""The project's names for languages, genders, ages, labels and licences."""

from __future__ import annotations

import pytest

from pipelines import labels
from pipelines.sources.esc50 import CATEGORIES


@pytest.mark.parametrize(
    ("raw", "spoken", "written"),
    [("en", "en", "en"), ("zh-CN", "zh", "zh"), ("zh-TW", "zh", "zh_tr"), ("zh-HK", "yue", "yue"),
     ("sv-SE", "sv", "sv"), ("German", "de", "de"), ("cmn", "zh", "zh"), ("pt_BR", "pt", "pt"),
     ("nan-tw", "nan", "nan"), ("ga-IE", "ga", "ga"),
     ("zh-Hant", "zh", "zh_tr"), ("jv", "jw", "jw"), ("", None, None), ("12", None, None), ("unknown", None, None)],
)  # fmt: skip
def test_languages(raw: str, spoken: str | None, written: str | None) -> None:
    assert labels.language_code(raw) == spoken and labels.text_language(raw) == written


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [("M", "male"), ("female_feminine", "female"), ("male", "male"), ("other", None), ("do_not_wish_to_say", None),
     ("non-binary", None), ("", None), (" F ", "female")],
)  # fmt: skip
def test_genders(raw: str, wanted: str | None) -> None:
    assert labels.gender(raw) == wanted


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [("fourties", "forties"), ("teens", "teens"), ("31", "thirties"), ("99", "nineties"), ("7", None), ("", None),
     ("old", None), ("105", None), ("45.5", "forties"), ("-30", None)],
)  # fmt: skip
def test_ages(raw: str, wanted: str | None) -> None:
    assert labels.age(raw) == wanted


def test_labels() -> None:
    assert labels.label_text("sec", "crackling_fire") == "crackling fire"
    assert labels.label_text("mic", "synth_lead") == "synth lead"
    assert labels.label_text("did", "DR6") == labels.label_text("did", "dr6") == "New York City"
    assert len(CATEGORIES) == 50 == len({labels.label_text("sec", category) for category in CATEGORIES})


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [("http://creativecommons.org/licenses/by-nc/3.0/", "CC-BY-NC-3.0"),
     ("https://creativecommons.org/licenses/by/4.0", "CC-BY-4.0"),
     ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"), ("CC0-1.0", "CC0-1.0"),
     ("HTTP://CreativeCommons.org/Licenses/BY-NC/3.0/", "CC-BY-NC-3.0"),
     ("https://creativecommons.org/PublicDomain/Zero/1.0/", "CC0-1.0"),
     ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
     ("http://creativecommons.org/licenses/sampling+/1.0/", "LicenseRef-Sampling-Plus-1.0")],
)  # fmt: skip
def test_licences(raw: str, wanted: str) -> None:
    assert labels.licence(raw) == wanted
