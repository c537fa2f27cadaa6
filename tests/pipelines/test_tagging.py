"""Tagging: each annotation gives the target of its task, in the tag language, or is counted with the reason."""

from __future__ import annotations

import pytest

from pipelines.record import (
    Annotation,
    AudioRef,
    Caption,
    Entities,
    Event,
    Events,
    Intent,
    Label,
    Note,
    Overlap,
    QuestionAnswer,
    Record,
    Reject,
    Speaker,
    TextForm,
    Transcript,
    Translation,
    Turns,
    Word,
    Words,
)
from pipelines.source import Source
from pipelines.tagging import LeftOut, Tagging, TagRules, tag
from tag_schema.target import Target, TimedWord
from tag_schema.tasks import TASKS
from tag_schema.vocabulary import EXTENDED, RELEASED, Vocabulary


def tagging(
    *annotations: Annotation,
    tasks: tuple[str, ...] = tuple(TASKS),
    seconds: float = 4.0,
    form: TextForm = "written",
    languages: tuple[str, ...] = (),
    vocabulary: Vocabulary = RELEASED,
    speaker: Speaker | None = None,
) -> Tagging | Reject:
    record = Record("id", (AudioRef("a.wav"),), annotations, speaker or Speaker(), original={"raw": "x"})
    return tag(record, annotations, seconds, TagRules(frozenset(tasks), form, languages, vocabulary))


def said(found: Tagging | Reject) -> dict[str, tuple[str, str]]:
    """task -> (prompt, response), each checked to be what a target renders."""
    assert isinstance(found, Tagging)
    for target in found.targets:
        assert Target.parse_response(target.prompt, target.response).task == target.task
    return {target.task: (target.prompt, target.response) for target in found.targets}


def test_a_transcript_is_asr_and_names_its_language():
    found = tagging(
        Transcript("THE LAMP WAS BURNING", "en"), form="unpunctuated", speaker=Speaker("7", "F", "twenties")
    )
    targets = said(found)
    published = "<|startoftranscript|><|en|><|transcribe|><|en|><|notimestamps|><|wo_itn|>"
    assert targets["asr"] == (published, "the lamp was burning")
    assert targets["lid"][1] == "en" and "<|en|>" not in targets["lid"][0].split("<|keyword|>")[0]
    assert targets["sgc"][1] == "female" and targets["sap"][1] == "twenties"
    assert isinstance(found, Tagging)
    assert found.language == "en" and found.speaker == {"id": "7", "gender": "female", "age": "twenties"}
    assert found.original == {"text": "THE LAMP WAS BURNING", "labels": {"raw": "x"}}


def test_only_tasks_of_the_source_are_emitted():
    found = tagging(
        Transcript("Hello.", "en"), Translation("Hallo.", "de"), tasks=("asr",), speaker=Speaker("7", "male")
    )
    assert set(said(found)) == {"asr"}
    assert said(found)["asr"][0].endswith("<|itn|>")


def test_a_translation_has_the_published_prompt():
    found = tagging(Transcript("Guten Tag.", "de"), Translation(" 你好 。", "zh-CN"), tasks=("s2tt",))
    prompt = "<|startoftranscript|><|de|><|translate|><|zh|><|notimestamps|><|itn|>"
    assert said(found) == {"s2tt": (prompt, "你好。")}


def test_traditional_chinese_is_written_not_spoken():
    found = tagging(Transcript("開門", "zh-TW"), tasks=("asr", "lid"))
    assert "<|zh|><|transcribe|><|zh_tr|>" in said(found)["asr"][0]
    assert said(found)["lid"][1] == "zh" and isinstance(found, Tagging) and found.language == "zh"


