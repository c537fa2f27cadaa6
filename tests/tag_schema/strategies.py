"""Generated targets for every task, built from what the task's table row says it may hold."""

import itertools
import unicodedata

from hypothesis import strategies as st

from tag_schema.annotations import SONIC_LABELS
from tag_schema.languages import SPOKEN_LANGUAGES
from tag_schema.target import Entity, Intent, Note, Target, TimedEvent, TimedWord, Turn
from tag_schema.tasks import TASKS
from tag_schema.vocabulary import find_token

LANGUAGES = st.sampled_from(["en", "zh", "de", "ja", "ko", "th", "ru", "haw"])
GRID = st.integers(0, 3000)

# Letters of many scripts, marks that compose, pieces of tags, punctuation, astral characters.
PIECES = st.one_of(
    st.sampled_from(["the", "Straße", "面", "条", "きゃ", "하", "ไทย", "العربية", "\u0338", "e\u0301", "\u00e9", "😀"]),
    st.sampled_from(["<|", "|>", "<", "en", "|", ">", "sil", "0.50", "<|foo|>", "<|31.00|>", "[[[", "{text}"]),
    st.sampled_from([" ", "  ", "\n", ", ", "'"]),
    st.characters(codec="utf-8"),
)


def clean(text: str) -> str:
    """The text as a target may hold it, or an empty string."""
    text = unicodedata.normalize("NFC", text).strip()
    if find_token(text) or unicodedata.normalize("NFC", ">" + text) != ">" + text:
        return ""
    return text


TEXT = st.lists(PIECES, min_size=1, max_size=8).map("".join).map(clean).filter(bool)
WORD = TEXT.map(lambda text: clean("".join(text.split()))).filter(bool)
INSTRUMENT = TEXT.map(lambda text: clean(text.replace("<", ""))).filter(bool)


@st.composite
def timed_words(draw: st.DrawFn) -> dict:
    """Words between rising grid points, some of them touching, and the clip's end."""
    points = sorted(draw(st.sets(GRID, min_size=2, max_size=16)))
    words = []
    for start, end in itertools.pairwise(points):
        if draw(st.booleans()):
            words.append(TimedWord(draw(WORD), start / 100, end / 100))
    return {"words": tuple(words), "seconds": points[-1] / 100}


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[float, float]]:
    pairs = draw(st.lists(st.tuples(GRID, GRID).filter(lambda pair: pair[0] != pair[1]), max_size=5))
    return [(min(pair) / 100, max(pair) / 100) for pair in pairs]


@st.composite
def turns(draw: st.DrawFn) -> tuple[Turn, ...]:
    known, result = 0, []
    for start, end in sorted(draw(spans())):
        speaker = draw(st.integers(1, known + 1))
        known = max(known, speaker)
        result.append(Turn(speaker, start, end))
    ordered = sorted(result, key=lambda turn: (turn.start, turn.end, turn.speaker))
    numbers: dict[int, int] = {}
    return tuple(Turn(numbers.setdefault(t.speaker, len(numbers) + 1), t.start, t.end) for t in ordered)


MIDI = st.none() | st.integers(0, 127)
SONIC = st.sets(st.sampled_from(SONIC_LABELS)).map(lambda some: tuple(x for x in SONIC_LABELS if x in some))
NOTES = st.builds(Note, pitch=MIDI, velocity=MIDI, instrument=st.none() | INSTRUMENT, sonic=SONIC).filter(
    lambda note: note != Note()
)

RESPONSES = {
    "text": st.fixed_dictionaries({"text": TEXT}),
    "texts": st.fixed_dictionaries({"texts": st.lists(TEXT, min_size=1, max_size=3).map(tuple)}),
    "labels": st.fixed_dictionaries({"labels": st.lists(TEXT, max_size=3, unique=True).map(tuple)}),
    "words": timed_words(),
    "events": st.lists(TEXT, min_size=5, max_size=5).flatmap(
        lambda labels: spans().map(
            lambda some: {"events": tuple(TimedEvent(label, *span) for label, span in zip(labels, some, strict=False))}
        )
    ),
    "turns": st.fixed_dictionaries({"turns": turns()}),
    "entities": st.fixed_dictionaries(
        {"entities": st.lists(st.builds(Entity, TEXT, TEXT), max_size=3).map(tuple)},
    ),
    "intent": st.fixed_dictionaries({"intent": st.builds(Intent, TEXT, TEXT)}),
    "note": st.fixed_dictionaries({"note": NOTES}),
    "answer": st.fixed_dictionaries({"answer": TEXT}),
}


@st.composite
def targets(draw: st.DrawFn, task: str) -> Target:
    """Any target of a task."""
    facts = TASKS[task]
    fields = dict(draw(RESPONSES[facts.grammar.fields[0]]))
    if task == "sv":
        fields = {"text": draw(st.sampled_from(["yes", "no"]))}
    if "{spoken}" in facts.prefix or "{asked}" in facts.prefix:
        fields["audio_language"] = draw(LANGUAGES)
    if "{heard}" in facts.prefix:
        fields["audio_language"] = draw(st.none() | LANGUAGES)
    if "{same}" in facts.prefix and fields["audio_language"] == "zh":
        fields["text_language"] = draw(st.sampled_from([None, "zh", "zh_tr"]))
    if "{other}" in facts.prefix:
        fields["text_language"] = draw(st.sampled_from(sorted(SPOKEN_LANGUAGES - {fields["audio_language"]})))
    if "{written}" in facts.prefix:
        fields["text_language"] = draw(st.none() | LANGUAGES | st.just("zh_tr"))
    if "{itn" in facts.prefix:
        fields["itn"] = draw(st.booleans())
    if facts.styles:
        fields["style"] = draw(st.none() | st.sampled_from(sorted(facts.styles)))
    if "{question}" in facts.prefix:
        fields["question"] = draw(TEXT)
        fields["choices"] = tuple(draw(st.lists(TEXT, max_size=3)))
    return Target(task=task, **fields)


ANY_TARGET = st.sampled_from(sorted(TASKS)).flatmap(targets)
