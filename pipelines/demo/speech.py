"""Speech with exact word times, made by espeak-ng inside this process.

The wheel `espeakng_loader` brings the library and its voices, so no system package is needed. espeak-ng tells
where each word and each phoneme begins; a word ends where the next word or a pause phoneme begins.

espeak-ng keeps state between utterances (phases, random numbers), so the same call gives different bytes the
second time. Whoever needs the same bytes starts a fresh process, makes one `Espeak(seed)` and asks for the same
utterances in the same order; `make.py` does that for each part of a corpus.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000  # Hz, of every utterance returned

_SYNCHRONOUS = 2  # espeak_Synth returns when the audio is complete
_PHONEME_EVENTS_DONT_EXIT = 0x0001 | 0x8000
_UTF8_END_PAUSE = 0x0001 | 0x1000
_EVENT_WORD, _EVENT_PHONEME = 1, 7
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7  # espeak_PARAMETER


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class SpeechError(Exception):
    """espeak-ng refused a voice or a text: which one."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of espeak-ng and how it is used.

    `name` is a language with an optional variant ("en-us+f3"); `rate` is in words per minute; `pitch` and
    `pitch_range` are 0 to 99, 50 being the voice's own; `word_gap` is a pause between words in units of 10 ms.
    `size` is that of the speaker's vocal tract: 1.1 lowers all resonances, and the pitch, by a tenth, and is slower.
    """

    name: str
    rate: int = 175
    pitch: int = 50
    pitch_range: int = 50
    word_gap: int = 0
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of the text and where it sounds, in waveform samples of the utterance."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech without silence around it: (samples,) float32 at 16 kHz in [-1, 1], and its words in order."""

    waveform: NDArray[np.float32]
    words: tuple[SpokenWord, ...]


