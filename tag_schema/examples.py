"""One example target per task, and the task table as rows for documentation and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tag_schema.target import Entity, Intent, Note, Target, TimedEvent, TimedWord, Turn
from tag_schema.tasks import METRICS, TASKS

_EXAMPLES: Final = (
    Target("asr", audio_language="en", itn=False, text="the lamp was still burning"),
    Target("s2tt", audio_language="de", text_language="en", text="The lamp was still burning."),
    Target("osr", audio_language="en", itn=False, texts=("where is it", "i do not know")),
    Target("dialect_asr", audio_language="zh", itn=False, text="今天天气很好"),
    Target(
        "srwt",
        audio_language="en",
        words=(TimedWord("still", 0.31, 0.62), TimedWord("burning", 0.62, 1.17)),
        seconds=1.4,
    ),
    Target("did", audio_language="zh", text="southwestern mandarin"),
    Target("lid", text="de"),
    Target("sgc", audio_language="en", text="female"),
    Target("er", audio_language="en", text="joy"),
    Target("sv", audio_language="en", text="yes"),
    Target("sd", audio_language="en", turns=(Turn(1, 0.0, 2.3), Turn(2, 2.1, 4.05))),
    Target("ser", audio_language="en", entities=(Entity("place", "Lisbon"),)),
    Target("ks", audio_language="en", text="stop"),
    Target("ic", audio_language="en", intent=Intent("alarm", "set")),
    Target("sf", audio_language="en", entities=(Entity("time", "nine"),)),
    Target("sap", audio_language="en", text="twenties"),
    Target("vsc", text="throat clearing"),
    Target("aac", text="Rain falls on a tin roof.", style="clotho"),
    Target("sec", labels=("dog", "rain")),
    Target("asc", text="subway station"),
    Target("sed", events=(TimedEvent("dog", 0.5, 1.25), TimedEvent("rain", 0.8, 9.99))),
    Target("aqa", question="Is it raining?", choices=("yes", "no"), answer="yes"),
    Target("sid", audio_language="zh", text="Alto-1"),
    Target("smer", labels=("calm", "happy")),
    Target("mc", text="A slow piano piece with soft strings."),
    Target("mic", labels=("piano", "violin")),
    Target("mna", note=Note(60, 100, "organ", ("dark", "percussive"))),
    Target("mgr", labels=("jazz",)),
    Target("mr", entities=(Entity("title", "Blue Hour"), Entity("artist", "The Lamps"))),
    Target("mqa", question="Which instrument plays?", answer="a piano"),
)

EXAMPLES: Final[Mapping[str, Target]] = MappingProxyType({target.task: target for target in _EXAMPLES})


@dataclass(frozen=True)
class TaskRow:
    """A task as documentation shows it."""

    task: str
    title: str
    prompt: str
    response: str
    metric: str
    metric_meaning: str
    published: bool  # the prompt is one of the released evaluation prompts


def task_table() -> list[TaskRow]:
    """One row per task, in the order of `TASKS`."""
    rows = []
    for name, task in TASKS.items():
        tagged = EXAMPLES[name].render()
        meaning = METRICS[task.metric]
        rows.append(TaskRow(name, task.title, tagged.prompt, tagged.response, task.metric, meaning, task.published))
    return rows
