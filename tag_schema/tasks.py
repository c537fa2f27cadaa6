"""The 30 tasks in one table: prompt, response grammar, metric. Prompts are rendered and parsed from it.

A prompt is `transcription tag, audio language, task tag, text language, timestamps, output instruction`.
Alike tasks share tags; each prompt is distinct as soon as its response means or looks anything else:

- The tags without the languages tell the task, and no prompt continues another one, so every prompt has one meaning.
- `<|speaker_meta|>` and `<|song_meta|>` name what is asked for as an entity type (`language`, `gender`, `genre`, …).
- `<|audio_grounding|>` asks for labelled spans, `<|named_entity_recognition|>` and `<|entities|>` for typed values.

Slots in a prompt:

| slot          | stands for                                                                   | field           |
|---------------|------------------------------------------------------------------------------|-----------------|
| `{heard}`     | the language heard, or `<|unknown|>` for None                                 | audio_language  |
| `{spoken}`    | the language spoken, which must be known                                     | audio_language  |
| `{asked}`     | the language of question and answer; None is English                         | audio_language  |
| `{same}`      | the spoken language again (for Chinese also `<|zh_tr|>`); None is that        | text_language   |
| `{other}`     | any other language                                                           | text_language   |
| `{written}`   | the language of the response; None is English                                | text_language   |
| `{itn}`       | `<|itn|>` (written form) or `<|wo_itn|>`, which must be said                   | itn             |
| `{itn=true}`  | the same; None is `<|itn|>`                                                   | itn             |
| `{style}`     | the tag of the style; None is the task's first style                         | style           |
| `{question}`  | the question's text                                                          | question        |
| `{choices}`   | each choice after its `<|choice|>`; there may be none                          | choices         |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from tag_schema import grammar, grammar_timed
from tag_schema.grammar import Grammar

CAPTION_STYLES: Final[Mapping[str, str]] = MappingProxyType(
    {"plain": "<|caption_plain|>", "clotho": "<|caption_clotho|>", "audiocaps": "<|caption_audiocaps|>"}
)
EVENT_STYLES: Final[Mapping[str, str]] = MappingProxyType({"plain": "<|event|>", "audioset": "<|audioset_ontology|>"})


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        prefix: the prompt, with slots.
        metric: a name of `METRICS`.
        styles: what `{style}` may be, the default first.
        clips: how many clips a sample of the task has.
        published: whether the prompt is one of the released evaluation prompts.
    """

    id: str
    title: str
    prefix: str
    grammar: Grammar = field(repr=False)
    metric: str
    styles: Mapping[str, str] = field(default_factory=dict, repr=False)
    clips: int = 1
    published: bool = False

    @property
    def timestamps(self) -> bool:
        """Whether the response holds times."""
        return "<|timestamps|>" in self.prefix


METRICS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "wer": "word error rate; character error rate in languages without spaces",
        "cpwer": "word error rate under the best assignment of the speakers' texts",
        "bleu": "corpus BLEU",
        "aas": "average alignment shift, with the word error rate",
        "accuracy": "exact matches",
        "f1": "F1 of the labels or typed values",
        "caption": "chrF against all references (the published CIDEr, SPICE and SPIDEr need Java tools)",
        "der": "diarization error rate",
        "event_f1": "event F1 with a 200 ms collar",
        "note": "accuracy of pitch, velocity and instrument; precision of the sonic qualities",
    }
)

TRANSCRIBE: Final = "<|startoftranscript|>{spoken}<|transcribe|>{same}"
KEYWORD: Final = "<|startofanalysis|>{heard}<|keyword|><|en|><|notimestamps|>"
SPEAKER: Final = KEYWORD + "<|speaker_meta|>"


def _entity_type(name: str) -> str:
    return f"<|startofentitytype|>{name}<|endofentitytype|>"


