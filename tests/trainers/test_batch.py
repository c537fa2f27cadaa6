"""Batches: labels meet the states that predict them, audio its places, micro-batches their budget."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainers.items import AQA, ASR, Made, items, noise
from trainers.batch import TASK_IDS, collate, make_example, make_prompt, partition
from trainers.features import SpecAugmentConfig
from trainers.tokens import Tokenizer

TOKENIZER = Tokenizer.bytes()


def example(**changes):
    return make_example(Made(**changes), TOKENIZER)


def decoded_labels(made) -> str:
    return "".join(
        "<end>" if made.tokens[place] == TOKENIZER.end_id else TOKENIZER.decode([made.tokens[place]])
        for place in made.labelled
    )


def test_labels_begin_at_the_audio_language():
    made = example(waveforms=(noise(0.2),))
    assert decoded_labels(made) == ASR.removeprefix("<|startoftranscript|>") + "hello<end>"
    given_tags = make_example(Made(waveforms=(noise(0.2),)), TOKENIZER, label_tags=False)
    assert decoded_labels(given_tags) == "hello<end>"


def test_a_question_is_given_not_predicted():
    assert decoded_labels(example(task="aqa", prompt=AQA, response="yes")) == "<|en|><|question|>yes<end>"


def test_text_alone_has_no_label_at_its_first_token():
    made = example(prompt="", response="hi")
    assert decoded_labels(made) == "i<end>"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.02, 0.6), min_size=1, max_size=5), st.integers(0, 3))
def test_every_label_is_next_to_the_state_that_predicts_it(lengths, extra_clips):
    made = items(*lengths)
    made.append(Made("text", "asr", ASR, "no audio"))
    made.append(Made("many", "sv", ASR, "same", tuple(noise(0.1 * clip + 0.1) for clip in range(extra_clips + 1))))
    examples = [make_example(item, TOKENIZER) for item in made]
    batch = collate(examples, TOKENIZER)
    flat = batch.tokens.flatten()
    assert torch.equal(flat[batch.label_index + 1], batch.labels)
    assert batch.label_count == sum(example.label_count for example in examples)
    assert batch.size == len(made)
    assert batch.real_positions == int(batch.lengths.sum()) == sum(example.length for example in examples)
    # Every position is text, audio or padding, exactly once.
    audio = set(batch.audio_index.tolist())
    assert len(audio) == len(batch.audio_index) == sum(sum(example.positions) for example in examples)
    assert not audio & set((batch.label_index + 1).tolist())
    assert len(batch.pooled_index) == len(batch.audio_index) - 2 * len(batch.conv_frames)
    assert sorted(batch.audio_source.tolist()) == sorted(
        [0, 1] * len(batch.conv_frames) + list(range(2, 2 + len(batch.pooled_index)))
    )
    counts = np.bincount(batch.label_tasks, minlength=len(TASK_IDS))
    for place, task in enumerate(TASK_IDS):
        assert counts[place] == sum(example.label_count for example in examples if TASK_IDS[example.task] == task)


def test_rows_hold_audio_then_prompt_then_response():
    made = example(waveforms=(noise(0.4), noise(0.2)))
    batch = collate([made], TOKENIZER)
    assert made.positions == (12, 7)
    assert batch.audio_index.tolist() == list(range(19))
    assert batch.tokens[0, 19:].tolist() == list(made.tokens)
    assert batch.audio_source.tolist() == [0, *range(2, 12), 1, 0, *range(12, 17), 1]


def test_mel_is_zero_after_a_clips_end():
    batch = collate([make_example(item, TOKENIZER) for item in items(0.5, 0.2)], TOKENIZER)
    assert batch.mel.shape == (2, 80, 50)
    assert batch.conv_frames.tolist() == [25, 10]
    assert not batch.mel[1, :, 20:].any()
    assert not batch.uniform


def test_augmenting_is_the_same_in_any_batch():
    examples = [make_example(item, TOKENIZER) for item in items(0.5, 0.2)]
    both = collate(examples, TOKENIZER, SpecAugmentConfig(), (3, 14))
    alone = collate(examples[1:], TOKENIZER, SpecAugmentConfig(), (3, 14))
    assert torch.equal(both.mel[1, :, :20], alone.mel[0])
    assert not torch.equal(alone.mel, collate(examples[1:], TOKENIZER).mel)


def test_prompts_have_no_labels():
    batch = collate([make_prompt(ASR, [noise(0.3)], TOKENIZER), make_prompt(ASR, [], TOKENIZER)], TOKENIZER)
    assert batch.label_count == 0
    assert batch.lengths.tolist() == [9 + 6, 6]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=30), st.integers(20, 200))
def test_partition_keeps_all_within_budget(sizes, budget):
    examples = [example(key=str(place), response="x" * size) for place, size in enumerate(sizes)]
    parts = partition(examples, budget)
    assert sorted(made.key for part in parts for made in part) == sorted(made.key for made in examples)
    for part in parts:
        assert len(part) == 1 or len(part) * max(made.length for made in part) <= budget
    assert parts == partition(examples[::-1], budget)


def test_unknown_task_is_our_own_bug():
    with pytest.raises(ValueError):
        example(task="nonsense")
