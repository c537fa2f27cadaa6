"""The tag vocabulary: every added token in its place, and the search for tokens inside text.

A token's id is the size of the base vocabulary (bytes or BPE pieces plus the base's own special tokens) plus
its place in `AUDIO_TOKENS`, so ids agree with released Qwen-Audio checkpoints when the base is Qwen's 151,851.
The extension table follows in the spare rows of the released embedding matrix and only ever grows at its end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

VocabularyName = Literal["released", "extended"]

AUDIO_PLACEHOLDER: Final = "[[[AUDIO:modality]]]"  # one per encoder output, between the two below
AUDIO_OPEN: Final = "<audio>"
AUDIO_CLOSE: Final = "</audio>"
END: Final = "<|endoftext|>"  # of the base vocabulary: ends a response, separates and pads

BASE_SIZE_QWEN: Final = 151_851  # Qwen-7B: 151,643 BPE ranks and its 208 own special tokens
SPARE_ROWS: Final = 782  # named rows of the released matrix end at 155,164; it has 155,947

TIME_STEP: Final = 0.01  # seconds between two time tokens
LAST_CENTISECOND: Final = 3000  # the last time token is <|30.00|>
LAST_SECOND: Final = LAST_CENTISECOND / 100
MIDI_VALUES: Final = 128

UNKNOWN: Final = "unknown"  # the language tag of audio in which no language is heard
TRADITIONAL_CHINESE: Final = "zh_tr"  # a way of writing, never of speaking

# The languages that the release has tags for, in its order.
LANGUAGES: Final[tuple[str, ...]] = ("en", "zh", "de", "es", "ko", "fr", "ja", "it")

# Whisper's other languages, in Whisper's order. Append only: a place here is a row of somebody's checkpoint.
_WHISPERS_OTHERS: Final = (
    "ru pt tr pl ca nl ar sv id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn sr az "
    "sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn "
    "mt sa lb my bo tl mg as tt haw ln ha ba jw su yue"
)
EXTENSION_LANGUAGES: Final[tuple[str, ...]] = tuple(_WHISPERS_OTHERS.split())


def tag(name: str) -> str:
    """The token of this name: `tag("en")` is `<|en|>`."""
    return f"<|{name}|>"


TIME_TOKENS: Final[tuple[str, ...]] = tuple(f"<|{i // 100}.{i % 100:02d}|>" for i in range(LAST_CENTISECOND + 1))

_TAG_NAMES_BEFORE_TIMES: Final = (
    "startoftranscript startofanalysis",  # transcription tag
    "translate transcribe caption keyword",  # task tag
    "unknown",
    *LANGUAGES,
    "zh_tr",
    "notimestamps sil timestamps",
)
_TAG_NAMES_AFTER_TIMES: Final = (
    "caption_audiocaps caption_clotho audioset_ontology caption_plain",  # output instructions
    "itn wo_itn",
    "startofentityvalue endofentityvalue startofentitytype endofentitytype named_entity_recognition",
    "audio_grounding startofword endofword delim",
    "emotion_recognition music_description note_analysis",
    "pitch",
    *(f"midi_pitch_{i}" for i in range(MIDI_VALUES)),
    "velocity",
    *(f"midi_velocity_{i}" for i in range(MIDI_VALUES)),
    "sonic instrument",
    "speaker_meta song_meta",
    "question answer choice",
    "scene event vocal_classification",
    "speech_understanding scenario action entities speech_edit",
)


def _tags(groups: Sequence[str]) -> tuple[str, ...]:
    return tuple(tag(name) for group in groups for name in group.split())


# The 3,314 tokens of the released tokenizer in id order.
AUDIO_TOKENS: Final[tuple[str, ...]] = (
    AUDIO_PLACEHOLDER,
    *_tags(_TAG_NAMES_BEFORE_TIMES),
    *TIME_TOKENS,
    *_tags(_TAG_NAMES_AFTER_TIMES),
    AUDIO_OPEN,
    AUDIO_CLOSE,
)
EXTENSION_TOKENS: Final[tuple[str, ...]] = _tags(EXTENSION_LANGUAGES)

# The base's own special tokens: never part of a target, and refused in text like ours.
BASE_SPECIAL_TOKENS: Final[tuple[str, ...]] = (
    END,
    "<|im_start|>",
    "<|im_end|>",
    *(f"<|extra_{i}|>" for i in range(205)),
)


@dataclass(frozen=True)
class Vocabulary:
    """A named set of added tokens: `released` as published, `extended` with the extension table after it."""

    name: VocabularyName
    tokens: tuple[str, ...] = field(repr=False)
    languages: tuple[str, ...] = field(repr=False)
    places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = {token: place for place, token in enumerate(self.tokens)}
        object.__setattr__(self, "places", MappingProxyType(places))

    @property
    def ids(self) -> Mapping[str, int]:
        """Token to place; a token's id is the base vocabulary's size plus its place."""
        return self.places

    def has_language(self, code: str | None) -> bool:
        """Whether the language has a tag; None (no language heard) and traditional Chinese have one."""
        return code is None or code in (UNKNOWN, TRADITIONAL_CHINESE) or code in self.languages

    def __len__(self) -> int:
        return len(self.tokens)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return vocabulary, (self.name,)


RELEASED: Final = Vocabulary("released", AUDIO_TOKENS, LANGUAGES)
EXTENDED: Final = Vocabulary("extended", AUDIO_TOKENS + EXTENSION_TOKENS, LANGUAGES + EXTENSION_LANGUAGES)


def vocabulary(name: str) -> Vocabulary:
    """The vocabulary of this name.

    Raises:
        ValueError: neither `released` nor `extended`.
    """
    for known in (RELEASED, EXTENDED):
        if known.name == name:
            return known
    raise ValueError(f"unknown vocabulary {name!r}: choose released or extended")


# Reserved in text under either vocabulary, so that shards made with one stay valid under the other.
RESERVED: Final[frozenset[str]] = frozenset(EXTENDED.tokens + BASE_SPECIAL_TOKENS)

# Whatever has the form of a token; a token name holds no other characters.
_TOKEN_FORM: Final = re.compile(r"<\|[a-z0-9_.]+\|>|</?audio>|\[\[\[AUDIO:modality\]\]\]")


def find_token(text: str, start: int = 0) -> tuple[int, str] | None:
    """Position and spelling of the first vocabulary token or base special token in text, or None.

    `<|foo|>` is text: only what a tokenizer would take for a token counts.
    """
    if "<" not in text and "[[[" not in text:
        return None
    for match in _TOKEN_FORM.finditer(text, start):
        if match.group() in RESERVED:
            return match.start(), match.group()
    return None


def split_tokens(text: str) -> list[str]:
    """Text cut into tokens and the stretches between them; joined, the pieces give the text again."""
    pieces = []
    done = 0
    for match in _TOKEN_FORM.finditer(text):
        if match.group() in RESERVED:
            if match.start() > done:
                pieces.append(text[done : match.start()])
            pieces.append(match.group())
            done = match.end()
    if done < len(text):
        pieces.append(text[done:])
    return pieces


def strip_tokens(text: str, replacement: str = "") -> str:
    """Text with every token replaced: what a person reads of a response."""
    return _TOKEN_FORM.sub(lambda match: replacement if match.group() in RESERVED else match.group(), text)
