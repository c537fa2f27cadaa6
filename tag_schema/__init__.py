"""The tag language: vocabulary, tasks, targets and their text. Standard library only."""

from tag_schema.target import (
    Entity,
    Intent,
    Note,
    Tagged,
    Target,
    TargetError,
    TimedEvent,
    TimedWord,
    Turn,
)
from tag_schema.tasks import TASKS, Task
from tag_schema.vocabulary import AUDIO_TOKENS, EXTENDED, EXTENSION_TOKENS, RELEASED, Vocabulary

__all__ = [
    "AUDIO_TOKENS",
    "EXTENDED",
    "EXTENSION_TOKENS",
    "RELEASED",
    "TASKS",
    "Entity",
    "Intent",
    "Note",
    "Tagged",
    "Target",
    "TargetError",
    "Task",
    "TimedEvent",
    "TimedWord",
    "Turn",
    "Vocabulary",
]
