"""Targets and their text: exact inverses for every task; what is no target is refused, with place and reason."""

import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tag_schema.annotations import SONIC_LABELS
from tag_schema.examples import EXAMPLES
from tag_schema.target import Entity, Intent, Note, Target, TargetError, TimedEvent, TimedWord, Turn
from tag_schema.tasks import TASKS
from tag_schema.vocabulary import AUDIO_TOKENS, split_tokens
from tests.tag_schema.strategies import ANY_TARGET, PIECES, targets

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("task", TASKS)
@QUICK
@given(data=st.data())
def test_round_trip(task, data):
    target = data.draw(targets(task))
    tagged = target.render()
    assert Target.parse(tagged.text) == target
    assert Target.parse_response(tagged.prompt, tagged.response) == target
    assert tagged.response  # an empty response could not be told from none


@pytest.mark.parametrize("task", TASKS)
@QUICK
@given(data=st.data())
def test_a_mutated_target_is_refused_or_another_target(task, data):
    text = data.draw(targets(task)).render().text
    pieces = split_tokens(text)
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.integers(0, len(pieces) - 1))
        change = data.draw(st.sampled_from(["drop", "double", "token", "text", "swap", "cut"]))
        if change == "drop":
            del pieces[place]
        elif change == "double":
            pieces.insert(place, pieces[place])
        elif change == "token":
            pieces[place] = data.draw(st.sampled_from(AUDIO_TOKENS))
        elif change == "text":
            pieces.insert(place, data.draw(PIECES))
        elif change == "swap":
            pieces[place], pieces[0 - place] = pieces[0 - place], pieces[place]
        else:
            pieces[place] = pieces[place][1:]
        pieces = pieces or [""]
    mutated = "".join(pieces)
    try:
        target = Target.parse(mutated)
    except TargetError as error:
        assert error.position is not None and 0 <= error.position <= len(mutated)
        assert error.reason and str(error) == f"position {error.position}: {error.reason}"
    else:
        assert target.render().text == mutated


@settings(max_examples=60, deadline=None)
@given(one=ANY_TARGET, other=ANY_TARGET)
def test_different_targets_render_differently(one, other):
    assert (one == other) == (one.render() == other.render())


def test_the_contracts_example():
    target = Target(task="s2tt", audio_language="de", text_language="en", timestamps=False, text="…")
    tagged = target.render()
    assert tagged.prompt == "<|startoftranscript|><|de|><|translate|><|en|><|notimestamps|><|itn|>"
    assert tagged.response == "…"
    assert Target.parse(tagged.text) == target


# One line per task: what the model is to write.
RESPONSES = {
    "osr": "where is it<|delim|>i do not know",
    "srwt": "<|sil|><|0.31|>still<|0.62|> burning<|1.17|><|sil|><|1.40|>",
    "sd": (
        "<|startofword|>1<|endofword|><|0.00|><|delim|><|2.30|><|startofword|>2<|endofword|><|2.10|><|delim|><|4.05|>"
    ),
    "ser": "<|startofentityvalue|>Lisbon<|endofentityvalue|><|startofentitytype|>place<|endofentitytype|>",
    "ic": "alarm<|action|>set",
    "sec": "dog<|delim|>rain",
    "sed": (
        "<|startofword|>dog<|endofword|><|0.50|><|delim|><|1.25|>"
        "<|startofword|>rain<|endofword|><|0.80|><|delim|><|9.99|>"
    ),
    "mna": "<|pitch|><|midi_pitch_60|><|velocity|><|midi_velocity_100|><|instrument|>organ<|sonic|>dark, percussive",
}


@pytest.mark.parametrize("task", RESPONSES)
def test_responses_are_spelled_like_this(task):
    assert EXAMPLES[task].render().response == RESPONSES[task]


@pytest.mark.parametrize(
    "target",
    [
        Target("sed", events=()),
        Target("sd", turns=()),
        Target("ser", audio_language="en", entities=()),
        Target("sec", labels=()),
    ],
)
def test_nothing_is_said_explicitly(target):
    assert target.render().response == "<|sil|>"
    assert Target.parse(target.render().text) == target


def test_order_that_means_nothing_is_made_canonical():
    late, early = TimedEvent("dog", 2.0, 3.0), TimedEvent("rain", 0.5, 9.0)
    assert Target("sed", events=(late, early)) == Target("sed", events=(early, late))
    assert Target("sd", turns=(Turn(2, 1.0, 2.0), Turn(1, 0.0, 1.5))).turns == (Turn(1, 0.0, 1.5), Turn(2, 1.0, 2.0))


def test_defaults_are_filled_in():
    assert Target("asr", audio_language="zh", itn=True, text="好") == Target(
        "asr", audio_language="zh", text_language="zh", timestamps=False, itn=True, text="好"
    )
    assert Target("asc", audio_language="unknown", text="park") == Target("asc", text="park")
    assert Target("vsc", text="cough").audio_language == "en"
    assert Target("srwt", audio_language="en", words=(TimedWord("a", 0.0, 0.5),)).seconds == 0.5
    assert Target("aqa", question="q", answer="a", choices=["a", "b"]).choices == ("a", "b")
    assert Target("asr", audio_language="zh", text_language="zh_tr", itn=True, text="好").tag_languages == (
        "zh",
        "zh_tr",
    )
    assert Target("lid", text="nl").tag_languages == ("en",)


