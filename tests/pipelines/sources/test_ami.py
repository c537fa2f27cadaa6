"""What ids and reasons do not show of AMI: texts, words, speakers, and the windows of the mix."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.catalogue import find
from pipelines.formats.nxt import NxtError, read_elements
from pipelines.planning.plan import is_forgotten
from pipelines.record import Overlap, Transcript, Turns, Word, Words
from pipelines.source import SourceError
from shards.forgotten import Forgotten, hidden
from tests.pipelines.sources.corpora.ami import nxt, segment, word
from tests.pipelines.sources.fixture import tone, write
from tests.pipelines.sources.fixtures import FIXTURES, records_of


def test_utterances_of_one_headset(tmp_path: Path) -> None:
    source = find("ami")(FIXTURES["ami"](tmp_path).source)
    first, second, mix = records_of(source, "train")
    assert first.annotations == (
        Transcript("Voilà, R&D sta.", "en"),
        Words((Word("Voilà", 0.01, 0.02), Word("R&D", 0.02, 0.03), Word("sta", 0.04, 0.04))),
    )
    assert (first.audio[0].path, first.audio[0].start, first.audio[0].end) == (
        "amicorpus/ES2002a/audio/ES2002a.Headset-1.wav",
        0.01,  # not 0.015, where the first word is heard already
        0.05,
    )
    assert second.annotations == (Transcript("Untimed end", "en"),)  # no times of words where one has none
    assert (first.speaker.id, first.speaker.gender, first.original) == ("FEE005", "female", {"role": "PM"})
    assert {source.origin(record) for record in (first, second, mix)} == {"ami:ES2002a"}


def test_the_mix_tells_turns_and_all_that_is_said(tmp_path: Path) -> None:
    mix = records_of(find("ami")(FIXTURES["ami"](tmp_path).source), "train")[-1]
    assert is_forgotten(mix, Forgotten(frozenset({hidden("speaker:MÉO006")})), "ami")  # with any of its speakers
    assert mix.annotations == (
        Turns((("FEE005", 0.015, 0.05), ("MÉO006", 0.02, 0.05), ("FEE005", 0.05, 0.09))),
        Overlap(("Voilà, R&D sta. Untimed end", "Okay."), "en"),
    )


def test_windows_of_a_long_meeting(tmp_path: Path) -> None:
    notes = tmp_path / "ami/ami_public_manual_1.6.2"
    speakers = "".join(f'<speaker nxt_agent="{a}" channel="{n}" global_name="F{a}"/>' for n, a in enumerate("AB"))
    nxt(notes / "corpusResources/meetings.xml", f'<meeting observation="TS3005a">{speakers}</meeting>')
    for agent, shift in (("A", 0.0), ("B", 0.5)):
        name = f"TS3005a.{agent}"
        times = [round(shift + number, 3) for number in range(80)]
        words = [word(name, n, f"{agent.lower()}{n}", t, t + 0.7) for n, t in enumerate(times)]
        nxt(notes / f"words/{name}.words.xml", *words)
        # B is silent from 29.7 to 32 s.
        parts = [(0, 79)] if agent == "A" else [(0, 28), (32, 79)]
        nxt(
            notes / f"segments/{name}.segments.xml",
            *(segment(name, a, times[a], times[b] + 0.7, a, b) for a, b in parts),
        )
    tone(tmp_path / "ami/TS3005a.Mix-Headset.wav")
    found = [record for record in records_of(find("ami")(tmp_path / "ami"), "train") if "Mix" in record.id]
    # A leaves pauses of 0.3 s, B fills all but those while he is silent.
    spans = [(record.audio[0].start, record.audio[0].end) for record in found]
    assert spans[0][0] == 0.0 and 29.2 < (spans[0][1] or 0) < 30.0
    first = found[0]
    turns, overlap = first.annotations
    assert isinstance(turns, Turns) and isinstance(overlap, Overlap)
    assert turns.turns == (("FA", 0.0, spans[0][1]), ("FB", 0.5, 29.2))
    assert overlap.texts[0].startswith("a0 a1 a2") and overlap.texts[1].endswith("b27 b28")


def test_words_of_meetings_xml_that_cannot_be_read(tmp_path: Path) -> None:
    fixture = FIXTURES["ami"](tmp_path)
    write(fixture.source / "ami_public_manual_1.6.2/corpusResources/meetings.xml", "<nite:root>")
    with pytest.raises(SourceError, match=r"meetings\.xml:1: no element found.*; unpack the annotations again"):
        list(find("ami")(fixture.source).records("train"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('<!DOCTYPE r [<!ENTITY a "ha">]><r>&a;</r>', "x.xml:1: has a DOCTYPE"),
        ('<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', "x.xml:1: has a DOCTYPE"),
        ("<r>\n<w>&undefined;</w></r>", "x.xml:2: undefined entity"),
        ("<r>\n<w></r>", "x.xml:2: mismatched tag"),
        ("<a>" * 100_000, "over 32 elements in each other"),
        ('<?xml version="1.0" encoding="klingon"?><r/>', "x.xml:1: unknown encoding"),
        ("<r>\udce9</r>", "x.xml:1: not well-formed"),
        ("", "x.xml:1: no element found"),
    ],
)
def test_hostile_and_broken_files_are_refused(tmp_path: Path, text: str, says: str) -> None:
    write(tmp_path / "x.xml", text)
    with pytest.raises(NxtError, match=says):
        read_elements(tmp_path, "x.xml")


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "utf-16", "windows-1252"])
def test_files_tell_their_encoding(tmp_path: Path, encoding: str) -> None:
    write(tmp_path / "x.xml", f'<?xml version="1.0" encoding="{encoding}"?><r><w a:id="1">café</w></r>', encoding)
    (element,) = read_elements(tmp_path, "x.xml")
    assert (element.tag, element.text, element.attributes) == ("w", "café", {"id": "1"})


def test_annotations_without_segments_are_no_corpus(tmp_path: Path) -> None:
    fixture = FIXTURES["ami"](tmp_path)
    (folder,) = fixture.source.glob("**/segments")
    shutil.rmtree(folder)
    with pytest.raises(SourceError, match=r"is not the corpus.*segments/"):
        find("ami")(fixture.source)
