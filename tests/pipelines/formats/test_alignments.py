"""TextGrids in every form in which they come, and word times beside a corpus."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.formats.alignments import fitted, read_condensed
from pipelines.formats.textgrid import Tier, read_tiers, read_words
from pipelines.record import Reject, Word, Words
from tests.pipelines.real import real
from tests.pipelines.sources.fixture import Fixture, textgrid, write
from tests.pipelines.sources.fixtures import FIXTURES, records

TIERS = [("words", [(0, 0.5, ""), (0.5, 1.25, 'say "5" \n<exists> now'), (1.25, 2, "é")]), ("phones", [(0, 2, "sp")])]


@pytest.mark.parametrize("short", [False, True], ids=["long", "short"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_form_reads_the_same(tmp_path: Path, short: bool, encoding: str, line_end: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text = mark + textgrid(TIERS, short).replace("\n", line_end)
    (tmp_path / "x.TextGrid").write_bytes(text.encode(encoding))
    labelled = [tuple((a, b, c.replace("\n", line_end)) for a, b, c in tier) for _, tier in TIERS]
    assert read_tiers(tmp_path, "x.TextGrid") == [Tier("words", labelled[0]), Tier("phones", labelled[1])]


def test_points_are_no_words(tmp_path: Path) -> None:
    point = 'class = "TextTier"\nname = "words"\nxmin = 0\nxmax = 1\npoints: size = 1\npoints [1]:\nnumber = 0.5\n'
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 1\ntiers? <exists>\nsize = 1\n'
    write(tmp_path / "x", f'{head}item []:\nitem [1]:\n{point}mark = "H*"\n')
    assert read_tiers(tmp_path, "x") == [Tier("words", ((0.5, 0.5, "H*"),))]


def test_speakers_of_a_tier_each(tmp_path: Path) -> None:
    tiers = [("Ann - words", [(0, 1, "one"), (1, 2, "sp")]), ("Bo - words", [(0.5, 1.5, "two")])]
    write(tmp_path / "x", textgrid([*tiers, ("Ann - phones", [(0, 2, "ah")])]))
    assert read_words(tmp_path, "x") == (Word("one", 0, 1, "Ann"), Word("two", 0.5, 1.5, "Bo"))
    write(tmp_path / "y", textgrid(tiers[:1]))
    assert read_words(tmp_path, "y") == (Word("one", 0, 1),)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "bad_row"),
        (b'File type = "ooTextFile"\nObject class = "Pitch 1"\n', "bad_row"),
        (b"ooBinaryFile\x08TextGrid" + bytes(16), "bad_row"),
        (textgrid(TIERS).encode()[:-40], "bad_row"),
        (re.sub("xmax = 1.25", "xmax = ?", textgrid(TIERS)).encode(), "bad_row"),
        (re.sub("size = 2", "size = 99999999999", textgrid(TIERS)).encode(), "bad_row"),
        (textgrid([("words", [(0, 1, "caf\xe9")])]).encode("latin-1"), "wrong_encoding"),
        (textgrid([("words", [(-1, 1, "a")])]).encode(), "bad_times"),
        (textgrid([("words", [(2, 1, "a")])]).encode(), "bad_times"),
    ],
    ids=range(9),
)
def test_what_cannot_be_read_is_named(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "x").write_bytes(data)
    assert read_words(tmp_path, "x") == Reject("x", reason, "x")


def test_words_take_the_spelling_of_the_transcript() -> None:
    words = (Word("it's", 0, 1), Word("<unk>", 1, 2), Word("late", 2, 3))
    fit = fitted(words, "IT'S VERY LATE", "x")
    assert isinstance(fit, Words) and [word.word for word in fit.words] == ["IT'S", "VERY", "LATE"]
    assert fitted((Word("it", 0, 1), Word("'s", 1, 2)), "IT'S", "x") == Words(
        (Word("it", 0, 1), Word("'s", 1, 2)), "mfa"
    )
    chinese = fitted((Word("卡拉", 0, 1), Word("o", 1, 2), Word("k", 2, 3)), "卡拉 ｏ ｋ", "x")
    assert isinstance(chinese, Words) and chinese.words[1].word == "ｏ"
    for other in ("IT'S LATE", "IT'S VERY LATE NOW", "IT IS LATE", ""):
        assert fitted(words, other, "x") == Reject("x", "bad_row", "x")
    assert fitted((), "NO WORDS", "x") == Reject("x", "bad_row", "x")


def test_condensed_times_are_ends(tmp_path: Path) -> None:
    write(tmp_path / "x", '84-1-0007 ",THE,SHIP,,SAILED," "0.310,0.450,0.980,1.200,1.770,2.05"\n')
    words, rejects = read_condensed(tmp_path, "x")
    said = (Word("THE", 0.31, 0.45), Word("SHIP", 0.45, 0.98), Word("SAILED", 1.2, 1.77))
    assert words == {"84-1-0007": ("x:1", said)}
    assert rejects == []


def words_of(fixture: Fixture, name: str, split: str) -> dict[str, Words | None]:
    found = records(fixture, name, split)
    return {key: next((a for a in record.annotations if isinstance(a, Words)), None) for key, record in found.items()}


def test_librispeech_merged_and_in_a_root_of_its_own(tmp_path: Path) -> None:
    fixture = FIXTURES["librispeech"](tmp_path)
    merged = words_of(fixture, "librispeech", "dev-clean")
    assert merged["19-198-0000"] == Words((Word("NORTHANGER", 0.01, 0.05), Word("ABBEY", 0.05, 0.09)), "mfa")
    assert merged["19-198-0001"] is None
    assert merged["7-3-0000"] == Words((Word("A", 0.02, 0.05), Word("NAME", 0.05, 0.1)), "mfa")
    for path in [*fixture.source.rglob("*.alignment.txt"), *fixture.source.rglob("*.TextGrid")]:
        (tmp_path / "kept/LibriSpeech/x").mkdir(parents=True, exist_ok=True)
        path.rename(tmp_path / "kept/LibriSpeech/x" / path.name)
    assert not any(words_of(fixture, "librispeech", "dev-clean").values())
    beside = Fixture(fixture.source, {}, roots={"librispeech_alignments": tmp_path / "kept"})
    assert words_of(beside, "librispeech", "dev-clean") == merged


def test_aishell1_with_a_tree_of_the_users_own(tmp_path: Path) -> None:
    words = words_of(FIXTURES["aishell1"](tmp_path), "aishell1", "train")
    found = words["BAC009S0002W0122"]
    assert found is not None and [word.word for word in found.words] == ["而", "对", "楼市", "成交", "抑制"]
    assert words["BAC009S0002W0123"] is None


def test_textgrids_of_phoneticians() -> None:
    folder = real("praat_textgrid")
    bobby = read_words(folder, "bobby.TextGrid")
    assert not isinstance(bobby, Reject) and len(bobby) > 2 and all(0 < w.start < w.end < 1.2 for w in bobby)
    czech = read_tiers(folder, "H.TextGrid")
    assert not isinstance(czech, Reject) and len(czech) == 5 and czech[0].intervals[0][2] == "j"
