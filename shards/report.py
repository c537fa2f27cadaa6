#!/usr/bin/env python
"""One HTML page about shards, to send to a colleague: figures, data cards, samples to see and hear.

    python shards/report.py OUT [DATASET] [file=report.html] [samples=3] [sample_mb=20] [storage_options.…]

OUT is the folder or s3:// URL of the shard jobs, finished, unfinished or damaged: what is missing is named. The page
needs no network and no other file.

    samples=3      of each split; 0 for none
    sample_mb=20   what the samples may take together, sound and pictures; the first of every split come first
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this folder, whose `statistics.py` would hide the standard library's.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import time
from collections.abc import Sequence

from shards.card import Card, read_card
from shards.command import exit_status, parse_arguments
from shards.pages.embedded import galleries
from shards.pages.figures import byte_size
from shards.pages.html import write_page
from shards.pages.report import Contents, headline, report_page
from shards.pages.watch import OutState, Watch
from shards.plan import SplitPlan, read_plan
from shards.schema import ShardError
from shards.statistics import hours
from shards.storage import Storage, StorageError
from shards.totals import summed

SAY_SECONDS = 5.0  # between two lines of progress


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0 when the page is written."""
    return exit_status(lambda: run(arguments), (ShardError, StorageError), interrupted="interrupted")


def run(arguments: Sequence[str]) -> int:
    """Write the page that the arguments ask for."""
    defaults: dict[str, int | str] = {"file": "report.html", "samples": 3, "sample_mb": 20}
    out, dataset, options = parse_arguments(arguments, __doc__ or "", defaults)
    if "://" in options["file"] or not options["file"]:
        raise ShardError(f"file={options['file']}: give a file on this machine, such as file=report.html")
    storage = Storage(out, **options["storage_options"])
    contents = collect(storage, dataset, options["samples"], options["sample_mb"] * 1_000_000)
    path = write_page(Path(options["file"]), report_page(contents))
    print(summary(contents, path))
    return 0


def collect(storage: Storage, dataset: str | None, samples: int, room: int) -> Contents:
    """Read what the page shows.

    Raises:
        ShardError: there are no shards.
        StorageError: OUT cannot be read.
    """
    progress = _Progress()
    state = look(storage, dataset, progress)
    plans: dict[tuple[str, str], SplitPlan | None] = {}
    for split in state.splits:
        try:
            plans[split.dataset, split.split] = read_plan(storage, split.dataset, split.split)
        except (ShardError, StorageError):
            plans[split.dataset, split.split] = None  # told among the split's problems
    cards = {name: _card(storage, name) for name in dict.fromkeys(split.dataset for split in state.splits)}
    progress.say("reading samples")
    return Contents(storage, state.splits, cards, plans, galleries(storage, state.splits, samples, room))


def look(storage: Storage, dataset: str | None, progress: _Progress) -> OutState:
    """Everything below OUT, or one dataset of it.

    Raises:
        ShardError: there are no shards, or not of this dataset.
        StorageError: OUT cannot be read.
    """
    watch = Watch([storage], only=dataset, told=progress.shards)
    watch.look()
    (state,) = watch.outs()
    if state.splits:
        return state
    if state.problem:
        raise StorageError(state.problem.replace("there is no such folder yet", "there is no such folder"))
    others = [name for name in storage.folders() if name != dataset]
    there = f"; there is: {', '.join(others[:20])}" if dataset and others else ""
    raise ShardError(f"{storage.full(dataset or '')}: no shards here; give the OUT of make shards{there}")


def _card(storage: Storage, dataset: str) -> Card | str | None:
    try:
        return read_card(storage, dataset)
    except (ShardError, StorageError) as error:
        return str(error)


def summary(contents: Contents, path: Path) -> str:
    """The page in a few lines for the terminal."""
    totals = summed(split.totals for split in contents.splits)
    problems = contents.problems()
    lines = [
        headline(contents.splits),
        f"{totals.samples:,} samples, {hours(totals.seconds)} hours, {totals.rejects.total():,} rejects; "
        f"{sum(len(gallery.figures) for gallery in contents.galleries):,} samples on the page",
        *problems[:5],
    ]
    if len(problems) > 5:
        lines.append(f"and {len(problems) - 5:,} more problems, named on the page; make verify finds all")
    lines.append(f"report   {path} ({byte_size(path.stat().st_size)})")
    return "\n".join(lines)


class _Progress:
    """A line now and then, where there is much to read."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def shards(self, split: str, read: int, of: int) -> None:
        """So many of a split's records are read."""
        self.say(f"{split}: {read:,} of {of:,} records read")

    def say(self, line: str) -> None:
        """Print it, unless another was printed just now."""
        if time.monotonic() - self._said >= SAY_SECONDS:
            self._said = time.monotonic()
            print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
