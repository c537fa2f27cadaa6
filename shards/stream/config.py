"""How shards become batches: the settings of the stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shards.config import ConfigError

LICENCES = ("", "commercial")
EXCLUSIONS = ("all", "none")


@dataclass(frozen=True)
class MixtureConfig:
    """How often each dataset and each task is played.

    A dataset's share of the visits is proportional to `datasets[name] · samples ** temperature · task weight`; a
    sample weighs as much as the heaviest of its tasks, a dataset's task weight is the mean of its samples', and what
    is not named has weight 1. So the default plays every sample equally often; temperature 0 with weights for the
    datasets states the shares outright. Weight 0 leaves a dataset or a task out. A visit plays one target of the
    sample: a task is drawn by weight, then one of the sample's alternatives for it.
    """

    temperature: float = 1.0
    datasets: dict[str, float] = field(default_factory=dict)
    tasks: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 1:
            raise ConfigError(f"mixture.temperature={self.temperature}: expected 0 (all alike) to 1 (as they come)")
        for key in ("datasets", "tasks"):
            for name, weight in getattr(self, key).items():
                if not 0 <= weight < float("inf"):
                    raise ConfigError(f"mixture.{key}.{name}={weight}: expected a weight of 0 or more")


@dataclass(frozen=True)
class StreamConfig:
    """How shards become batches.

    The order of training is a function of `seed`, the indexes of `splits`, `mixture`, the selection (`where`,
    `licence`, `exclude_benchmarks` with the indexes of the test splits, `max_seconds`, `min_seconds`), `lanes`,
    `batch_tokens`, `bytes_per_token` and `window_mib`; of nothing else.
    """

    shards: str  # the OUT of the shard jobs: a folder or an s3:// URL
    splits: tuple[str, ...]  # e.g. ("aishell1/train", "clotho/development")
    lanes: int = 24  # world sizes that divide it can resume each other
    batch_tokens: int = 96_000  # audio positions + text tokens of one global batch, padding included
    bytes_per_token: float = 3.0  # of the tokenizer, for counting the text's tokens before it is tokenized
    max_seconds: float = 30.0  # longer samples are left out
    min_seconds: float = 0.1  # and those with a clip that is shorter
    seed: int = 0
    mixture: MixtureConfig = field(default_factory=MixtureConfig)
    where: str | None = None  # a predicate over index columns, e.g. "seconds < 20 and language in ('de', 'en')"
    licence: str = ""  # "commercial" leaves out what a licence does not clearly allow to use commercially
    exclude_benchmarks: str = "all"  # leave out what also occurs in a test split below `shards`; "none" keeps it
    pins: dict[str, str] = field(default_factory=dict)  # split -> sha256 of its index: refuse any other
    benchmark_pins: dict[str, str] | None = None  # compare with exactly these test splits; None: with all there are
    window_mib: float = 64.0  # audio one lane sorts by length at a time (but at least 8 batches); held in memory
    threads: int = 1  # decoding and transforming
    prefetch: int = 2  # steps prepared ahead of the one in training
    storage_options: dict[str, Any] = field(default_factory=dict)  # passed to fsspec

    def __post_init__(self) -> None:
        if not self.splits:
            raise ConfigError("splits is empty: name what to train on, e.g. splits='[librispeech/train-clean-100]'")
        for split in self.splits:
            if len(split.split("/")) != 2 or not all(split.split("/")):
                raise ConfigError(f"splits: '{split}' is not of the form dataset/split")
        if len(set(self.splits)) < len(self.splits):
            raise ConfigError("splits: a split is named twice; use mixture.datasets to play one more often")
        for key in ("lanes", "batch_tokens", "bytes_per_token", "max_seconds", "window_mib", "threads"):
            if getattr(self, key) <= 0:
                raise ConfigError(f"{key}={getattr(self, key)}: expected more than 0")
        for key in ("prefetch", "min_seconds"):
            if getattr(self, key) < 0:
                raise ConfigError(f"{key}={getattr(self, key)}: expected 0 or more")
        if self.licence not in LICENCES:
            raise ConfigError(f"licence={self.licence}: expected commercial, or nothing")
        if self.exclude_benchmarks not in EXCLUSIONS:
            raise ConfigError(f"exclude_benchmarks={self.exclude_benchmarks}: expected {' or '.join(EXCLUSIONS)}")
        unknown = sorted(set(self.pins) - set(self.splits))
        if unknown:
            raise ConfigError(f"pins: '{unknown[0]}' is not among splits")

    @property
    def lane_tokens(self) -> int:
        """One lane's share of the token budget."""
        return self.batch_tokens // self.lanes
