"""What is scored, and what a score is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """One prompt's generated text next to every response that counts as right.

    `references` are the responses of all targets with this prompt, in the sample's order. `prediction` is the
    generated text with its tags, up to the end token. `language` is the code of the text's language, if any.
    """

    references: tuple[str, ...]
    prediction: str
    prompt: str = ""
    language: str | None = None

    def __post_init__(self) -> None:
        if not self.references:
            raise ValueError("an answer needs at least one reference")


@dataclass(frozen=True)
class Score:
    """One number with its unit, over how many answers, and the numbers that belong beside it.

    `value` is None where there is nothing to measure (no word right, so no boundary shift). `better` says which
    way is up. `details` are further numbers by name; percentages are in percent.
    """

    metric: str
    value: float | None
    unit: str
    better: str
    count: int
    details: Mapping[str, float | int | str | None] = field(default_factory=dict)

    def text(self) -> str:
        """The value as people write it: `12.3 %`, `58 ms`, `-` where there is none."""
        if self.value is None:
            return "-"
        digits = 0 if self.unit == "ms" else 1
        return f"{self.value:.{digits}f} {self.unit}".rstrip()


def percent(part: float, whole: float) -> float | None:
    """`part` of `whole` in percent; None of nothing."""
    return 100.0 * part / whole if whole else None


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean; None of nothing."""
    return sum(values) / len(values) if values else None
