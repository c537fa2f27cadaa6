"""The README's tables are those that the code gives. `UPDATE_README=1 pytest tests/test_readme.py` writes them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pipelines.catalogue import sources
from tag_schema.examples import task_table

README = Path(__file__).resolve().parents[1] / "README.md"


def source_table() -> str:
    """One row per source."""
    rows = ["| `DATASET=` | corpus | tasks | records | licence |", "|---|---|---|---|---|"]
    for source in sources().values():
        counts = [count for count in source.splits.values() if count is not None]
        records = f"{sum(counts):,}" if counts else "varies"
        tasks = " ".join(source.tasks)
        rows.append(f"| `{source.name}` | [{source.title}]({source.home}) | {tasks} | {records} | {source.licence} |")
    return "\n".join(rows)


def tasks_table() -> str:
    """One row per task."""
    rows = ["| task | | prompt | response | metric |", "|---|---|---|---|---|"]
    for row in task_table():
        mark = " ●" if row.published else ""
        prompt, response = (text.replace("|", "\\|") for text in (row.prompt, row.response))
        rows.append(f"| `{row.task}`{mark} | {row.title} | `{prompt}` | `{response}` | {row.metric} |")
    return "\n".join(rows)


@pytest.mark.parametrize(("name", "table"), [("sources", source_table), ("tasks", tasks_table)])
def test_tables_are_generated(name: str, table: object) -> None:
    text = README.read_text(encoding="utf-8")
    between = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
    made = table() + "\n"  # type: ignore[operator]
    if os.environ.get("UPDATE_README"):
        text = between.sub(lambda _: made, text)
        README.write_text(text, encoding="utf-8")
    found = between.search(text)
    assert found is not None
    assert found[0] == made