class Espeak:
    """espeak-ng in this process. The library's state is global: two of these share it, and it is no use to threads."""

    def __init__(self, seed: int = 0) -> None:
        """Load the library and fix its random numbers."""
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS_DONT_EXIT)
        if self._rate <= 0:
            raise SpeechError(
                f"espeak-ng does not start with its data in {data.decode()}; install espeakng-loader again"
            )
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
        self._audio: list[bytes] = []
        self._events: list[tuple[int, int, str, int]] = []  # type, text position, phoneme, waveform sample
        self._callback = _Callback(self._receive)  # kept: the library holds only a bare pointer

    @property
    def version(self) -> str:
        """The library's version, such as "1.52.0"."""
        self._library.espeak_Info.restype = ctypes.c_char_p
        return str(self._library.espeak_Info(None).decode())

    def say(self, text: str, voice: Voice) -> Utterance:
        """Speak `text`; its words are what spaces separate, and are returned as written.

        Raises:
            SpeechError: no such voice, or espeak-ng's words are not those of the text (it reads digits,
                abbreviations and scripts without spaces in its own way: use `waveform` alone for those).
        """
        waveform, onsets, pauses = self._synthesise(text, voice)
        positions = _word_positions(text)
        starts = [onsets[position] for _, position in positions if position in onsets]
        if len(starts) != len(positions) or len(onsets) != len(positions):
            raise SpeechError(
                f"espeak-ng found {len(onsets)} words in {text!r} with {voice.name}, not {len(positions)}"
            )
        words = []
        for (word, _), start, limit in zip(positions, starts, [*starts[1:], len(waveform)], strict=True):
            words.append((word, start, min((pause for pause in pauses if start < pause < limit), default=limit)))
        end = words[-1][2]
        rate = self._rate_of(voice)
        scale = SAMPLE_RATE / rate
        return Utterance(
            resample(waveform[:end], rate),
            tuple(SpokenWord(word, round(start * scale), round(stop * scale)) for word, start, stop in words),
        )

    def waveform(self, text: str, voice: Voice) -> NDArray[np.float32]:
        """Speak any text, in any language, without word times or the pause at the end."""
        waveform, _, pauses = self._synthesise(text, voice)
        loud = np.flatnonzero(np.abs(waveform) > 1e-3)
        last = int(loud[-1]) + 1 if len(loud) else 0
        end = min((pause for pause in pauses if pause >= last), default=last)
        return resample(waveform[:end], self._rate_of(voice))

    def _rate_of(self, voice: Voice) -> int:
        """The rate at which the library's audio is a speaker's of this size; round, so that resampling is fast."""
        return round(self._rate / voice.size / 50) * 50

    def _synthesise(self, text: str, voice: Voice) -> tuple[NDArray[np.float32], dict[int, int], list[int]]:
        """Audio at the library's rate, onset of the word at each text position, onsets of pauses."""
        self._audio.clear()
        self._events.clear()
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise SpeechError(f"espeak-ng has no voice {voice.name!r}")
        settings = {_RATE: voice.rate, _PITCH: voice.pitch, _RANGE: voice.pitch_range, _WORD_GAP: voice.word_gap}
        for parameter, value in settings.items():
            self._library.espeak_SetParameter(parameter, value, 0)
        self._library.espeak_SetSynthCallback(self._callback)
        encoded = text.encode()
        size = ctypes.c_size_t(len(encoded) + 1)
        if self._library.espeak_Synth(encoded, size, 0, 1, 0, _UTF8_END_PAUSE, None, None) != 0:
            raise SpeechError(f"espeak-ng cannot say {text!r} with {voice.name}")
        waveform = np.frombuffer(b"".join(self._audio), np.int16).astype(np.float32) / np.float32(32768)
        onsets: dict[int, int] = {}
        for kind, position, _, sample in self._events:
            if kind == _EVENT_WORD:
                onsets.setdefault(position - 1, sample)  # espeak-ng counts characters from 1
        pauses = [
            sample for kind, _, name, sample in self._events if kind == _EVENT_PHONEME and name in ("_", "_:", "_::")
        ]
        return waveform, onsets, pauses

    def _receive(self, wave: int | None, count: int, events: ctypes._Pointer[_Event]) -> int:
        """Collect what the library calls back with; 0 asks for more."""
        if wave and count > 0:
            self._audio.append(ctypes.string_at(wave, 2 * count))
        index = 0
        while events[index].type != 0:
            event = events[index]
            name = event.id.string.decode("utf-8", "replace") if event.type == _EVENT_PHONEME else ""
            self._events.append((event.type, event.text_position, name, event.sample))
            index += 1
        return 0


def _word_positions(text: str) -> list[tuple[str, int]]:
    """The words of `text` and the character each begins at."""
    positions = []
    position = 0
    for word in text.split(" "):
        if word:
            positions.append((word, position))
        position += len(word) + 1
    return positions


def resample(waveform: NDArray[np.float32], rate: int, target_rate: int = SAMPLE_RATE) -> NDArray[np.float32]:
    """The waveform at another rate, by cutting or extending its spectrum; round(samples * target / rate) samples.

    The spectrum is that of the waveform between silences of 50 ms, so that its ends do not meet.
    """
    block = rate // np.gcd(rate, target_rate)  # the shortest length that is whole at both rates
    edge = -(-rate // 20 // block) * block
    padded = _smooth(-(-(len(waveform) + 2 * edge) // block)) * block
    spectrum = np.fft.rfft(np.pad(waveform.astype(np.float64), (edge, padded - len(waveform) - edge)))
    length = padded * target_rate // rate
    bins = np.zeros(length // 2 + 1, dtype=np.complex128)
    kept = min(len(bins), len(spectrum))
    bins[:kept] = spectrum[:kept]
    out = np.fft.irfft(bins, length) * (length / padded)
    first = edge * target_rate // rate
    return out[first : first + round(len(waveform) * target_rate / rate)].astype(np.float32)


def _smooth(count: int) -> int:
    """The next number that is a product of 2, 3, 5 and 7: the FFT is several times faster at such lengths."""
    while True:
        rest = count
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return count
        count += 1
