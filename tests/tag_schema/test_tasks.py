"""The table of tasks: published prompts byte for byte, and no prompt with two meanings."""

import itertools
import re

import pytest

from tag_schema.examples import EXAMPLES, task_table
from tag_schema.prompt import read_prompt
from tag_schema.target import Target
from tag_schema.tasks import METRICS, TASKS
from tag_schema.vocabulary import RELEASED, find_token, split_tokens, strip_tokens

# The prompts of the released evaluation scripts, after </audio>.
PUBLISHED = {
    "<|startoftranscript|><|en|><|transcribe|><|en|><|notimestamps|><|wo_itn|>": {
        "task": "asr", "audio_language": "en", "itn": False, "text": "x",
    },
    "<|startoftranscript|><|zh|><|transcribe|><|zh|><|notimestamps|><|wo_itn|>": {
        "task": "asr", "audio_language": "zh", "itn": False, "text": "x",
    },
    "<|startoftranscript|><|zh|><|transcribe|><|zh|><|timestamps|><|0.00|>": {
        "task": "srwt", "audio_language": "zh", "words": (), "seconds": 1.0,
    },
    "<|startoftranscript|><|de|><|translate|><|en|><|notimestamps|><|itn|>": {
        "task": "s2tt", "audio_language": "de", "text_language": "en", "timestamps": False, "text": "x",
    },
    "<|startofanalysis|><|unknown|><|caption|><|en|><|notimestamps|><|caption_clotho|>": {
        "task": "aac", "style": "clotho", "text": "x",
    },
    "<|startofanalysis|><|unknown|><|caption|><|en|><|notimestamps|><|caption_audiocaps|>": {
        "task": "aac", "style": "audiocaps", "text": "x",
    },
    "<|startofanalysis|><|unknown|><|caption|><|en|><|notimestamps|><|caption_plain|>": {
        "task": "aac", "style": "plain", "text": "x",
    },
    "<|startofanalysis|><|en|><|keyword|><|en|><|notimestamps|><|emotion_recognition|>": {
        "task": "er", "audio_language": "en", "text": "x",
    },
    "<|startofanalysis|><|unknown|><|keyword|><|en|><|notimestamps|><|scene|>": {"task": "asc", "text": "x"},
    "<|startofanalysis|><|en|><|keyword|><|en|><|notimestamps|><|vocal_classification|>": {
        "task": "vsc", "text": "x",
    },
    "<|startofanalysis|><|unknown|><|keyword|><|en|><|notimestamps|><|note_analysis|>": {
        "task": "mna", "note": EXAMPLES["mna"].note,
    },
    "<|startofanalysis|><|en|><|question|>Is it raining?<|answer|>": {
        "task": "aqa", "question": "Is it raining?", "answer": "x",
    },
}  # fmt: skip


@pytest.mark.parametrize("prompt", PUBLISHED)
def test_published_prompts_byte_for_byte(prompt):
    assert Target(**PUBLISHED[prompt]).render().prompt == prompt


def test_the_table_says_which_prompts_are_published():
    assert {task.id for task in TASKS.values() if task.published} == {case["task"] for case in PUBLISHED.values()}


def test_thirty_tasks_in_the_contracts_order():
    assert " ".join(TASKS) == (
        "asr s2tt osr dialect_asr srwt did lid sgc er sv sd ser ks ic sf sap vsc aac sec asc sed aqa sid "
        "smer mc mic mna mgr mr mqa"
    )
    assert {task.metric for task in TASKS.values()} == set(METRICS)
    assert [row.task for row in task_table()] == list(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_prefixes_are_made_of_released_tokens(task):
    literal = re.sub(r"\{[^}]*\}", "", TASKS[task].prefix)
    assert all(piece in RELEASED.ids or find_token(piece) is None for piece in split_tokens(literal))
    assert re.fullmatch("[a-z ]*", strip_tokens(literal))  # a misspelt token would stay as text
    assert EXAMPLES[task].task == task


LANGUAGE_PLACE = r"\{(?:heard|spoken|asked|same|other|written)\}|<\|en\|>|<\|unknown\|>"


def variants(task: str) -> list[tuple[str, ...]]:
    """Every prompt of a task as its pieces: languages and texts are one placeholder, all else is spelled out.

    Written apart from the code under test: it reads the prefix and the meaning of its slots.
    """
    facts = TASKS[task]
    options: list[list[tuple[str, ...]]] = []
    for slot, literal in re.findall(r"\{([^}]*)\}|([^{}]+)", facts.prefix):
        if literal:
            pieces = re.findall(r"<\|[^|]*\|>|[^<]+", literal)
            options += [[("LANGUAGE" if piece in ("<|en|>", "<|unknown|>") else piece,)] for piece in pieces]
        elif slot in ("heard", "spoken", "asked", "same", "other", "written"):
            options.append([("LANGUAGE",)])
        elif slot.startswith("itn"):
            options.append([("<|itn|>",), ("<|wo_itn|>",)])
        elif slot == "style":
            options.append([(token,) for token in facts.styles.values()])
        elif slot == "question":
            options.append([("TEXT",)])
        else:
            assert slot == "choices"
            options.append([("<|choice|>", "TEXT") * count for count in range(4)])
    return [tuple(itertools.chain(*choice)) for choice in itertools.product(*options)]


def test_no_prompt_has_two_meanings():
    prompts = [(pieces, task) for task in TASKS for pieces in variants(task)]
    assert len({pieces for pieces, _ in prompts}) == len(prompts)  # across tasks and variants, whatever the language
    for (one, first), (other, second) in itertools.permutations(prompts, 2):
        assert other[: len(one)] != one, f"the prompt of {second} continues the one of {first}"


def test_prompts_of_one_task_differ_only_by_what_the_target_says():
    """Each variant is read back as the values that made it."""
    for task in TASKS:
        for pieces in variants(task):
            tags = iter(["<|de|>", "<|en|>" if "<|translate|>" in pieces else "<|de|>"])
            fixed = iter(
                re.findall(r"\{(?:heard|spoken|asked|same|other|written)\}|<\|en\|>|<\|unknown\|>", TASKS[task].prefix)
            )
            text = ""
            for piece in pieces:
                if piece == "LANGUAGE":
                    tag, given = next(tags), next(fixed)
                    piece = given if given.startswith("<") else tag
                text += "what" if piece == "TEXT" else piece
            reading = read_prompt(text + "and so on")
            assert (reading.form.task.id, reading.end) == (task, len(text))
            if TASKS[task].styles:
                assert TASKS[task].styles[reading.fields["style"]] in pieces
            if "{itn" in TASKS[task].prefix:
                assert reading.fields["itn"] == ("<|itn|>" in pieces)
            if "{question}" in TASKS[task].prefix:
                assert reading.fields == {"question": "what", "choices": ("what",) * pieces.count("<|choice|>")}
