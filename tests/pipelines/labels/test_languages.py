"""The project's codes of languages."""

from __future__ import annotations

import pytest

from pipelines.labels.languages import language_code, text_language


@pytest.mark.parametrize(
    ("raw", "spoken", "written"),
    [("en", "en", "en"), ("zh-CN", "zh", "zh"), ("zh-TW", "zh", "zh_tr"), ("zh-HK", "yue", "yue"),
     ("sv-SE", "sv", "sv"), ("German", "de", "de"), ("cmn", "zh", "zh"), ("pt_BR", "pt", "pt"),
     ("nan-tw", "nan", "nan"), ("ga-IE", "ga", "ga"),
     ("zh-Hant", "zh", "zh_tr"), ("jv", "jw", "jw"), ("", None, None), ("12", None, None), ("unknown", None, None)],
)  # fmt: skip
def test_languages(raw: str, spoken: str | None, written: str | None) -> None:
    assert language_code(raw) == spoken and text_language(raw) == written
