"""Predicates over index columns: what they select, and that nothing else is accepted."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shards.config import ConfigError
from shards.stream.licences import allows_commercial_use
from shards.stream.where import parse_where

TABLE = pa.table(
    {
        "n": [0, 1, 2, 3, 4],
        "seconds": [1.0, 5.0, 15.0, 25.0, None],
        "language": ["de", "en", "fr", None, "de"],
        "clipped": [True, False, None, False, True],
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seconds < 15", [0, 1]),
        ("15 <= seconds", [2, 3]),
        ("1 < seconds <= 15", [1, 2]),
        ("language == 'de' and seconds < 3", [0]),
        ("language == 'de' or seconds > 20", [0, 3, 4]),
        ("language in ('de', 'fr')", [0, 2, 4]),
        ("language not in ['de', 'fr']", [1]),
        ("not language == 'de'", [1, 2]),
        ("not language in ('de',)", [1, 2]),
        ("not language not in ('de',)", [0, 4]),
        ("not (language in ('de',) or seconds > 20)", [1, 2]),
        ("language in ('de',) or seconds > 20", [0, 3, 4]),
        ("seconds in (1, 2.5, 25)", [0, 3]),
        ("n in (-9223372036854775808, 3)", [3]),
        ("not (language == 'de' or language == 'en') and seconds >= 15", [2]),
        ("language is None", [3]),
        ("seconds is not None and language != 'en'", [0, 2]),
        ("clipped", [0, 4]),
        ("not clipped", [1, 3]),
        ("n > -1", [0, 1, 2, 3, 4]),
        ("\n seconds > 1e1\n", [2, 3]),
    ],
)
def test_where_selects(text, expected):
    assert TABLE.filter(parse_where(text, TABLE.column_names))["n"].to_pylist() == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "cannot read"),
        ("seconds <", "cannot read"),
        ("second < 3", "did you mean 'seconds'"),
        ("seconds < len('abc')", "expected a text or a number"),
        ("__import__('os').system('true')", "expected a comparison"),
        ("seconds.real < 3", "expected a text or a number"),
        ("seconds + 1 < 3", "expected a text or a number"),
        ("(lambda: 1)() < seconds", "expected a text or a number"),
        ("1 < 2", "compares no column"),
        ("language in 'de'", "expected a list"),
        ("language in ()", "expected a list"),
        ("language is 'de'", "expected None"),
        ("seconds < [1]", "expected a text or a number"),
        ("seconds < 1; n < 2", "cannot read"),
        ("'de'", "expected a comparison"),
        ("language in ('de', 5)", "no column holds 'de', 5"),
        ("n in (True, 1)", "no column holds True, 1"),
        ("seconds < 99999999999999999999999", "no column holds 99999999999999999999999"),
        ("n in (1, -99999999999999999999999)", "no column holds 1, -9999"),
        ("language == '\\ud800'", "no column holds"),
        ("n < " + "9" * 5_000, "where:"),
        ("language == '\ud800'", "cannot read"),
        ("(" * 500 + "n < 1" + ")" * 500, "where:"),
        ("n < 1\x00", "where:"),
    ],
)
def test_where_refuses(text, complaint):
    with pytest.raises(ConfigError, match="where: ") as error:
        parse_where(text, TABLE.column_names)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value).replace(text, "")


@given(st.sets(st.sampled_from(["de", "en", "fr", "ja"]), min_size=1), st.sampled_from(["", "not "]))
def test_a_list_selects_as_its_comparisons_do(codes, negated):
    """A missing value is in no list and out of none, as with `==`."""
    some = sorted(codes)
    both = [
        f"{negated}(language in {some})",
        f"{negated}({' or '.join(f'language == {code!r}' for code in some)})",
    ]
    one, other = (TABLE.filter(parse_where(text, TABLE.column_names))["n"].to_pylist() for text in both)
    assert one == other


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("CC0-1.0", True),
        ("CC-BY-4.0", True),
        ("CC-BY-SA-3.0", True),
        ("cc-by-2.0", True),
        ("Apache-2.0", True),
        ("http://creativecommons.org/licenses/by/3.0/", True),
        ("http://creativecommons.org/publicdomain/zero/1.0/", True),
        ("CC-BY-NC-4.0", False),
        ("CC-BY-NC-SA-4.0", False),
        ("CC-BY-ND-4.0", False),
        ("http://creativecommons.org/licenses/by-nc/3.0/", False),
        ("http://creativecommons.org/licenses/sampling+/1.0/", False),
        ("LDC", False),
        ("", False),
        (None, False),
    ],
)
def test_commercial_licences(licence, allowed):
    assert allows_commercial_use(licence) is allowed
