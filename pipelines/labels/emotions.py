"""Emotions, in one word each: the nouns of the published emotion benchmark (MELD), and those that it lacks."""

from __future__ import annotations

# Other spellings and codes, in small letters -> our word. MELD's nouns come first; calm, excitement and frustration are
# no kinds of them. `other` is what raters agreed on where none of their words fitted.
_EMOTIONS: dict[str, str] = {
    "neu": "neutral", "hap": "joy", "happy": "joy", "happiness": "joy", "joyful": "joy", "sur": "surprise",
    "surprised": "surprise", "ang": "anger", "angry": "anger", "sad": "sadness", "dis": "disgust",
    "disgusted": "disgust", "fea": "fear", "fearful": "fear", "afraid": "fear",
    "exc": "excitement", "excited": "excitement", "fru": "frustration", "frustrated": "frustration", "oth": "other",
}  # fmt: skip


def emotion(raw: str) -> str:
    """An emotion of speech."""
    return _EMOTIONS.get(raw.lower(), raw.lower())
