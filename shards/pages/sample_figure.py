"""One sample on a page: its clips to be heard and seen, what the release says, and its targets."""

from __future__ import annotations

from collections.abc import Sequence

from shards.pages.clip import caption
from shards.pages.html import Html, element, foreign, table, tagged
from shards.sample import Sample


def sample_figure(sample: Sample, clips: Sequence[Html]) -> Html:
    """The sample; `clips` are its players and pictures, in order."""
    answers = [(target.task, tagged(target.prompt), tagged(target.response)) for target in sample.targets]
    said = sample.original.get("text")
    original = element("p", "in the release: ", foreign(str(said)), class_="soft small") if said else None
    body = element(
        "div", element("div", *clips), element("div", original, table(("task", "prompt", "response"), answers)),
        class_="sides",
    )  # fmt: skip
    return element("figure", element("figcaption", caption(sample)), body, class_="sample")


def unreadable_sample(key: str, why: str) -> Html:
    """In place of a sample that cannot be read."""
    return element(
        "figure", element("figcaption", foreign(key)), element("p", foreign(why), class_="problem"), class_="sample"
    )
