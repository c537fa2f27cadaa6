"""Log-mel features as the audio encoder expects them, frame counts, and SpecAugment.

A clip's features depend on the clip alone: its end is followed by zeros, never by a reflection, so that the same clip
gives the same numbers whatever it is batched with.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
import torch
import torchaudio
from torch import Tensor

from shards.config import ConfigError

SAMPLE_RATE = 16_000  # Hz, mono; every clip in every shard
N_FFT = 400  # waveform samples: 25 ms
HOP_LENGTH = 160  # waveform samples: 10 ms per mel frame
MAX_SECONDS = 30.0  # the encoder's positions and the time tokens end here
MAX_FRAMES = 3000  # mel frames of that


def conv_frames(samples: int) -> int:
    """Frames after the encoder's convolutions (20 ms each) for a clip of `samples` waveform samples; at least 0."""
    return (samples // HOP_LENGTH + 1) // 2


def audio_positions(samples: int) -> int:
    """Positions a clip of `samples` waveform samples takes in the language model: 40 ms each, and two markers."""
    return conv_frames(samples) // 2 + 2


@functools.lru_cache(maxsize=4)
def _filterbank(n_mels: int) -> Tensor:
    """(n_mels, N_FFT // 2 + 1) triangular filters on the Slaney scale, each of unit area."""
    filters = torchaudio.functional.melscale_fbanks(
        N_FFT // 2 + 1, 0.0, SAMPLE_RATE / 2, n_mels, SAMPLE_RATE, norm="slaney", mel_scale="slaney"
    )
    return filters.T.contiguous()


@functools.lru_cache(maxsize=1)
def _window() -> Tensor:
    return torch.hann_window(N_FFT)


def log_mel(waveform: np.ndarray | Tensor, n_mels: int = 80) -> Tensor:
    """Log-mel spectrogram in the scale Whisper's encoder was trained on.

    Args:
        waveform: (samples,) int16, or float in [-1, 1]; 16 kHz mono, at most `MAX_SECONDS`.

    Returns:
        (n_mels, 2 * conv_frames(samples)) float32; 80 dB below the clip's loudest point and all that is softer are
        equal, and 80 dB span 2.

    Raises:
        ValueError: shorter than two mel frames, or longer than `MAX_SECONDS`.

    Source: Radford et al. 2022, section 2.2.
    """
    samples = torch.as_tensor(waveform)
    if samples.dtype == torch.int16:
        samples = samples.float() / 32768
    frames = 2 * conv_frames(len(samples))
    if frames < 2 or len(samples) > MAX_SECONDS * SAMPLE_RATE:
        raise ValueError(f"a clip of {len(samples) / SAMPLE_RATE:.3f} s: the encoder takes 0.01 s to {MAX_SECONDS:g} s")
    # Two windows of zeros after the clip stand for the reference's padding to 30 s: no frame kept reaches beyond them.
    # At 30 s that padding ends, and there, as in the reference, the edge is reflected.
    zeros = min(2 * N_FFT, round(MAX_SECONDS * SAMPLE_RATE) - len(samples))
    padded = torch.nn.functional.pad(samples.float(), (0, zeros))
    spectrum = torch.stft(padded, N_FFT, HOP_LENGTH, window=_window(), return_complex=True)[:, :MAX_FRAMES]
    power = spectrum.real.square() + spectrum.imag.square()
    log_power = (_filterbank(n_mels) @ power).clamp_(min=1e-10).log10_()
    # The maximum counts every window that hears something of the clip, also one that ends after the last frame kept.
    return (torch.maximum(log_power[:, :frames], log_power.max() - 8.0) + 4.0) / 4.0


@dataclass(frozen=True)
class SpecAugmentConfig:
    """Bands of time and frequency hidden in training (Park et al. 2019, "LibriSpeech basic", without time warping).

    Time warping is left out because it moves the words under their timestamps.
    """

    frequency_masks: int = 1
    frequency_width: int = 27  # mel bands at most
    time_masks: int = 1
    time_width: int = 100  # mel frames at most
    time_share: float = 0.2  # and at most this share of the clip: a mask must not swallow a word command

    def __post_init__(self) -> None:
        for key in ("frequency_masks", "frequency_width", "time_masks", "time_width"):
            if getattr(self, key) < 0:
                raise ConfigError(f"augment.{key}={getattr(self, key)}: expected 0 or more")
        if not 0 < self.time_share <= 1:
            raise ConfigError(f"augment.time_share={self.time_share}: expected more than 0, and 1 at most")


def spec_augment(mel: Tensor, config: SpecAugmentConfig, *key: object) -> Tensor:
    """`mel` with bands set to its mean.

    The bands depend on `key` alone (the seed, the step, the clip's key), not on any state: a resumed run hides
    the same ones.

    Args:
        mel: (n_mels, frames).
    """
    if not config.frequency_masks and not config.time_masks:
        return mel
    digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
    masked = mel.unsqueeze(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int.from_bytes(digest, "little") >> 1)
        mean = float(mel.mean())
        for _ in range(config.frequency_masks):
            masked = torchaudio.functional.mask_along_axis(masked, config.frequency_width, mean, axis=1)
        for _ in range(config.time_masks):
            masked = torchaudio.functional.mask_along_axis(masked, config.time_width, mean, axis=2, p=config.time_share)
    return masked.squeeze(0)
