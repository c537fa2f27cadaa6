#!/usr/bin/env python3
"""The catalogue: every source corpus there is, found by importing `pipelines/sources/`.

python pipelines/catalogue.py [task=sed,asc] [language=de] [licence=commercial]    the table
python pipelines/catalogue.py covost2                                              how to obtain it, what to pass
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from pathlib import Path

if __package__ in (None, ""):  # run as a script: its own folder gives way to the packages' one
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from pipelines.labels.languages import language_code
from pipelines.own.data import OwnData, OwnDataConfig
from pipelines.own.fields import FIELDS
from pipelines.own.source import OwnSource
from pipelines.record import TextForm
from pipelines.source import Cut, Source, SourceError
from tag_schema.tasks import TASKS

WIDTH = 120  # characters of a line
MOST_LANGUAGES = 3  # named in the table; of more, their number
MOST_TASKS = 6
_MARGIN = 11  # characters before what a line of a page says
_CUTS: Mapping[Cut, str] = {
    "annotated": "cut at pauses between words",
    "window": "cut every 30 s",
    "whole": "rejected as too_long, except in evaluation splits",
}
_FORMS: Mapping[TextForm, str] = {
    "written": "as written: cased, punctuated, numbers in digits",
    "spoken": "as spoken: numbers in words",
    "unpunctuated": "lower case without punctuation",
}
_CALLED = {  # what data of one's own may be called
    "nemo": "manifest", "jsonl": "manifest", "json": "manifest", "csv": "manifest", "tsv": "manifest",
    "hf": "huggingface", "datasets": "huggingface", "arrow": "huggingface", "parquet": "huggingface",
    "wds": "webdataset", "tar": "webdataset", "shar": "lhotse", "cuts": "lhotse",
}  # fmt: skip
_SPOKEN = frozenset({"asr", "dialect_asr", "osr", "srwt"})


@cache
def sources() -> Mapping[str, type[Source]]:
    """The class of each source by its name, in order of names."""
    package = importlib.import_module("pipelines.sources")
    found: dict[str, type[Source]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for value in vars(importlib.import_module(f"pipelines.sources.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Source) and value.__module__.endswith(f".{module.name}"):
                found[value.name] = value
    return dict(sorted(found.items()))


def find(name: str) -> type[Source]:
    """The source called `name`.

    Raises:
        SourceError: there is none; suggests the nearest names.
    """
    known = sources()
    if name in known:
        return known[name]
    flat = name.lower().replace("-", "").replace("_", "").replace(" ", "")
    near = [n for n in known if n.replace("_", "") == flat or n == _CALLED.get(flat)]
    near = near or [n for n in known if flat and (n.startswith(flat) or flat.startswith(n))]
    near = near or _nearest(flat, known)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
    raise SourceError(f"no dataset '{name}'; {hint}")


def _nearest(typed: str, known: Iterable[str]) -> list[str]:
    """The names that are as near as the nearest, or nearly so."""
    near = get_close_matches(typed, list(known), n=3, cutoff=0.6)
    nearness = [SequenceMatcher(None, typed, name).ratio() for name in near]
    return [name for name, ratio in zip(near, nearness, strict=True) if ratio > max(nearness) - 0.1]


def class_of(dataset: str, own: OwnData | None) -> type[Source]:
    """The class of a dataset in OUT: one of the catalogue, or what its user said of his `own` data."""
    if own is None:
        return find(dataset)
    form = find(own.format)
    if not issubclass(form, OwnSource):
        raise SourceError(f"{dataset}: {own.format} is not a format of data of one's own")
    return form.described(own)


def table(filters: Mapping[str, str]) -> str:
    """The sources that pass `filters` (`task`, `language`, `licence`), one line each, and what they are together.

    A filter may name several values (`sed,asc`), of which a source has one. `licence` is `commercial` or a name.

    Raises:
        SourceError: no source has such a value; names the nearest that one has.
    """
    chosen = [source for source in releases() if all(_passes(source, key, filters[key]) for key in filters)]
    for key in filters:
        _check_filter(key, filters[key])
    rows = [
        (
            source.name,
            hours_of(source),
            records_of(source),
            "yes" if source.commercial else "no",
            languages_of(source, MOST_LANGUAGES),
            " ".join(source.tasks) if len(source.tasks) <= MOST_TASKS else f"{len(source.tasks)} tasks",
            source.title.partition(": ")[2] or source.title,  # the name stands before it
        )
        for source in chosen
    ]
    head = ("name", "hours", "records", "comm.", "languages", "tasks", "title")
    return "\n".join([*_columns(head, rows), "", *_summary(chosen, filters)])


def _columns(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Lines of at most WIDTH characters, numbers to the right; the last column gives way."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if head[column] in ("hours", "records") else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  ".join(cells).rstrip()
        yield line if len(line) <= WIDTH else f"{line[: WIDTH - 1].rstrip()}…"


def _summary(chosen: Sequence[type[Source]], filters: Mapping[str, str]) -> Iterator[str]:
    """What the listed sources are together."""
    known = [hours for source in chosen if (hours := hours_told(source)) is not None]
    silent = f" ({len(chosen) - len(known)} vary and do not count)" if len(known) < len(chosen) else ""
    of_all = f" of {len(releases())}" if len(chosen) < len(releases()) else ""
    yield f"{len(chosen)}{of_all} corpora, up to {sum(known):,.0f} hours{silent}; comm.: commercial use is allowed"
    if not filters and (missing := [task for task in TASKS if not any(task in source.tasks for source in chosen)]):
        yield f"tasks that none of them has: {' '.join(missing)}"
    if not filters:
        yield f"data of your own, of any task: DATASET={' '.join(source.name for source in own_formats())}"
    yield "make source DATASET=name: how to obtain one, what to pass as SOURCE"


def _passes(source: type[Source], key: str, wanted: str) -> bool:
    return not set(_values(key, wanted)).isdisjoint(_had(source, key))


def _values(key: str, wanted: str) -> list[str]:
    """The values of a filter as sources have them: `German` is `de`."""
    values = [value.strip() for value in wanted.split(",") if value.strip()]
    if key == "language":
        return [language_code(value) or value.lower() for value in values]
    return [value.lower() for value in values]


def _had(source: type[Source], key: str) -> Sequence[str]:
    if key == "licence":
        return [source.licence.lower(), *(["commercial"] if source.commercial else [])]
    return source.tasks if key == "task" else source.languages


def _check_filter(key: str, wanted: str) -> None:
    """Refuse a value that no source has."""
    had = sorted({value for source in releases() for value in _had(source, key)})
    for value in _values(key, wanted):
        if value in had:
            continue
        if key == "task" and value in TASKS:
            raise SourceError(f"no corpus has task={value} ({TASKS[value].title}); there are: {', '.join(had)}")
        near = get_close_matches(value, had, n=3, cutoff=0.6)
        if key == "task":  # words of what a task is
            near = near or [name for name, task in TASKS.items() if value in task.title]
        told = [f"{name} ({TASKS[name].title})" if key == "task" else name for name in near]
        hint = f"did you mean {' or '.join(told)}?" if told else f"there are: {', '.join(had)}"
        raise SourceError(f"no corpus has {key}={value}; {hint}")


def releases() -> list[type[Source]]:
    """The corpora that somebody released."""
    return [source for source in sources().values() if not issubclass(source, OwnSource)]


def own_formats() -> list[type[Source]]:
    """The formats in which data of one's own come."""
    return [source for source in sources().values() if issubclass(source, OwnSource)]


