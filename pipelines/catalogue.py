#!/usr/bin/env python3
"""The catalogue: every source corpus there is, found by importing `pipelines/sources/`.

python pipelines/catalogue.py [task=asr] [language=de] [licence=commercial]    the table
python pipelines/catalogue.py covost2                                          how to obtain it, what to pass
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path

if __package__ in (None, ""):  # run as a script: its own folder gives way to the packages' one
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from pipelines.own_data import OwnData
from pipelines.own_source import OwnSource
from pipelines.source import Source, SourceError


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
    near = [n for n in known if n.replace("_", "") == flat]
    near = near or [n for n in known if flat and (n.startswith(flat) or flat.startswith(n))]
    near = near or get_close_matches(flat, known, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
    raise SourceError(f"no dataset '{name}'; {hint}")


def class_of(dataset: str, own: OwnData | None) -> type[Source]:
    """The class of a dataset in OUT: one of the catalogue, or what its user said of his `own` data."""
    if own is None:
        return find(dataset)
    form = find(own.format)
    if not issubclass(form, OwnSource):
        raise SourceError(f"{dataset}: {own.format} is not a format of data of one's own")
    return form.described(own)


def table(filters: Mapping[str, str]) -> str:
    """The sources that pass `filters` (task, language, licence), one line each."""
    rows = [("name", "tasks", "languages", "splits", "records", "licence", "title")]
    for source in sources().values():
        if "task" in filters and filters["task"].lower() not in source.tasks:
            continue
        if "language" in filters and filters["language"].lower() not in source.languages:
            continue
        if filters.get("licence") == "commercial" and not source.commercial:
            continue
        counts = [count for count in source.splits.values() if count is not None]
        languages = source.languages
        rows.append((
            source.name,
            " ".join(source.tasks),
            " ".join(languages) if len(languages) <= 8 else f"{len(languages)} languages",
            str(len(source.splits)),
            f"{sum(counts):,}" if counts else "varies",
            source.licence,
            source.title,
        ))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def page(source: type[Source]) -> str:
    """All that a user needs to know to build shards from `source`."""
    splits = [f"{split} ({count:,})" if count is not None else split for split, count in source.splits.items()]
    roots = [f"ROOTS=     {name}=/path   {purpose}" for name, purpose in source.extra_roots.items()]
    return "\n".join(
        [
            f"{source.name}: {source.title}",
            f"home       {source.home}",
            f"licence    {source.licence} ({'' if source.commercial else 'no '}commercial use)",
            f"cite       {source.attribution}",
            f"tasks      {' '.join(source.tasks)}",
            f"languages  {' '.join(source.languages) or 'none'}",
            f"audio      {source.audio}",
            f"splits     {', '.join(splits)}",
            f"default    {', '.join(source.default_splits)}",
            f"obtain     {source.obtain}",
            f"SOURCE=    {source.expects}",
            *roots,
            "",
            source.layout.strip("\n"),
            "",
            f"make shards DATASET={source.name} SOURCE=/path SPLIT={source.default_splits[0]}",
            "SOURCE=s3://bucket/path reads it in a bucket, where it lies.",
        ]
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
