"""Instruments, genres and moods of music, in readable words."""

from __future__ import annotations

# Codes and run-together spellings, in small letters -> readable words.
_INSTRUMENTS: dict[str, str] = {}
_GENRES: dict[str, str] = {}
_MOODS: dict[str, str] = {}


def instrument(raw: str) -> str:
    """An instrument."""
    return _INSTRUMENTS.get(raw.lower(), raw.lower())


def genre(raw: str) -> str:
    """A genre."""
    return _GENRES.get(raw.lower(), raw.lower())


def mood(raw: str) -> str:
    """A mood or emotion of music."""
    return _MOODS.get(raw.lower(), raw.lower())
