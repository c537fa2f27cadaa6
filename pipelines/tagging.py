"""Tagging: from the annotations of a piece to targets in the tag language, words, language and speaker.

| annotation     | tasks                                                                                     |
|----------------|-------------------------------------------------------------------------------------------|
| Transcript     | asr, or dialect_asr, in a second form where that is no guess; its language: lid             |
| Words          | srwt, in the language of the transcript                                                    |
| Translation    | s2tt                                                                                       |
| Caption        | aac, mc                                                                                    |
| Label(kind)    | the task of that name                                                                      |
| Events         | sed                                                                                        |
| Turns          | sd                                                                                         |
| Overlap        | osr                                                                                        |
| Entities       | ser, sf, mr                                                                                |
| Intent         | ic                                                                                         |
| Note           | mna; mic from its instrument                                                               |
| QuestionAnswer | aqa, mqa                                                                                   |
| Speaker        | sgc, sap, where the field is filled                                                        |

Of these, the tasks that the source declares. Several labels of a clip stand in the order of the alphabet, whatever the
corpus. What cannot be said is never dropped in silence: a record that holds no other annotation of the kind is
rejected, else the target is counted in `Tagging.left_out`. So is one whose language has no tag in the vocabulary, even
where it is the only one of its record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pipelines.labels.languages import language_code, text_language
from pipelines.labels.names import label_text
from pipelines.labels.speakers import age, gender
from pipelines.record import (
    REJECT_REASONS,
    Annotation,
    Caption,
    Entities,
    Events,
    Intent,
    Label,
    Note,
    Overlap,
    QuestionAnswer,
    Record,
    Reject,
    TextForm,
    Transcript,
    Translation,
    Turns,
    Words,
)
from pipelines.source import Source
from pipelines.text import normalise
from pipelines.unpunctuated import unpunctuated
from pipelines.windows import LONGEST_SECONDS
from shards.sample import SampleWord, TaggedTarget
from tag_schema.annotations import SONIC_LABELS, Entity, TargetError, TimedEvent, TimedWord, check_text
from tag_schema.annotations import Intent as TaggedIntent
from tag_schema.annotations import Note as TaggedNote
from tag_schema.target import Target
from tag_schema.tasks import TASKS
from tag_schema.timestamps import EDGE_TOLERANCE, floor_to_grid, number_turns, quantise, quantise_events
from tag_schema.vocabulary import Vocabulary

T = TypeVar("T")
NO_TAG = "language_not_in_vocabulary"
_ENGLISH = "en"  # captions and questions of the sources so far
_OF_SPEECH = frozenset({"ks", "er", "did", "sid", "sv"})  # labels about a voice or a word


@dataclass(frozen=True, slots=True)
class TagRules:
    """What tagging needs to know of a source and a job."""

    tasks: frozenset[str]
    text_form: TextForm
    languages: tuple[str, ...]  # of the speech; one alone is that of a record without a transcript
    vocabulary: Vocabulary
    both_forms: bool = False  # whether a written transcript also gives an unpunctuated target

    @classmethod
    def of(cls, source: Source | type[Source], vocabulary: Vocabulary, split: str = "") -> TagRules:
        """The rules of a source, in one of its splits, under a vocabulary."""
        # A second form would be a second question of an evaluation, and its answers part of the same score.
        both_forms = split not in ("", *source.evaluation_splits)
        return cls(frozenset(source.tasks), source.text_form, tuple(source.languages), vocabulary, both_forms)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A target that a piece has not: its task, and why. `language_not_in_vocabulary` (`detail`: the language) and
    `too_long` (times reach to 30 s) are nobody's fault; else `reason` is a key of `REJECT_REASONS`."""

    task: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Tagging:
    """What a sample says about its clips. Where `targets` is empty all were left out, and there is no sample to be."""

    targets: tuple[TaggedTarget, ...]
    left_out: tuple[LeftOut, ...]
    language: str | None
    speaker: Mapping[str, str | None] | None
    original: Mapping[str, Any]
    words: tuple[SampleWord, ...] = ()
    words_by: Mapping[str, str] | None = None


