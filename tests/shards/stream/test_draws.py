"""Draws are the same for ever, spread evenly, and depend on every part of what they are drawn from."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from shards.stream.draws import bits, hash_strings, permutation, seed64, uniform

MASK = (1 << 64) - 1


def splitmix(seed: int, counter: int) -> int:
    """Steele, Lea and Flood 2014, in Python's integers."""
    x = (seed + counter * 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


@given(st.integers(0, MASK), st.integers(0, MASK))
def test_bits_are_splitmix64(seed, counter):
    assert int(bits(np.uint64(seed), np.array([counter], dtype=np.uint64))[0]) == splitmix(seed, counter)


def test_known_values_do_not_change():
    """A change here changes the order of every run that is under way."""
    assert int(seed64("blocks", 7)) == 9025507099867918985
    assert permutation(np.uint64(7), 6).tolist() == [2, 0, 1, 5, 4, 3]
    assert hash_strings(pa.array(["", "a", "é"])).tolist() == [0, 3637570041251315854, 18043411113792780187]


def test_uniform_is_uniform():
    values = uniform(np.uint64(3), np.arange(100_000))
    assert values.min() >= 0 and values.max() < 1
    np.testing.assert_allclose(np.histogram(values, 10, (0, 1))[0], 10_000, rtol=0.05)


@given(st.integers(0, 200), st.integers(0, 9))
def test_permutation_holds_each_number_once(count, seed):
    assert sorted(permutation(seed64(seed), count).tolist()) == list(range(count))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=30))
def test_equal_strings_and_only_they_have_equal_hashes(strings):
    padded = pa.array(["before", *strings, "after"]).slice(1, len(strings))
    hashes = hash_strings(pa.chunked_array([padded.slice(0, 3), padded.slice(3)]))
    assert len(hashes) == len(strings)
    assert hashes.tolist() == hash_strings(pa.array(strings, pa.string())).tolist()
    assert len(set(hashes.tolist())) == len(set(strings))
