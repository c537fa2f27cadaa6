"""Where everything of a dataset lies below OUT. Paths are relative to OUT and use "/"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shards.schema import ShardError

NUMBER_DIGITS = 6
LAST_NUMBER = 10**NUMBER_DIGITS - 1
# What a dataset or split may be called: it stands in file names and in keys, and readers cut a key at its first dot.
NAME = re.compile(r"[A-Za-z0-9_-]+")


def check_name(name: str, what: str) -> str:
    """`name`, if it can stand in paths and keys.

    Raises:
        ShardError: it is empty or has other characters than letters, digits, "_" and "-".
    """
    if not NAME.fullmatch(name):
        raise ShardError(f"{what} {name!r}: use only letters, digits, '_' and '-', at least one")
    return name


@dataclass(frozen=True, slots=True, order=True)
class ShardName:
    """One shard: the `number`-th of a split, counted from 0."""

    dataset: str
    split: str
    number: int

    def __post_init__(self) -> None:
        check_name(self.dataset, "dataset")
        check_name(self.split, "split")
        if not 0 <= self.number <= LAST_NUMBER:
            raise ShardError(f"shard number {self.number} of {self.dataset}/{self.split}: only 0 to {LAST_NUMBER}")

    def __str__(self) -> str:
        return f"{self.dataset}-{self.split}-{self.number:0{NUMBER_DIGITS}d}"

    @property
    def tar(self) -> str:
        """The samples."""
        return f"{split_folder(self.dataset, self.split)}/{self}.tar"

    @property
    def parquet(self) -> str:
        """The shard's index rows and reject rows."""
        return f"{split_folder(self.dataset, self.split)}/{self}.parquet"

    @property
    def record(self) -> str:
        """The commit record: the shard exists when this does."""
        return f"{split_folder(self.dataset, self.split)}/{self}.json"


def parse_shard_path(path: str) -> tuple[ShardName, str] | None:
    """The shard a path below OUT belongs to, and the path's extension ("tar", "parquet", "json"); None if to none."""
    parts = path.split("/")
    if len(parts) != 3:
        return None
    dataset, split, file = parts
    pattern = rf"{re.escape(dataset)}-{re.escape(split)}-([0-9]{{{NUMBER_DIGITS}}})\.(tar|parquet|json)"
    found = re.fullmatch(pattern, file)
    return (ShardName(dataset, split, int(found[1])), found[2]) if found else None


def dataset_folder(dataset: str) -> str:
    """Everything of one dataset."""
    return check_name(dataset, "dataset")


def split_folder(dataset: str, split: str) -> str:
    """Everything of one split."""
    return f"{dataset_folder(dataset)}/{check_name(split, 'split')}"


def plan_folder(dataset: str, split: str) -> str:
    """The plan's parts."""
    return f"{split_folder(dataset, split)}/plan"


def plan_path(dataset: str, split: str) -> str:
    """The plan's identity and number of shards."""
    return f"{plan_folder(dataset, split)}/plan.json"


def plan_rejects_path(dataset: str, split: str) -> str:
    """What was rejected while planning."""
    return f"{plan_folder(dataset, split)}/rejects.parquet"


def index_path(dataset: str, split: str) -> str:
    """One row per sample, one row group per shard."""
    return f"{split_folder(dataset, split)}/index.parquet"


def rejects_path(dataset: str, split: str) -> str:
    """Every reject of the split."""
    return f"{split_folder(dataset, split)}/rejects.parquet"


def split_path(dataset: str, split: str) -> str:
    """The split's totals, written last: its presence says that the split is whole."""
    return f"{split_folder(dataset, split)}/split.json"


def runs_folder(dataset: str, split: str) -> str:
    """What jobs did when: no part of the product."""
    return f"{split_folder(dataset, split)}/runs"


def run_path(dataset: str, split: str, run: str) -> str:
    """The log of one job."""
    return f"{runs_folder(dataset, split)}/{check_name(run, 'run')}.jsonl"


def dataset_path(dataset: str) -> str:
    """The totals of all splits of a dataset."""
    return f"{dataset_folder(dataset)}/dataset.json"


def card_path(dataset: str) -> str:
    """What the dataset is, whose, and under which licence; see `shards/card.py`."""
    return f"{dataset_folder(dataset)}/card.json"


def forgotten_folder(dataset: str) -> str:
    """The list of recordings to forget; see `shards/forgotten.py`."""
    return f"{dataset_folder(dataset)}/forgotten"


def journal_path(dataset: str, split: str) -> str:
    """Stands while a split forgets something; see `pipelines/mending/forgetting.py`."""
    return f"{forgotten_folder(dataset)}/journal-{check_name(split, 'split')}.json"
