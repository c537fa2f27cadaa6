"""What a source yields: records (which audio carries which annotations) and rejects (what cannot be used, and why)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

TextForm = Literal["written", "spoken", "unpunctuated"]  # written: cased and punctuated, digits as digits
Span = tuple[float | None, float | None]  # start and end in seconds; None: the beginning, the end
EventStyle = Literal["plain", "audioset"]  # audioset: labels of AudioSet's ontology, which have a tag of their own


@dataclass(frozen=True, slots=True)
class AudioRef:
    """A recording as released, or a time span of it.

    `path` is relative to the root named `root` ("" is SOURCE itself) and uses "/". `start` and `end` are
    seconds in the recording; None means from its beginning or to its end. `recording` names the recording
    (default: the path); segments of one recording share it, so that it is decoded once. `seconds` is the
    length of this clip where the metadata tells it. `speaker` and `origin` are told here where a record has several
    clips, which differ in them. `joined` are spans of the recording, (start, end) in seconds, that are put together to
    one clip, in their order (see `join`).

    `inside` says where in the file the recording lies, where it is not the whole file: "OFFSET+BYTES", or what the
    source's `place` makes of it. `channel`, counted from 0, is the one that is heard; None: all of them, mixed.
    """

    path: str
    root: str = ""
    start: float | None = None
    end: float | None = None
    recording: str | None = None
    seconds: float | None = None
    speaker: str | None = None
    origin: str | None = None
    joined: tuple[tuple[float, float], ...] = ()
    inside: str = ""
    channel: int | None = None

    @classmethod
    def join(cls, path: str, spans: Sequence[tuple[float, float]], recording: str | None = None) -> AudioRef:
        """Spans of a recording as one clip, without what lies between them. Such a clip is never cut.

        Annotations of its record have no times: these would be those of the recording.
        """
        seconds = round(math.fsum(end - start for start, end in spans), 6)
        joined = tuple(spans) if len(spans) > 1 else ()
        return cls(path, "", spans[0][0], spans[-1][1], recording, seconds, joined=joined)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks; each field only as far as the release tells, in the project's vocabulary (`labels/`)."""

    id: str | None = None
    gender: str | None = None
    age: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said, as the release writes it. `language` is the release's code, which `labels/languages.py` maps.

    A record may have one in each of several forms; the first is what its words and its language belong to.
    """

    text: str
    language: str
    form: TextForm | None = None  # None: the source's `text_form`
    dialect: bool = False  # spoken in a dialect of the language: dialect_asr instead of asr


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its times in seconds, in the recording."""

    word: str
    start: float
    end: float
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """The transcript's words with times; `method` says how they came about ("gold" for the release's own)."""

    words: tuple[Word, ...]
    method: str = "gold"
    version: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """The transcript in another language."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Caption:
    """What is heard, as a sentence; several on one record are alternatives."""

    text: str
    style: Literal["clotho", "audiocaps", "plain"] = "plain"
    task: Literal["aac", "mc"] | None = None  # None: those of the two that the source has


@dataclass(frozen=True, slots=True)
class Label:
    """Closed-set labels of one kind for the whole clip, in the release's spelling.

    `kind` is a task id ("ks", "sec", "asc", "er", "vsc", "did", "mgr", "mic", "smer", "sid"); of "sv", for a record of
    two clips, the value is "yes" or "no"; of "lid" it is the release's code of the language. Labels that a task cannot
    have beside each other (two emotions) are alternatives.
    """

    kind: str
    values: tuple[str, ...]
    style: EventStyle = "plain"  # of "sec"


@dataclass(frozen=True, slots=True)
class Event:
    """A sound event with its times in seconds, in the recording."""

    label: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Events:
    """All sound events of a recording; empty means that there are none."""

    events: tuple[Event, ...]
    style: EventStyle = "plain"


@dataclass(frozen=True, slots=True)
class Turns:
    """Who speaks when: (speaker, start, end) in seconds, in the recording."""

    turns: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What several people say at once: the text of each, in order of their beginning."""

    texts: tuple[str, ...]
    language: str
    form: TextForm | None = None  # None: the source's `text_form`


