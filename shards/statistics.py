"""The numbers of datasets and splits as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shards.summary import SplitSummary
from shards.totals import Totals, summed

BAR_WIDTH = 30  # characters of the longest bar of a histogram


def overview(splits: Iterable[SplitSummary]) -> str:
    """One line per split: shards, samples, hours, mean length, words with times, rejects; and their sum."""
    splits = list(splits)
    rows = [_overview_row(f"{split.dataset}/{split.split}", split.shards, split.totals) for split in splits]
    if len(rows) > 1:
        rows.append(_overview_row("all", sum(s.shards for s in splits), summed(s.totals for s in splits)))
    return table(("split", "shards", "samples", "hours", "mean s", "targets", "words", "rejects"), rows)


def details(totals: Totals) -> str:
    """Hours by task and language, licences, lengths and rejects."""
    parts = [
        table(
            ("task", "language", "samples", "hours"),
            [
                (task, language, f"{amount.count:,}", hours(amount.seconds))
                for task, languages in sorted(totals.counts.items())
                for language, amount in sorted(languages.items(), key=lambda item: -item[1].frames)
            ],
        ),
        table(
            ("licence", "samples", "hours"),
            [(name, f"{amount.count:,}", hours(amount.seconds)) for name, amount in sorted(totals.licences.items())],
        ),
        histogram(totals.lengths),
    ]
    for title, counts in (("rejects", totals.rejects), ("left out", totals.left_out)):
        if counts:
            parts.append(table((title, "count"), [(reason, f"{count:,}") for reason, count in counts.most_common()]))
    return "\n\n".join(parts)


def histogram(lengths: Mapping[int, int]) -> str:
    """Samples by length, a line per bin; bins are wide enough that there are at most 15."""
    longest = max(lengths, default=0)
    width = next((width for width in (1, 2, 5, 10) if longest < 15 * width), 10)
    bins: dict[int, int] = {}
    for seconds, count in lengths.items():
        bins[seconds // width] = bins.get(seconds // width, 0) + count
    most = max(bins.values(), default=1)
    rows = [
        (f"{place * width}-{(place + 1) * width}", f"{count:,}", "#" * max(1, round(BAR_WIDTH * count / most)))
        for place, count in sorted(bins.items())
    ]
    return table(("seconds", "samples", ""), rows)


def hours(seconds: float) -> str:
    """Hours with as many decimals as make sense: 1,234 h, 12.3 h, 0.012 h."""
    value = seconds / 3600
    decimals = 0 if value >= 1000 else 1 if value >= 10 else 3
    return f"{value:,.{decimals}f}"


def duration(seconds: float) -> str:
    """Seconds as people say them: 42 s, 3:05 min, 12.3 h."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)}:{int(seconds % 60):02d} min"
    return f"{seconds / 3600:,.1f} h"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their titles, numbers to the right, words to the left."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    right = [bool(rows) and all(row[column][:1].isdigit() for row in rows) for column in range(len(head))]
    lines = []
    for row in (head, ["-" * width for width in widths], *rows):
        cells = (
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(row, widths, right, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _overview_row(name: str, shards: int, totals: Totals) -> tuple[str, ...]:
    mean = totals.seconds / totals.samples if totals.samples else 0.0
    return (
        name,
        f"{shards:,}",
        f"{totals.samples:,}",
        hours(totals.seconds),
        f"{mean:.2f}",
        f"{totals.targets:,}",
        f"{totals.words:,}",
        f"{totals.rejects.total():,}",
    )
