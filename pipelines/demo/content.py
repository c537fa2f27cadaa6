"""What the demo corpora say, and with which voices: words, phrases, speakers, and which of them are held out.

Everything heard in training differs from everything tested in both respects: other voices, other sentences.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipelines.demo.speech import Voice

Part = Literal["train", "dev", "test"]

# The English vocabulary is sixteen of the words of Google's Speech Commands, so that the keyword corpus can use that
# corpus's layout and its words are also those of the sentences. Of the ten commands and ten digits those are left out
# that differ from another by one weak sound ("on" and "off", "one" and "nine").
WORDS = (
    *("yes", "no", "up", "down", "left", "right", "stop", "go"),
    *("zero", "two", "three", "four", "five", "six", "seven", "eight"),
)


@dataclass(frozen=True, slots=True)
class DemoSpeaker:
    """A speaker of the demo: a variant of espeak-ng's voices with a pitch and rate of its own."""

    number: int
    gender: Literal["male", "female"]
    variant: str
    pitch: int
    rate: int
    part: Part
    size: float = 1.0

    def voice(self, language: str, rng: np.random.Generator) -> Voice:
        """How the speaker says one utterance: a little faster or slower, higher or lower each time."""
        return Voice(
            name=f"{language}+{self.variant}",
            rate=self.rate + int(rng.integers(-20, 21)),
            pitch=self.pitch + int(rng.integers(-12, 13)),
            pitch_range=int(rng.integers(35, 66)),
            # Most sentences are spoken in one go; in the others every word stands alone. Pauses between the two, of a
            # few hundredths of a second, can hardly be told from the closure of a "t".
            word_gap=int(rng.integers(10, 18)) if rng.random() < 0.3 else 0,
            size=self.size,
        )


SPEAKERS = (
    DemoSpeaker(9001, "male", "m1", 45, 175, "train"),
    DemoSpeaker(9002, "female", "f1", 52, 180, "train"),
    DemoSpeaker(9003, "male", "m3", 38, 165, "train"),
    DemoSpeaker(9004, "female", "f3", 60, 170, "train"),
    DemoSpeaker(9005, "male", "m4", 55, 190, "train"),
    DemoSpeaker(9006, "female", "Annie", 45, 175, "train"),
    DemoSpeaker(9007, "male", "m7", 35, 180, "train"),
    DemoSpeaker(9008, "female", "f4", 55, 185, "train"),
    DemoSpeaker(9009, "male", "Alex", 50, 170, "train"),
    DemoSpeaker(9010, "female", "linda", 50, 165, "train"),
    DemoSpeaker(9011, "male", "victor", 48, 180, "train"),
    DemoSpeaker(9012, "female", "steph", 50, 172, "train"),
    DemoSpeaker(9013, "male", "antonio", 52, 168, "train"),
    DemoSpeaker(9014, "female", "Andrea", 45, 182, "train"),
    DemoSpeaker(9015, "male", "Lee", 50, 174, "train"),
    DemoSpeaker(9016, "female", "anika", 42, 178, "train"),
    DemoSpeaker(9017, "male", "m6", 48, 175, "dev"),
    DemoSpeaker(9018, "female", "f5", 55, 175, "dev"),
    DemoSpeaker(9019, "male", "m5", 45, 172, "test"),
    DemoSpeaker(9020, "female", "f2", 55, 178, "test"),
)


def speakers(part: Part) -> tuple[DemoSpeaker, ...]:
    """The speakers of a part; no speaker is in two."""
    return tuple(speaker for speaker in SPEAKERS if speaker.part == part)


def sentence_part(words: tuple[str, ...]) -> Part:
    """The only part in which a sentence is said. Single words cannot be held out: they belong to train."""
    place = zlib.crc32(" ".join(words).encode()) % 10
    if len(words) == 1 or place > 1:
        return "train"
    return "dev" if place else "test"


# How many words a sentence has: the share of one, two, three and four. Training has many short ones: where to listen
# for which word is learned from them first, and then holds for longer ones. With as many long ones as in the test, the
# tiny model needs several times as long to find it out. Of sentences with word times it needs long ones too: from
# short ones alone it learns how long words usually last, and then places the third and fourth without listening.
HELD_OUT_LENGTHS = (0.0, 0.5, 0.35, 0.15)
TRAINING_LENGTHS = (0.35, 0.35, 0.2, 0.1)
TIMED_TRAINING_LENGTHS = (0.1, 0.22, 0.3, 0.38)


