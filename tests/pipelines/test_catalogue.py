"""The catalogue finds every source, corrects a mistyped name, and prints what a user has to know."""

from __future__ import annotations

import re
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
     ("aishell", "aishell1 or aishell2"),
     ("librispeach", "librispeech"), ("speech-commands", "speechcommands"), ("timti", "timit"), ("covost3", "covost2")],
)  # fmt: skip
def test_suggests_the_nearest_name(typed: str, meant: str) -> None:
    with pytest.raises(SourceError, match=f"no dataset '{typed}'; did you mean {meant}\\?"):
        catalogue.find(typed)


@pytest.mark.parametrize("typed", ["zzzzzz", "", "42"])
def test_lists_all_where_nothing_is_near(typed: str) -> None:
    with pytest.raises(SourceError, match="there are: aishell1, "):
        catalogue.find(typed)


def test_table_filters() -> None:
    def names(**filters: str) -> set[str]:
        listed = catalogue.table(filters).partition("\n\n")[0]
        return {line.split()[0] for line in listed.splitlines()[1:]}

    assert "covost2" in names(task="s2tt") and "esc50" not in names(task="s2tt")
    assert names(task="s2tt,sec") == names(task="s2tt") | names(task="SEC")
    assert "mls" in names(language="pl") and "aishell1" not in names(language="pl")
    assert names(language="German") == names(language="de") and names(task="lid", language="pl") <= names(task="lid")
    free = names(licence="commercial")
    assert "librispeech" in free and "timit" not in free and "esc50" not in free
    assert "esc50" in names(licence="cc-by-nc-3.0")


def test_table_fits_the_screen_and_sums_up() -> None:
    lines = catalogue.table({}).splitlines()
    assert max(map(len, lines[: lines.index("")])) <= catalogue.WIDTH
    assert f"{len(catalogue.releases())} corpora, up to " in catalogue.table({})
    assert f" of {len(catalogue.releases())} corpora" in catalogue.table({"task": "ks"})
    own = {source.name for source in catalogue.own_formats()}
    assert "manifest" in own and own.isdisjoint(line.partition(" ")[0] for line in lines[1 : lines.index("")])


def test_the_page_of_a_format_tells_its_fields() -> None:
    assert "\n           translation_language  which\n" in catalogue.page(catalogue.find("manifest"))
    assert "LANGUAGE" in catalogue.page(catalogue.find("kaldi")) and "COLUMNS" not in catalogue.page(
        catalogue.find("kaldi")
    )


@pytest.mark.parametrize(
    ("key", "typed", "told"),
    [("task", "speech translation", "s2tt (speech translation to text)"), ("task", "asrr", "did you mean asr (speech"),
     ("language", "klingon", "there are: "), ("licence", "cc-by-4", "did you mean cc-by-4.0")],
)  # fmt: skip
def test_a_filter_that_nobody_passes(key: str, typed: str, told: str) -> None:
    with pytest.raises(SourceError, match=f"no corpus has {key}={typed}") as error:
        catalogue.table({key: typed})
    assert told in str(error.value)


def test_every_page_can_be_read() -> None:
    for source in catalogue.sources().values():
        page = catalogue.page(source)
        for split in source.splits if source in catalogue.releases() else ():
            assert re.search(rf"^(splits)? +{re.escape(split)} ", page, re.MULTILINE)
        facts = page.partition("\n\n")[0].splitlines()
        assert all(len(line) <= catalogue.WIDTH or "://" in line for line in facts), source.name
        assert f"make check-source DATASET={source.name} SOURCE=/path" in page


@pytest.mark.parametrize(
    ("arguments", "status", "shown"),
    [([], 0, "nsynth"), (["covost2"], 0, "ROOTS=     commonvoice=/path"), (["covost"], 1, "did you mean covost2?"),
     (["task=lid"], 0, "tasks"), (["task=asrr"], 1, "did you mean asr"), (["color=red"], 1, "cannot use color")],
)  # fmt: skip
def test_command(arguments: list[str], status: int, shown: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "pipelines/catalogue.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == status and shown in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_brings_no_decoders_with_it() -> None:
    """A source that imports what only building needs would cost every look at the catalogue half a gigabyte."""
    look = "import sys; from pipelines import catalogue; catalogue.sources(); print({'torch', 'av'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
