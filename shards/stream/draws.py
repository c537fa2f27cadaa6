"""Random draws as pure functions: of a seed made from names, and a counter.

Written out here (splitmix64) rather than taken from NumPy's generators, whose streams may change between versions:
the order of training must be the same for as long as a run may be resumed.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

U64 = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ROWS_AT_ONCE = 1 << 16  # bounds the memory of `hash_strings`


def seed64(*parts: str | int) -> np.uint64:
    """A seed for one purpose, from what tells it apart: `seed64(config.seed, "blocks", dataset, epoch)`."""
    text = "\x1f".join(str(part) for part in parts)
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


def bits(seed: np.uint64, counters: NDArray[np.integer]) -> U64:
    """64 random bits for each counter."""
    x = counters.astype(np.uint64) * _GOLDEN + seed
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def uniform(seed: np.uint64, counters: NDArray[np.integer]) -> NDArray[np.float64]:
    """A number in [0, 1) for each counter."""
    return (bits(seed, counters) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def permutation(seed: np.uint64, count: int) -> NDArray[np.intp]:
    """The numbers 0 to count - 1 in random order."""
    return np.argsort(bits(seed, np.arange(count)), kind="stable")


def hash_strings(strings: pa.Array | pa.ChunkedArray) -> U64:
    """64 bits that depend on every byte of each string, and on its length."""
    column = pa.chunked_array([strings]) if isinstance(strings, pa.Array) else strings
    parts = [
        _hash(chunk.slice(start, _ROWS_AT_ONCE))
        for chunk in column.cast(pa.large_string()).chunks
        for start in range(0, len(chunk), _ROWS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)


def _hash(strings: pa.LargeStringArray) -> U64:
    """A polynomial over the bytes, modulo 2**64."""
    _, offset_buffer, byte_buffer = strings.buffers()
    ends = np.frombuffer(offset_buffer, dtype=np.int64)[strings.offset : strings.offset + len(strings) + 1]
    data = np.frombuffer(byte_buffer, dtype=np.uint8)[ends[0] : ends[-1]]
    ends = ends - ends[0]
    lengths = np.diff(ends)
    powers = np.cumprod(np.full(int(lengths.max(initial=0)) + 1, 6364136223846793005, dtype=np.uint64))
    places = np.arange(len(data)) - np.repeat(ends[:-1], lengths)
    terms = (data.astype(np.uint64) + np.uint64(1)) * powers[places]
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(terms, dtype=np.uint64)])
    return bits(np.uint64(0), sums[ends[1:]] - sums[ends[:-1]])
