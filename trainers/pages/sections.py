"""The parts of a report that are tables and curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shards.pages.html import Content, Html, element, join, table
from shards.statistics import hours
from shards.summary import SplitSummary
from shards.totals import Amount, Totals, summed
from tag_schema.tasks import TASKS
from trainers.evaluation.scores import Row, main_details
from trainers.pages.chart import Line, Point, line_chart, running_mean


@dataclass(frozen=True)
class Curves:
    """What a run recorded, by step."""

    loss: Sequence[Point] = ()
    rate: Sequence[Point] = ()  # learning rate
    audio_seconds: Sequence[Point] = ()  # of audio, for each second of wall time
    validation: Mapping[str, Sequence[Point]] = field(default_factory=dict)  # held-out loss by task
    overall: Sequence[Point] = ()  # its mean over tasks


def tiles(numbers: Iterable[tuple[str, str]]) -> Html:
    """Large numbers, each with what it counts."""
    return element(
        "div", *(element("div", element("b", value), name, class_="tile") for value, name in numbers), class_="tiles"
    )


def score_table(rows: Sequence[Row]) -> Html:
    """Every score with what it should reach; what falls short is shown as it is."""
    if not rows:
        return element("p", "Nothing has been evaluated yet.", class_="soft")
    marks = {True: element("span", "met", class_="met"), False: element("span", "not met", class_="missed"), None: ""}
    head = ("split", "task", "language", "metric", "score", "goal", "", "of", "beside it")
    return table(
        head,
        [
            (
                row.split,
                element("span", row.task, title=TASKS[row.task].title),
                row.language,
                row.score.metric,
                element("b", row.score.text()),
                row.goal_text(),
                marks[row.met],
                f"{row.score.count:,}",
                element("span", main_details(row.score), class_="soft small"),
            )
            for row in rows
        ],
        numbers=(4, 5, 7),
    )


def training_charts(curves: Curves) -> Html:
    """Loss, held-out loss of each task, learning rate and speed over the steps."""
    charts = [
        line_chart(
            "Training loss, nats per label; bold: running mean",
            [Line("loss", curves.loss, faint=True), Line("loss", running_mean(curves.loss))],
        ),
        line_chart(
            "Held-out loss by task, nats per label",
            [Line(task, points, marks=True) for task, points in sorted(curves.validation.items())],
        ),
        line_chart("Learning rate", [Line("learning rate", curves.rate)]),
    ]
    if curves.audio_seconds:
        charts.append(
            line_chart(
                "Speed: seconds of audio per second",
                [Line("speed", curves.audio_seconds, faint=True), Line("speed", running_mean(curves.audio_seconds))],
            )
        )
    return element("div", *charts, class_="charts")


def shard_tables(splits: Sequence[SplitSummary]) -> Html:
    """What the shards hold: a line for each split, hours by task and language, rejects by reason."""
    rows = [_split_row(f"{one.dataset}/{one.split}", one.shards, one.totals) for one in splits]
    whole = summed(one.totals for one in splits)
    if len(rows) > 1:
        rows.append(_split_row("all", sum(one.shards for one in splits), whole))
    head = ("split", "shards", "samples", "hours", "mean s", "languages", "tasks", "words", "rejects")
    parts: list[Content] = [table(head, rows, numbers=(1, 2, 3, 4, 7))]
    by_task = [
        (
            element("span", task, title=TASKS[task].title if task in TASKS else None),
            f"{sum(amount.count for amount in languages.values()):,}",
            hours(sum(amount.seconds for amount in languages.values())),
            ", ".join(f"{language} {amount.count:,}" for language, amount in _by_size(languages)),
        )
        for task, languages in sorted(whole.counts.items())
    ]
    parts += [element("h3", "By task"), table(("task", "samples", "hours", "samples by language"), by_task, (1, 2))]
    for title, counts in (("Rejected", whole.rejects), ("Left out, nothing wrong", whole.left_out)):
        if counts:
            reasons = [(reason.replace("_", " "), f"{count:,}") for reason, count in counts.most_common()]
            parts += [element("h3", title), table(("reason", "count"), reasons, (1,))]
    return join(*parts)


def _split_row(name: str, shards: int, totals: Totals) -> tuple[Content, ...]:
    languages = {language: amount for per in totals.counts.values() for language, amount in per.items()}
    rejects = ", ".join(f"{reason.replace('_', ' ')} {count:,}" for reason, count in totals.rejects.most_common())
    return (
        name,
        f"{shards:,}",
        f"{totals.samples:,}",
        hours(totals.seconds),
        f"{totals.seconds / totals.samples:.2f}" if totals.samples else "-",
        " ".join(language for language, _ in _by_size(languages)),
        " ".join(sorted(totals.counts)),
        f"{totals.words:,}",
        rejects or "none",
    )


def _by_size(languages: Mapping[str, Amount]) -> list[tuple[str, Amount]]:
    return sorted(languages.items(), key=lambda entry: (-entry[1].count, entry[0]))


def appendix(title: str, text: str) -> Html:
    """A text that is opened by a click."""
    return element("details", element("summary", title), element("pre", text))
