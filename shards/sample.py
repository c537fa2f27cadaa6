"""The sample: one clip, or several that belong together, with its targets and where all of it came from.

In a tar a sample is `KEY.flac` (then `KEY.1.flac`, … where it has several clips) and last `KEY.json`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from shards.layout import check_name
from shards.schema import SCHEMA, ShardError, check_schema

SAMPLE_RATE = 16_000  # Hz, mono, 16 bit: every clip in every shard
LONGEST_KEY = 90  # with ".json" or ".100.flac" it still fits the 100 bytes of a ustar name
KEPT_OF_LONG_KEY = 70
T = TypeVar("T")
KEY = re.compile(r"[A-Za-z0-9_=-]+")

_ESCAPED = {byte: f"={byte:02X}" for byte in range(256)} | {
    byte: chr(byte) for byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
}


def sample_key(dataset: str, split: str, id: str, start_seconds: float | None = None) -> str:
    """The name of a sample in its tar: at most 90 characters of [A-Za-z0-9_=-], different for different ids.

    `start_seconds` is given for a piece cut out of a longer recording: where in the recording it begins.

    Raises:
        ShardError: the id is empty or no valid Unicode, or the start is negative or over 277 hours.
    """
    try:
        escaped = "".join(_ESCAPED[byte] for byte in id.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise ShardError(f"{dataset}/{split}: id {id!r} is no valid Unicode") from error
    if not escaped:
        raise ShardError(f"{dataset}/{split}: a sample's id is empty")
    key = f"{check_name(dataset, 'dataset')}-{check_name(split, 'split')}-{escaped}"
    if start_seconds is not None:
        milliseconds = round(start_seconds * 1000) if 0 <= start_seconds < 1e6 else -1
        if not 0 <= milliseconds < 10**9:
            raise ShardError(f"{dataset}/{split}: id {id!r}: start {start_seconds} s is not within 0 to 999999.999")
        key += f"=s{milliseconds:09d}"
    if len(key) > LONGEST_KEY:
        key = f"{key[:KEPT_OF_LONG_KEY]}=h{hashlib.sha256(key.encode('ascii')).hexdigest()[:16]}"
    return key


def member_names(clips: int) -> tuple[str, ...]:
    """The extensions of a sample's clips: "flac", "1.flac", "2.flac", …"""
    return tuple("flac" if place == 0 else f"{place}.flac" for place in range(clips))