def tag(record: Record, annotations: Sequence[Annotation], seconds: float, rules: TagRules) -> Tagging | Reject:
    """The targets of one piece of a record.

    Args:
        annotations: those of the piece, in seconds from its beginning (`segment.pieces`).
        seconds: length of its first clip.

    Returns: a reject when nothing can be said; its reason is a key of `REJECT_REASONS`.
    """
    transcript = next((a for a in annotations if isinstance(a, Transcript)), None)
    if transcript is not None:
        language = language_code(transcript.language)
    elif record.language is not None:
        language = language_code(record.language)
    else:
        language = rules.languages[0] if len(rules.languages) == 1 else None
    speaker = record.speaker
    told = {"id": speaker.id, "gender": gender(speaker.gender or ""), "age": age(speaker.age or "")}
    if sum(isinstance(annotation, Transcript) for annotation in annotations) > 1:
        rules = replace(rules, both_forms=False)  # the release has both
    tagger = _Tagger(rules, seconds, language, transcript)
    try:
        for annotation in annotations:
            tagger.add(annotation)
        tagger.add_speaker(told["gender"], told["age"])
        words, words_by = _sample_words(annotations, language, tagger.form, seconds)
    except TargetError as error:
        return Reject(record.id, _reason(error), error.reason)
    left_out = tuple(tagger.failed + tagger.left_out)
    outside = not tagger.failed and any(left.reason == NO_TAG for left in left_out)
    if not tagger.targets and not outside:
        why = left_out[0] if left_out else LeftOut("", "no_transcript", "no annotation for the source's tasks")
        return Reject(record.id, why.reason, why.detail)
    return Tagging(
        targets=tuple(dict.fromkeys(tagger.targets)),
        left_out=left_out,
        language=language,
        speaker=told if any(told.values()) else None,
        original=_original(record, annotations, transcript),
        words=words,
        words_by=words_by,
    )


def _original(record: Record, annotations: Sequence[Annotation], transcript: Transcript | None) -> dict[str, Any]:
    """What the release says, verbatim, where targets hold it normalised; captions and translations if there are any."""
    captions = [a.text for a in annotations if isinstance(a, Caption)]
    translations = {a.language: a.text for a in annotations if isinstance(a, Translation)}
    return {
        "text": None if transcript is None else transcript.text,
        "labels": {a.kind: list(a.values) for a in annotations if isinstance(a, Label)} | dict(record.original),
        **({"captions": captions} if captions else {}),
        **({"translations": translations} if translations else {}),
    }


