"""The README's tables are those that the code gives; `make readme-tables` writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines import readme_tables
from pipelines.readme_tables import TABLES, filled, main
from tag_schema.tasks import TASKS

README = Path(__file__).resolve().parents[1] / "README.md"


@pytest.mark.parametrize("name", sorted(TABLES))
def test_tables_are_generated(name: str) -> None:
    text = README.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert found is not None, f"README.md has no markers <!-- {name} --> and <!-- /{name} -->"
    assert found[1] == TABLES[name](), "run: make readme-tables"


def test_writes_whatever_stood_between_the_markers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = README.read_text(encoding="utf-8")
    torn = tmp_path / "README.md"
    torn.write_text(re.sub(r"(<!-- corpora -->\n).*?(?=<!-- /)", r"\1<<<<<<< a\n=======\n", text, flags=re.DOTALL))
    assert main([str(torn)]) == 0 and torn.read_text(encoding="utf-8") == filled(text)
    assert main([str(torn)]) == 0 and "is as it should be" in capsys.readouterr().out
    torn.write_text(text.replace("<!-- /hours -->", ""))
    assert main([str(torn)]) == 1 and "<!-- /hours -->" in capsys.readouterr().err


def test_every_row_has_the_columns_of_its_head() -> None:
    for name, table in TABLES.items():
        counts = {len(re.split(r"(?<!\\)\|", line)) for line in table().partition("\n\n")[0].splitlines()}
        assert len(counts) <= 1, name
    assert len(readme_tables.hours_table().splitlines()) == len(TASKS) + 2
