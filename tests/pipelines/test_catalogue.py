"""The catalogue finds every source, corrects a mistyped name, and prints what a user has to know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.source import SourceError

ROOT = Path(__file__).resolve().parents[2]


def test_every_module_holds_one_source_under_its_name() -> None:
    modules = {path.stem for path in (ROOT / "pipelines/sources").glob("*.py")} - {"__init__"}
    assert (
        set(catalogue.sources())
        == modules
        == {cls.__module__.rpartition(".")[2] for cls in catalogue.sources().values()}
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("covost", "covost2"), ("LibriSpeech", "librispeech"), ("common_voice", "commonvoice"), ("esc", "esc50"),
     ("aishell", "aishell1"), ("speech-commands", "speechcommands"), ("timti", "timit"), ("covost3", "covost2")],
)  # fmt: skip
def test_suggests_the_nearest_name(typed: str, meant: str) -> None:
    with pytest.raises(SourceError, match=f"no dataset '{typed}'; did you mean {meant}\\?"):
        catalogue.find(typed)


@pytest.mark.parametrize("typed", ["zzzzzz", "", "42"])
def test_lists_all_where_nothing_is_near(typed: str) -> None:
    with pytest.raises(SourceError, match="there are: aishell1, "):
        catalogue.find(typed)


def test_table_filters() -> None:
    assert "covost2" in catalogue.table({"task": "s2tt"}) and "esc50" not in catalogue.table({"task": "s2tt"})
    assert "mls" in catalogue.table({"language": "pl"}) and "aishell1" not in catalogue.table({"language": "pl"})
    free = catalogue.table({"licence": "commercial"})
    assert "librispeech" in free and "timit" not in free and "esc50" not in free


@pytest.mark.parametrize(
    ("arguments", "status", "shown"),
    [([], 0, "nsynth"), (["covost2"], 0, "ROOTS=     commonvoice=/path"), (["covost"], 1, "did you mean covost2?"),
     (["task=sed"], 0, "tasks"), (["color=red"], 1, "cannot use color")],
)  # fmt: skip
def test_command(arguments: list[str], status: int, shown: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "pipelines/catalogue.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == status and shown in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
