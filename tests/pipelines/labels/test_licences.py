"""SPDX names of licences."""

from __future__ import annotations

import pytest

from pipelines.labels.licences import licence


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [("http://creativecommons.org/licenses/by-nc/3.0/", "CC-BY-NC-3.0"),
     ("https://creativecommons.org/licenses/by/4.0", "CC-BY-4.0"),
     ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"), ("CC0-1.0", "CC0-1.0"),
     ("HTTP://CreativeCommons.org/Licenses/BY-NC/3.0/", "CC-BY-NC-3.0"),
     ("https://creativecommons.org/PublicDomain/Zero/1.0/", "CC0-1.0"),
     ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
     ("http://creativecommons.org/licenses/sampling+/1.0/", "LicenseRef-Sampling-Plus-1.0"),
     ("Attribution-NonCommercial-ShareAlike 3.0 International", "CC-BY-NC-SA-3.0"),
     ("Attribution-Noncommercial-Share Alike 3.0 United States", "CC-BY-NC-SA-3.0"),
     ("Attribution-NonCommercial-NoDerivatives (aka Music Sharing) 4.0 International", "CC-BY-NC-ND-4.0"),
     ("Attribution-No Derivative Works 3.0 United States", "CC-BY-ND-3.0"), ("Attribution 4.0", "CC-BY-4.0"),
     ("Creative Commons Attribution", "LicenseRef-CC-BY"), ("CC0 1.0 Universal", "CC0-1.0"),
     ("Public Domain Mark 1.0", "CC-PDM-1.0"), ("FMA-Limited: Download Only", "FMA-Limited: Download Only")],
)  # fmt: skip
def test_licences(raw: str, wanted: str) -> None:
    assert licence(raw) == wanted
