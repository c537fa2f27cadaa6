"""What a shard job says at its end: what came out of each split, and whether too much of it was rejected."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pipelines.source import LEFT_OUT_REASONS, REJECT_REASONS
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
        expected = job.source.splits.get(job.split)
        # Releases count annotations: audio that has none (325 recordings of AISHELL-1) is no record too many.
        planned_rejects = sum(count for reason, count in job.document["rejects"].items() if reason != "no_transcript")
        forgotten = job.document.get("forgotten", {}).get("records", 0)
        found = job.document["records"] + planned_rejects + forgotten
        if expected is not None and found != expected:
            print(f"  warning: the release has {expected:,} records, SOURCE has {found:,}")
        outside = "audio_missing" if job.source.audio_may_be_missing else None
        bad = sum(count for reason, count in rejects.items() if reason != outside)
        ratio = bad / max(totals.samples + bad, 1)
        if ratio > max_reject_ratio:
            status = 1
            print(
                f"error: {job.name}: {bad:,} of {totals.samples + bad:,} rejected ({ratio:.1%}), more than "
                f"{max_reject_ratio:.1%}. The good shards are committed; "
                f"{storage.full(rejects_path(job.source.name, job.split))} names each reject. Mend the corpus and "
                f"build with REBUILD=1, or accept it with MAX_REJECT_RATIO={min(1.0, ratio + 0.01):.2f}",
                file=sys.stderr,
            )
    return status
