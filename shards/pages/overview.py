"""The pages of figures: everything, one dataset, one split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from shards.layout import ShardName
from shards.pages.bars import progress_bar
from shards.pages.figures import (
    Links,
    activity,
    byte_size,
    charts,
    clock,
    left_text,
    page,
    pager,
    problems,
    rate_text,
    reject_reasons,
    split_figures,
    task_languages,
    tiles,
)
from shards.pages.html import Content, Html, element, foreign, join, table
from shards.pages.runs import Run
from shards.pages.watch import Languages, OutState, SplitState
from shards.read_ahead import READ_AT_ONCE
from shards.record import ShardRecord, read_record
from shards.schema import ShardError
from shards.statistics import hours
from shards.storage import Storage, StorageError
from shards.totals import Amount, Totals, summed

LEFT = "left"
HEAD = ("split", "shards", "samples", "hours", "bytes", "× real time", LEFT, "rejects", "")
NUMBERS = (2, 3, 4, 5, 6, 7)
SHARDS_A_PAGE = 50


def overview_page(outs: Sequence[OutState], links: Links, now: float) -> str:
    """Everything below all OUTs."""
    splits = [split for out in outs for split in out.splits]
    parts: list[Content] = [_top("Shards", now)]
    if splits:
        parts += [tiles_of(splits), *(_out(out, links, now) for out in outs), *sums(splits)]
    else:
        parts += [_out(out, links, now) for out in outs]
    return page("Shards", links, *parts)


def dataset_page(out: OutState, dataset: str, links: Links, now: float) -> str | None:
    """One dataset; None where there is none of this name."""
    splits = [split for split in out.splits if split.dataset == dataset]
    if not splits:
        return None
    parts = [
        _crumbs(links, out),
        _top(dataset, now),
        tiles_of(splits),
        problems(splits),
        split_table(splits, links, now),
    ]
    return page(dataset, links, *parts, *sums(splits))


def split_page(storage: Storage, out: OutState, split: SplitState, links: Links, now: float, number: int = 1) -> str:
    """One split, with a list of its shards of which page `number` is shown."""
    name = f"{split.dataset}/{split.split}"
    runs = [
        (run.name, clock(run.last), f"{run.shards:,}", rate_text(run.rate), _run_state(split, run, now))
        for run in split.runs
    ]
    work = join(
        element("h2", "Jobs"),
        table(("run", "last shard at", "shards", "rate", ""), runs, numbers=(2, 3)),
    )
    state = element("p", activity(split, now), _ending(split, now))
    return page(
        name,
        links,
        _crumbs(links, out, split.dataset),
        _top(split.split, now),
        state,
        split_figures(storage, split),
        work if runs else None,
        _shards(storage, split, links, number),
    )


def _ending(split: SplitState, now: float) -> str:
    rate, left = split.rate(now), split.seconds_left(now)
    parts = [f"{rate_text(rate)} real time" if rate else "", f"{left_text(left)} left" if left is not None else ""]
    said = ", ".join(filter(None, parts))
    return f" · {said}" if said else ""


def _run_state(split: SplitState, run: Run, now: float) -> str:
    return "ended" if run.ended or split.complete else "at work" if run.is_alive(now) else "stopped"


def _top(title: str, now: float) -> Html:
    said = element("span", f"as of {clock(now)}", class_="soft small", id="asof")
    return element("div", element("h1", foreign(title)), said, class_="top")


def _crumbs(links: Links, out: OutState, dataset: str | None = None) -> Html:
    parts: list[Content] = [element("a", "Shards", href=links()), " / ", foreign(out.url)]
    if dataset is not None:
        place = out.splits[0].out if out.splits else 0
        parts += [" / ", element("a", foreign(dataset), href=links("shards", place, dataset))]
    return element("p", *parts, class_="crumbs soft small")


def _out(out: OutState, links: Links, now: float) -> Html:
    said: list[Content] = [element("h2", foreign(out.url))]
    if out.problem:
        before = f" (figures of {clock(out.read_at)})" if out.splits and out.read_at else ""
        said.append(element("p", foreign(out.problem), before, class_="problem"))
    elif out.read_at is None:
        said.append(element("p", "being read …", class_="soft"))
    elif not out.splits:
        said.append(element("p", "no shards yet: what make shards writes here appears by itself", class_="soft"))
    if out.splits:
        said += [problems(out.splits), split_table(out.splits, links, now)]
    return join(*said)


def split_table(splits: Sequence[SplitState], links: Callable[..., str], now: float, live: bool = True) -> Html:
    """A row for each split, and before those of a dataset with several one for their sum.

    Args:
        links: gives the address of a dataset's or a split's page.
        live: whether to tell how long the jobs at work will need.
    """
    rows: list[tuple[Content, ...]] = []
    marks: list[str] = []
    for dataset, some in groupby(splits, key=lambda split: split.dataset):
        of_dataset = list(some)
        link = element("a", foreign(dataset), href=links("shards", of_dataset[0].out, dataset))
        if len(of_dataset) > 1:
            marks.append("sum")
            rows.append((link, *_figures(of_dataset, now), ""))
        for split in of_dataset:
            address = links("shards", split.out, dataset, split.split)
            name: Content = element("a", foreign(split.split), href=address)
            marks.append("split" if len(of_dataset) > 1 else "")
            rows.append(
                (
                    name if len(of_dataset) > 1 else join(link, " / ", name),
                    *_figures([split], now),
                    activity(split, now),
                )
            )
    shown = [place for place in range(len(HEAD)) if live or HEAD[place] != LEFT]
    made = table(
        [HEAD[place] for place in shown],
        [[row[place] for place in shown] for row in rows],
        [at for at, place in enumerate(shown) if place in NUMBERS],
    )
    return _marked(made, marks)


def _marked(made: Html, marks: Sequence[str]) -> Html:
    """The table with its rows of sums set bold and its rows of splits set in."""
    before, *rows = made.split("<tr><td>")
    kinds = {"sum": '<tr class="sum"><td>', "split": '<tr><td class="split">', "": "<tr><td>"}
    return Html(before + "".join(kinds[mark] + row for mark, row in zip(marks, rows, strict=True)))


def _figures(splits: Sequence[SplitState], now: float) -> tuple[Content, ...]:
    totals = summed(split.totals for split in splits)
    working = [split for split in splits if split.working(now)]
    rates = [rate for split in (working or splits if len(splits) == 1 else working) if (rate := split.rate(now))]
    left = [seconds for split in working if (seconds := split.seconds_left(now)) is not None]
    return (
        progress_bar(sum(split.done for split in splits), _planned(splits)),
        f"{totals.samples:,}",
        hours(totals.seconds),
        byte_size(sum(split.bytes for split in splits)),
        f"{sum(rates):,.0f}" if rates else "",
        left_text(max(left) if left else None),
        f"{totals.rejects.total():,}",
    )


def _planned(splits: Sequence[SplitState]) -> int | None:
    known = [split.planned for split in splits if split.planned is not None]
    return sum(known) if len(known) == len(splits) else None


def tiles_of(splits: Sequence[SplitState]) -> Html:
    """The main figures of some splits together."""
    totals = summed(split.totals for split in splits)
    size = sum(split.bytes for split in splits)
    return tiles(totals, sum(split.done for split in splits), _planned(splits), size)


def sums(splits: Sequence[SplitState]) -> list[Content]:
    """What is in some splits together."""
    totals = summed(split.totals for split in splits)
    languages: Languages = {}
    for split in splits:
        for language, amount in split.languages.items():
            languages.setdefault(language, Amount()).add(amount)
    rejects = element("div", reject_reasons(totals), class_="halves") if totals.rejects else None
    return [element("h2", "What is in them"), charts(totals, languages), task_languages(totals), rejects]


def _shards(storage: Storage, split: SplitState, links: Links, number: int) -> Html:
    pages = max(1, -(-len(split.shards) // SHARDS_A_PAGE))
    number = min(max(number, 1), pages)
    shown = split.shards[(number - 1) * SHARDS_A_PAGE : number * SHARDS_A_PAGE]
    names = [ShardName(split.dataset, split.split, shard) for shard in shown]
    with ThreadPoolExecutor(min(READ_AT_ONCE, len(names) or 1)) as pool:
        records = list(pool.map(lambda name: _record(storage, name), names))
    rows = [_shard_row(split, name, record, links) for name, record in zip(names, records, strict=True)]
    here = ("shards", split.out, split.dataset, split.split)
    return join(
        element("h2", "Shards"),
        table(("shard", "samples", "hours", "bytes", "rejects", ""), rows, numbers=(1, 2, 3, 4)),
        pager(number, pages, lambda to: links(*here, page=to)),
    )


def _record(storage: Storage, name: ShardName) -> ShardRecord | None:
    try:
        return read_record(storage, name)
    except (ShardError, StorageError):
        return None


def _shard_row(split: SplitState, name: ShardName, record: ShardRecord | None, links: Links) -> tuple[Content, ...]:
    link = element("a", str(name), href=links("shards", split.out, split.dataset, split.split, name.number))
    totals = record.totals if record else Totals()
    wrong = "record damaged" if record is None or name.number in split.damaged else ""
    wrong = wrong or ("tar missing" if name.number in split.lost else "")
    said = element("span", wrong, class_="problem") if wrong else ""
    figures = (f"{totals.samples:,}", hours(totals.seconds), byte_size(record.tar.bytes) if record else "")
    return (link, *(figures if record else ("", "", "")), f"{totals.rejects.total():,}" if record else "", said)
