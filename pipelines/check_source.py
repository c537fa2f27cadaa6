#!/usr/bin/env python
"""Look at a corpus before a night is spent on it: what its metadata holds against what the release holds.

    python pipelines/check_source.py dataset=librispeech source=/corpora/LibriSpeech split=dev-clean

Reads metadata and folder listings alone and opens no audio. Exit status 1: this is not the corpus, or a job over it
would fail; the last line says what to do.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The folder of this script holds modules of ours only; the packages lie beside it.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import shlex
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.asked_for import DatasetConfig, class_asked_for
from pipelines.census import Census, take_census
from pipelines.job import USER_ERRORS, chosen_splits, help_text, opened, unreadable
from pipelines.own.data import given_keys
from pipelines.record import LEFT_OUT_REASONS, REJECT_REASONS
from pipelines.source import EmptySplitError, Source
from pipelines.tagging import NO_TAG, TagRules
from pipelines.verdict import reject_share, wrong_count
from shards.command import exit_status, tell_events
from shards.config import ConfigError, load_config
from shards.statistics import duration
from tag_schema.vocabulary import EXTENDED, vocabulary

LINE_EVERY_SECONDS = 5.0
MOST_NAMED = 12  # languages, licences or splits in one line
MARGIN = 11  # columns before what a line says


_ADVICE = {
    "audio_missing": "unpack what is missing",
    "no_transcript": "fetch the annotations of these files too",
}


@dataclass(frozen=True)
class CheckConfig(DatasetConfig):
    """What `make check-source` takes, as `make shards` takes it."""

    vocabulary: str = "released"  # or extended: Whisper's other languages too
    max_reject_ratio: float = 0.05
    source_options: dict[str, Any] = field(default_factory=dict)  # to fsspec: endpoint_url, profile, …


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status is 0 when a job over this corpus has all that it needs."""
    tell_events()
    if set(arguments) & {"-h", "--help"}:
        print(__doc__, "\nKeys and defaults:\n" + help_text(CheckConfig()), sep="\n")
        return 0
    path = arguments[0] if arguments and "=" not in arguments[0] else None
    return exit_status(
        lambda: run(load_config(CheckConfig, path, arguments[1:] if path else arguments)),
        USER_ERRORS,
        lambda error: unreadable(error).partition("; where a file is gone")[0],
        interrupted="interrupted; nothing was written",
    )


def run(config: CheckConfig) -> int:
    """Count each split and say what was found, then whether a job would succeed."""
    if config.vocabulary not in ("released", "extended"):
        raise ConfigError(f"vocabulary={config.vocabulary}: choose released or extended")
    if not 0 <= config.max_reject_ratio <= 1:
        raise ConfigError(f"max_reject_ratio={config.max_reject_ratio}: a share between 0 and 1")
    cls = class_asked_for(config)
    source = opened(cls, config.source, config.roots, config.source_options)
    splits = chosen_splits(source, config.split)
    print(f"{source.name}: {source.title}\nin {source.root}, {source.licence}")
    rules = TagRules.of(source, vocabulary(config.vocabulary))  # of one form: the second changes no count
    counted: dict[str, Census] = {}
    empty: dict[str, EmptySplitError] = {}
    for split in splits:
        try:
            counted[split] = take_census(source, split, rules, _Progress(split).tell)
        except EmptySplitError as error:
            if config.split or (len(splits) == len(empty) + 1 and not counted):
                raise
            empty[split] = error
            print(f"\n{split}\n  left out. {error}")
        else:
            print("\n".join(["", split, *described(source, split, counted[split], config)]), flush=True)
    print("\n".join(["", *_other_splits(source, splits)]).rstrip())
    return conclude(source, counted, config)


def described(source: Source, split: str, census: Census, config: CheckConfig) -> Iterator[str]:
    """What was counted of a split, in lines."""
    yield _line("records", _records(source, split, census))
    if warning := wrong_count(source, split, census.found):
        yield _line(
            "", f"warning: {warning}" + "; is the download whole?" * (census.found < (source.splits[split] or 0))
        )
    yield _line("audio", _audio(census, source.mean_seconds))
    without = [task for task in source.tasks if not census.by_task[task]]
    missing = f"; of no record: {' '.join(without)}" if without and len(without) <= MOST_NAMED else ""
    yield _line("tasks", _listed(census.by_task) + missing)
    if census.by_language:
        yield _line("languages", _listed(census.by_language))
    yield _line("licences", _listed(census.licences))
    for reason, count in census.rejects.most_common():
        borne = "; of this corpus files are often gone, which fails no job"
        borne *= reason == "audio_missing" and source.audio_may_be_missing
        yield _line("rejected", f"{count:,} × {reason}: {REJECT_REASONS.get(reason, reason)}{borne}")
        yield from (_line("", f"  {example}") for example in census.examples[reason])
    for reason, count in census.left_out.most_common():
        yield _line("left out", f"{_many(count, 'target')} × {reason}: {LEFT_OUT_REASONS.get(reason, reason)}")
        if reason == NO_TAG:
            yield from (_line("", f"  {line}") for line in _outside(census.outside))
    share = reject_share(source, census.rejects, census.records)
    if share.bad:
        fails = "fails" if share.ratio > config.max_reject_ratio else "bears"
        yield _line("verdict", f"{share}; a job {fails} it: the limit is {config.max_reject_ratio:.1%}")


