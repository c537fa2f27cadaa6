"""Sound events, vocal sounds and scenes, in readable words."""

from __future__ import annotations

# Names that are no words, in small letters -> readable ones.
_SOUNDS: dict[str, str] = {
    "throatclearing": "throat clearing",
}
_SCENES: dict[str, str] = {}


def sound(raw: str) -> str:
    """A sound event or vocal sound."""
    return _SOUNDS.get(raw.lower(), raw.lower())


def scene(raw: str) -> str:
    """An acoustic scene."""
    return _SCENES.get(raw.lower(), raw.lower())
