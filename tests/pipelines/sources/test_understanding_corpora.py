"""What is peculiar to the corpora of commands, entities and vocal sounds: SLURP, Fluent, SLUE-VoxPopuli, VocalSound."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.record import Entities, Intent, Label, Reject, Speaker, Transcript
from tests.pipelines.corpora import shards_of
from tests.pipelines.sources.corpora import slue_voxpopuli, vocalsound
from tests.pipelines.sources.fixture import Fixture, write
from tests.pipelines.sources.fixtures import FIXTURES, records


def responses(fixture: Fixture, name: str, split: str, record: str, out: Path) -> dict[str, str]:
    sample = shards_of(catalogue.find(name)(fixture.source), split, out).samples[record]
    return {target["task"]: target["response"] for target in sample["targets"]}


def test_slurp_intent_is_scenario_and_action(tmp_path: Path) -> None:
    found = records(FIXTURES["slurp"](tmp_path), "slurp", "devel")
    first, far = found["audio-1-headset"], found["audio--1"]
    slots = (("artist_name", "adele's"), ("time", "nine"))  # joined as the sentence has it
    assert first.annotations == far.annotations == (
        Transcript("play adele's at nine", "en"), Intent("music", "play"), Entities("sf", slots), Entities("ser", slots)
    )  # fmt: skip
    assert first.speaker == Speaker("FE-123", "female") and far.speaker == Speaker()
    assert first.original["wer"] == "0.25" and "ent_wer" not in first.original and first.original["slurp_id"] == "1"
    stop = found["audio-2"]
    assert stop.annotations[1] == Intent("music", "stop") and stop.original["intent"] == "play"
    assert stop.annotations[2] == Entities("sf", ()) and stop.speaker == Speaker("UNK-326", None)


def test_slurp_targets(tmp_path: Path) -> None:
    said = responses(FIXTURES["slurp"](tmp_path / "in"), "slurp", "devel", "audio-1-headset", tmp_path / "out")
    assert said["ic"] == "music<|action|>play" and said["sgc"] == "female" and said["asr"] == "play adele's at nine"
    assert said["sf"] == said["ser"] and "adele's<|endofentityvalue|><|startofentitytype|>artist name<" in said["sf"]


def test_slurp_tells_of_every_line_that_it_cannot_use_why(tmp_path: Path) -> None:
    fixture = FIXTURES["slurp"](tmp_path)
    table = "dataset/slurp/devel.jsonl"
    lines = [b'{"sentence": "Caf\xe9"}', b'{"recordings": [{}]}', b'{"recordings": 1}']
    (fixture.source / table).write_bytes(b"\n".join(lines))
    told = [(item.where, item.reason) for item in catalogue.find("slurp")(fixture.source).records("devel")]
    assert told == [(f"{table}:1", "wrong_encoding"), (f"{table}:2", "bad_row"), (f"{table}:3", "bad_row")]


def test_slurp_without_all_tables_knows_no_strangers(tmp_path: Path) -> None:
    fixture = FIXTURES["slurp"](tmp_path)
    (fixture.source / "dataset/slurp/test.jsonl").unlink()
    assert not [item for item in catalogue.find("slurp")(fixture.source).records("train") if isinstance(item, Reject)]


def test_fluent_intents_and_slots(tmp_path: Path) -> None:
    found = records(FIXTURES["fluent_speech_commands"](tmp_path), "fluent_speech_commands", "train")
    lamps, language, louder = found["0a-1"], found["0a-2"], found["0b-1"]
    assert lamps.annotations == (
        Transcript("Lamps on, in the kitchen.", "en"),
        Intent("kitchen lamp", "activate"),
        Entities("sf", (("action", "activate"), ("object", "lamp"), ("location", "kitchen"))),
    )
    assert language.annotations[1:] == (
        Intent("none", "change language"), Entities("sf", (("action", "change language"),))
    )  # fmt: skip
    assert language.original["object"] == language.original["location"] == "none"
    assert lamps.speaker == Speaker("ab12", "female") and louder.speaker == Speaker("cd34", "male")
    assert lamps.original["ageRange"] == "22-40" and louder.original["ageRange"] == "65+"


def test_slue_cuts_entities_from_the_text_they_are_of(tmp_path: Path) -> None:
    found = list(records(FIXTURES["slue_voxpopuli"](tmp_path), "slue_voxpopuli", "dev").values())
    raw = Transcript('In Malta, the "Council" meets.', "en", "written")
    normal = Transcript("in malta the council meets", "en", "unpunctuated")
    assert found[0].annotations == (raw, normal, Entities("ser", (("GPE", "malta"), ("ORG", "council"))))
    assert found[0].speaker == Speaker() and found[1].speaker == Speaker("28115")
    assert found[1].annotations == (
        Transcript("article twenty one", "en", "unpunctuated"), Entities("ser", (("LAW", "article twenty one"),))
    )  # fmt: skip
    assert found[2].annotations[-1] == Entities("ser", ())
    assert found[3].annotations == (Transcript("Only Malta.", "en", "written"), Entities("ser", (("GPE", "Malta"),)))


def test_slue_targets_in_both_forms(tmp_path: Path) -> None:
    fixture, first = FIXTURES["slue_voxpopuli"](tmp_path / "in"), f"{slue_voxpopuli.DAY}-21:26:04_0"
    sample = shards_of(catalogue.find("slue_voxpopuli")(fixture.source), "dev", tmp_path / "out").samples[first]
    said = {target["prompt"]: target["response"] for target in sample["targets"]}
    assert [text for prompt, text in said.items() if prompt.endswith("<|itn|>")] == ['In Malta, the "Council" meets.']
    assert [text for prompt, text in said.items() if prompt.endswith("<|wo_itn|>")] == ["in malta the council meets"]
    (entities,) = (text for prompt, text in said.items() if "named_entity" in prompt)
    assert "<|startofentityvalue|>malta<|endofentityvalue|>" in entities and ">geopolitical entity<" in entities


def test_slue_blind_test_has_transcripts_alone(tmp_path: Path) -> None:
    fixture = FIXTURES["slue_voxpopuli"](tmp_path)
    (record,) = records(fixture, "slue_voxpopuli", "test").values()
    assert record.annotations == (Transcript("the end then", "en", "unpunctuated"),)
    blind = (fixture.source / "slue-voxpopuli_test_blind.tsv").read_text().splitlines()
    told = f"{blind[0]}\traw_ner\tnormalized_ner\n{blind[1]}\tNone\t[['TIME', 4, 3]]\n"
    write(fixture.source / "slue-voxpopuli_test.tsv", told)
    (record,) = records(fixture, "slue_voxpopuli", "test").values()
    assert record.annotations[-1] == Entities("ser", (("TIME", "end"),))


@pytest.mark.parametrize(("audio", "meta"), [("audio_16k", "csv"), ("data_44k", "csv"), ("audio_44k", "json")])
def test_vocalsound_releases(tmp_path: Path, audio: str, meta: str) -> None:
    fixture = vocalsound.corpus(tmp_path, audio, meta)
    found = records(fixture, "vocalsound", "tr") | records(fixture, "vocalsound", "val")
    throat, sigh = found["f0003_0_throatclearing"], found["m0072_0_sigh"]
    assert throat.annotations == (Label("vsc", ("throatclearing",)),)
    assert throat.speaker == Speaker("f0003", "female", "thirties") and sigh.speaker == Speaker(
        "m0072", "male", "eighties"
    )
    assert sigh.original["native language"] == "Hindi, too" and throat.audio[0].path.startswith(f"{audio}/")
    assert found["m0600_1_sneeze"].speaker.age is None  # 9 years are no decade of ours


def test_vocalsound_words(tmp_path: Path) -> None:
    fixture = FIXTURES["vocalsound"](tmp_path / "in")
    said = responses(fixture, "vocalsound", "tr", "f0003_0_throatclearing", tmp_path / "out")
    assert said == {"vsc": "throat clearing", "sgc": "female", "sap": "thirties"}


def test_vocalsound_without_meta_or_without_datafiles(tmp_path: Path) -> None:
    fixture = vocalsound.corpus(tmp_path / "a", datafiles=False)
    assert list(records(fixture, "vocalsound", "tr")) == fixture.records["tr"]
    fixture = vocalsound.corpus(tmp_path / "b")
    for split in ("tr", "val", "te"):
        (fixture.source / f"meta/{split}_meta.csv").unlink()
    (record,) = records(fixture, "vocalsound", "te").values()
    assert record.id == "f0098_0_laughter" and record.speaker == Speaker("f0098", "female")