def conclude(source: Source, counted: Mapping[str, Census], config: CheckConfig) -> int:
    """Say in the last line what to do; the exit status."""
    if trouble := _trouble(source, counted, config):
        print(f"error: {source.name}/{trouble}", file=sys.stderr)
        return 1
    records = sum(census.records for census in counted.values())
    different = sum(wrong_count(source, split, census.found) is not None for split, census in counted.items())
    print(
        f"{_many(records, 'record')} in {_many(len(counted), 'split')} can be built"
        + f"; {different} with another count than the release's" * bool(different)
        + f". Next: {_next(config)}"
    )
    return 0


def _trouble(source: Source, counted: Mapping[str, Census], config: CheckConfig) -> str | None:
    """Why a job would fail, or give nothing, and what to do; None: it would not."""
    shares = {split: reject_share(source, census.rejects, census.records) for split, census in counted.items()}
    worst = max(shares, key=lambda split: shares[split].ratio)
    if shares[worst].ratio > config.max_reject_ratio:
        borne = {"audio_missing"} if source.audio_may_be_missing else set()
        share, rejects = shares[worst], counted[worst].rejects
        reason, count = next(item for item in rejects.most_common() if item[0] not in borne)
        return (
            f"{worst}: {share}, more than {config.max_reject_ratio:.1%}, {count:,} × {reason}: "
            f"{_ADVICE.get(reason, 'mend these rows or files')} ({source.obtain.rstrip('.')}), "
            f"or accept it with {share.accepted}"
        )
    for split, census in counted.items():
        if not census.records:
            return f"{split}: none of its {_many(census.found, 'record')} has its audio. {source.obtain}"
        if not census.by_task:
            keeps = any(EXTENDED.has_language(code) for code in census.outside)
            return f"{split}: no record has a target: the vocabulary has no tag for {_listed(census.outside)}" + (
                "; pass VOCABULARY=extended" if keeps else ""
            )
    return None


def _line(name: str, text: str) -> str:
    return f"  {name:<{MARGIN}}{text}".rstrip()


def _records(source: Source, split: str, census: Census) -> str:
    expected = source.splits.get(split)
    usable = f", {census.records:,} of them usable" if census.rejects else ""
    return f"{census.found:,}{usable}" + ", as many as the release has" * (census.found == expected)


def _audio(census: Census, mean_seconds: float) -> str:
    told = duration(census.length(mean_seconds))
    if not census.unmeasured:
        return told
    return f"about {told}, with {mean_seconds:g} s for a record whose metadata does not tell its length"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _listed(counts: Mapping[str, int]) -> str:
    """`en 1,200, de 30, …`, the most first; nothing is hidden behind the dots but its number."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name} {count:,}" for name, count in ordered[:MOST_NAMED])
    return shown + (f", and {len(ordered) - MOST_NAMED} more" if len(ordered) > MOST_NAMED else "") or "none"


def _outside(languages: Counter[str]) -> Iterator[str]:
    """Of the languages without a tag, which `vocabulary=extended` would keep."""
    kept = {code: count for code, count in languages.items() if EXTENDED.has_language(code)}
    if kept:
        yield f"VOCABULARY=extended keeps {_listed(kept)}"
    if lost := {code: count for code, count in languages.items() if code not in kept}:
        yield f"no vocabulary has {_listed(lost)}"


def _other_splits(source: Source, chosen: Sequence[str]) -> Iterator[str]:
    """The splits of the release that were not counted."""
    there = [split for split in source.available_splits() if split not in chosen]
    absent = [split for split in source.splits if split not in there and split not in chosen]
    bases = {pairs: split for pairs, split in source.pair_splits().items() if pairs not in chosen}
    pairs = [name for name, split in bases.items() if split in (*there, *chosen)]
    for names, what in (
        (there, "there, and built when SPLIT= names them"),
        (pairs, "pairs of clips of their speakers, likewise"),
        (absent, "of the release, but not there"),
    ):
        if names:
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            yield f"{what}: {', '.join(names[:MOST_NAMED])}{more}"


def _next(config: CheckConfig) -> str:
    options = {"DATASET": config.dataset, "SOURCE": config.source, "ROOTS": config.roots, "SPLIT": config.split}
    options |= {key.upper(): str(getattr(config, key)) for key in given_keys(config) if key != "columns"}
    options["COLUMNS"] = ",".join(f"{ours}={theirs}" for ours, theirs in config.columns.items())
    if config.vocabulary != "released":
        options["VOCABULARY"] = config.vocabulary
    return " ".join(["make shards", *(f"{name}={shlex.quote(value)}" for name, value in options.items() if value)])


class _Progress:
    """A line on standard error every few seconds."""

    def __init__(self, split: str) -> None:
        self._split, self._started, self._told = split, time.monotonic(), time.monotonic()

    def tell(self, rows: int) -> None:
        """Say how many records were read, where a line is due."""
        if rows % 256 == 0 and time.monotonic() - self._told >= LINE_EVERY_SECONDS:
            self._told = time.monotonic()
            rate = rows / (self._told - self._started)
            print(f"{self._split}: {rows:,} records read, {rate:,.0f} a second", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
