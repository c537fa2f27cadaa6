"""Types of entities and slots, in readable words."""

from __future__ import annotations

# OntoNotes' codes that are no words, in small letters -> what its guidelines call them.
_TYPES = {
    "norp": "nationality or group", "fac": "facility", "org": "organization", "gpe": "geopolitical entity",
    "loc": "location",
}  # fmt: skip


def entity_type(raw: str) -> str:
    """A type of entity or slot."""
    return _TYPES.get(raw.lower(), raw.lower())
