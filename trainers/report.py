#!/usr/bin/env python
"""One page about a run: shards, curves, scores, and samples to see and hear. Then a summary in a few lines.

    python trainers/report.py trainers/configs/tiny.yaml [report.output=report.html] [key=value …]

The page needs nothing else: no network, no other file. What the run has not got to yet is left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this folder, so that the packages beside it are found.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from collections.abc import Iterator, Sequence

from shards.config import ConfigError, load_config
from shards.pages.embedded import choose
from shards.pages.html import Content, Html, document, element, write_page
from shards.schema import ShardError
from shards.statistics import hours
from shards.storage import Storage, StorageError
from shards.totals import summed
from trainers.config import PretrainConfig
from trainers.pages.chart import running_mean, sparkline
from trainers.pages.gallery import gallery, read_samples
from trainers.pages.run import Run, read_run
from trainers.pages.sections import appendix, score_table, shard_tables, tiles, training_charts
from trainers.progress import duration

USER_ERRORS = (ConfigError, ShardError, StorageError, OSError)


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status is 0 when the page is written."""
    if {"-h", "--help"} & {*arguments} or not arguments:
        print(__doc__)
        return 0 if arguments else 2
    try:
        config = load_config(PretrainConfig, arguments[0], arguments[1:])
        path = page_path(config)
        run = read_run(config)
        print(summary(run, write_page(path, page(run, config))))
        return 0
    except USER_ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def page_path(config: PretrainConfig) -> Path:
    """Where the page goes.

    Raises:
        ConfigError: the run is in a bucket and no file is named.
    """
    if config.report.output:
        return Path(config.report.output)
    if "://" in config.output:
        raise ConfigError(f"the run is at {config.run_url}; name a local file with report.output=report.html")
    return Path(config.run_url) / "report.html"


def page(run: Run, config: PretrainConfig) -> str:
    """The HTML of the report."""
    title = config.report.title or f"Run {run.name}"
    body: list[Content] = [
        element("h1", title),
        element("p", headline(run), class_="soft"),
        tiles(key_numbers(run)),
        element("h2", "Scores"),
        element("p", provenance(run, config), class_="soft small"),
        score_table(run.rows),
    ]
    if run.curves.loss:
        body += [element("h2", "Training"), training_charts(run.curves)]
    if run.splits:
        body += [element("h2", "Shards"), shard_tables(run.splits), element("h2", "Samples"), LEGEND]
        body += galleries(run, config)
    body.append(element("h2", "Settings"))
    if run.versions:
        libraries = ", ".join(f"{name} {number}" for name, number in sorted(run.versions.items()))
        body.append(element("p", libraries, class_="small"))
    body.append(appendix("Configuration", run.settings) if run.settings else None)
    return document(title, *body)


def provenance(run: Run, config: PretrainConfig) -> str:
    """On what the scores were measured, and whether any of it was trained on."""
    both = sorted({row.split for row in run.rows} & {*config.data.splits})
    trained = f"trained on as well: {', '.join(both)}" if both else "none of these splits was trained on"
    return f"Measured on generated text, decoded greedily; {trained}."


LEGEND = element(
    "p",
    "Chosen by chance, not by how they were answered. Above a spectrogram: ",
    element("span", "the corpus's words", style="color: var(--gold)"),
    "; below: ",
    element("span", "the words and times the model wrote", style="color: var(--guess)"),
    ".",
    class_="soft small",
)


def galleries(run: Run, config: PretrainConfig) -> Iterator[Html]:
    """Samples of every evaluated split, and of every other dataset that was trained on."""
    storage = Storage(config.data.shards, **config.data.storage_options)
    for split, by_key in run.predictions.items():
        keys = choose({key: {one.task for one in made} for key, made in by_key.items()}, config.report.samples)
        yield gallery(split, read_samples(storage, split, keys), by_key)
    shown = {split.partition("/")[0] for split in run.predictions}
    complete = {f"{one.dataset}/{one.split}" for one in run.splits}
    for split in config.data.splits:
        dataset = split.partition("/")[0]
        if split in complete and dataset not in shown:
            shown.add(dataset)
            yield gallery(split, read_samples(storage, split, first=config.report.samples), {})


def headline(run: Run) -> str:
    """The run in a sentence."""
    if not run.steps:
        return f"{run.url}: not trained yet"
    scored = f"; scores of checkpoint {run.checkpoint}" if run.checkpoint else ""
    return f"{run.url}: {run.steps:,} steps in {duration(run.seconds)}{scored}"


def key_numbers(run: Run) -> list[tuple[str, str]]:
    """(number, what it counts), the most important ones."""
    totals = summed(one.totals for one in run.splits)
    numbers = [
        (f"{sum(one.shards for one in run.splits):,}", "shards"),
        (f"{totals.samples:,}", "samples"),
        (hours(totals.seconds), "hours"),
        (f"{len(totals.counts)}", "tasks"),
    ]
    if run.steps:
        numbers.append((f"{run.steps:,}", "steps"))
    if smooth := running_mean(run.curves.loss):
        numbers.append((f"{smooth[-1][1]:.3f}", "training loss"))
    goals = [row.met for row in run.rows if row.met is not None]
    if goals:
        numbers.append((f"{sum(goals)} of {len(goals)}", "goals met"))
    return numbers


def summary(run: Run, path: Path) -> str:
    """The run in a few lines for the terminal."""
    totals = summed(one.totals for one in run.splits)
    shards = sum(one.shards for one in run.splits)
    lines = [
        f"shards   {shards:,} with {totals.samples:,} samples, {hours(totals.seconds)} hours, "
        f"{totals.rejects.total():,} rejects; tasks: {' '.join(sorted(totals.counts)) or 'none'}"
    ]
    if run.curves.loss:
        losses = [loss for _, loss in run.curves.loss]
        lines.append(f"loss     {losses[0]:.2f} {sparkline(losses)} {losses[-1]:.3f} in {run.steps:,} steps")
    if run.curves.overall:
        held = [loss for _, loss in run.curves.overall]
        lines.append(f"held out {held[0]:.2f} {sparkline(held)} {held[-1]:.3f}, best {min(held):.3f}")
    marks = {True: "  met: ", False: "  NOT MET: ", None: ""}
    for place, row in enumerate(run.rows):
        name = " ".join(part for part in (row.split, row.task, row.language) if part)
        goal = f"{marks[row.met]}{row.goal_text()}"
        head = "scores" if place == 0 else ""
        lines.append(f"{head:<9}{name:<44} {row.score.metric} {row.score.text()} of {row.score.count:,}{goal}")
    lines.append(f"report   {path}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