def hours_told(source: type[Source]) -> float | None:
    """The hours of all splits: as published, else the release's records by their mean length; None: not known."""
    if source.hours is not None or None in source.splits.values():
        return source.hours
    return sum(count or 0 for count in source.splits.values()) * source.mean_seconds / 3600


def hours_of(source: type[Source]) -> str:
    """The hours as documentation shows them: `178`, `~37` where they are reckoned from the mean length."""
    hours = hours_told(source)
    if hours is None:
        return "varies"
    return ("" if source.hours is not None else "~") + (f"{hours:,.0f}" if hours >= 10 else f"{hours:.1f}")


def records_of(source: type[Source]) -> str:
    """The records of all splits; `1,609+` where those of some are not known. Trial lists name the same clips again."""
    told = [count for split, count in source.splits.items() if split not in source.trials]
    counts = [count for count in told if count is not None]
    return f"{sum(counts):,}{'+' * (len(counts) < len(told))}" if counts else "varies"


def languages_of(source: type[Source], most: int) -> str:
    """The languages of the speech by their codes, or how many where there are more than `most`."""
    return f"{len(source.languages)} languages" if len(source.languages) > most else " ".join(source.languages) or "-"


def _packed(source: type[Source]) -> str:
    """Which archives need not be unpacked."""
    named = f" ({', '.join(source.archives)})" if source.archives else ""
    return f"archives (.tar, .tar.gz, .zip) that lie there as they came{named} are read in place"


