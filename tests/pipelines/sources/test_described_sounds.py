"""What is peculiar to sounds that are described or asked about: WavCaps, MACS, Clotho-AQA."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.record import Caption, Label, QuestionAnswer, Reject
from pipelines.segment import pieces
from pipelines.source import SourceError
from tests.pipelines.corpora import shards_of
from tests.pipelines.memory import traced
from tests.pipelines.sources.corpora import macs, wavcaps
from tests.pipelines.sources.fixture import Fixture, tone, write
from tests.pipelines.sources.fixtures import FIXTURES, records


def test_wavcaps_tells_sites_apart(tmp_path: Path) -> None:
    fixture = FIXTURES["wavcaps"](tmp_path)
    (video,) = records(fixture, "wavcaps", "AudioSet_SL").values()
    assert video.origin == "youtube:b0RFKhbpF_A" and video.original["blacklists"] == "all_ac, test_ac"
    assert video.licence == "LicenseRef-WavCaps-Academic AND LicenseRef-YouTube"
    assert video.audio[0].seconds == pytest.approx(0.1)
    (rain,), (bell,) = (records(fixture, "wavcaps", site).values() for site in ("FreeSound", "SoundBible"))
    assert rain.id == bell.id == "17" and (rain.origin, bell.origin) == ("freesound:17", "soundbible:17")
    assert rain.annotations == (Caption("Rain\u2028falls."),) and bell.annotations == (Caption("A bell rings twice."),)
    assert rain.audio[0].path == f"{wavcaps.DEEP}/17.flac" and bell.audio[0].path == "Zip_files/SoundBible/17.flac"
    assert rain.original["tags"] == "rain, roof" and rain.original["blacklists"] == "all_ac"
    assert bell.audio[0].seconds is None and "blacklists" not in bell.original


@pytest.mark.parametrize("place", ["FreeSound", "Audio/FreeSound_flac"])
def test_wavcaps_finds_the_audio_wherever_it_was_unpacked(tmp_path: Path, place: str) -> None:
    (rain,) = records(wavcaps.corpus(tmp_path, place), "wavcaps", "FreeSound").values()
    assert rain.audio[0].path == f"{place}/17.flac"


def test_wavcaps_table_that_was_not_fetched(tmp_path: Path) -> None:
    fixture = FIXTURES["wavcaps"](tmp_path)
    write(fixture.source / "json_files/FreeSound/fsd_final.json", "version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(SourceError, match=r"fsd_final\.json: a pointer of Git LFS.*git lfs pull"):
        records(fixture, "wavcaps", "FreeSound")


def test_wavcaps_long_clips_are_windows_with_the_caption_of_the_whole(tmp_path: Path) -> None:
    (bell,) = records(FIXTURES["wavcaps"](tmp_path), "wavcaps", "SoundBible").values()
    found = pieces(bell, [70.0], catalogue.find("wavcaps").cut, evaluation=False)
    assert not isinstance(found, Reject)
    assert [piece.spans for piece in found] == [((0.0, 30.0),), ((30.0, 60.0),), ((60.0, 70.0),)]
    assert all(piece.annotations == bell.annotations for piece in found)


def test_wavcaps_table_is_never_whole_in_memory(tmp_path: Path) -> None:
    root = tmp_path / "WavCaps"
    tone(root / "FreeSound/1.flac")
    items = (json.dumps({"id": str(n), "caption": "Rain. " * 400, "duration": 3.0}) for n in range(1, 5_001))
    write(root / "json_files/FreeSound/fsd_final.json", f'{{"num_captions_per_audio": 1, "data": [{",".join(items)}]}}')
    assert (root / "json_files/FreeSound/fsd_final.json").stat().st_size > 10 << 20
    stream = catalogue.find("wavcaps")(root).records("FreeSound")
    found, peak = traced(lambda: sum(1 for _ in stream))
    assert found == 5_000 and peak < 8 << 20


@pytest.mark.parametrize(
    ("place", "outside"),
    [("macs/audio", False), ("macs/TAU-urban-acoustic-scenes-2019-development/audio", False), ("tau/audio", True)],
)
def test_macs_audio_beside_or_in_a_root(tmp_path: Path, place: str, outside: bool) -> None:
    fixture = macs.corpus(tmp_path, place, outside)
    found = records(fixture, "macs", "all")
    assert list(found) == fixture.records["all"]
    first = found["airport-barcelona-0-0-a"]
    assert first.annotations == (
        Caption("footsteps, and somebody says: hello"),
        Caption("no"),  # a sentence, not a truth value
        Label("asc", ("airport",)),
        Label("sec", ("footsteps", "adults_talking")),
        Label("sec", ("footsteps",)),
    )
    assert first.audio[0].root == ("tau" if outside else "") and first.original == {"annotators": "5, 7"}
    second = found["public_square-paris-1-1-a"]
    assert second.annotations == (Caption("a café at noon"), Label("asc", ("public_square",)))


def test_macs_beside_the_audio(tmp_path: Path) -> None:
    fixture = macs.corpus(tmp_path, "TAU-urban-acoustic-scenes-2019-development/audio")
    found = records(Fixture(tmp_path, {}), "macs", "all")
    assert list(found) == fixture.records["all"]
    assert (
        found["airport-barcelona-0-0-a"].audio[0].path.startswith("TAU-urban-acoustic-scenes-2019-development/audio/")
    )


def test_macs_builds_from_a_root(tmp_path: Path) -> None:
    fixture = macs.corpus(tmp_path / "in", "tau/audio", outside=True)
    source = catalogue.find("macs")(fixture.source, fixture.roots)
    sample = shards_of(source, "all", tmp_path / "out").samples["public_square-paris-1-1-a"]
    assert {t["task"]: t["response"] for t in sample["targets"]} == {"aac": "a café at noon", "asc": "public square"}


def test_macs_without_audio_names_the_root(tmp_path: Path) -> None:
    fixture = macs.corpus(tmp_path, "elsewhere/audio")
    with pytest.raises(SourceError, match=r"the audio: not there, expected .*macs/audio/.*ROOTS=tau=/path/TAU-urban"):
        records(fixture, "macs", "all")
    wrong = Fixture(fixture.source, {}, roots={"tau": tmp_path})
    with pytest.raises(SourceError, match=rf"the audio: not there, expected {tmp_path}/audio/"):
        records(wrong, "macs", "all")


@pytest.mark.parametrize("text", ["files: [", "files: 3\n", "- &a [*a", "\udcff\udcfe"])
def test_macs_broken_table_is_named(tmp_path: Path, text: str) -> None:
    fixture = macs.corpus(tmp_path)
    write(fixture.source / "MACS.yaml", text)
    with pytest.raises(SourceError, match=r"MACS\.yaml: no .*download it again"):
        records(fixture, "macs", "all")


def test_clotho_aqa_takes_the_answer_of_most(tmp_path: Path) -> None:
    found = records(FIXTURES["clotho_aqa"](tmp_path), "clotho_aqa", "train")
    rain = found["rain on roof"]
    assert rain.annotations == (
        QuestionAnswer("Is it raining?", "yes"),  # of yes, yes, no
        QuestionAnswer("What's near, or far?", "rain"),
        QuestionAnswer("How many drops?", "42"),
    )
    assert rain.original["answers"] == "yes, yes, no, rain, rain, rain, 42"
    assert rain.licence == "MIT AND CC-BY-3.0" and rain.origin == "freesound:77"
    assert rain.original["confidence"] == "yes, no, maybe, yes, no, maybe, yes"
    assert found["souffle_me.tallique"].audio[0].path == "audio_files/souffle_me.tallique.wav"
    noir = found["café &#39;noir&#39;"]
    assert noir.licence == "MIT AND CC0-1.0" and noir.original["manufacturer"] == "René" and noir.origin is None


def test_clotho_aqa_metadata_under_another_spelling(tmp_path: Path) -> None:
    (bell,) = records(FIXTURES["clotho_aqa"](tmp_path), "clotho_aqa", "test").values()
    assert bell.id == "bell 18.44" and bell.origin == "freesound:78" and bell.licence == "MIT AND CC-BY-NC-3.0"


def test_clotho_aqa_targets(tmp_path: Path) -> None:
    fixture = FIXTURES["clotho_aqa"](tmp_path / "in")
    sample = shards_of(catalogue.find("clotho_aqa")(fixture.source), "train", tmp_path / "out").samples["rain on roof"]
    said = [(t["prompt"].partition("<|question|>")[2], t["response"]) for t in sample["targets"]]
    assert said == [
        ("Is it raining?<|answer|>", "yes"),
        ("What's near, or far?<|answer|>", "rain"),
        ("How many drops?<|answer|>", "42"),
    ]


def test_clotho_aqa_keeps_answers_that_as_many_gave(tmp_path: Path) -> None:
    fixture = FIXTURES["clotho_aqa"](tmp_path)
    rows = "".join(f"bell 18.44.wav,Which animal?,{answer},yes\n" for answer in ("bird", "Birds", "crow"))
    table = fixture.source / "clotho_aqa_test.csv"
    table.write_text(table.read_text() + rows)
    (bell,) = records(fixture, "clotho_aqa", "test").values()
    assert bell.annotations[1:] == tuple(QuestionAnswer("Which animal?", each) for each in ("bird", "birds", "crow"))