@dataclass(frozen=True, slots=True)
class Entities:
    """Typed values, (type, value) each, in the order in which they are heard or listed; empty: there are none.

    `task` says what they are: named entities of the speech, slots of a command, or a song's metadata (`title`,
    `artist`, `album`, `composer`, …).
    """

    task: Literal["ser", "sf", "mr"]
    entities: tuple[tuple[str, str], ...]

    @classmethod
    def of_song(cls, kinds: Iterable[str], texts: Iterable[str]) -> tuple[Entities, ...]:
        """The metadata of a song as far as its texts say something; () where none does."""
        told = tuple((kind, text.strip()) for kind, text in zip(kinds, texts, strict=True) if text.strip())
        return (cls("mr", told),) if told else ()


@dataclass(frozen=True, slots=True)
class Intent:
    """What a command is about and what it asks for: `calendar`, `set`."""

    scenario: str
    action: str


@dataclass(frozen=True, slots=True)
class Note:
    """A musical note: MIDI pitch and velocity 0-127, instrument family, NSynth's sonic qualities."""

    pitch: int | None = None
    velocity: int | None = None
    instrument: str | None = None
    sonic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """A question about the clip; several with one question are alternatives."""

    question: str
    answer: str
    choices: tuple[str, ...] = ()
    task: Literal["aqa", "mqa"] = "aqa"


Annotation = (
    Transcript | Words | Translation | Caption | Label | Events | Turns | Overlap | Entities | Intent | Note
    | QuestionAnswer
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One utterance or clip of the release, before anything is decoded.

    `id` is the release's own id, unique in its split. `licence` and `origin` override the source's;
    `origin` is "namespace:id" (freesound:1234) and finds the same recording in two corpora.
    `original` holds the release's labels verbatim, for whoever needs more than the targets. `language` is the release's
    code of what is spoken, where there is no transcript to tell it and records differ.
    """

    id: str
    audio: tuple[AudioRef, ...]
    annotations: tuple[Annotation, ...]
    speaker: Speaker = Speaker()
    licence: str | None = None
    origin: str | None = None
    language: str | None = None
    original: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot be used, and why. `reason` is a key of `REJECT_REASONS`.

    `metadata` is the file that names missing audio, relative to SOURCE: it is read again before the audio counts as
    missing. "" where the audio's own folder names it.
    """

    id: str
    reason: str
    where: str
    metadata: str = ""


REJECT_REASONS: dict[str, str] = {
    "audio_missing": "annotated, but the audio file is not there",
    "no_transcript": "audio without annotation",
    "undecodable": "the decoder for this format refuses the file",
    "truncated": "fewer frames than the header promises",
    "empty_audio": "no audio in the file, or in the cut",
    "too_few_columns": "a metadata row with too few columns",
    "wrong_encoding": "text that is not in the release's encoding",
    "bad_row": "a metadata row that cannot be parsed",
    "unknown_label": "a label outside the release's vocabulary",
    "bad_times": "times that are negative, reversed, or outside the recording",
    "empty_text": "nothing left after normalisation",
    "reserved_token": "the text contains a token of the tag vocabulary",
    "duplicate_id": "an earlier record of this split has the same id",
    "held_out": "its recording is in a test or development split",
    "too_long": "over 30 s and not to be cut",
    "unsafe_path": "a path that leaves the corpus",
    "about_metadata": "text about tags that the audio bears, not about what is heard",
}

# Why a sample, or a whole record, lacks a target though nothing is wrong with it; apart from alternatives that alone
# cannot be said, which have the reason of a reject.
LEFT_OUT_REASONS: Mapping[str, str] = REJECT_REASONS | {
    "language_not_in_vocabulary": "no tag for the language; VOCABULARY=extended has those of Whisper",
    "too_long": "over 30 s, where time tokens end",
}