@dataclass(frozen=True, slots=True)
class AudioMember:
    """One clip of a sample. `seconds` is exact: the number of waveform samples over 16,000."""

    member: str  # extension in the tar: "flac", "1.flac", …
    seconds: float
    recording: str  # id of the recording it was cut from
    origin: str  # path of the file in the release, "/" as separator
    start: float | None = None  # seconds in the recording; None: from its beginning
    end: float | None = None  # seconds in the recording; None: to its end
    origin_rate: int | None = None  # Hz
    origin_channels: int | None = None

    @property
    def frames(self) -> int:
        """Length in waveform samples at 16 kHz."""
        return round(self.seconds * SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class SampleWord:
    """One word of the transcript, in seconds of the clip with the number `audio`, rounded to 3 decimals."""

    word: str
    start: float
    end: float
    speaker: str | None = None
    audio: int = 0


@dataclass(frozen=True, slots=True)
class TaggedTarget:
    """What the model reads after the audio and what it must say for one task; `<|endoftext|>` is never stored."""

    task: str
    prompt: str
    response: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What `KEY.json` holds.

    Targets with equal prompts are alternatives: training draws one, evaluation takes all as references.
    """

    dataset: str
    split: str
    id: str
    licence: str
    audio: tuple[AudioMember, ...]
    targets: tuple[TaggedTarget, ...]
    language: str | None = None
    speaker: Mapping[str, str | None] | None = None  # id, gender, age
    original: Mapping[str, Any] = field(default_factory=lambda: {"text": None, "labels": {}})  # the release's, verbatim
    words: tuple[SampleWord, ...] = ()
    words_by: Mapping[str, str] | None = None  # method, version

    @property
    def frames(self) -> int:
        """Length of all clips together, in waveform samples at 16 kHz."""
        return sum(audio.frames for audio in self.audio)

    @property
    def seconds(self) -> float:
        """Length of all clips together."""
        return self.frames / SAMPLE_RATE

    def to_json(self) -> bytes:
        """UTF-8 with sorted keys and no blanks: equal samples give equal bytes.

        Raises:
            ShardError: a text is no valid Unicode, or a number is not finite.
        """
        try:
            return canonical_json(
                {
                    "schema": SCHEMA,
                    "dataset": self.dataset,
                    "split": self.split,
                    "id": self.id,
                    "licence": self.licence,
                    "audio": [_audio_json(audio) for audio in self.audio],
                    "language": self.language,
                    "speaker": None if self.speaker is None else dict(self.speaker),
                    "original": dict(self.original),
                    "words": [_word_json(word) for word in self.words],
                    "words_by": None if self.words_by is None else dict(self.words_by),
                    "targets": [
                        {"task": target.task, "prompt": target.prompt, "response": target.response}
                        for target in self.targets
                    ],
                }
            )
        except (UnicodeEncodeError, ValueError, TypeError) as error:
            raise ShardError(f"{self.dataset}/{self.split}: sample {self.id!r} cannot be written: {error}") from error

    @staticmethod
    def from_json(data: bytes, where: str = "sample") -> Sample:
        """The sample in the bytes of a `KEY.json`; keys that this version does not know are passed over.

        Raises:
            ShardError: no JSON, a newer schema, or a missing key or one of the wrong type; names `where` and the key.
        """
        try:
            document = json.loads(data.decode("utf-8"))
        except ValueError as error:
            raise ShardError(f"{where}: no valid JSON: {error}") from error
        if not isinstance(document, dict):
            raise ShardError(f"{where}: a sample is a JSON object, this is a {type(document).__name__}")
        check_schema(document.get("schema"), where)
        try:
            return Sample(
                dataset=_take(document, "dataset", _text),
                split=_take(document, "split", _text),
                id=_take(document, "id", _text),
                licence=_take(document, "licence", _text),
                audio=_take_all(document, "audio", _audio),
                language=_take(document, "language", _optional(_text)),
                speaker=_take(document, "speaker", _optional(_mapping)),
                original=_take(document, "original", _mapping),
                words=_take_all(document, "words", _word),
                words_by=_take(document, "words_by", _optional(_mapping)),
                targets=_take_all(document, "targets", _target),
            )
        except _MalformedError as error:
            raise ShardError(f"{where}: {error}") from None


def canonical_json(value: object) -> bytes:
    """The one way this project writes JSON whose bytes matter: UTF-8, sorted keys, no blanks, no NaN."""
    return _CANONICAL.encode(value).encode("utf-8")


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def problems(sample: Sample) -> list[str]:
    """What is wrong with a sample beyond the types of its keys; empty when all is right."""
    found = []
    if tuple(audio.member for audio in sample.audio) != member_names(len(sample.audio)):
        found.append(f"its clips are called {[audio.member for audio in sample.audio]}")
    for audio in sample.audio:
        if audio.frames <= 0 or audio.seconds != audio.frames / SAMPLE_RATE:
            found.append(f"clip {audio.member!r} has {audio.seconds} s, no whole number of waveform samples")
    for word in sample.words:
        if not 0 <= word.audio < len(sample.audio):
            found.append(f"word {word.word!r} is in clip number {word.audio} of {len(sample.audio)}")
            continue
        seconds = sample.audio[word.audio].seconds
        # Times have 3 decimals, so a word that ends with its clip may lie half a millisecond behind the end.
        if not 0 <= word.start <= word.end <= seconds + 0.0005:
            found.append(f"word {word.word!r} at {word.start}-{word.end} s lies outside its clip of {seconds} s")
    if sample.words and sample.words_by is None:
        found.append("it has words, but 'words_by' does not say where they come from")
    return found


def _audio_json(audio: AudioMember) -> dict[str, object]:
    return {
        "member": audio.member,
        "seconds": float(audio.seconds),
        "recording": audio.recording,
        "origin": audio.origin,
        "start": None if audio.start is None else float(audio.start),
        "end": None if audio.end is None else float(audio.end),
        "origin_rate": audio.origin_rate,
        "origin_channels": audio.origin_channels,
    }


def _word_json(word: SampleWord) -> dict[str, object]:
    return {
        "word": word.word,
        "start": round(float(word.start), 3),
        "end": round(float(word.end), 3),
        "speaker": word.speaker,
        "audio": word.audio,
    }


class _MalformedError(Exception):
    """A key that is missing or holds something of another type."""


def _take(item: Mapping[str, Any], key: str, read: Callable[[object], T]) -> T:
    if key not in item:
        raise _MalformedError(f"has no {key!r}")
    try:
        return read(item[key])
    except TypeError as error:
        raise _MalformedError(f"{key!r} is {item[key]!r:.80}, not {error}") from None


def _take_all(item: Mapping[str, Any], key: str, read: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    items = []
    for place, value in enumerate(_take(item, key, _list)):
        if not isinstance(value, dict):
            raise _MalformedError(f"{key}[{place}] is {value!r:.80}, not an object")
        try:
            items.append(read(value))
        except _MalformedError as error:
            raise _MalformedError(f"{key}[{place}] {error}") from None
    return tuple(items)


def _audio(item: Mapping[str, Any]) -> AudioMember:
    return AudioMember(
        member=_take(item, "member", _text),
        seconds=_take(item, "seconds", _number),
        recording=_take(item, "recording", _text),
        origin=_take(item, "origin", _text),
        start=_take(item, "start", _optional(_number)),
        end=_take(item, "end", _optional(_number)),
        origin_rate=_take(item, "origin_rate", _optional(_integer)),
        origin_channels=_take(item, "origin_channels", _optional(_integer)),
    )


def _word(item: Mapping[str, Any]) -> SampleWord:
    return SampleWord(
        word=_take(item, "word", _text),
        start=_take(item, "start", _number),
        end=_take(item, "end", _number),
        speaker=_take(item, "speaker", _optional(_text)),
        audio=_take(item, "audio", _integer),
    )


def _target(item: Mapping[str, Any]) -> TaggedTarget:
    return TaggedTarget(
        task=_take(item, "task", _text), prompt=_take(item, "prompt", _text), response=_take(item, "response", _text)
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a string")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("a finite number")
    return float(value)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("an integer")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list")
    return value


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("an object")
    return value


def _optional(read: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else read(value)