def test_words_become_timestamps_and_words_of_the_sample():
    words = Words((Word("SHE", 0.3121, 0.5), Word("HAD", 0.4996, 0.9), Word("your", 3.9, 4.02)), "gold", "1")
    found = tagging(Transcript("She had your", "en", "unpunctuated"), words, tasks=("asr", "srwt"))
    prompt, response = said(found)["srwt"]
    assert prompt == "<|startoftranscript|><|en|><|transcribe|><|en|><|timestamps|><|0.00|>"
    target = Target.parse_response(prompt, response)
    assert target.words == (TimedWord("she", 0.31, 0.5), TimedWord("had", 0.5, 0.9), TimedWord("your", 3.9, 4.0))
    assert isinstance(found, Tagging)
    assert [(word.word, word.start, word.end) for word in found.words] == [
        ("she", 0.312, 0.5), ("had", 0.5, 0.9), ("your", 3.9, 4.0),
    ]  # fmt: skip
    assert found.words_by == {"method": "gold", "version": "1"}


def test_a_language_without_a_tag_is_left_out_and_counted():
    found = tagging(Transcript("Muraho", "rw"), Translation("Hello", "en"), tasks=("asr", "s2tt"))
    assert isinstance(found, Tagging) and found.targets == ()
    assert found.left_out == tuple(LeftOut(task, "language_not_in_vocabulary", "rw") for task in ("asr", "s2tt"))
    worse = tagging(Transcript("Hello", "en"), Translation("Merhaba", "tr"), Translation(" ", "de"), tasks=("s2tt",))
    assert isinstance(worse, Reject) and worse.reason == "empty_text"  # that one could have been said
    mixed = tagging(Transcript("Hello", "en"), Translation("Merhaba", "tr"), tasks=("asr", "s2tt"))
    assert isinstance(mixed, Tagging)
    assert mixed.left_out == (LeftOut("s2tt", "language_not_in_vocabulary", "tr"),)
    more = tagging(Transcript("Hello", "en"), Translation("Merhaba", "tr"), tasks=("asr", "s2tt"), vocabulary=EXTENDED)
    assert set(said(more)) == {"asr", "s2tt"} and isinstance(more, Tagging) and not more.left_out


def test_a_language_is_named_even_without_a_tag():
    found = tagging(Transcript("Muraho", "rw"), tasks=("asr", "lid"))
    assert {task: response for task, (_, response) in said(found).items()} == {"lid": "rw"}


def test_the_original_is_verbatim():
    said_by_release = [Caption("  Rain\u00a0falls .", "clotho"), Caption("“Rain”", "clotho")]
    found = tagging(Transcript(" Hello\t", "en"), Translation("Hallo  Welt", "de"), *said_by_release)
    assert isinstance(found, Tagging)
    assert found.original == {
        "text": " Hello\t",
        "labels": {"raw": "x"},
        "captions": ["  Rain\u00a0falls .", "“Rain”"],
        "translations": {"de": "Hallo  Welt"},
    }
    plain = tagging(Label("sec", ("Dog",)))
    assert isinstance(plain, Tagging) and plain.original == {"text": None, "labels": {"sec": ["Dog"], "raw": "x"}}


def test_overlapping_speech_is_told_in_order():
    found = tagging(Overlap(("HELLO THERE", "GOOD DAY"), "en"), tasks=("osr",), form="unpunctuated")
    prompt, response = said(found)["osr"]
    assert response == "hello there<|delim|>good day" and "<|en|>" in prompt and prompt.endswith("<|wo_itn|>")


def test_entities_are_written_as_their_transcript():
    spoken = Transcript("Wake me at NINE", "en", "unpunctuated")
    found = tagging(spoken, Entities("sf", (("time", "NINE"),)), Entities("ser", ()), tasks=("sf", "ser"))
    one = "<|startofentityvalue|>nine<|endofentityvalue|><|startofentitytype|>time<|endofentitytype|>"
    assert said(found)["sf"][1] == one and said(found)["ser"][1] == "<|sil|>"
    song = tagging(Entities("mr", (("title", "NINE"),)), tasks=("mr",), languages=("en",))
    assert "NINE" in said(song)["mr"][1] and "<|en|>" not in said(song)["mr"][0]


def test_an_intent_has_scenario_and_action():
    found = tagging(Transcript("Wake me.", "en"), Intent("alarm", "set_alarm"), tasks=("ic",))
    assert said(found)["ic"][1] == "alarm<|action|>set alarm"