class _Tagger:
    """The targets of one piece, as they are collected."""

    def __init__(self, rules: TagRules, seconds: float, language: str | None, transcript: Transcript | None) -> None:
        self.rules = rules
        self.seconds = seconds
        self.language = language
        self.transcript = transcript
        self.form: TextForm = (transcript.form if transcript else None) or rules.text_form
        self.targets: list[TaggedTarget] = []
        self.left_out: list[LeftOut] = []
        self.failed: list[LeftOut] = []  # alternatives that cannot be said

    def add(self, annotation: Annotation) -> None:
        """Add the targets of an annotation.

        Raises:
            TargetError: it cannot be said; not for annotations of which a record has several as alternatives.
        """
        match annotation:
            case Transcript():
                self._transcript(annotation)
            case Words():
                self._words(annotation)
            case Translation():
                self._alternative("s2tt", self._translation, annotation)
            case Caption():
                self._alternative("aac", self._caption, annotation)
            case Label():
                self._label(annotation)
            case Events():
                self._events(annotation)
            case Turns():
                self._turns(annotation)
            case Overlap():
                self._overlap(annotation)
            case Entities():
                self._entities(annotation)
            case Intent():
                self._intent(annotation)
            case Note():
                self._note(annotation)
            case QuestionAnswer():
                self._alternative(annotation.task, self._answer, annotation)

    def add_speaker(self, sex: str | None, years: str | None) -> None:
        """Add the targets about who speaks."""
        for task, text in (("sgc", sex), ("sap", years)):
            if text is not None and self._wants(task, self.language):
                self._put(Target(task, audio_language=self.language, text=text))

    def _transcript(self, transcript: Transcript) -> None:
        heard, written = language_code(transcript.language), text_language(transcript.language)
        form = transcript.form or self.rules.text_form
        text = normalise(transcript.text, written, form)
        check_text(text, "the transcript")
        task = "dialect_asr" if transcript.dialect else "asr"
        if self._wants(task, heard, written):
            itn = form == "written"
            self._put(Target(task, audio_language=heard, text_language=written, text=text, itn=itn))
            if itn and self.rules.both_forms and (bare := unpunctuated(text, written)):
                self._put(Target(task, audio_language=heard, text_language=written, text=bare, itn=False))
        # The prompt of lid holds no language tag and its response is the code as text: any language can be named.
        if heard is not None and self._wants("lid"):
            self._put(Target("lid", text=heard))

    def _words(self, words: Words) -> None:
        if self.transcript is None or not self._wants_times("srwt"):
            return
        written = text_language(self.transcript.language)
        if not self._wants("srwt", self.language, written):
            return
        timed = [TimedWord(normalise(word.word, written, self.form), word.start, word.end) for word in words.words]
        self._put(
            Target(
                "srwt",
                audio_language=self.language,
                text_language=written,
                words=quantise([word for word in timed if word.word], self.seconds),
                seconds=floor_to_grid(self.seconds),
            )
        )

    def _translation(self, translation: Translation) -> None:
        written = text_language(translation.language)
        if self._wants("s2tt", self.language, written):
            text = normalise(translation.text, written, "written")
            self._put(Target("s2tt", audio_language=self.language, text_language=written, text=text))

    def _caption(self, caption: Caption) -> None:
        text = normalise(caption.text, _ENGLISH, "written")
        if caption.task != "mc" and self._wants("aac"):
            self._put(Target("aac", text=text, style=caption.style))
        if caption.task != "aac" and self._wants("mc"):
            self._put(Target("mc", text=text))

    def _label(self, label: Label) -> None:
        task = label.kind
        values = tuple(dict.fromkeys(_label_text(task, value) for value in label.values))
        # Prompts about a speaker or a word say which language is spoken; those about sounds and music say "unknown".
        heard = self.language if task in _OF_SPEECH else None
        if not self._wants(task, heard):
            return
        if "labels" in TASKS[task].grammar.fields:
            # A set has no order, and releases list theirs in many: in that of the alphabet, whatever the corpus.
            style = label.style if TASKS[task].styles else None
            self._put(Target(task, audio_language=heard, labels=tuple(sorted(values)), style=style))
        else:
            for value in values:  # of several annotators: alternatives
                self._put(Target(task, audio_language=heard, text=value))

    def _events(self, events: Events) -> None:
        if self._wants_times("sed"):
            named = [TimedEvent(_label_text("sec", event.label), event.start, event.end) for event in events.events]
            self._put(Target("sed", events=quantise_events(named, self.seconds), style=events.style))

    def _turns(self, turns: Turns) -> None:
        if self._wants_times("sd") and self._wants("sd", self.language):
            self._put(Target("sd", audio_language=self.language, turns=number_turns(turns.turns, self.seconds)))

    def _overlap(self, overlap: Overlap) -> None:
        heard, written = language_code(overlap.language), text_language(overlap.language)
        form = overlap.form or self.rules.text_form
        if self._wants("osr", heard, written):
            texts = tuple(normalise(text, written, form) for text in overlap.texts)
            itn = form == "written"
            self._put(Target("osr", audio_language=heard, text_language=written, texts=texts, itn=itn))

    def _entities(self, found: Entities) -> None:
        # Those of speech are written as its transcript is.
        spoken = found.task != "mr"
        heard = self.language if spoken else None
        if not self._wants(found.task, heard):
            return
        form: TextForm = self.form if spoken else "written"
        entities = tuple(
            Entity(label_text(found.task, kind), normalise(value, heard, form)) for kind, value in found.entities
        )
        self._put(Target(found.task, audio_language=heard, entities=entities))

    def _intent(self, intent: Intent) -> None:
        if self._wants("ic", self.language):
            scenario, action = (_label_text("ic", value) for value in (intent.scenario, intent.action))
            self._put(Target("ic", audio_language=self.language, intent=TaggedIntent(scenario, action)))

    def _note(self, note: Note) -> None:
        unknown = sorted(set(note.sonic) - set(SONIC_LABELS))
        if unknown:
            raise TargetError(f"NSynth has no quality {', '.join(unknown)}", code="unknown_label")
        if self._wants("mna"):
            sonic = tuple(label for label in SONIC_LABELS if label in note.sonic)
            # The instrument as NSynth spells it, like the qualities: the released scorer compares strings.
            self._put(Target("mna", note=TaggedNote(note.pitch, note.velocity, note.instrument, sonic)))
        if note.instrument is not None and self._wants("mic"):
            self._put(Target("mic", labels=(_label_text("mic", note.instrument),)))

    def _answer(self, pair: QuestionAnswer) -> None:
        if self._wants(pair.task):
            question, answer = (normalise(text, _ENGLISH, "written") for text in (pair.question, pair.answer))
            choices = tuple(normalise(choice, _ENGLISH, "written") for choice in pair.choices)
            self._put(Target(pair.task, question=question, answer=answer, choices=choices))

    def _alternative(self, task: str, add: Callable[[T], None], annotation: T) -> None:
        """Add one of several annotations of a kind; one that cannot be said is counted."""
        try:
            add(annotation)
        except TargetError as error:
            self.failed.append(LeftOut(task, _reason(error), error.reason))

    def _wants(self, task: str, *languages: str | None) -> bool:
        """Whether the source has the task and the vocabulary its languages; a language it lacks is counted."""
        if task not in self.rules.tasks:
            return False
        for code in languages:
            if code is not None and not self.rules.vocabulary.has_language(code):
                self.left_out.append(LeftOut(task, NO_TAG, code))
                return False
        return True

    def _wants_times(self, task: str) -> bool:
        """Whether the source has the task and the clip is short enough for time tokens; a longer one is counted."""
        if task in self.rules.tasks and self.seconds > LONGEST_SECONDS:
            self.left_out.append(LeftOut(task, "too_long", f"{self.seconds:.3f} s"))
        return task in self.rules.tasks and self.seconds <= LONGEST_SECONDS

    def _put(self, target: Target) -> None:
        tagged = target.render()
        self.targets.append(TaggedTarget(target.task, tagged.prompt, tagged.response))


