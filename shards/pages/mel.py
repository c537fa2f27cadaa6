"""The log-mel spectrogram of a clip for a picture, without torch: what the audio encoder is given."""

from __future__ import annotations

import functools

import numpy as np

from shards.sample import SAMPLE_RATE

N_FFT = 400  # waveform samples: 25 ms
HOP_LENGTH = 160  # waveform samples: 10 ms per mel frame
MELS = 80
# The Slaney scale: linear up to 1,000 Hz, logarithmic above.
_LINEAR_HZ = 200 / 3  # a mel below 1,000 Hz
_BREAK_HZ = 1000.0
_STEP = np.log(6.4) / 27  # a mel above, as the logarithm of a ratio


def log_mel(waveform: np.ndarray) -> np.ndarray:
    """Log-mel spectrogram in Whisper's scale: 80 dB below the loudest point and all that is softer are equal.

    Args:
        waveform: (waveform samples,) int16, 16 kHz, at least `N_FFT`.

    Returns:
        (MELS, frames) float32, a frame per 10 ms.
    """
    frames = (len(waveform) // HOP_LENGTH + 1) // 2 * 2
    # As the encoder's features have it: the beginning is reflected, the end followed by zeros.
    samples = np.concatenate([waveform.astype(np.float32) / 32768, np.zeros(2 * N_FFT, np.float32)])
    padded = np.concatenate([samples[N_FFT // 2 : 0 : -1], samples])
    windows = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH][:frames]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT, dtype=np.float32) / N_FFT)
    spectrum = np.fft.rfft(windows * hann.astype(np.float32), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    log_power = np.log10(np.maximum(_filterbank() @ power.T, 1e-10))
    return ((np.maximum(log_power, log_power.max() - 8.0) + 4.0) / 4.0).astype(np.float32)


@functools.cache
def _filterbank() -> np.ndarray:
    """(MELS, N_FFT // 2 + 1) triangles of unit area, evenly spaced on the mel scale."""
    edges = _hertz(np.linspace(_mel(0.0), _mel(SAMPLE_RATE / 2), MELS + 2))
    bins = np.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.minimum((bins - left) / (middle - left), (right - bins) / (right - middle))
    return np.maximum(triangles, 0) * 2 / (right - left)


def _mel(hertz: float) -> float:
    if hertz < _BREAK_HZ:
        return hertz / _LINEAR_HZ
    return float(_BREAK_HZ / _LINEAR_HZ + np.log(hertz / _BREAK_HZ) / _STEP)


def _hertz(mels: np.ndarray) -> np.ndarray:
    break_mel = _BREAK_HZ / _LINEAR_HZ
    return np.where(mels < break_mel, mels * _LINEAR_HZ, _BREAK_HZ * np.exp(_STEP * (mels - break_mel)))
