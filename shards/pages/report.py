"""The report of an OUT: one page that needs nothing else, with every figure, the data cards, and samples to hear."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from shards.card import Card
from shards.pages.data_card import data_card
from shards.pages.embedded import Gallery
from shards.pages.figures import STYLE, activity, split_figures
from shards.pages.html import LIGHT, Content, Html, document, element, foreign, join
from shards.pages.overview import split_table, sums, tiles_of
from shards.pages.watch import SplitState
from shards.plan import SplitPlan
from shards.storage import Storage

# Nobody is waited for on paper: the figures are those of what is committed, whoever may be at work.
AT_REST = math.inf
MOST_PROBLEMS = 40  # that are named above the table
REPORT_STYLE = (
    STYLE + """
h2.dataset { margin-top: 56px; padding-top: 18px; border-top: 2px solid var(--line) }
h3.split { font-size: 18px; margin: 36px 0 10px } h4 { font-size: 14px; margin: 18px 0 6px }
section section h2 { font-size: 15px; margin: 22px 0 8px }
table.facts th { width: 190px; white-space: normal } table.facts td { overflow-wrap: anywhere }
.problems { border: 1px solid var(--bad); border-radius: 8px; padding: 8px 14px; margin: 0 0 16px; font-size: 14px }
.problems p { overflow-wrap: anywhere; margin: 3px 0 }
"""
    f"""
@media print {{
  :root, :root[data-theme] {{ color-scheme: light; {LIGHT} }}
  * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact }}
  body {{ max-width: none; padding: 0; font-size: 12px }} audio {{ display: none !important }}
  figure, .tile, tr, .sample {{ break-inside: avoid }} h1, h2, h3, h4 {{ break-after: avoid }}
  .clip svg {{ max-width: 100% !important; height: auto }} .halves {{ grid-template-columns: 1fr 1fr }}
  details::details-content {{ content-visibility: visible; display: block }} h2.dataset {{ break-before: page }}
}}
"""
)


@dataclass(frozen=True)
class Contents:
    """All that is shown of an OUT."""

    storage: Storage
    splits: Sequence[SplitState]
    cards: Mapping[str, Card | str | None] = field(default_factory=dict)  # by dataset; a text tells what is wrong
    plans: Mapping[tuple[str, str], SplitPlan | None] = field(default_factory=dict)  # by dataset and split
    galleries: Sequence[Gallery] = ()

    def problems(self) -> list[str]:
        """What is missing or damaged, a line each, without what is said twice."""
        found = [
            *(f"{split.dataset}/{split.split}: {problem}" for split in self.splits for problem in split.problems),
            *(card for card in self.cards.values() if isinstance(card, str)),
            *(problem for gallery in self.galleries for problem in gallery.problems),
        ]
        return list(dict.fromkeys(found))


def anchor(*parts: object, **query: object) -> str:
    """Where a dataset or a split stands on the page: the counterpart of the dashboard's `Links`."""
    del query
    return "#" + "/".join(map(str, parts[2:]))


def report_page(contents: Contents) -> str:
    """The HTML of the report."""
    splits = contents.splits
    title = f"Shards in {contents.storage.url}"
    body: list[Content] = [
        element("h1", "Shards in ", foreign(contents.storage.url)),
        element("p", headline(splits), class_="soft"),
        tiles_of(splits),
        _problems(contents.problems()),
        split_table(splits, anchor, AT_REST, live=False),
        *(sums(splits) if len(splits) > 1 else []),
    ]
    galleries = {(one.split.dataset, one.split.split): one for one in contents.galleries}
    for dataset, some in groupby(splits, key=lambda split: split.dataset):
        body.append(_dataset(contents, dataset, list(some), galleries))
    body.append(element("p", _FOOT, class_="soft small"))
    return document(title, element("main", *body), style=REPORT_STYLE)


_FOOT = (
    "Figures are those that plans, commit records and totals tell; make verify holds them against every byte. "
    "Samples were chosen by a hash of their names, so that tasks and languages differ."
)


def headline(splits: Sequence[SplitState]) -> str:
    """How complete it is, and of when, in a sentence."""
    datasets = len({split.dataset for split in splits})
    whole = sum(split.complete for split in splits)
    state = "all complete" if whole == len(splits) else f"{len(splits) - whole} of them unfinished"
    said = f"{_counted(datasets, 'dataset')} with {_counted(len(splits), 'split')}, {state}"
    last = max((run.last for split in splits for run in split.runs), default=None)
    if last is not None and 0 < last < 1e11:
        said += time.strftime(" · last shard built on %Y-%m-%d at %H:%M UTC", time.gmtime(last))
    return said


def _problems(found: Sequence[str]) -> Html | None:
    if not found:
        return None
    lines = [element("p", foreign(line), class_="problem") for line in found[:MOST_PROBLEMS]]
    more = element("p", f"and {len(found) - MOST_PROBLEMS:,} more", class_="problem") if found[MOST_PROBLEMS:] else None
    return element("div", element("b", "Missing or damaged"), *lines, more, class_="problems")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _dataset(
    contents: Contents, dataset: str, splits: Sequence[SplitState], galleries: Mapping[tuple[str, str], Gallery]
) -> Html:
    plans = {split.split: contents.plans.get((dataset, split.split)) for split in splits}
    card = contents.cards.get(dataset)
    title = f" · {card.title}" if isinstance(card, Card) else ""
    return element(
        "section",
        element("h2", dataset, element("span", foreign(title), class_="soft"), class_="dataset", id=dataset),
        data_card(dataset, card, splits, plans),
        *(_split(contents.storage, split, galleries.get((dataset, split.split))) for split in splits),
    )


def _split(storage: Storage, split: SplitState, gallery: Gallery | None) -> Html:
    name = f"{split.dataset}/{split.split}"
    return element(
        "section",
        element("h3", name, element("span", f" · {activity(split, AT_REST)}", class_="soft"), class_="split", id=name),
        split_figures(storage, split),
        _samples(gallery) if gallery else None,
    )


def _samples(gallery: Gallery) -> Html | None:
    left = None
    if gallery.too_large:
        said = f"{_counted(gallery.too_large, 'chosen sample')} left out: no more room within sample_mb"
        left = element("p", said, class_="soft small")
    return join(element("h2", "Samples"), *gallery.figures, left) if gallery.figures or left else None
