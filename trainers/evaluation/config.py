"""The settings of an evaluation and of a report: two sections of a run's configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

from shards.config import ConfigError
from tag_schema.tasks import TASKS

# Metrics whose score depends on the language: words or characters, the tokenizer of BLEU.
BY_LANGUAGE = frozenset({"wer", "cpwer", "bleu", "aas"})


@dataclass(frozen=True)
class EvaluateConfig:
    """What is asked of a checkpoint, and how.

    `goals` says what a score should reach, by task or by task and language: {ks: 95, asr/en: 20}. Which way is up
    follows from the metric. Goals are printed beside the scores; they change nothing else.
    """

    splits: tuple[str, ...] = ()  # e.g. ("librispeech/test-clean", "esc50/fold5"); "librispeech": all its test splits
    tasks: tuple[str, ...] = ()  # empty: every task the samples have targets for
    checkpoint: str = "best"  # "best" or "last" of the run, or a path
    limit: int = 0  # samples of each split, the first of its index; 0: all
    batch_size: int = 16  # clips generated for at once
    max_new_tokens: int = 256
    max_new_tokens_of: dict[str, int] = field(default_factory=dict)  # by task, e.g. {er: 4}
    processes: int = 0  # on CPUs, each with one thread; 0: one for each core this process may use
    output: str = ""  # where predictions and scores go; empty: the folder `evaluation` of the run
    goals: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for split in self.splits:
            if len(split.split("/")) > 2 or not all(split.split("/")):
                raise ConfigError(f"evaluate.splits: '{split}' is not of the form dataset/split, nor a dataset")
        named = (*self.tasks, *self.max_new_tokens_of, *(goal.partition("/")[0] for goal in self.goals))
        for task in named:
            if task not in TASKS:
                raise ConfigError(f"evaluate: unknown task '{task}'; tasks are {', '.join(TASKS)}")
        for goal in self.goals:
            task, _, language = goal.partition("/")
            if language and TASKS[task].metric not in BY_LANGUAGE:
                raise ConfigError(f"evaluate.goals: '{goal}': {task} is not scored by language; write '{task}'")
        lengths = {f"max_new_tokens_of.{task}": tokens for task, tokens in self.max_new_tokens_of.items()}
        for key, value in {"batch_size": self.batch_size, "max_new_tokens": self.max_new_tokens, **lengths}.items():
            if value < 1:
                raise ConfigError(f"evaluate.{key}={value}: expected at least 1")
        for key in ("limit", "processes"):
            if getattr(self, key) < 0:
                raise ConfigError(f"evaluate.{key}={getattr(self, key)}: expected 0 or more")

    def new_tokens(self, task: str) -> int:
        """The most tokens generated for a task."""
        return self.max_new_tokens_of.get(task, self.max_new_tokens)


@dataclass(frozen=True)
class ReportConfig:
    """What the page shows."""

    output: str = ""  # the HTML file; empty: report.html in the run's folder
    title: str = ""  # empty: the run's name
    samples: int = 4  # of each evaluated split, with picture and sound