def _label_text(task: str, raw: str) -> str:
    return label_text(task, normalise(raw, None, "written"))


def _reason(error: TargetError) -> str:
    return error.code if error.code in REJECT_REASONS else "bad_row"


def _sample_words(
    annotations: Sequence[Annotation], language: str | None, form: TextForm, seconds: float
) -> tuple[tuple[SampleWord, ...], Mapping[str, str] | None]:
    """The words of the sample, in seconds with 3 decimals, inside the clip.

    Raises:
        TargetError: `bad_times`: a word that lies outside the clip, or is reversed.
    """
    found = next((annotation for annotation in annotations if isinstance(annotation, Words)), None)
    if found is None:
        return (), None
    return tuple(_placed(found, language, form, seconds)), {"method": found.method, "version": found.version}


def _placed(words: Words, language: str | None, form: TextForm, seconds: float) -> Iterator[SampleWord]:
    for word in words.words:
        text = normalise(word.word, language, form)
        if not -EDGE_TOLERANCE <= word.start <= word.end <= seconds + EDGE_TOLERANCE:
            raise TargetError(f"word {text!r} from {word.start} to {word.end} s of {seconds} s", code="bad_times")
        start, end = (round(min(max(time, 0.0), seconds), 3) for time in (word.start, word.end))
        if text:
            yield SampleWord(text, start, end, word.speaker)