def test_dialect_is_not_taught_as_the_standard():
    both = ("asr", "dialect_asr")
    assert set(said(tagging(Transcript("弄啥嘞", "zh", dialect=True), tasks=both))) == {"dialect_asr"}
    assert set(said(tagging(Transcript("做什么", "zh"), tasks=both))) == {"asr"}


def test_a_language_is_named_without_a_transcript():
    found = tagging(Label("lid", ("iw",)), tasks=("lid",))
    assert said(found)["lid"][1] == "he" and isinstance(found, Tagging) and found.original["labels"]["lid"] == ["iw"]


def test_two_clips_are_of_one_speaker_or_not():
    assert said(tagging(Label("sv", ("yes",)), tasks=("sv",)))["sv"][1] == "yes"
    wrong = tagging(Label("sv", ("maybe",)), tasks=("sv",))
    assert isinstance(wrong, Reject) and wrong.reason == "bad_row"


def test_captions_are_alternatives():
    captions = [Caption(f"Rain falls, take {number}.", "clotho") for number in range(5)]
    found = tagging(*captions, tasks=("aac",))
    assert isinstance(found, Tagging)
    published = "<|startofanalysis|><|unknown|><|caption|><|en|><|notimestamps|><|caption_clotho|>"
    assert [(t.prompt, t.response) for t in found.targets] == [(published, caption.text) for caption in captions]
    one_bad = tagging(captions[0], Caption(" ", "clotho"), tasks=("aac",))
    assert isinstance(one_bad, Tagging) and one_bad.left_out[0].reason == "empty_text"
    all_bad = tagging(Caption("", "clotho"), Caption("<|en|>", "clotho"), tasks=("aac",))
    assert isinstance(all_bad, Reject) and all_bad.reason == "empty_text"


def test_labels_of_sounds_know_no_language_and_those_of_speech_do():
    assert said(tagging(Label("sec", ("Car_Horn", "dog")), languages=("en",)))["sec"] == (
        "<|startofanalysis|><|unknown|><|keyword|><|en|><|notimestamps|><|event|>",
        "car horn<|delim|>dog",
    )
    assert said(tagging(Label("ks", ("yes",)), languages=("en",)))["ks"][0].startswith("<|startofanalysis|><|en|>")
    both = tagging(Label("er", ("joy", "anger", "joy")), languages=("en",))
    assert isinstance(both, Tagging) and [target.response for target in both.targets] == ["joy", "anger"]
    assert both.original["labels"] == {"er": ["joy", "anger", "joy"], "raw": "x"}


def test_labels_of_a_set_stand_in_one_order_and_those_of_audioset_have_their_tag():
    told = said(
        tagging(
            Label("sec", ("Vehicle", "Dog_bark"), "audioset"), Label("mgr", ("rock", "blues")), Events((), "audioset")
        )
    )
    assert told["sec"][1] == "dog bark<|delim|>vehicle" and told["mgr"][1] == "blues<|delim|>rock"
    assert "<|audioset_ontology|>" in told["sec"][0] and "<|audioset_ontology|>" in told["sed"][0]


def test_events_and_turns_have_times():
    events = Events((Event("Dog_bark", 0.5, 1.25), Event("rain", 3.0, 9.0)))
    target = Target.parse_response(*said(tagging(events))["sed"])
    assert target.events is not None
    assert [(e.label, e.start, e.end) for e in target.events] == [("dog bark", 0.5, 1.25), ("rain", 3.0, 4.0)]
    assert said(tagging(Events(())))["sed"][1] == "<|sil|>"
    turns = Target.parse_response(*said(tagging(Turns((("B", 1.0, 2.0), ("A", 0.0, 1.5)))))["sd"])
    assert turns.turns is not None
    assert [(t.speaker, t.start) for t in turns.turns] == [(1, 0.0), (2, 1.0)]


def test_a_note_and_its_instrument():
    found = said(tagging(Note(60, 100, "synth_lead", ("percussive", "dark")), tasks=("mna", "mic")))
    assert found["mna"][1] == (
        "<|pitch|><|midi_pitch_60|><|velocity|><|midi_velocity_100|><|instrument|>synth_lead<|sonic|>dark, percussive"
    )
    assert found["mic"][1] == "synth lead"
    unknown = tagging(Note(60, 100, "organ", ("shiny",)))
    assert isinstance(unknown, Reject) and unknown.reason == "unknown_label"


