"""The data card of a dataset: what it is, whose, under which licence, what of it is here and how it was made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from shards.card import Card
from shards.pages.figures import activity
from shards.pages.html import Content, Html, element, foreign, join, table
from shards.pages.watch import SplitState
from shards.plan import SplitPlan
from shards.statistics import hours
from shards.totals import Amount, Totals, summed

TEXT_FORMS = {
    "written": "cased and punctuated",
    "spoken": "as spoken, numbers in words",
    "unpunctuated": "without punctuation",
}
CUTS = {
    "whole": "recordings are kept whole; over 30 s they are rejected, but for evaluation splits",
    "annotated": "between segments or words where a recording is over 30 s",
    "window": "into windows of 30 s where a recording is longer",
}
Plans = Mapping[str, SplitPlan | None]  # by split; None: it cannot be read
Row = tuple[str, Content]


def data_card(dataset: str, card: Card | str | None, splits: Sequence[SplitState], plans: Plans) -> Html:
    """The card of a dataset.

    Args:
        card: what card.json says; a text tells why it cannot be read, None that there is none.
    """
    totals = summed(split.totals for split in splits)
    rows = [*_origin(card), ("licences of the samples", _licences(totals)), *_content(card, splits)]
    known = card if isinstance(card, Card) else None
    return element(
        "div",
        _problem(card) if isinstance(card, str) else None,
        element("p", _NO_CARD, class_="soft small") if card is None else None,
        _facts(rows),
        element("h4", "Splits"),
        _splits(known, splits, plans),
        *_recipes(plans),
        class_="card",
    )


_NO_CARD = (
    "There is no card.json beside these shards: they are older than it. Running make shards again on the same OUT "
    "writes it, and builds nothing anew."
)


def link(address: str) -> Html:
    """A link to a page elsewhere, which nothing loads by itself; anything but http is shown as text."""
    if re.match(r"https?://", address):
        return element("a", foreign(address), href=address, rel="noopener noreferrer")
    return foreign(address)


def _origin(card: Card | str | None) -> list[Row]:
    if not isinstance(card, Card):
        return []
    use = "commercial use allowed" if card.commercial else "no commercial use, or not of every record"
    return [
        ("corpus", foreign(card.title)),
        ("home", link(card.home)),
        ("licence of the corpus", join(foreign(card.licence), element("span", f" · {use}", class_="soft"))),
        ("to be cited as", foreign(card.attribution)),
        ("obtained so", foreign(card.obtain)),
    ]


def _content(card: Card | str | None, splits: Sequence[SplitState]) -> list[Row]:
    totals = summed(split.totals for split in splits)
    languages: dict[str, Amount] = {}
    for split in splits:
        for language, amount in split.languages.items():
            languages.setdefault(language, Amount()).add(amount)
    here = ", ".join(f"{name} {hours(amount.seconds)} h" for name, amount in sorted(languages.items())) or "none"
    tasks = ", ".join(sorted(totals.counts)) or "none"
    if not isinstance(card, Card):
        return [("languages here", foreign(here)), ("tasks here", foreign(tasks))]
    form = TEXT_FORMS.get(card.text_form, "")
    cut = CUTS.get(card.cut, "")
    return [
        ("languages", _beside(here, ", ".join(card.languages) or "no speech")),
        ("tasks", _beside(tasks, ", ".join(card.tasks))),
        ("audio as released", foreign(card.audio)),
        ("audio here", "FLAC, 16 kHz, mono, 16 bit"),
        ("text", foreign(f"{card.text_form}: {form}" if form else card.text_form)),
        ("cutting", foreign(f"{card.cut}: {cut}" if cut else card.cut)),
    ]


def _beside(here: str, released: str) -> Html:
    return join(foreign(here), element("div", "of the corpus: ", foreign(released), class_="soft small"))


def _licences(totals: Totals) -> Html:
    ordered = sorted(totals.licences.items(), key=lambda item: (-item[1].frames, item[0]))
    lines = (
        element("div", foreign(name), f": {amount.count:,} samples, {hours(amount.seconds)} h")
        for name, amount in ordered
    )
    return join(*lines) if ordered else Html("none yet")


def _facts(rows: Sequence[Row]) -> Html:
    made = (element("tr", element("th", name, scope="row"), element("td", value)) for name, value in rows)
    return element("div", element("table", element("tbody", *made), class_="facts"), class_="wide")


def _splits(card: Card | None, splits: Sequence[SplitState], plans: Plans) -> Html:
    """What the release has beside what is here, with the release's splits of which nothing is here."""
    here = {split.split: split for split in splits}
    released = dict(card.splits) if card else {}
    rows = []
    for name in [*released, *(name for name in here if name not in released)]:
        split, plan = here.get(name), plans.get(name)
        count = released.get(name)
        use = "evaluation" if card and name in card.evaluation_splits else ""
        rows.append(
            (
                foreign(name),
                use,
                "" if count is None else f"{count:,}",
                "" if plan is None or plan.records is None else f"{_records(plan):,}",
                *_figures(split),
            )
        )
    head = ("split", "", "records released", "records read", "samples", "hours", "rejects", "left out", "state")
    note = (
        "Records read are those that the corpus on disk held, rejects included; a record may give several samples, or "
        "none where every target was left out."
    )
    return join(table(head, rows, numbers=(2, 3, 4, 5, 6, 7)), element("p", note, class_="soft small"))


def _records(plan: SplitPlan) -> int:
    """Records of the corpus on disk. Audio that no annotation names is none: releases do not count it either."""
    rejected = sum(count for reason, count in (plan.rejects or {}).items() if reason != "no_transcript")
    return (plan.records or 0) + rejected + plan.forgotten


def _figures(split: SplitState | None) -> tuple[Content, ...]:
    if split is None:
        return ("", "", "", "", element("span", "not here", class_="soft"))
    totals = split.totals
    return (
        f"{totals.samples:,}",
        hours(totals.seconds),
        f"{totals.rejects.total():,}",
        f"{totals.left_out.total():,}",
        activity(split, float("inf")),
    )


def _recipes(plans: Plans) -> list[Content]:
    """What the bytes depend on, once for all splits that share it."""
    known = [(name, plan.recipe) for name, plan in plans.items() if plan is not None and plan.recipe]
    known.sort(key=lambda item: (sorted(item[1].items()), item[0]))
    lines = [
        element("p", f"{', '.join(name for name, _ in some)}: ", foreign(_said(recipe)), class_="small")
        for recipe, group in groupby(known, key=lambda item: item[1])
        if (some := list(group))
    ]
    return [element("h4", "Made with"), *lines] if lines else []


def _said(recipe: Mapping[str, str]) -> str:
    return " · ".join(f"{name} {value}" for name, value in recipe.items())


def _problem(text: str) -> Html:
    return element("p", foreign(text), class_="problem")
