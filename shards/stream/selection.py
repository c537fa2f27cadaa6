"""Which rows of an index may be played, which of their targets, and why the others may not.

A sample is left out for the first reason that holds: `licence`, `where`, `benchmark`, `mixture` (its dataset has weight
0), `max_seconds`, `min_seconds`, `no_target` (none, or only of tasks with weight 0), `over_budget` (every target alone
exceeds one lane's share of the token budget).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shards.config import ConfigError
from shards.index import INDEX_SCHEMA
from shards.stream.config import MixtureConfig, StreamConfig
from shards.stream.licences import allows_commercial_use
from shards.stream.where import parse_where

AUDIO_POSITIONS_PER_SECOND = 25  # 10 ms frames, convolution 2 × pooling 2
POSITIONS_PER_CLIP = 2  # the two marker vectors
_NESTED = ("audio", "json", "targets")
PREDICATE_COLUMNS = ("dataset", "split", *(name for name in INDEX_SCHEMA.names if name not in _NESTED))

Mask = NDArray[np.bool_]


def select(table: pa.Table, config: StreamConfig, benchmark_rows: Sequence[Mask]) -> tuple[Mask, dict[str, int]]:
    """Which rows may be played, and how many were left out for each reason."""
    owner = pc.list_parent_indices(table["targets"]).to_numpy()
    has_task = np.zeros(len(table), dtype=bool)
    has_task[owner[task_weights(table, config.mixture) > 0]] = True
    fits = np.zeros(len(table), dtype=bool)
    fits[owner[playable(table, config)]] = True
    kept_by = {
        "licence": _licence_rows(table, config.licence),
        "where": _where_rows(table, config.where),
        "benchmark": ~np.logical_or.reduce(benchmark_rows) if benchmark_rows else None,
        "mixture": _dataset_rows(table, config.mixture),
        "max_seconds": table["seconds"].to_numpy() <= config.max_seconds,
        "min_seconds": _shortest_clip(table) >= config.min_seconds,
        "no_target": has_task,
        "over_budget": fits,
    }
    keep, counts = np.ones(len(table), dtype=bool), {}
    for reason, rows in kept_by.items():
        if rows is not None and (count := int((keep & ~rows).sum())):
            counts[reason] = count
            keep &= rows
    return keep, counts


def _licence_rows(table: pa.Table, wanted: str) -> Mask | None:
    if not wanted:
        return None
    allowed = [licence for licence in pc.unique(table["licence"]).to_pylist() if allows_commercial_use(licence)]
    return pc.is_in(table["licence"], value_set=pa.array(allowed, pa.string())).to_numpy(zero_copy_only=False)


def _where_rows(table: pa.Table, where: str | None) -> Mask | None:
    if not where or not where.strip():
        return None
    predicate = parse_where(where, PREDICATE_COLUMNS)
    numbered = table.select(PREDICATE_COLUMNS).append_column("row", pa.array(np.arange(len(table))))
    rows = np.zeros(len(table), dtype=bool)
    try:
        rows[numbered.filter(predicate)["row"].to_numpy()] = True
    except pa.ArrowException as error:
        raise ConfigError(f"where: '{where}' does not fit the columns: {str(error).splitlines()[0]}") from None
    return rows


def _shortest_clip(table: pa.Table) -> NDArray[np.float64]:
    """Seconds of each sample's shortest clip; infinite where it has none."""
    shortest = np.full(len(table), np.inf)
    seconds = pc.struct_field(pc.list_flatten(table["audio"]), "seconds").to_numpy()
    np.minimum.at(shortest, pc.list_parent_indices(table["audio"]).to_numpy(), seconds)
    return shortest


def _dataset_rows(table: pa.Table, mixture: MixtureConfig) -> Mask:
    silent = [name for name, weight in mixture.datasets.items() if weight == 0]
    return ~pc.is_in(table["dataset"], value_set=pa.array(silent, pa.string())).to_numpy(zero_copy_only=False)


def target_column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """One column of all targets, one after the other."""
    return pc.struct_field(pc.list_flatten(table["targets"]), name)


def task_weights(table: pa.Table, mixture: MixtureConfig) -> NDArray[np.float64]:
    """The mixture's weight of each target's task."""
    codes = target_column(table, "task").combine_chunks().dictionary_encode()
    weights = np.array([mixture.tasks.get(task, 1.0) for task in codes.dictionary.to_pylist()], dtype=np.float64)
    return weights[codes.indices.to_numpy()]


def target_tokens(table: pa.Table, bytes_per_token: float) -> NDArray[np.int64]:
    """Positions that each target takes in the decoder: the sample's audio, the prompt, the response and its end."""
    clips = pc.list_value_length(table["audio"]).to_numpy()
    audio = np.ceil(table["seconds"].to_numpy() * AUDIO_POSITIONS_PER_SECOND) + clips * (POSITIONS_PER_CLIP + 1)
    text = target_column(table, "prompt_bytes").to_numpy() + target_column(table, "response_bytes").to_numpy()
    owner = pc.list_parent_indices(table["targets"]).to_numpy()
    return (audio[owner] + np.ceil(text / bytes_per_token) + 1).astype(np.int64)


def playable(table: pa.Table, config: StreamConfig) -> Mask:
    """Which targets a visit may play."""
    fits = target_tokens(table, config.bytes_per_token) <= config.lane_tokens
    return fits & (task_weights(table, config.mixture) > 0)
