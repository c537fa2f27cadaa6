"""Questions, batches, prediction files and scores, without a model."""

import json
from dataclasses import replace

import numpy as np
import pytest

from shards.config import ConfigError
from shards.sample import AudioMember, Sample, TaggedTarget
from shards.stream.reader import Evaluand
from tag_schema.target import Target
from trainers.evaluation.config import EvaluateConfig
from trainers.evaluation.generation import GenerationError, answers, batches
from trainers.evaluation.predictions import PredictionFile, prediction, read_predictions
from trainers.evaluation.questions import LONGEST, Question, questions
from trainers.evaluation.scores import main_details, read_scores, score_split, write_scores


def evaluand(*targets: Target, frames: int = 16_000) -> Evaluand:
    tagged = ((target.task, target.render()) for target in targets)
    sample = Sample(
        dataset="corpus",
        split="test",
        id="a",
        licence="CC0-1.0",
        audio=(AudioMember("flac", frames / 16_000, "a", "a.wav"),),
        targets=tuple(TaggedTarget(task, one.prompt, one.response) for task, one in tagged),
    )
    return Evaluand("corpus-test-a", sample, (np.zeros(frames, dtype=np.int16),))


def question(number: int, task: str = "ks", frames: int = 1600) -> Question:
    tagged = Target("ks", audio_language="en", text=f"word{number}").render()
    waveform = np.zeros(frames, dtype=np.int16)
    return Question(
        "corpus/test", f"corpus-test-{number}", task, tagged.prompt, (tagged.response,), "en", "en", (waveform,), 0.1
    )


def test_equal_prompts_are_one_question_with_every_reference():
    captions = [Target("aac", text=text, style="clotho") for text in ("A dog barks.", "Barking.")]
    asked = questions(evaluand(*captions, Target("aac", text="A dog.", style="plain"), Target("asc", text="park")))
    assert [(one.task, len(one.references)) for one in asked] == [("aac", 2), ("aac", 1), ("asc", 1)]
    assert asked[0].references == ("A dog barks.", "Barking.")
    assert len({one.id for one in asked}) == 3


def test_tasks_choose_questions_and_languages_come_from_the_prompt():
    sample = evaluand(
        Target("asr", audio_language="de", itn=True, text="Guten Tag"),
        Target("s2tt", audio_language="de", text_language="en", text="Hello"),
    )
    (one,) = questions(sample, ("s2tt",))
    assert (one.spoken, one.language, one.split) == ("de", "en", "corpus/test")


@pytest.mark.parametrize(("frames", "heard"), [(0, 320), (100, 320), (320, 320), (LONGEST + 1, LONGEST)])
def test_clips_are_cut_to_what_the_encoder_takes(frames, heard):
    sample = evaluand(Target("asc", text="park"))
    (one,) = questions(replace(sample, waveforms=(np.zeros(frames, dtype=np.int16),)))
    assert one.frames == heard


def test_every_question_is_in_one_batch_of_its_length_and_limit():
    asked = [question(number, task, 160 * (2 + number * 7 % 50)) for number in range(60) for task in ("ks", "asr")]
    made = list(batches(asked, 4, {"ks": 5, "asr": 90}.__getitem__))
    assert sorted(one.id for batch, _ in made for one in batch) == sorted(one.id for one in asked)
    assert all(
        len(batch) <= 4 and {one.task for one in batch} == {{5: "ks", 90: "asr"}[limit]} for batch, limit in made
    )
    assert list(batches([], 4, lambda task: 1)) == []


def echo(asked, limit):
    return [f"{one.key} {limit}" for one in asked]


def die(asked, limit):
    import os

    os._exit(1)


@pytest.mark.parametrize("processes", [1, 2])
def test_answers_come_in_order_from_any_number_of_processes(processes):
    work = list(batches([question(number) for number in range(30)], 4, lambda task: 7))
    made = list(answers(work, echo, processes))
    assert [asked for asked, _ in made] == [asked for asked, _ in work]
    assert all(texts == [f"{one.key} 7" for one in asked] for asked, texts in made)


def test_a_process_that_dies_is_no_traceback():
    with pytest.raises(GenerationError, match=r"evaluate\.processes=1"):
        list(answers([([question(1)], 1)], die, 2))


def test_a_prediction_file_goes_on_after_an_interruption(tmp_path):
    path = tmp_path / "predictions" / "test.jsonl"
    first, second = question(1), question(2)
    with PredictionFile(path, {"checkpoint": "a"}) as file:
        file.add([prediction(first, "wört\ud800 <|en|>")])
    with path.open("ab") as torn:
        torn.write(b'{"key": "corpus-te')
    with PredictionFile(path, {"checkpoint": "a"}) as file:
        assert first in file and second not in file
        file.add([prediction(second, "b")])
        assert [one.key for one in file.all()] == [first.key, second.key]
    assert [one.text for one in read_predictions(path)] == ["wört? <|en|>", "b"]


def test_another_checkpoint_begins_anew(tmp_path):
    path = tmp_path / "test.jsonl"
    with PredictionFile(path, {"checkpoint": "a"}) as file:
        file.add([prediction(question(1), "x")])
    with PredictionFile(path, {"checkpoint": "b"}) as file:
        assert len(file) == 0
    assert read_predictions(path) == []


def test_scores_by_task_and_language_with_goals(tmp_path):
    asked = [question(number) for number in range(4)]
    made = [prediction(one, one.references[0] if number else "no") for number, one in enumerate(asked)]
    english = Target("asr", audio_language="en", itn=False, text="one two").render()
    german = Target("asr", audio_language="de", itn=False, text="eins zwei").render()
    for language, tagged in (("en", english), ("de", german)):
        base = replace(made[0], task="asr", prompt=tagged.prompt, references=(tagged.response,))
        made.append(replace(base, language=language, spoken=language, text="one two"))
    rows = score_split("corpus/test", made, {"ks": 95, "asr/en": 20})
    assert [(row.task, row.language, row.score.value, row.met) for row in rows] == [
        ("asr", "de", 100, None),
        ("asr", "en", 0, True),
        ("ks", "", 75, False),
    ]
    assert rows[1].goal_text() == "<= 20 %"
    path = tmp_path / "run" / "scores.json"
    write_scores(path, rows, {"checkpoint": "c"})
    again, about = read_scores(path)
    assert (again, about) == (rows, {"checkpoint": "c"})
    assert json.loads(path.read_text())["scores"][2]["met"] is False
    assert [file.name for file in path.parent.iterdir()] == ["scores.json"]
    assert "right 3" in main_details(rows[2].score)


WRONG = (
    {"splits": ("a/b/c",)},
    {"splits": ("a/",)},
    {"tasks": ("asd",)},
    {"batch_size": 0},
    {"limit": -1},
    {"goals": {"asrr/en": 1.0}},
)


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ConfigError, match="evaluate"):
        EvaluateConfig(**wrong)
