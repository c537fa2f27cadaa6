"""What of a training split also occurs in a test split: the same recording, or the same text."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shards.config import ConfigError
from shards.index import read_index
from shards.layout import index_path
from shards.schema import ShardError
from shards.storage import Storage

logger = logging.getLogger(__name__)

# Column of the index -> what a match in it is called.
MATCHED_BY = {"origin": "origin", "audio_fingerprint": "fingerprint", "text_hash": "text"}
# Below this many bytes of response, equal texts are chance ("yes", "turn it off") and say nothing about leakage.
SHORTEST_TEXT = 20
_TEST = re.compile(r"(?:^|[^a-z])(?:test|tst|eval|evaluation|benchmark)(?:[^a-z]|$)")


def is_benchmark(split: str) -> bool:
    """Whether a split is one to test on, by its name: `test-clean`, `de_en-test`, `tst-COMMON`, `evaluation`."""
    return _TEST.search(split.lower()) is not None


def benchmark_splits(storage: Storage) -> list[str]:
    """Every test split below the storage's root, as dataset/split, sorted."""
    return [
        f"{dataset}/{split}"
        for dataset in storage.folders()
        for split in storage.folders(dataset)
        if is_benchmark(split)
    ]


class Benchmarks:
    """The test splits' origins, fingerprints and texts, read once and matched against many training splits.

    Args:
        pins: dataset/split -> sha256 of its index: compare with exactly these, as a run did before; None: with every
            test split there is.

    Raises:
        ConfigError: a pinned index is gone, or is another one.

    Attributes:
        pins: of the test splits compared.
    """

    def __init__(self, storage: Storage, pins: Mapping[str, str] | None = None) -> None:
        self._columns: dict[str, dict[str, pa.Array]] = {}
        self.pins: dict[str, str] = {}
        for split in benchmark_splits(storage) if pins is None else sorted(pins):
            dataset, name = split.split("/")
            try:
                table = read_index(storage, dataset, name, columns=list(MATCHED_BY))
                self.pins[split] = check_pin(storage, split, pins)
            except ShardError as error:
                if pins is not None:
                    raise ConfigError(f"{error}; the run leaves out what occurs in {split}: put it back") from error
                logger.warning("benchmark=%s not compared with the training data: %s", split, error)
                continue
            self._columns[split] = {name: pc.unique(table[name]).drop_null() for name in MATCHED_BY}

    def matches(self, table: pa.Table) -> dict[tuple[str, str], NDArray[np.bool_]]:
        """For each test split and way of matching that found something: which rows of the index `table` it found."""
        long_enough = longest_response(table) >= SHORTEST_TEXT
        found = {}
        for split, columns in self._columns.items():
            for name, values in columns.items():
                rows = pc.is_in(table[name], value_set=values).to_numpy(zero_copy_only=False).astype(bool)
                if name == "text_hash":
                    rows &= long_enough
                if rows.any():
                    found[split, MATCHED_BY[name]] = rows
        return found


def check_pin(storage: Storage, split: str, pins: Mapping[str, str] | None) -> str:
    """The sha256 of a split's index.

    Raises:
        ConfigError: another one is pinned.
    """
    path = index_path(*split.split("/"))
    found = hashlib.sha256(storage.read_bytes(path)).hexdigest()
    pinned = (pins or {}).get(split, found)
    if pinned != found:
        raise ConfigError(
            f"{storage.full(path)}: its sha256 is {found}, the run was begun with {pinned}; "
            "put the former shards back, or begin a new run with another name="
        )
    return found


def longest_response(table: pa.Table) -> NDArray[np.int64]:
    """Bytes of the longest text that is learnt from each sample; responses with times are not texts."""
    owners = pc.list_parent_indices(table["targets"]).to_numpy()
    targets = pc.list_flatten(table["targets"])
    is_text = pc.invert(pc.is_in(pc.struct_field(targets, "task"), value_set=pa.array(["srwt", "sed", "sd"])))
    lengths = np.zeros(len(table), dtype=np.int64)
    sizes = pc.struct_field(targets, "response_bytes").to_numpy() * is_text.to_numpy(zero_copy_only=False)
    np.maximum.at(lengths, owners, sizes)
    return lengths
