"""What a shard job says at its end: what came out of each split, and whether too much of it was rejected."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.record import LEFT_OUT_REASONS, REJECT_REASONS
from pipelines.source import Source
from pipelines.split import SplitJob
from shards.layout import rejects_path
from shards.statistics import duration
from shards.storage import Storage
from shards.summary import SplitSummary


def judge(
    jobs: Sequence[SplitJob], summaries: Sequence[SplitSummary], storage: Storage, max_reject_ratio: float
) -> int:
    """Say what came out; the exit status: 1 where more than `max_reject_ratio` of a split was rejected."""
    status = 0
    for job, summary in zip(jobs, summaries, strict=True):
        totals = summary.totals
        rejects = totals.rejects
        print(f"{job.name}: {totals.samples:,} samples, {duration(totals.seconds)} in {storage.full(job.name)}")
        for reason, count in sorted(rejects.items(), key=lambda item: (-item[1], item[0])):
            print(f"  rejected {count:,} × {reason}: {REJECT_REASONS.get(reason, reason)}")
        for reason, count in sorted(totals.left_out.items()):
            print(f"  left out {count:,} targets × {reason}: {LEFT_OUT_REASONS.get(reason, reason)}")
        forgotten = job.document.get("forgotten", {}).get("records", 0)
        found = records_found(job.document["records"] + forgotten, job.document["rejects"])
        if warning := wrong_count(job.source, job.split, found):
            print(f"  warning: {warning}")
        share = reject_share(job.source, rejects, totals.samples)
        if share.ratio > max_reject_ratio:
            status = 1
            print(
                f"error: {job.name}: {share}, more than {max_reject_ratio:.1%}. The good shards are committed; "
                f"{storage.full(rejects_path(job.source.name, job.split))} names each reject. Mend the corpus and "
                f"build with REBUILD=1, or accept it with {share.accepted}",
                file=sys.stderr,
            )
        elif not totals.samples:
            status = 1
            print(
                f"error: {job.name}: not one sample came out; `make check-source` of the same SOURCE says why",
                file=sys.stderr,
            )
    return status


def records_found(records: int, rejects: Mapping[str, int]) -> int:
    """The records that SOURCE has of a split, usable or not, as releases count them."""
    # Releases count annotations: audio that has none (325 recordings of AISHELL-1) is no record too many.
    return records + sum(count for reason, count in rejects.items() if reason != "no_transcript")


def wrong_count(source: Source, split: str, found: int) -> str | None:
    """What to say where SOURCE has another number of records than the release; None: it has as many, or who knows."""
    expected = source.splits.get(split)
    if expected is None or found == expected:
        return None
    return f"the release has {expected:,} records, SOURCE has {found:,} ({found - expected:+,})"


@dataclass(frozen=True)
class RejectShare:
    """How much of a split is rejected, by which a job fails."""

    bad: int
    of: int

    @property
    def ratio(self) -> float:
        return self.bad / max(self.of, 1)

    @property
    def accepted(self) -> str:
        """The option that lets it pass."""
        return f"MAX_REJECT_RATIO={min(1.0, self.ratio + 0.01):.2f}"

    def __str__(self) -> str:
        return f"{self.bad:,} of {self.of:,} rejected ({self.ratio:.1%})"


def reject_share(source: Source, rejects: Mapping[str, int], good: int) -> RejectShare:
    """The share of rejects beside `good` samples; where audio is often gone, missing files are nobody's fault."""
    outside = "audio_missing" if source.audio_may_be_missing else None
    bad = sum(count for reason, count in rejects.items() if reason != outside)
    return RejectShare(bad, good + bad)
