"""Every task has its measure, which gives a perfect answer the best score and survives any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tag_schema.annotations import Entity, Intent, Note, TimedEvent, TimedWord, Turn
from tag_schema.target import Target
from tag_schema.tasks import TASKS
from tag_schema.vocabulary import AUDIO_TOKENS
from trainers.metrics.answer import Answer
from trainers.metrics.table import MEASURES, measure_of, score_task

# One right answer per grammar field.
FIELDS = {
    "text": {"text": "one two three four"},
    "texts": {"texts": ("one two", "three four")},
    "words": {"words": (TimedWord("one", 0.1, 0.4), TimedWord("two", 0.4, 0.9)), "seconds": 1.0},
    "events": {"events": (TimedEvent("dog", 0.5, 1.5),)},
    "turns": {"turns": (Turn(1, 0.0, 1.0), Turn(2, 1.0, 2.0))},
    "entities": {"entities": (Entity("place", "Rome"),)},
    "labels": {"labels": ("dog", "rain, heavy")},
    "intent": {"intent": Intent("alarm", "set")},
    "note": {"note": Note(60, 100, "organ", ("dark", "reverb"))},
    "answer": {"answer": "yes", "question": "Is it raining?"},
}


def target_of(task: str) -> Target:
    facts = TASKS[task]
    fields = dict(FIELDS[facts.grammar.fields[0]])
    if task == "sv":
        fields = {"text": "yes"}
    if task == "s2tt":
        fields["text_language"] = "de"
    if "{itn}" in facts.prefix:
        fields["itn"] = False
    if "{heard}" in facts.prefix or "{spoken}" in facts.prefix:
        fields["audio_language"] = "en"
    return Target(task=task, **fields)


@pytest.fixture(params=TASKS)
def perfect(request) -> tuple[str, Answer]:
    tagged = target_of(request.param).render()
    return request.param, Answer((tagged.response,), tagged.response, tagged.prompt, "en")


def test_every_metric_of_the_tasks_is_measured():
    assert {task.metric for task in TASKS.values()} == set(MEASURES)
    assert all(callable(measure_of(task)) for task in TASKS)


def test_a_right_answer_scores_best(perfect):
    task, answer = perfect
    score = score_task(task, [answer, answer])
    assert score.value == pytest.approx({"lower": 0, "higher": 100}[score.better])
    assert score.count == 2
    assert score.details["well formed %"] == 100


def test_silence_scores_worst(perfect):
    task, answer = perfect
    score = score_task(task, [Answer(answer.references, "", answer.prompt, "en")])
    expected = {"aas": None}.get(TASKS[task].metric, {"lower": 100, "higher": 0}[score.better])
    assert score.value == expected
    assert score.details["well formed %"] == 0


def test_no_answers_give_no_number(perfect):
    task, _ = perfect
    assert score_task(task, []).value is None
    assert score_task(task, []).count == 0


PIECE = st.one_of(st.sampled_from(AUDIO_TOKENS), st.text(max_size=6), st.sampled_from(["<|0.50|>", "<|1.20|>", "one"]))


@settings(max_examples=15, deadline=None)
@given(st.lists(PIECE, max_size=12).map("".join))
def test_any_generated_text_can_be_scored(text):
    for task in TASKS:
        tagged = target_of(task).render()
        score = score_task(task, [Answer((tagged.response,), text, tagged.prompt, "en")])
        assert score.value is None or score.value >= 0
