"""Items to padded tensors, and a step's items to micro-batches of like length.

Axes: B rows (one item each), S positions of a row, K clips of all rows, F mel bins, T mel frames, P positions that
audio fills, L positions that carry a label.

A row is `<audio> frames </audio>` for each clip, then prompt, response and end token, padded on the right: under causal
attention padding on the right needs no mask.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from tag_schema.tasks import TASKS
from trainers.features import SAMPLE_RATE, SpecAugmentConfig, audio_positions, log_mel, spec_augment
from trainers.tokens import Tokenizer

TASK_IDS = tuple(TASKS)  # a task's place here is its number in the sums of loss per task


class TrainingItem(Protocol):
    """What a batch needs of a stream's item."""

    @property
    def key(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def prompt(self) -> str: ...
    @property
    def response(self) -> str: ...
    @property
    def waveforms(self) -> Sequence[np.ndarray]: ...


@dataclass(frozen=True)
class Example:
    """One item, tokenised.

    `tokens` begins after the audio; `labelled` are the places in it that the model learns to predict.
    """

    key: str
    task: int
    mels: tuple[Tensor, ...]  # (F, 2 * conv frames) each
    positions: tuple[int, ...]  # of each clip in the language model, markers included
    tokens: tuple[int, ...]
    labelled: tuple[int, ...]
    seconds: float

    @property
    def length(self) -> int:
        """Positions in the language model."""
        return sum(self.positions) + len(self.tokens)

    @property
    def label_count(self) -> int:
        """Labels."""
        return len(self.labelled)


def make_example(item: TrainingItem, tokenizer: Tokenizer, n_mels: int = 80, label_tags: bool = True) -> Example:
    """Tokenise an item and compute its features.

    Args:
        label_tags: also learn to predict the tags of the prompt, from the audio language on, so that the model can
            find them by itself. The first tag alone says what is asked for; text in a prompt (a question) is given.
    """
    prompt = tokenizer.encode(item.prompt)
    response = [*tokenizer.encode(item.response), tokenizer.end_id]
    tags = 0
    while label_tags and tags < len(prompt) and prompt[tags] >= tokenizer.base_size:
        tags += 1
    # Without audio nothing comes before the first token, from which it could be predicted.
    first = max(len(prompt), 0 if item.waveforms else 1)
    return Example(
        key=item.key,
        task=TASK_IDS.index(item.task),
        mels=tuple(log_mel(waveform, n_mels) for waveform in item.waveforms),
        positions=tuple(audio_positions(len(waveform)) for waveform in item.waveforms),
        tokens=(*prompt, *response),
        labelled=(*range(1, tags), *range(first, len(prompt) + len(response))),
        seconds=sum(len(waveform) for waveform in item.waveforms) / SAMPLE_RATE,
    )


def make_prompt(prompt: str, waveforms: Sequence[np.ndarray], tokenizer: Tokenizer, n_mels: int = 80) -> Example:
    """What `QwenAudio.generate` continues: the clips and a prompt, without labels."""
    return Example(
        key="",
        task=0,
        mels=tuple(log_mel(waveform, n_mels) for waveform in waveforms),
        positions=tuple(audio_positions(len(waveform)) for waveform in waveforms),
        tokens=tuple(tokenizer.encode(prompt)),
        labelled=(),
        seconds=sum(len(waveform) for waveform in waveforms) / SAMPLE_RATE,
    )


@dataclass(frozen=True)
class Batch:
    """A micro-batch. Counts are Python numbers, so that reading them never waits for the device."""

    mel: Tensor  # (K, F, T) float32, zero after each clip's end
    conv_frames: Tensor  # (K,) int64
    uniform: bool  # all clips are equally long
    pooled_index: Tensor  # (P - 2K,) where in the flattened (K, N) encoder output each audio position comes from
    audio_index: Tensor  # (P,) where in the flattened (B, S) each audio position goes, clip after clip
    audio_source: Tensor  # (P,) its row in [2 markers; pooled frames]
    tokens: Tensor  # (B, S) int64; at audio positions and padding the end token, which nothing reads
    label_index: Tensor  # (L,) where in the flattened (B, S) the hidden state that predicts each label is
    labels: Tensor  # (L,) int64
    label_tasks: Tensor  # (L,) int64, places in TASK_IDS
    lengths: Tensor  # (B,) int64
    keys: tuple[str, ...]
    seconds: float
    real_positions: int

    @property
    def size(self) -> int:
        """Items."""
        return len(self.keys)

    @property
    def label_count(self) -> int:
        """Labels."""
        return self.labels.numel()

    @property
    def positions(self) -> int:
        """Positions in the language model, padding included."""
        return self.tokens.numel()

    def to(self, device: torch.device | str, dtype: torch.dtype = torch.float32) -> Batch:
        """The batch on `device`, its mel in `dtype`."""
        moved = {
            field.name: getattr(self, field.name).to(device, non_blocking=True)
            for field in dataclasses.fields(self)
            if isinstance(getattr(self, field.name), Tensor)
        }
        return dataclasses.replace(self, **moved | {"mel": moved["mel"].to(dtype)})


def collate(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    augment: SpecAugmentConfig | None = None,
    augment_key: tuple[object, ...] = (),
) -> Batch:
    """Pad examples to one batch.

    Args:
        augment: hide bands of the mel; what is hidden depends on `augment_key` (seed, step) and the example's key.
    """
    width = max(example.length for example in examples)
    tokens = np.full((len(examples), width), tokenizer.end_id, dtype=np.int64)
    mels: list[Tensor] = []
    audio_index: list[np.ndarray] = []
    label_index: list[np.ndarray] = []
    labels: list[int] = []
    label_tasks: list[int] = []
    for row, example in enumerate(examples):
        start = row * width
        for clip, (mel, positions) in enumerate(zip(example.mels, example.positions, strict=True)):
            mels.append(spec_augment(mel, augment, *augment_key, example.key, clip) if augment else mel)
            audio_index.append(np.arange(start, start + positions))
            start += positions
        begin = start - row * width
        tokens[row, begin : example.length] = example.tokens
        # A label is predicted from the position before it.
        label_index.append(start - 1 + np.array(example.labelled, dtype=np.int64))
        labels += [example.tokens[place] for place in example.labelled]
        label_tasks += [example.task] * len(example.labelled)

    frames = [mel.shape[1] // 2 for mel in mels]
    mel = torch.zeros(len(mels), mels[0].shape[0] if mels else 0, 2 * max(frames, default=0))
    audio_source: list[np.ndarray] = []
    pooled_index: list[np.ndarray] = []
    pooled_before = 2  # the two markers
    longest = max(frames, default=0) // 2
    for clip, (clip_mel, clip_frames) in enumerate(zip(mels, frames, strict=True)):
        mel[clip, :, : clip_mel.shape[1]] = clip_mel
        pooled = clip_frames // 2
        pooled_index.append(np.arange(clip * longest, clip * longest + pooled))
        audio_source += [np.array([0]), np.arange(pooled_before, pooled_before + pooled), np.array([1])]
        pooled_before += pooled
    return Batch(
        mel=mel,
        conv_frames=torch.tensor(frames, dtype=torch.int64),
        uniform=len(set(frames)) <= 1,
        pooled_index=_joined(pooled_index),
        audio_index=_joined(audio_index),
        audio_source=_joined(audio_source),
        tokens=torch.from_numpy(tokens),
        label_index=_joined(label_index),
        labels=torch.tensor(labels, dtype=torch.int64),
        label_tasks=torch.tensor(label_tasks, dtype=torch.int64),
        lengths=torch.tensor([example.length for example in examples]),
        keys=tuple(example.key for example in examples),
        seconds=sum(example.seconds for example in examples),
        real_positions=sum(example.length for example in examples),
    )


def _joined(parts: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64))


def partition(examples: Sequence[Example], positions: int) -> list[list[Example]]:
    """Split a rank's examples of one step into micro-batches of like length, each at most `positions` when padded.

    One example longer than that makes a micro-batch of its own.
    """
    parts: list[list[Example]] = []
    for example in sorted(examples, key=lambda example: (-example.length, example.key, example.task)):
        # The first of a part is its longest, so it decides the padded width.
        if parts and parts[-1][0].length * (len(parts[-1]) + 1) <= positions:
            parts[-1].append(example)
        else:
            parts.append([example])
    return parts
