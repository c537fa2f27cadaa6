"""Notes of instruments and everyday sounds, made from sines and noise.

Every function takes a `numpy.random.Generator` and gives a waveform (samples,) float32 in [-1, 1]; the same
generator state gives the same waveform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A timbre: strengths of the harmonics, how the note begins (seconds) and how it dies away (per second)."""

    family: str
    source: str
    harmonics: tuple[float, ...]
    attack: float
    decay: float
    qualities: tuple[str, ...]


INSTRUMENTS = (
    Instrument("bass", "electronic", (1.0, 0.8, 0.5, 0.3, 0.2), 0.005, 2.5, ("dark",)),
    Instrument("flute", "acoustic", (1.0, 0.15, 0.05), 0.08, 0.3, ()),
    Instrument("mallet", "acoustic", (1.0, 0.0, 0.0, 0.6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.3), 0.002, 7.0, ("percussive",)),
    Instrument("organ", "electronic", (1.0, 0.9, 0.1, 0.7, 0.1, 0.5, 0.1, 0.4), 0.02, 0.0, ("multiphonic",)),
    Instrument("string", "acoustic", tuple(1 / n for n in range(1, 16)), 0.12, 0.5, ("bright",)),
)


def note(
    instrument: Instrument, pitch: int, velocity: int, seconds: float, rate: int, rng: np.random.Generator
) -> Waveform:
    """A note of MIDI pitch and velocity 0-127; louder notes are also brighter."""
    time = np.arange(round(seconds * rate)) / rate
    frequency = 440.0 * 2 ** ((pitch - 69) / 12)
    brightness = 0.5 + velocity / 127
    wave = np.zeros_like(time)
    for number, strength in enumerate(instrument.harmonics, start=1):
        if number * frequency < 0.45 * rate:
            amplitude = strength * brightness ** np.log2(number) * rng.uniform(0.8, 1.2)
            wave += amplitude * np.sin(2 * np.pi * (number * frequency * time + rng.random()))
    envelope = np.minimum(time / instrument.attack, 1.0) * np.exp(-instrument.decay * time)
    envelope *= np.minimum((seconds - time) / 0.05, 1.0)  # released at the end, without a click
    loudness = 0.08 + 0.8 * velocity / 127
    return _scaled(wave * envelope, loudness)


def _rain(time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    drops = (rng.random(len(time)) < 60 / len(time) * time[-1]) * rng.normal(size=len(time)) * 12
    return _band(rng.normal(size=len(time)) + drops, time, 1000, 12000)


def _wind(time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    gusts = 1 + 0.7 * np.sin(2 * np.pi * (rng.uniform(0.3, 0.8) * time + rng.random()))
    return _band(rng.normal(size=len(time)), time, 80, 500) * gusts


def _clock_tick(time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    since = (time + rng.random()) % rng.uniform(0.3, 0.5)
    return np.exp(-since * 250) * np.sin(2 * np.pi * rng.uniform(2500, 3500) * since)


def _siren(time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    rate, centre = rng.uniform(0.8, 1.6), rng.uniform(800, 1100)
    return np.sin(2 * np.pi * (centre * time - 300 / (2 * np.pi * rate) * np.cos(2 * np.pi * rate * time)))


def _church_bells(time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    since = (time + rng.random()) % rng.uniform(0.8, 1.2)
    base = rng.uniform(350, 500)
    partials = ((0.5, 0.6), (1.0, 1.0), (1.19, 0.8), (1.5, 0.5), (2.0, 0.7), (2.74, 0.3))
    return sum(
        (level * np.exp(-since * 2 * ratio) * np.sin(2 * np.pi * base * ratio * since) for ratio, level in partials),
        np.zeros_like(time),
    )


def _door_wood_knock(time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    since = (time + rng.random()) % rng.uniform(0.18, 0.28)
    knocking = ((time + rng.random()) % 1.2 < 0.8).astype(np.float64)
    return knocking * np.exp(-since * 60) * np.sin(2 * np.pi * rng.uniform(150, 260) * since)


def _engine(time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    strokes = (time * rng.uniform(25, 40)) % 1.0
    return _band((1 - 2 * strokes) + 0.3 * rng.normal(size=len(time)), time, 20, 1200)


def _clock_alarm(time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    beeps = ((time * rng.uniform(5, 7) + rng.random()) % 1.0 < 0.5).astype(np.float64)
    return beeps * np.sign(np.sin(2 * np.pi * rng.uniform(1900, 2300) * time))


# Names as ESC-50 spells them, with that corpus's numbers for them.
EVENTS: Mapping[str, tuple[int, Callable[[NDArray[np.float64], np.random.Generator], NDArray[np.float64]]]] = {
    "rain": (10, _rain),
    "wind": (16, _wind),
    "door_wood_knock": (30, _door_wood_knock),
    "clock_alarm": (37, _clock_alarm),
    "clock_tick": (38, _clock_tick),
    "siren": (42, _siren),
    "engine": (44, _engine),
    "church_bells": (46, _church_bells),
}


def event(name: str, seconds: float, rate: int, rng: np.random.Generator) -> Waveform:
    """An everyday sound of `EVENTS`, with its details drawn at random."""
    time = np.arange(round(seconds * rate)) / rate
    wave = EVENTS[name][1](time, rng)
    return _scaled(wave + 0.003 * np.abs(wave).max() * rng.normal(size=len(wave)), rng.uniform(0.3, 0.9))


def _band(wave: NDArray[np.float64], time: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """The part of the waveform between two frequencies in Hz."""
    spectrum = np.fft.rfft(wave)
    frequency = np.fft.rfftfreq(len(wave), time[1] - time[0])
    spectrum[(frequency < low) | (frequency > high)] = 0
    return np.fft.irfft(spectrum, len(wave))


def _scaled(wave: NDArray[np.float64], peak: float) -> Waveform:
    """The waveform with this peak."""
    return (wave * (peak / np.abs(wave).max())).astype(np.float32)
