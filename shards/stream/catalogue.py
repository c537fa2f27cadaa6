"""From the splits' indexes to the samples that may be played, and the count of those that may not."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shards.config import ConfigError
from shards.index import read_index
from shards.storage import Storage
from shards.stream.benchmarks import Benchmarks, check_pin
from shards.stream.config import StreamConfig
from shards.stream.draws import hash_strings
from shards.stream.plan import Samples
from shards.stream.reader import Members, members_of
from shards.stream.selection import playable, select, target_column, target_tokens, task_weights

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Catalogue:
    """The samples that may be played, how to read them, and what was left out."""

    samples: Samples
    members: Members
    keys: pa.ChunkedArray
    tars: tuple[str, ...]  # by `samples.tar`: paths below the storage's root
    tasks: tuple[str, ...]
    target_task: NDArray[np.int16]  # (T,) into `tasks`
    target_place: NDArray[np.int16]  # (T,) into the targets of the sample's JSON
    pins: Mapping[str, str]  # split -> sha256 of its index
    benchmark_pins: Mapping[str, str]  # the same of the test splits that were compared
    left_out: Mapping[str, Mapping[str, int]]  # split -> reason -> samples
    benchmark_matches: Mapping[tuple[str, str, str], int]  # split, test split, matched by -> samples


def load_catalogue(config: StreamConfig, storage: Storage) -> Catalogue:
    """The samples of `config.splits` that the configuration lets through.

    Raises:
        ConfigError: a predicate that does not fit the columns, an index that is not the pinned one, a name in the
            mixture that occurs nowhere, or no sample left.
        ShardError: a split without an index, or with a damaged one.
    """
    benchmarks = Benchmarks(storage, config.benchmark_pins) if config.exclude_benchmarks == "all" else None
    pins, left_out, matches, parts = {}, {}, {}, []
    tasks: set[str] = set()
    # By dataset, so that the samples of one are neighbours.
    for split in sorted(config.splits, key=lambda name: (name.split("/")[0], config.splits.index(name))):
        dataset, name = split.split("/")
        table = _with_names(read_index(storage, dataset, name), dataset, name)
        pins[split] = check_pin(storage, split, config.pins)
        tasks |= set(pc.unique(target_column(table, "task")).to_pylist())
        found = {} if benchmarks is None else benchmarks.matches(table)
        matches.update({(split, *pair): int(rows.sum()) for pair, rows in found.items()})
        keep, left_out[split] = select(table, config, list(found.values()))
        parts.append(table.filter(pa.array(keep)))
    _check_names(config, tasks)
    table = pa.concat_tables(parts)
    if table.num_rows == 0:
        total = sum((Counter(reasons) for reasons in left_out.values()), Counter[str]())
        reasons = ", ".join(f"{reason} {count}" for reason, count in total.most_common()) or "the splits are empty"
        raise ConfigError(f"{config.shards}: no sample of {', '.join(config.splits)} is left to play: {reasons}")
    return _catalogue(table, config, pins, benchmarks.pins if benchmarks else {}, left_out, matches)


def log_selection(catalogue: Catalogue) -> None:
    """Log what was left out of each split and why, and what each test split had in common with it."""
    for split, reasons in catalogue.left_out.items():
        counts = " ".join(f"{reason}={count}" for reason, count in reasons.items())
        logger.info("split=%s left_out: %s", split, counts or "none")
    for (split, benchmark, by), count in catalogue.benchmark_matches.items():
        logger.info("split=%s benchmark=%s matched_by=%s left_out=%d", split, benchmark, by, count)


def _with_names(table: pa.Table, dataset: str, split: str) -> pa.Table:
    for column, value in (("split", split), ("dataset", dataset)):
        table = table.add_column(0, column, pa.repeat(pa.scalar(value), len(table)))
    return table


def _check_names(config: StreamConfig, tasks: set[str]) -> None:
    datasets = {split.split("/")[0] for split in config.splits}
    for key, named, known in (("datasets", config.mixture.datasets, datasets), ("tasks", config.mixture.tasks, tasks)):
        unknown = sorted(set(named) - known)
        if unknown:
            raise ConfigError(f"mixture.{key}: '{unknown[0]}' does not occur; there are {', '.join(sorted(known))}")


def _catalogue(
    table: pa.Table,
    config: StreamConfig,
    pins: Mapping[str, str],
    benchmark_pins: Mapping[str, str],
    left_out: Mapping[str, Mapping[str, int]],
    matches: Mapping[tuple[str, str, str], int],
) -> Catalogue:
    members = members_of(table)
    shard = pc.binary_join_element_wise(table["dataset"], "/", table["split"], "/", table["shard"], ".tar", "")
    shard = shard.combine_chunks().dictionary_encode()
    datasets = table["dataset"].combine_chunks().dictionary_encode()
    changes = np.flatnonzero(np.diff(datasets.indices.to_numpy())) + 1

    chosen = np.flatnonzero(playable(table, config))
    owner = pc.list_parent_indices(table["targets"]).to_numpy()
    task = target_column(table, "task").combine_chunks().dictionary_encode()
    weight = task_weights(table, config.mixture)[chosen]
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    owner, task_code = owner[chosen], task.indices.to_numpy()[chosen]
    _, group, alternatives = np.unique(
        owner * len(task.dictionary) + task_code, return_inverse=True, return_counts=True
    )
    target_from = np.searchsorted(owner, np.arange(len(table) + 1))
    samples = Samples(
        datasets=tuple(datasets.dictionary.to_pylist()),
        dataset_from=np.concatenate([[0], changes, [len(table)]]),
        tar=shard.indices.to_numpy(),
        start=members.offset[members.first[:-1]],
        end=members.offset[members.first[1:] - 1] + members.bytes[members.first[1:] - 1],
        seconds=table["seconds"].to_numpy().astype(np.float32),
        key=hash_strings(table["key"]),
        weight=np.maximum.reduceat(weight, target_from[:-1]).astype(np.float32),
        target_from=target_from,
        target_tokens=target_tokens(table, config.bytes_per_token)[chosen].astype(np.int32),
        target_weight=weight / alternatives[group],
    )
    return Catalogue(
        samples=samples,
        members=members,
        keys=table["key"],
        tars=tuple(shard.dictionary.to_pylist()),
        tasks=tuple(task.dictionary.to_pylist()),
        target_task=task_code.astype(np.int16),
        target_place=place[chosen].astype(np.int16),
        pins=pins,
        benchmark_pins=benchmark_pins,
        left_out=left_out,
        benchmark_matches=matches,
    )
