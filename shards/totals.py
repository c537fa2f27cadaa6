"""What a shard, a split or a dataset adds up to.

Lengths are added as whole numbers of waveform samples, so that sums do not depend on their order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shards.sample import SAMPLE_RATE, Sample

NO_LANGUAGE = "unknown"  # the key of samples without a language
LONGEST_BIN = 60  # seconds; longer samples are counted here


@dataclass(slots=True)
class Amount:
    """How many samples, and how long they are together."""

    count: int = 0
    frames: int = 0  # waveform samples at 16 kHz

    def add(self, other: Amount) -> None:
        """Add another amount to this one."""
        self.count += other.count
        self.frames += other.frames

    @property
    def seconds(self) -> float:
        """The length in seconds."""
        return self.frames / SAMPLE_RATE

    def to_json(self) -> dict[str, Any]:
        """As it stands in records and totals."""
        return {"count": self.count, "seconds": self.seconds}

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Amount:
        """Inverse of `to_json`."""
        return Amount(_count(item["count"]), round(item["seconds"] * SAMPLE_RATE))


@dataclass(slots=True)
class Totals:
    """Sums over samples and rejects.

    `counts[task][language]` counts the samples that have a target of the task, by the language of their audio.
    """

    all: Amount = field(default_factory=Amount)
    targets: int = 0
    words: int = 0  # words with times
    counts: dict[str, dict[str, Amount]] = field(default_factory=dict)
    licences: dict[str, Amount] = field(default_factory=dict)
    lengths: Counter[int] = field(default_factory=Counter)  # samples by whole seconds
    rejects: Counter[str] = field(default_factory=Counter)  # by reason
    left_out: Counter[str] = field(default_factory=Counter)  # targets not made though nothing is wrong, by reason

    @property
    def samples(self) -> int:
        """Number of samples."""
        return self.all.count

    @property
    def seconds(self) -> float:
        """Length of all audio."""
        return self.all.seconds

    def add_sample(self, sample: Sample) -> None:
        """Count one sample."""
        amount = Amount(1, sample.frames)
        self.all.add(amount)
        self.targets += len(sample.targets)
        self.words += len(sample.words)
        self.licences.setdefault(sample.licence, Amount()).add(amount)
        self.lengths[min(sample.frames // SAMPLE_RATE, LONGEST_BIN)] += 1
        for task in {target.task for target in sample.targets}:
            self.counts.setdefault(task, {}).setdefault(sample.language or NO_LANGUAGE, Amount()).add(amount)

    def add(self, other: Totals) -> None:
        """Add other totals to these."""
        self.all.add(other.all)
        self.targets += other.targets
        self.words += other.words
        for licence, amount in other.licences.items():
            self.licences.setdefault(licence, Amount()).add(amount)
        for task, languages in other.counts.items():
            for language, amount in languages.items():
                self.counts.setdefault(task, {}).setdefault(language, Amount()).add(amount)
        self.lengths.update(other.lengths)
        self.rejects.update(other.rejects)
        self.left_out.update(other.left_out)

    def to_json(self) -> dict[str, Any]:
        """As it stands in records, split.json and dataset.json."""
        return {
            "samples": self.all.count,
            "seconds": self.all.seconds,
            "targets": self.targets,
            "words": self.words,
            "counts": {
                task: {language: amount.to_json() for language, amount in languages.items()}
                for task, languages in self.counts.items()
            },
            "licences": {licence: amount.to_json() for licence, amount in self.licences.items()},
            "lengths": {str(seconds): count for seconds, count in self.lengths.items()},
            "rejects": dict(self.rejects),
            "left_out": dict(self.left_out),
        }

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Totals:
        """Inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is not what `to_json` gives.
        """
        return Totals(
            all=Amount(_count(item["samples"]), round(item["seconds"] * SAMPLE_RATE)),
            targets=_count(item["targets"]),
            words=_count(item["words"]),
            counts={
                task: {language: Amount.from_json(amount) for language, amount in languages.items()}
                for task, languages in item["counts"].items()
            },
            licences={licence: Amount.from_json(amount) for licence, amount in item["licences"].items()},
            lengths=Counter({int(seconds): _count(count) for seconds, count in item["lengths"].items()}),
            rejects=Counter({reason: _count(count) for reason, count in item["rejects"].items()}),
            left_out=Counter({reason: _count(count) for reason, count in item["left_out"].items()}),
        )


def summed(totals: Iterable[Totals]) -> Totals:
    """All of them together."""
    result = Totals()
    for one in totals:
        result.add(one)
    return result


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{value!r} is no count")
    return value
