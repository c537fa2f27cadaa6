"""Resampling to 16 kHz: the numbers of torchaudio.functional.resample for a waveform and silence up to a whole step."""

from __future__ import annotations

import math
import os
from functools import lru_cache

import numpy as np
import torch
import torchaudio

from pipelines.decoding.decode import SAMPLE_RATE

# torchaudio's defaults
_ZERO_CROSSINGS = 6
_ROLLOFF = 0.99
# Its filter is a matrix of one row per output phase. For a rate that shares few factors with 16000 (8012, 44099) that
# is up to 16000 rows of as many columns, nearly all zero: gigabytes. Above this size only the non-zero part is made.
_LARGEST_MATRIX = 1 << 20
_CHUNK = 1 << 16  # output waveform samples at a time
# torch makes a convolution anew for each length of a clip, in 4 ms, which is more than it takes to use it. Hardly two
# clips are of one length: they are made longer by silence, to whole steps. It keeps 1024 convolutions, 0.4 MB each, if
# not told else; this is read when the first one is made.
_STEP_SECONDS = 0.5
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")  # clips of up to 30 s


def resample(waveform: np.ndarray, rate: int) -> np.ndarray:
    """A float32 waveform (samples,) at `rate` Hz as float32 at 16 kHz: ceil(samples * 16000 / rate) of them."""
    if rate == SAMPLE_RATE or not len(waveform):
        return waveform
    common = math.gcd(rate, SAMPLE_RATE)
    before, after = rate // common, SAMPLE_RATE // common
    if after * (before + 2 * _width(before, after)) > _LARGEST_MATRIX:
        return _resample_sparse(waveform, before, after)
    kernel, width = _kernel(rate)
    with torch.inference_mode():
        silence = -len(waveform) % round(rate * _STEP_SECONDS)
        padded = torch.nn.functional.pad(
            torch.from_numpy(np.ascontiguousarray(waveform)), (width, width + before + silence)
        )
        phases = torch.nn.functional.conv1d(padded[None, None], kernel, stride=before)
        # torchaudio computes this length in float32, which is off by some samples beyond 17 minutes.
        return phases[0].T.reshape(-1)[: -(-len(waveform) * after // before)].numpy()


@lru_cache(maxsize=16)
def _kernel(rate: int) -> tuple[torch.Tensor, int]:
    """The filter (phases, 1, taps) and the input samples it reaches to each side."""
    # With dtype given the filter is made as torchaudio.functional.resample makes it for float32.
    transform = torchaudio.transforms.Resample(rate, SAMPLE_RATE, dtype=torch.float32)
    return transform.kernel, transform.width


def _width(before: int, after: int) -> int:
    """Input samples that the filter reaches to each side."""
    return math.ceil(_ZERO_CROSSINGS * before / (min(before, after) * _ROLLOFF))


def _resample_sparse(waveform: np.ndarray, before: int, after: int) -> np.ndarray:
    """The same windowed-sinc filter, evaluated in float64 at the taps that are not zero."""
    cutoff = min(before, after) * _ROLLOFF
    width = _width(before, after)
    length = -(-len(waveform) * after // before)
    padded = np.pad(waveform.astype(np.float64), (width + 1, width + before + 1))
    taps = np.arange(-width, width + 2)
    result = np.empty(length, np.float32)
    for start in range(0, length, _CHUNK):
        numbers = np.arange(start, min(length, start + _CHUNK), dtype=np.int64)
        centres = numbers * before // after
        offsets = (numbers * before % after) / after
        # Distance of each tap from the output sample, in periods of the cutoff frequency.
        at = (taps[None, :] - offsets[:, None]) * (cutoff / before)
        window = np.cos(np.clip(at, -_ZERO_CROSSINGS, _ZERO_CROSSINGS) * (math.pi / _ZERO_CROSSINGS / 2)) ** 2
        weights = np.sinc(at) * window * (cutoff / before)
        chunk = padded[centres[:, None] + (taps + width + 1)[None, :]]
        result[start : start + len(numbers)] = np.einsum("nt,nt->n", chunk, weights)
    return result