def test_questions():
    found = said(tagging(QuestionAnswer("Is it raining?", "yes", ("yes", "no"))))
    assert found["aqa"] == (
        "<|startofanalysis|><|en|><|question|>Is it raining?<|choice|>yes<|choice|>no<|answer|>", "yes",
    )  # fmt: skip
    assert set(said(tagging(QuestionAnswer("Which instrument?", "a piano", task="mqa")))) == {"mqa"}


@pytest.mark.parametrize(
    "annotations, reason",
    [
        ((Transcript("say <|en|> now", "en"),), "reserved_token"),
        ((Transcript(" \u200b ", "en"),), "empty_text"),
        ((Label("sec", ("<|sil|>",)),), "reserved_token"),
        ((Transcript("a b", "en"), Words((Word("a", 0.0, 1.0), Word("b", 5.0, 6.0)))), "bad_times"),
        ((Transcript("a b", "en"), Words((Word("a", 2.0, 1.0), Word("b", 2.0, 3.0)))), "bad_times"),
        ((Events((Event("dog", 2.0, 1.0),)),), "bad_times"),
        ((Words((Word("a", 0.0, 1.0),)),), "no_transcript"),
        ((), "no_transcript"),
    ],
)
def test_what_cannot_be_said_is_rejected_with_its_reason(annotations, reason):
    found = tagging(*annotations)
    assert isinstance(found, Reject) and (found.id, found.reason) == ("id", reason)


def test_a_clip_over_30_seconds_keeps_what_needs_no_times():
    words = Words((Word("hello", 0.0, 34.0),))
    found = tagging(Transcript("Hello", "en"), words, tasks=("asr", "srwt"), seconds=35.0)
    assert set(said(found)) == {"asr"} and isinstance(found, Tagging)
    assert found.left_out == (LeftOut("srwt", "too_long", "35.000 s"),)
    assert len(found.words) == 1


def test_a_written_transcript_has_a_second_form_where_it_is_no_guess():
    def forms(*transcripts: Transcript, both: bool = True) -> list[tuple[str, str]]:
        rules = TagRules(frozenset(("asr", "dialect_asr", "lid")), "written", (), RELEASED, both_forms=both)
        found = tag(Record("id", (AudioRef("a.wav"),), transcripts), transcripts, 4.0, rules)
        assert isinstance(found, Tagging) and found.left_out == ()
        for target in found.targets:
            assert Target.parse_response(target.prompt, target.response).render().prompt == target.prompt
        return [
            (f"{target.task} {'wo_itn' if '<|wo_itn|>' in target.prompt else 'itn'}", target.response)
            for target in found.targets
            if target.task != "lid"
        ]

    well = Transcript("Well, I don't know.", "en")
    assert forms(well) == [("asr itn", well.text), ("asr wo_itn", "well i don't know")]
    assert forms(well, both=False) == [("asr itn", well.text)]  # an evaluation asks once
    assert forms(Transcript("It was 1984.", "en")) == [("asr itn", "It was 1984.")]
    dialect = Transcript("你好，世界！", "zh", dialect=True)
    assert forms(dialect) == [("dialect_asr itn", dialect.text), ("dialect_asr wo_itn", "你好世界")]
    assert forms(Transcript("HELLO", "en", "unpunctuated")) == [("asr wo_itn", "hello")]
    assert forms(Transcript("It's one hundred.", "en", "spoken")) == [("asr wo_itn", "It's one hundred.")]
    # Where the release has both forms it is believed.
    assert forms(well, Transcript("well i do not know", "en", "unpunctuated")) == [
        ("asr itn", well.text), ("asr wo_itn", "well i do not know"),
    ]  # fmt: skip


def test_a_split_for_evaluation_has_one_form():
    class Held(Source):
        tasks, languages, evaluation_splits = ("asr",), ("en",), ("test",)

    assert TagRules.of(Held, RELEASED, "train").both_forms
    assert not TagRules.of(Held, RELEASED, "test").both_forms and not TagRules.of(Held, RELEASED).both_forms
