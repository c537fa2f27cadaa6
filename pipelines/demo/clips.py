"""From a synthetic utterance to the file a corpus would hold: silence, loudness, noise, and the file formats."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from pipelines.demo.speech import SAMPLE_RATE, SpokenWord, Utterance


@dataclass(frozen=True, slots=True)
class Take:
    """A recorded utterance: (samples,) int16 at 16 kHz, and its words with times in waveform samples of it."""

    waveform: NDArray[np.int16]
    words: tuple[SpokenWord, ...] = ()

    @property
    def seconds(self) -> float:
        """The length of the recording."""
        return len(self.waveform) / SAMPLE_RATE


def record(utterance: Utterance, rng: np.random.Generator, longest: float | None = None) -> Take:
    """An utterance as a microphone might have it: silence around it, some loudness, noise 30 to 50 dB below.

    One end in three is cut close, as corpora are that were cut out of longer recordings: so whether there is silence
    has to be heard, and cannot be known. `longest` limits the length in seconds by shortening the silence, and at the
    last the end of the speech.
    """
    before, after = (int(rng.integers(1280, 3840)) if rng.random() < 2 / 3 else 0 for _ in range(2))
    if longest is not None:
        room = max(round(longest * SAMPLE_RATE) - len(utterance.waveform), 0)
        before, after = min(before, room // 2), min(after, room - room // 2)
    wave = np.pad(utterance.waveform, (before, after))
    if longest is not None:
        wave = wave[: round(longest * SAMPLE_RATE)]
    peak = rng.uniform(0.2, 0.9)
    wave = wave * (peak / np.abs(wave).max())
    noise = np.sqrt(np.mean(wave**2)) * 10 ** (-rng.uniform(30, 50) / 20)
    words = tuple(SpokenWord(word.word, word.start + before, word.end + before) for word in utterance.words)
    return Take(to_int16(wave + noise * rng.normal(size=len(wave))), words)


def to_int16(wave: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.int16]:
    """The waveform as 16-bit samples."""
    return np.clip(np.round(wave * 32768), -32768, 32767).astype(np.int16)


def write_flac(path: Path, waveform: NDArray[np.int16]) -> None:
    """A FLAC file, 16 kHz mono, 16 bit."""
    soundfile.write(path, waveform, SAMPLE_RATE, format="FLAC", subtype="PCM_16")


def write_wav(path: Path, waveform: NDArray[np.int16], rate: int = SAMPLE_RATE) -> None:
    """A RIFF WAV file, mono, 16 bit."""
    soundfile.write(path, waveform, rate, format="WAV", subtype="PCM_16")


def write_sphere(path: Path, waveform: NDArray[np.int16]) -> None:
    """A NIST SPHERE file as on the TIMIT disc: a text header of 1024 bytes, then little-endian samples."""
    fields = (
        "NIST_1A\n   1024\n"
        f"channel_count -i 1\nsample_count -i {len(waveform)}\nsample_rate -i {SAMPLE_RATE}\n"
        f"sample_min -i {waveform.min()}\nsample_max -i {waveform.max()}\n"
        "sample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_sig_bits -i 16\nend_head\n"
    )
    path.write_bytes(fields.encode("ascii").ljust(1024) + waveform.astype("<i2").tobytes())


def write_mp3(path: Path, waveform: NDArray[np.int16], rate: int) -> None:
    """A mono MP3 file, as Common Voice has them; `waveform` is at `rate` already."""
    with av.open(str(path), "w", format="mp3") as container:
        # 0 is LAME's best and slowest, 9 its fastest; the demo is made by the minute.
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono", options={"compression_level": "8"})
        stream.bit_rate = 64_000
        frame = av.AudioFrame.from_ndarray(waveform[None, :], format="s16p", layout="mono")
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