_TABLE: Final = (
    Task("asr", "speech recognition", TRANSCRIBE + "<|notimestamps|>{itn}", grammar.TEXT, "wer", published=True),
    Task(
        "s2tt",
        "speech translation to text",
        "<|startoftranscript|>{spoken}<|translate|>{other}<|notimestamps|>{itn=true}",
        grammar.TEXT,
        "bleu",
        published=True,
    ),
    Task("osr", "overlapped speech recognition", TRANSCRIBE + "<|notimestamps|><|delim|>{itn}", grammar.TEXTS, "cpwer"),
    Task(
        "dialect_asr",
        "dialect speech recognition",
        TRANSCRIBE + "<|notimestamps|><|speaker_meta|>{itn}",
        grammar.TEXT,
        "wer",
    ),
    Task(
        "srwt",
        "speech recognition with word timestamps",
        TRANSCRIBE + "<|timestamps|><|0.00|>",
        grammar_timed.WORDS,
        "aas",
        published=True,
    ),
    Task("did", "dialect identification", SPEAKER + _entity_type("dialect"), grammar.TEXT, "accuracy"),
    Task(  # the language is the answer, so the prompt must not tell it
        "lid",
        "language identification",
        "<|startofanalysis|><|unknown|><|keyword|><|en|><|notimestamps|><|speaker_meta|>" + _entity_type("language"),
        grammar.TEXT,
        "accuracy",
    ),
    Task("sgc", "speaker gender classification", SPEAKER + _entity_type("gender"), grammar.TEXT, "accuracy"),
    Task("er", "emotion recognition", KEYWORD + "<|emotion_recognition|>", grammar.TEXT, "accuracy", published=True),
    Task("sv", "speaker verification", SPEAKER + _entity_type("same speaker"), grammar.YES_NO, "accuracy", clips=2),
    Task(
        "sd",
        "speaker diarization",
        "<|startofanalysis|>{heard}<|keyword|><|en|><|timestamps|><|speaker_meta|><|audio_grounding|>",
        grammar_timed.TURNS,
        "der",
    ),
    Task(
        "ser",
        "speech entity recognition",
        "<|startofanalysis|>{spoken}<|keyword|>{same}<|notimestamps|><|named_entity_recognition|>",
        grammar.ENTITIES,
        "f1",
    ),
    Task(
        "ks",
        "keyword spotting",
        "<|startofanalysis|>{spoken}<|transcribe|>{same}<|notimestamps|><|keyword|>",
        grammar.TEXT,
        "accuracy",
    ),
    Task(
        "ic",
        "intent classification",
        "<|startofanalysis|>{spoken}<|speech_understanding|><|en|><|notimestamps|><|scenario|>",
        grammar.INTENT,
        "accuracy",
    ),
    Task(
        "sf",
        "slot filling",
        "<|startofanalysis|>{spoken}<|speech_understanding|>{same}<|notimestamps|><|entities|>",
        grammar.ENTITIES,
        "f1",
    ),
    Task("sap", "speaker age prediction", SPEAKER + _entity_type("age"), grammar.TEXT, "accuracy"),
    Task(  # published with English although the clips hold no words
        "vsc",
        "vocal sound classification",
        "<|startofanalysis|><|en|><|keyword|><|en|><|notimestamps|><|vocal_classification|>",
        grammar.TEXT,
        "accuracy",
        published=True,
    ),
    Task(
        "aac",
        "audio captioning",
        "<|startofanalysis|>{heard}<|caption|>{written}<|notimestamps|>{style}",
        grammar.TEXT,
        "caption",
        styles=CAPTION_STYLES,
        published=True,
    ),
    Task("sec", "sound event classification", KEYWORD + "{style}", grammar.LABELS, "f1", styles=EVENT_STYLES),
    Task("asc", "acoustic scene classification", KEYWORD + "<|scene|>", grammar.TEXT, "accuracy", published=True),
    Task(
        "sed",
        "sound event detection",
        "<|startofanalysis|>{heard}<|keyword|><|en|><|timestamps|>{style}<|audio_grounding|>",
        grammar_timed.EVENTS,
        "event_f1",
        styles=EVENT_STYLES,
    ),
    Task(
        "aqa",
        "audio question answering",
        "<|startofanalysis|>{asked}<|question|>{question}{choices}<|answer|>",
        grammar.ANSWER,
        "accuracy",
        published=True,
    ),
    Task("sid", "singer identification", SPEAKER + _entity_type("singer"), grammar.TEXT, "accuracy"),
    Task(
        "smer",
        "singer and music emotion recognition",
        KEYWORD + "<|music_description|><|emotion_recognition|>",
        grammar.LABELS,
        "f1",
    ),
    Task(
        "mc",
        "music captioning",
        "<|startofanalysis|>{heard}<|caption|>{written}<|notimestamps|><|music_description|>",
        grammar.TEXT,
        "caption",
    ),
    Task("mic", "music instrument classification", KEYWORD + "<|instrument|>", grammar.LABELS, "f1"),
    Task("mna", "music note analysis", KEYWORD + "<|note_analysis|>", grammar.NOTE, "note", published=True),
    Task("mgr", "music genre recognition", KEYWORD + "<|song_meta|>" + _entity_type("genre"), grammar.LABELS, "f1"),
    Task(  # titles and names are in no particular language
        "mr",
        "music recognition",
        "<|startofanalysis|>{heard}<|keyword|><|unknown|><|notimestamps|><|song_meta|><|named_entity_recognition|>",
        grammar.ENTITIES,
        "f1",
    ),
    Task(
        "mqa",
        "music question answering",
        "<|startofanalysis|>{asked}<|music_description|><|question|>{question}{choices}<|answer|>",
        grammar.ANSWER,
        "accuracy",
    ),
)

TASKS: Final[Mapping[str, Task]] = MappingProxyType({task.id: task for task in _TABLE})
