"""The figures of a split, or of many together, as parts of a page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import quote, urlencode

from shards.pages.bars import BAR_STYLE, bars, length_histogram, progress_bar
from shards.pages.html import Content, Html, document, element, foreign, join, table
from shards.pages.paper import BY_LANGUAGE, PAPER_HOURS
from shards.pages.reject_examples import rejects_table
from shards.pages.watch import Languages, SplitState
from shards.statistics import duration, hours
from shards.storage import Storage
from shards.totals import LONGEST_BIN, NO_LANGUAGE, Amount, Totals
from tag_schema.tasks import TASKS

LIVE_SCRIPT = "/live.js"
MOST_GAPS = 12  # runs of missing shards that are named
# Nothing but this server's own sounds, pictures and one script, whatever a transcript says.
POLICY = (
    "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
STYLE = (
    BAR_STYLE
    + """
body { max-width: 1240px; padding-top: 18px }
a { color: var(--c0); text-decoration: none } a:hover { text-decoration: underline }
.top { display: flex; justify-content: space-between; align-items: baseline; gap: 16px; flex-wrap: wrap }
.halves { display: grid; grid-template-columns: repeat(auto-fit, minmax(430px, 1fr)); gap: 14px }
.halves > figure { min-width: 0 } h2 { margin-top: 28px }
tr.sum td { font-weight: 600 } td.split { padding-left: 24px } td { vertical-align: middle }
.live { color: var(--good); font-weight: 600 } .problem { color: var(--bad) } .crumbs { margin: 0 0 2px }
.pager { display: flex; gap: 14px; margin: 10px 0; align-items: baseline } .sample td { vertical-align: top }
.sample table { table-layout: fixed } .sample th:first-child { width: 62px } .sample th:nth-child(2) { width: 48% }
.sample td:nth-child(2) { font-size: 12.5px }
.sides > div:last-child { flex: 1 1 440px }
.lost { position: fixed; right: 14px; bottom: 12px; background: var(--card); border: 1px solid var(--bad);
  border-radius: 8px; padding: 6px 12px; color: var(--bad) }
@media (max-width: 560px) { .halves { grid-template-columns: 1fr } body { padding: 12px } }
"""
)


class Links:
    """Addresses of this server's pages, which keep the theme that the first one was asked for in."""

    def __init__(self, theme: str | None) -> None:
        self.theme = theme

    def __call__(self, *parts: object, **query: object) -> str:
        """The address of a page: its path in parts, and what stands behind the question mark."""
        path = "/" + "/".join(quote(str(part), safe="") for part in parts)
        given = {**query, **({"theme": self.theme} if self.theme else {})}
        return path + (f"?{urlencode(given)}" if given else "")


def page(title: str, links: Links, *body: Content, live: bool = True) -> str:
    """A whole page; a live one renews its main part by itself."""
    main = element("main", *body, id="live" if live else None)
    script = LIVE_SCRIPT if live else None
    return document(title, main, policy=POLICY, style=STYLE, script=script, theme=links.theme)


def tile(value: str, what: str) -> Html:
    """One figure."""
    return element("div", element("b", value), element("span", what, class_="soft small"), class_="tile")


def tiles(totals: Totals, done: int, planned: int | None, size: int) -> Html:
    """The main figures in a row."""
    mean = totals.seconds / totals.samples if totals.samples else 0.0
    return element(
        "div",
        tile(f"{done:,}" + ("" if planned == done else f" of {planned:,}" if planned is not None else ""), "shards"),
        tile(f"{totals.samples:,}", "samples"),
        tile(hours(totals.seconds), "hours"),
        tile(byte_size(size), "in tars"),
        tile(f"{mean:.2f} s", "mean length"),
        tile(f"{totals.targets:,}", "targets"),
        tile(f"{totals.words:,}", "words with times"),
        tile(f"{totals.rejects.total():,}", "rejects"),
        class_="tiles",
    )


def charts(totals: Totals, languages: Languages) -> Html:
    """Hours by task and language, lengths, licences, and what was left out."""
    by_task = {task: _sum(amounts.values()) for task, amounts in totals.counts.items()}
    titles = {task: TASKS[task].title for task in by_task if task in TASKS}
    figures = [
        _figure("Hours by task", bars(_rows(by_task), titles, ("the paper", PAPER_HOURS))),
        _figure(
            "Hours by language",
            bars(_rows(languages), {NO_LANGUAGE: "no speech, or not told"}),
            BY_LANGUAGE if "srwt" in by_task else None,
        ),
        _figure("Samples by length", length_histogram(totals.lengths, LONGEST_BIN)),
        _figure("Hours by licence", bars(_rows(totals.licences))),
    ]
    if totals.left_out:
        left = [(reason, float(count), f"{count:,}") for reason, count in totals.left_out.most_common()]
        figures.append(_figure("Targets left out, though nothing is wrong", bars(left)))
    return element("div", *figures, class_="halves")