WORDS = (TimedWord("a", 0.0, 0.5),)
ASR_FIELDS = {"task": "asr", "audio_language": "en", "itn": False, "text": "a"}


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"task": "asl", "text": "a"}, "malformed", "unknown task"),
        ({"task": "asr", "audio_language": "en", "itn": False}, "malformed", "needs text"),
        ({"task": "asr", "audio_language": "en", "text": "a"}, "malformed", "needs itn"),
        ({"task": "asr", "itn": False, "text": "a"}, "bad_language", "needs the audio's language"),
        (ASR_FIELDS | {"audio_language": "rw"}, "bad_language", "'rw' is no language"),
        (ASR_FIELDS | {"audio_language": "zh_tr"}, "bad_language", "zh_tr"),
        (ASR_FIELDS | {"text_language": "de"}, "bad_language", "be"),
        (ASR_FIELDS | {"timestamps": True}, "malformed", "without"),
        (ASR_FIELDS | {"labels": ()}, "malformed", "no labels"),
        (ASR_FIELDS | {"style": "plain"}, "malformed", "no style"),
        (ASR_FIELDS | {"text": ""}, "empty_text", "empty"),
        (ASR_FIELDS | {"text": " a"}, "malformed", "white space"),
        (ASR_FIELDS | {"text": "a\u3000"}, "malformed", "white space"),
        (ASR_FIELDS | {"text": "e\u0301"}, "malformed", "NFC"),
        (ASR_FIELDS | {"text": "\u0338a"}, "malformed", "NFC"),
        (ASR_FIELDS | {"text": "a\ud800b"}, "malformed", "surrogate"),
        (ASR_FIELDS | {"text": "a<|en|>"}, "reserved_token", r"<\|en\|>"),
        (ASR_FIELDS | {"text": "<|nl|>"}, "reserved_token", r"<\|nl\|>"),
        (ASR_FIELDS | {"text": "<|endoftext|>"}, "reserved_token", "endoftext"),
        (ASR_FIELDS | {"text": 3}, "malformed", "string"),
        ({"task": "s2tt", "audio_language": "de", "text": "a"}, "bad_language", "needs the text's language"),
        ({"task": "s2tt", "audio_language": "zh", "text_language": "zh_tr", "text": "a"}, "bad_language", "differ"),
        ({"task": "lid", "audio_language": "de", "text": "de"}, "bad_language", "always"),
        ({"task": "er", "text": "joy", "text_language": "de"}, "bad_language", "always"),
        ({"task": "aqa", "question": "q", "answer": "a", "text_language": "en"}, "bad_language", "no text language"),
        ({"task": "aqa", "answer": "a"}, "malformed", "question"),
        ({"task": "aqa", "question": "q", "answer": "a", "choices": "ab"}, "malformed", "tuple"),
        ({"task": "aac", "text": "a", "style": "short"}, "malformed", "plain, clotho, audiocaps"),
        ({"task": "sv", "text": "maybe"}, "malformed", "yes or no"),
        ({"task": "sec", "labels": "dog"}, "malformed", "tuple"),
        ({"task": "sec", "labels": ("dog", "dog")}, "malformed", "twice"),
        ({"task": "osr", "audio_language": "en", "itn": False, "texts": ()}, "empty_text", "empty"),
        ({"task": "srwt", "audio_language": "en", "words": WORDS, "seconds": 0.4}, "bad_times", "the last word"),
        ({"task": "srwt", "audio_language": "en", "words": WORDS, "seconds": 30.01}, "bad_times", "0 to 30"),
        ({"task": "srwt", "audio_language": "en", "words": ()}, "bad_times", "ends at"),
        ({"task": "srwt", "audio_language": "en", "words": (TimedWord("a", 0.005, 0.5),)}, "bad_times", "grid"),
        ({"task": "srwt", "audio_language": "en", "words": (TimedWord("a", 0.5, 0.5),)}, "bad_times", "ends at"),
        ({"task": "srwt", "audio_language": "en", "words": WORDS + WORDS}, "bad_times", "before 0.5 s"),
        ({"task": "srwt", "audio_language": "en", "words": (TimedWord("a b", 0.0, 0.5),)}, "malformed", "white space"),
        ({"task": "sed", "events": (TimedEvent("dog", 1.0, 0.5),)}, "bad_times", "dog"),
        ({"task": "sed", "events": (Turn(1, 0.0, 0.5),)}, "malformed", "TimedEvent"),
        ({"task": "sd", "turns": (Turn(2, 0.0, 0.5),)}, "malformed", "first appearance"),
        ({"task": "sd", "turns": (Turn(True, 0.0, 0.5),)}, "malformed", "whole"),
        ({"task": "ser", "audio_language": "en", "entities": (Entity("", "a"),)}, "empty_text", "type"),
        ({"task": "ic", "audio_language": "en", "intent": ("alarm", "set")}, "malformed", "Intent"),
        ({"task": "ic", "audio_language": "en", "intent": Intent("alarm", "")}, "empty_text", "action"),
        ({"task": "mna", "note": Note()}, "malformed", "says nothing"),
        ({"task": "mna", "note": Note(128)}, "malformed", "0 to 127"),
        ({"task": "mna", "note": Note(instrument="a<b")}, "malformed", "'<'"),
        ({"task": "mna", "note": Note(60, sonic=("dark", "bright"))}, "malformed", "order"),
        ({"task": "mna", "note": Note(60, sonic=("loud",))}, "malformed", "NSynth"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_target(fields, code, reason):
    with pytest.raises(TargetError, match=reason) as caught:
        Target(**fields)
    assert caught.value.code == code
    assert caught.value.position is None
    assert "\n" not in str(caught.value)


ASR = "<|startoftranscript|><|en|><|transcribe|><|en|><|notimestamps|><|wo_itn|>"
SRWT = "<|startoftranscript|><|en|><|transcribe|><|en|><|timestamps|><|0.00|>"
SED = "<|startofanalysis|><|unknown|><|keyword|><|en|><|timestamps|><|event|><|audio_grounding|>"
NOTE = "<|startofanalysis|><|unknown|><|keyword|><|en|><|notimestamps|><|note_analysis|>"


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("hello", 0),
        ("<|startoftranscription|><|en|>", 0),  # in the release's README, but no token
        ("<|startoftranscript|>", 21),
        ("<|startoftranscript|><|xx|>", 21),
        ("<|startoftranscript|><|unknown|><|transcribe|><|en|><|notimestamps|><|wo_itn|>a", 21),
        ("<|startoftranscript|>{language}", 21),
        ("<|startoftranscript|><|en|><|transcribe|><|de|><|notimestamps|><|wo_itn|>a", 41),
        (ASR, len(ASR)),
        (ASR + " a", len(ASR)),
        (ASR + "ab <|en|>", len(ASR) + 3),
        ("<|startofanalysis|><|en|><|question|><|answer|>yes", 37),
        ("<|startofanalysis|><|en|><|question|>why<|choice|><|answer|>yes", 50),
        ("<|startofanalysis|><|en|><|question|>why?yes", 44),
        (SRWT + "a", len(SRWT) + 1),
        (SRWT + "a<|0.50|>b<|1.00|>", len(SRWT) + 9),  # English words carry a space
        (SRWT + "a<|0.50|>  b<|1.00|>", len(SRWT) + 10),
        (SRWT + "a<|0.50|> b<|0.50|>", len(SRWT) + 11),
        (SRWT + "<|sil|><|0.50|><|sil|><|1.00|>", len(SRWT) + 15),
        (SRWT + "<|0.50|>", len(SRWT)),
        (SRWT + "a<|delim|><|0.50|>", len(SRWT) + 1),
        (SED, len(SED)),
        (SED + "dog", len(SED)),
        (SED + "<|startofword|>dog<|endofword|><|0.50|><|delim|><|0.40|>", len(SED) + 48),
        (SED + "<|startofword|> dog<|endofword|><|0.50|><|delim|><|0.60|>", len(SED) + 15),
        (NOTE + "<|velocity|><|midi_velocity_1|><|pitch|><|midi_pitch_2|>", len(NOTE) + 31),
        (NOTE + "<|pitch|><|midi_pitch_128|>", len(NOTE)),
    ],
)
def test_malformed_text_is_refused_at_its_place(text, position):
    with pytest.raises(TargetError) as caught:
        Target.parse(text)
    assert caught.value.position == position


def test_a_question_may_look_like_anything():
    for question in ("{text}", "{language}", "{question}", "<|foo|>", "en", "<"):
        target = Target("aqa", question=question, choices=("{text}",), answer="{text}")
        assert Target.parse(target.render().text) == target


def test_parse_response_wants_the_whole_prompt():
    with pytest.raises(TargetError, match="ends here") as caught:
        Target.parse_response(ASR + "a", "b")
    assert caught.value.position == len(ASR)
    with pytest.raises(TargetError, match="found the end"):
        Target.parse_response(ASR[:-10], "<|wo_itn|>b")


def test_errors_and_targets_travel_between_processes():
    error = TargetError("no", 3, "bad_times")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.position, again.reason, again.code) == (str(error), 3, "no", "bad_times")
    for target in EXAMPLES.values():
        assert pickle.loads(pickle.dumps(target)) == target
        assert hash(target) == hash(Target.parse(target.render().text))


def test_sonic_labels_are_the_released_scorers():
    assert " ".join(SONIC_LABELS) == (
        "bright dark distortion fast_decay long_release multiphonic nonlinear_env percussive reverb tempo-synced"
    )