def draw_sentence(part: Part, rng: np.random.Generator, timed: bool = False) -> tuple[str, ...]:
    """A random sentence of one to four words (in dev and test two to four) that belongs to `part`."""
    training = TIMED_TRAINING_LENGTHS if timed else TRAINING_LENGTHS
    while True:
        length = 1 + int(rng.choice(4, p=training if part == "train" else HELD_OUT_LENGTHS))
        words = tuple(WORDS[int(place)] for place in rng.integers(len(WORDS), size=length))
        if sentence_part(words) == part:
            return words


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Six things times six colours in one language: "The house is red."

    `pattern` joins a thing and a colour; `spoken` is how espeak-ng has to be given it where that differs from
    how it is written.
    """

    espeak: str
    things: tuple[str, ...]
    colours: tuple[str, ...]
    pattern: str
    spoken: str = ""

    def written(self, thing: int, colour: int) -> str:
        """The sentence as a transcript has it."""
        return self.pattern.format(thing=self.things[thing], colour=self.colours[colour])

    def said(self, thing: int, colour: int) -> str:
        """The sentence as espeak-ng reads it right."""
        return (self.spoken or self.pattern).format(thing=self.things[thing], colour=self.colours[colour])


ENGLISH = Phrasebook(
    espeak="en-us",
    things=("house", "door", "table", "chair", "apple", "cup"),
    colours=("red", "white", "black", "blue", "yellow", "brown"),
    pattern="The {thing} is {colour}.",
)

PHRASEBOOKS: Mapping[str, Phrasebook] = {  # by Common Voice's language code
    "de": Phrasebook(
        espeak="de",
        things=("Das Haus", "Die Tür", "Der Tisch", "Der Stuhl", "Der Apfel", "Die Tasse"),
        colours=("rot", "weiß", "schwarz", "blau", "gelb", "braun"),
        pattern="{thing} ist {colour}.",
    ),
    "es": Phrasebook(
        espeak="es",
        things=("casa", "puerta", "mesa", "silla", "manzana", "taza"),
        colours=("roja", "blanca", "negra", "azul", "amarilla", "marrón"),
        pattern="La {thing} es {colour}.",
    ),
    "fr": Phrasebook(
        espeak="fr",
        things=("maison", "porte", "table", "chaise", "pomme", "tasse"),
        colours=("rouge", "blanche", "noire", "bleue", "jaune", "marron"),
        pattern="La {thing} est {colour}.",
    ),
    "it": Phrasebook(
        espeak="it",
        things=("casa", "porta", "tavola", "sedia", "mela", "tazza"),
        colours=("rossa", "bianca", "nera", "blu", "gialla", "marrone"),
        pattern="La {thing} è {colour}.",
    ),
    "ja": Phrasebook(  # in kana: espeak-ng does not read kanji, and reads the particle は as "ha"
        espeak="ja",
        things=("いえ", "ドア", "つくえ", "いす", "りんご", "カップ"),
        colours=("あかい", "しろい", "くろい", "あおい", "きいろい", "ちゃいろい"),
        pattern="{thing}は{colour}です。",
        spoken="{thing}わ {colour}です。",
    ),
    "ko": Phrasebook(
        espeak="ko",
        things=("집은", "문은", "책상은", "의자는", "사과는", "컵은"),
        colours=("빨간색", "하얀색", "검은색", "파란색", "노란색", "갈색"),
        pattern="{thing} {colour}이에요.",
    ),
    "zh-CN": Phrasebook(
        espeak="cmn",
        things=("房子", "门", "桌子", "椅子", "苹果", "杯子"),
        colours=("红色", "白色", "黑色", "蓝色", "黄色", "棕色"),
        pattern="{thing}是{colour}的。",
    ),
}


def phrases(part: Part) -> list[tuple[int, int]]:
    """The (thing, colour) pairs of a part: one pair per thing is tested, one is for dev, four are for training.

    Each thing and each colour occurs in every part; only their combination is new.
    """
    wanted = {"test": (0,), "dev": (1,), "train": (2, 3, 4, 5)}[part]
    return [(thing, colour) for thing in range(6) for colour in range(6) if (thing + colour) % 6 in wanted]
