"""Turns from RTTM files: lines of other types, faults, and a real file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.formats.rttm import read_rttm
from pipelines.record import Reject, Turns
from tests.pipelines.real import real
from tests.pipelines.sources.fixture import write


def read(folder: Path, text: str) -> dict[str, Turns | Reject]:
    write(folder / "x.rttm", text)
    return read_rttm(folder, "x.rttm")


def test_turns_by_recording(tmp_path: Path) -> None:
    text = (
        "\ufeff;; comment\r\nSPKR-INFO a 1 <NA> <NA> <NA> unknown s1 <NA>\r\n\r\n"
        "SPEAKER a 1 0.1 0.2 <NA> <NA> s1 <NA> <NA>\r\nSPEAKER\tb 1 5 1.5 <NA> <NA> s2\r\n"
        "SPEAKER a 1 0.2 0.5 <NA> <NA> s2 <NA> <NA>\r\nSPEAKER a 1 0.9 0 <NA> <NA> s1 <NA> <NA>"
    )
    assert read(tmp_path, text) == {
        "a": Turns((("s1", 0.1, 0.3), ("s2", 0.2, 0.7))),
        "b": Turns((("s2", 5.0, 6.5),)),
    }


@pytest.mark.parametrize(
    ("line", "reject"),
    [
        ("SPEAKER a 1 0.1 0.2", ("a", "too_few_columns")),
        ("SPEAKER", ("x.rttm:2", "too_few_columns")),
        ("SPEAKER a 1 zero 0.2 <NA> <NA> s1", ("a", "bad_row")),
        ("SPEAKER a 1 nan 0.2 <NA> <NA> s1", ("a", "bad_times")),
        ("SPEAKER a 1 -1 2 <NA> <NA> s1", ("a", "bad_times")),
        ("SPEAKER a 1 1 -2 <NA> <NA> s1", ("a", "bad_times")),
        ("SPEAKER a 1 1 2 <NA> <NA> \udce9", ("x.rttm:2", "wrong_encoding")),
    ],
)
def test_a_bad_line_costs_its_recording(tmp_path: Path, line: str, reject: tuple[str, str]) -> None:
    found = read(tmp_path, f"SPEAKER a 1 0 1 <NA> <NA> s1\n{line}\nSPEAKER c 1 0 1 <NA> <NA> s1\n")
    assert found.pop("c") == Turns((("s1", 0.0, 1.0),))
    assert found[reject[0]] == Reject(*reject, "x.rttm:2")


def test_real_meetings() -> None:
    found = read_rttm(real("ami_rttm"), "debug.train.rttm")
    assert list(found) == ["trn01", "trn02"]
    first, second = (turns for turns in found.values() if isinstance(turns, Turns))
    assert [speaker for speaker, _, _ in first.turns] == ["FEO066", "MEE068", "FEO065", "MÉO069", "FEO066", "FEO065"]
    assert first.turns[-1][1:] == (28.993, 30.0) and second.turns == (("FEO066", 20.704, 21.392),)