def split_figures(storage: Storage, split: SplitState) -> Html:
    """All figures of a split: how far it is, what is wrong, what is in it, what was rejected."""
    return join(
        progress_bar(split.done, split.planned),
        tiles(split.totals, split.done, split.planned, split.bytes),
        problems([split]),
        missing_shards(split),
        charts(split.totals, split.languages),
        task_languages(split.totals),
        rejects_table(storage, split) if split.totals.rejects else None,
    )


def missing_shards(split: SplitState) -> Html | None:
    """Which of the planned shards are not there; nothing where all are."""
    missing = sorted(set(range(split.planned or 0)) - split.whole)
    if not missing:
        return None
    runs: list[list[int]] = []
    for number in missing:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    said = [f"{first}" if first == last else f"{first}–{last}" for first, last in runs[:MOST_GAPS]]
    more = f" and {len(runs) - MOST_GAPS:,} more gaps" if len(runs) > MOST_GAPS else ""
    what = "1 shard is" if len(missing) == 1 else f"{len(missing):,} shards are"
    text = f"{what} still to be built: {', '.join(said)}{more}"
    return element("p", text, class_="soft small")


def reject_reasons(totals: Totals) -> Html:
    """Rejects by reason."""
    rows = [(reason, float(count), f"{count:,}") for reason, count in totals.rejects.most_common()]
    return _figure("Rejects by reason", bars(rows) if rows else element("p", "none", class_="soft"))


def task_languages(totals: Totals) -> Html:
    """Samples and hours of each task in each language, to be unfolded."""
    rows = [
        (
            task,
            TASKS[task].title if task in TASKS else "",
            foreign(language),
            f"{amount.count:,}",
            hours(amount.seconds),
        )
        for task, languages in sorted(totals.counts.items())
        for language, amount in sorted(languages.items(), key=lambda item: (-item[1].frames, item[0]))
    ]
    inner = table(("task", "", "language", "samples", "hours"), rows, numbers=(3, 4))
    return element("details", element("summary", "Tasks and languages as a table"), inner, id="task-languages")


def activity(split: SplitState, now: float) -> Html | str:
    """Whether a split is whole, being built or waiting."""
    if split.complete:
        return "complete"
    if split.working(now):
        return element("span", "building", class_="live")
    return "all shards built" if split.planned == split.done else "unfinished"


def rate_text(rate: float | None) -> str:
    """How many seconds of audio a second."""
    return "" if rate is None else f"{rate:,.0f} ×"


def left_text(seconds: float | None) -> str:
    """How long it will take."""
    return "" if seconds is None else duration(seconds)


def problems(splits: Sequence[SplitState]) -> Html | None:
    """What is wrong, a line each."""
    lines = [
        join(foreign(f"{split.dataset}/{split.split}: "), foreign(problem))
        for split in splits
        for problem in split.problems
    ]
    if not lines:
        return None
    more = [f"and {len(lines) - 20:,} more"] if len(lines) > 20 else []
    return element("div", *(element("p", line, class_="problem") for line in (*lines[:20], *more)))


def byte_size(size: int) -> str:
    """Bytes with a unit: 812 kB, 3.42 GB."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB", "PB"):
        if value < 999.5 or unit == "PB":
            break
        value /= 1000
    decimals = 0 if value >= 100 or unit in ("B", "kB") else 1 if value >= 10 else 2
    return f"{value:,.{decimals}f} {unit}"


def clock(now: float) -> str:
    """A time of day on this machine."""
    return time.strftime("%H:%M:%S", time.localtime(now))


def _figure(title: str, content: Html, note: str | None = None) -> Html:
    below = element("p", note, class_="soft small") if note else None
    return element("figure", element("figcaption", title), content, below)


def _rows(amounts: Mapping[str, Amount]) -> list[tuple[str, float, str]]:
    ordered = sorted(amounts.items(), key=lambda item: (-item[1].frames, item[0]))
    return [(name, amount.seconds, f"{hours(amount.seconds)} h") for name, amount in ordered]


def _sum(amounts: Iterable[Amount]) -> Amount:
    total = Amount()
    for amount in amounts:
        total.add(amount)
    return total


def pager(number: int, pages: int, address: Callable[[int], str]) -> Html | None:
    """Links to the neighbouring pages of a list; nothing where it has one page."""
    if pages < 2:
        return None
    return element(
        "div",
        element("a", "← before", href=address(number - 1)) if number > 1 else None,
        element("span", f"page {number:,} of {pages:,}", class_="soft small"),
        element("a", "next →", href=address(number + 1)) if number < pages else None,
        class_="pager",
    )
