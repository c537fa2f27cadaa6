"""Emotions, in one word each: the nouns of the published emotion benchmark (MELD), and those that it lacks."""

from __future__ import annotations

# Other spellings and codes, in small letters -> our word.
_EMOTIONS: dict[str, str] = {}


def emotion(raw: str) -> str:
    """An emotion of speech."""
    return _EMOTIONS.get(raw.lower(), raw.lower())
