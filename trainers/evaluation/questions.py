"""What a sample asks: one question for each of its prompts, with every right answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shards.stream.reader import Evaluand
from tag_schema.prompt import read_prompt
from trainers.features import HOP_LENGTH, MAX_SECONDS, SAMPLE_RATE

LONGEST = int(MAX_SECONDS * SAMPLE_RATE)  # waveform samples
SHORTEST = 2 * HOP_LENGTH  # waveform samples: two mel frames, the least the encoder takes


@dataclass(frozen=True)
class Question:
    """A prompt about one sample's clips.

    `references` are the responses of the targets with this prompt, in the sample's order. `language` is that of the
    text; `spoken` that of the audio. A clip over 30 s is cut to its first 30 s, as in the published evaluation.
    """

    split: str  # dataset/split
    key: str
    task: str
    prompt: str
    references: tuple[str, ...]
    language: str | None
    spoken: str | None
    waveforms: tuple[np.ndarray, ...]  # (waveform samples,) int16, 16 kHz
    seconds: float  # of all clips as they are in the shard

    @property
    def id(self) -> tuple[str, str]:
        """What no other question of the split has."""
        return self.key, self.prompt

    @property
    def frames(self) -> int:
        """Waveform samples the model hears."""
        return sum(map(len, self.waveforms))


def questions(evaluand: Evaluand, tasks: Sequence[str] = ()) -> list[Question]:
    """The sample's questions in the order of its targets; with `tasks`, those of these tasks only."""
    by_prompt: dict[tuple[str, str], list[str]] = {}
    for target in evaluand.sample.targets:
        if not tasks or target.task in tasks:
            by_prompt.setdefault((target.task, target.prompt), []).append(target.response)
    waveforms = tuple(_fitted(waveform) for waveform in evaluand.waveforms) if by_prompt else ()
    found = []
    for (task, prompt), responses in by_prompt.items():
        reading = read_prompt(prompt)
        found.append(
            Question(
                split=f"{evaluand.sample.dataset}/{evaluand.sample.split}",
                key=evaluand.key,
                task=task,
                prompt=prompt,
                references=tuple(responses),
                language=reading.text_language,
                spoken=reading.audio_language,
                waveforms=waveforms,
                seconds=evaluand.sample.seconds,
            )
        )
    return found


def _fitted(waveform: np.ndarray) -> np.ndarray:
    cut = waveform[:LONGEST]
    return np.pad(cut, (0, SHORTEST - len(cut))) if len(cut) < SHORTEST else cut