def page(source: type[Source]) -> str:
    """All that a user needs to know to build shards from `source`."""
    own = issubclass(source, OwnSource)
    licence = f"{source.licence} ({'' if source.commercial else 'no '}commercial use)"
    pairs = source.pair_splits()
    facts = [
        ("home", source.home),
        ("licence", "" if own else licence),
        ("cite", source.attribution),
        ("tasks", "" if own else ", ".join(f"{task} ({TASKS[task].title})" for task in source.tasks)),
        ("languages", "" if own else " ".join(source.languages) or "none"),
        ("hours", "" if own else hours_of(source)),
        ("audio", source.audio + ("; files are often missing, and then left out" * source.audio_may_be_missing)),
        ("over 30 s", _CUTS[source.cut]),
        ("text", _FORMS[source.text_form] if _SPOKEN & set(source.tasks) else ""),
        ("pairs", f"{next(iter(pairs))}, …: two clips of one speaker or of two, sampled" if pairs else ""),
        ("obtain", source.obtain),
        ("SOURCE=", source.expects),
        ("packed", "" if issubclass(source, OwnSource) else _packed(source)),
        *(("ROOTS=", f"{name}=/path  {purpose}") for name, purpose in source.extra_roots.items()),
    ]
    given = f"DATASET={source.name} SOURCE=/path"
    given += "".join(f" [ROOTS={name}=/path]" for name in list(source.extra_roots)[:1])
    return "\n".join(
        [
            f"{source.name}: {source.title}",
            *(_wrapped(name, text) for name, text in facts if text),
            *(_own_keys(source) if issubclass(source, OwnSource) else _splits(source)),
            "",
            source.layout.strip("\n"),
            "",
            f"make check-source {given}",
            f"make shards {given}" + f" SPLIT={source.default_splits[0]}" * (len(source.splits) > 1),
            "SOURCE=s3://bucket/path reads it in a bucket, where it lies.",
        ]
    )


def _own_keys(source: type[OwnSource]) -> Iterator[str]:
    """What a user may say of his own data beside SOURCE, and the fields of its rows."""
    keys = [item.name.upper() for item in dataclasses.fields(OwnDataConfig) if item.name != "columns"]
    yield _wrapped("options", ", ".join(keys))
    if source.has_columns:
        yield _wrapped("COLUMNS=", "audio=path,text=said  where fields of yours have other names than these:")
        yield from (f"{'':<{_MARGIN}}{name:<22}{textwrap.shorten(meaning, 84)}" for name, meaning in FIELDS.items())


def _splits(source: type[Source]) -> Iterator[str]:
    """The splits in a line, or, where they are many, in one each, with what a check expects of them."""
    default, held = set(source.default_splits), set(source.evaluation_splits)
    rows = []
    for split, count in source.splits.items():
        marks = [] if split in default else ["only when SPLIT= names it"]
        marks += ["for evaluation: never cut"] if split in held else []
        rows.append((split, "any number" if count is None else f"{count:,}", "; ".join(marks)))
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    for number, (split, records, remark) in enumerate(rows):
        name = "splits" if number == 0 else ""
        yield f"{name:<{_MARGIN}}{split:<{widths[0]}}  {records:>{widths[1]}}  {remark}".rstrip()


def _wrapped(name: str, text: str) -> str:
    # The folder to pass and addresses are copied from here: no line is broken inside a word.
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=f"{name:<{_MARGIN}}",
        subsequent_indent=" " * _MARGIN,
        break_long_words=False,
        break_on_hyphens=False,
    )


def main(arguments: Sequence[str]) -> int:
    """Print the table, or one source's page."""
    if {"-h", "--help"} & set(arguments):
        print((__doc__ or "").strip())
        return 0
    names = [argument for argument in arguments if "=" not in argument]
    filters = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    filters = {key.lower(): value for key, value in filters.items() if value}
    unknown = set(filters) - {"task", "language", "licence"}
    if unknown or len(names) > 1:
        wrong = ", ".join([*sorted(unknown), *names[1:]])
        print(f"cannot use {wrong}; give one name, or task=, language=, licence=commercial", file=sys.stderr)
        return 1
    try:
        print(page(find(names[0])) if names else table(filters))
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
