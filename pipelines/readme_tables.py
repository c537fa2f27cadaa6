#!/usr/bin/env python3
"""The README's tables, made of the facts that sources and tasks declare: corpora, tasks, hours, prompts.

python pipelines/readme_tables.py [README.md]    writes them between `<!-- name -->` and `<!-- /name -->`
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from pipelines.catalogue import hours_of, hours_told, languages_of, own_formats, records_of, releases
from pipelines.source import Source
from shards.pages.paper import PAPER_HOURS
from tag_schema.examples import task_table
from tag_schema.tasks import TASKS
from tag_schema.vocabulary import LANGUAGES

README = Path(__file__).resolve().parents[1] / "README.md"
MOST_LANGUAGES = 9  # named; of more, their number
TRANSCRIBED = ("asr", "dialect_asr")  # whose hours are also told by language


def corpora_table() -> str:
    """One row per corpus."""
    rows = [
        (
            f"`{source.name}`",
            f"[{source.title}]({source.home})",
            " ".join(source.tasks),
            languages_of(source, MOST_LANGUAGES),
            hours_of(source),
            records_of(source),
            source.licence,
            "yes" if source.commercial else "no",
        )
        for source in releases()
    ]
    head = ("`DATASET=`", "corpus", "tasks", "languages", "hours", "records", "licence", "commercial use")
    return markdown(head, rows)


def formats_table() -> str:
    """One row per format of data of one's own, under a line that says so; nothing where there is none."""
    rows = [(f"`{source.name}`", source.title, source.expects) for source in own_formats()]
    head = ("`DATASET=`", "data of your own", "SOURCE")
    return markdown(head, rows) if rows else ""


def hours_table() -> str:
    """One row per task: the corpora that have it, the hours of these, the paper's hours."""
    rows = []
    for name, task in TASKS.items():
        having = [source for source in releases() if name in source.tasks]
        names = " ".join(f"`{source.name}`" for source in having)
        rows.append((f"`{name}`", task.title, names or "none", total(having), PAPER_HOURS[name]))
    return markdown(("task", "", "corpora", "up to", "paper"), rows)


def languages_table() -> str:
    """One row per language whose hours of transcribed speech are known, and for each of the released vocabulary."""
    corpora = [source for source in releases() if set(TRANSCRIBED) & set(source.tasks)]
    hours = {code: language_hours(code, corpora) for source in corpora for code in source.languages}
    shown = sorted((code for code in hours if hours[code] or code in LANGUAGES), key=lambda code: (-hours[code], code))
    rows = []
    for code in shown:
        having = [source for source in corpora if code in source.languages]
        counted = [source for source in having if language_hours(code, [source])]
        others = [source for source in having if source not in counted]
        rows.append((f"`{code}`", names_of(counted), f"{hours[code]:,.0f} h" if counted else "", names_of(others)))
    head = ("language", "corpora whose hours of it are known", "up to", "corpora whose hours of it are not")
    rest = " ".join(sorted(hours.keys() - set(shown)))
    return markdown(head, rows) + (f"\nFurther languages of such corpora: {rest}.\n" if rest else "")


def language_hours(code: str, corpora: Iterable[type[Source]]) -> float:
    """The hours that corpora are known to hold in one language."""
    return sum(
        (hours_told(source) or 0.0) if source.languages == (code,) else source.language_hours.get(code, 0.0)
        for source in corpora
    )


def prompts_table() -> str:
    """One row per task: its prompt and a response."""
    rows = []
    for row in task_table():
        prompt, response = (text.replace("|", "\\|") for text in (row.prompt, row.response))
        mark = " ●" if row.published else ""
        rows.append((f"`{row.task}`{mark}", row.title, f"`{prompt}`", f"`{response}`", row.metric))
    return markdown(("task", "", "prompt", "response", "metric"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "corpora": corpora_table,
    "formats": formats_table,
    "hours": hours_table,
    "languages": languages_table,
    "prompts": prompts_table,
}


def names_of(corpora: Iterable[type[Source]]) -> str:
    """Names as code."""
    return " ".join(f"`{source.name}`" for source in corpora) or "none"


def total(corpora: Sequence[type[Source]]) -> str:
    """The hours of some corpora, and how many of them do not tell theirs."""
    known = [hours for source in corpora if (hours := hours_told(source)) is not None]
    unknown = len(corpora) - len(known)
    told = f"{sum(known):,.0f} h" if known else ""
    silent = f"{unknown} of unknown length" if unknown else ""
    return " + ".join(filter(None, (told, silent))) or "none"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, with a newline at its end."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines)


def filled(text: str) -> str:
    """The README with all tables as they should be.

    Raises:
        ValueError: a marker is missing.
    """
    for name, table in TABLES.items():
        between = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        if len(between.findall(text)) != 1:
            raise ValueError(f"expected one <!-- {name} --> and <!-- /{name} -->, each on a line of its own")
        text = between.sub(table().replace("\\", r"\\"), text)
    return text


def main(arguments: Sequence[str]) -> int:
    """Write the tables into README.md, or the file that is named."""
    if {"-h", "--help"} & set(arguments) or len(arguments) > 1:
        print((__doc__ or "").strip())
        return 0 if len(arguments) <= 1 else 1
    path = Path(arguments[0]) if arguments else README
    try:
        before = path.read_text(encoding="utf-8")
        after = filled(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"error: {path}: {error}", file=sys.stderr)
        return 1
    print(f"{path}: {'written' if after != before else 'is as it should be'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
