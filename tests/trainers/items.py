"""Items for tests: clips of noise with targets, as the stream would hand them out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ASR = "<|startoftranscript|><|en|><|transcribe|><|en|><|notimestamps|><|wo_itn|>"
SRWT = "<|startoftranscript|><|en|><|transcribe|><|en|><|timestamps|><|0.00|>"
AQA = "<|startofanalysis|><|en|><|question|>who?<|answer|>"


@dataclass(frozen=True)
class Made:
    """A `TrainingItem`."""

    key: str = "a"
    task: str = "asr"
    prompt: str = ASR
    response: str = "hello"
    waveforms: tuple[np.ndarray, ...] = ()


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(round(16_000 * seconds)) * 3000).astype(np.int16)


def items(*seconds: float) -> list[Made]:
    """One item per length, of tasks in turn, each with its own noise."""
    kinds = (("asr", ASR, "hello"), ("srwt", SRWT, "one<|0.31|> two<|0.55|>"), ("aqa", AQA, "a dog"))
    return [
        Made(f"{place}", *kinds[place % 3], waveforms=(noise(length, place),)) for place, length in enumerate(seconds)
    ]
