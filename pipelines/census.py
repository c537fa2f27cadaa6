"""A census of a split: what its metadata promises, counted without opening any audio.

Each record goes the way of a job as far as it leads without sound: it is cut and tagged with the length that metadata
tells, else with one that nothing depends on. What only the sound shows (undecodable, truncated or empty files, times
beyond the end) is not counted here.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from pipelines.planning.plan import encoded
from pipelines.record import Annotation, AudioRef, Events, Record, Reject, Turns, Words
from pipelines.segment import pieces
from pipelines.source import Source
from pipelines.tagging import NO_TAG, Tagging, TagRules, tag
from pipelines.verdict import records_found
from pipelines.windows import LONGEST_SECONDS

EXAMPLES = 3  # of each reason


@dataclass
class Census:
    """What was counted. `records` are those that can be built as far as metadata tells; all of `rejects` cannot.

    `by_language` and `by_task` count records that have a target; `outside` targets by the language that has no tag.
    """

    records: int = 0
    seconds: float = 0.0  # of the records whose metadata tells their lengths
    unmeasured: int = 0  # records whose metadata does not
    rejects: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)  # by reason: ids, and where
    left_out: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    by_language: Counter[str] = field(default_factory=Counter)
    by_task: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)

    @property
    def found(self) -> int:
        """The records that SOURCE has, usable or not, to be held against the release's count."""
        return records_found(self.records, self.rejects)

    def length(self, mean_seconds: float) -> float:
        """Seconds of audio; a record whose metadata does not tell its length counts with the mean."""
        return self.seconds + self.unmeasured * mean_seconds

    def reject(self, item: Reject) -> None:
        """Count a reject."""
        self.rejects[item.reason] += 1
        shown = self.examples.setdefault(item.reason, [])
        if len(shown) < EXAMPLES:
            shown.append(f"{item.id}  ({item.where})" if item.where not in ("", item.id) else item.id)


def take_census(source: Source, split: str, rules: TagRules, progress: Callable[[int], None]) -> Census:
    """Count what `split` holds; `progress` is told the number of records read, one by one.

    Raises:
        SourceError: the split cannot be read; EmptySplitError where it holds nothing.
    """
    census = Census()
    hashes = array("q")  # 8 bytes an id, however many there are
    for number, item in enumerate(source.records(split), start=1):
        if isinstance(item, Record):
            hashes.append(hash(item.id))
            _count(census, item, source, split, rules)
        else:
            census.reject(item)
        progress(number)
    if len(np.unique(np.frombuffer(hashes, np.int64))) < len(hashes):
        for repeated in _repeated(source.records(split)):
            census.records -= 1
            census.reject(repeated)
    return census


def _repeated(items: Iterable[Record | Reject]) -> Iterator[Reject]:
    """The records whose id an earlier one has, in a second reading: hardly any corpus needs it."""
    seen: set[int] = set()
    for item in items:
        if isinstance(item, Record):
            if hash(item.id) in seen:
                yield Reject(item.id, "duplicate_id", item.audio[0].path if item.audio else item.id)
            seen.add(hash(item.id))


def _count(census: Census, record: Record, source: Source, split: str, rules: TagRules) -> None:
    text = encoded(record)
    cut = text if isinstance(text, Reject) else _pieces(record, source, split)
    outcomes = [cut] if isinstance(cut, Reject) else [tag(record, parts, seconds, rules) for parts, seconds in cut]
    taggings = [outcome for outcome in outcomes if isinstance(outcome, Tagging)]
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Reject)]
    if rejected and not taggings:
        census.reject(rejected[0])
        return
    census.records += 1
    if any(_told(ref) is None for ref in record.audio):
        census.unmeasured += 1
    else:
        census.seconds += math.fsum(_told(ref) or 0.0 for ref in record.audio)
    census.licences[record.licence or source.licence] += 1
    for left in (left for tagging in taggings for left in tagging.left_out):
        census.left_out[left.reason] += 1
        if left.reason == NO_TAG:
            census.outside[left.detail] += 1
    tasks = {target.task for tagging in taggings for target in tagging.targets}
    census.by_task.update(tasks)
    if tasks and taggings[0].language is not None:
        census.by_language[taggings[0].language] += 1


def _pieces(record: Record, source: Source, split: str) -> list[tuple[tuple[Annotation, ...], float]] | Reject:
    """The annotations of each piece of a record, and the length of its first clip in seconds."""
    least = max(min(source.mean_seconds, LONGEST_SECONDS), _last_time(record))
    lengths = [(ref.start or 0.0) + (told or least) if ref.end is None else ref.end for ref, told in _lengths(record)]
    cut = pieces(record, lengths, source.cut, split in source.evaluation_splits or len(record.audio) != 1)
    if isinstance(cut, Reject):
        return cut
    found = []
    for piece in cut:
        start, end = piece.spans[0] if piece.spans else (0.0, 0.0)
        found.append((piece.annotations, (lengths[0] if end is None else end) - (start or 0.0)))
    return found


def _lengths(record: Record) -> list[tuple[AudioRef, float | None]]:
    return [(ref, _told(ref)) for ref in record.audio]


def _told(ref: AudioRef) -> float | None:
    """The length of a clip where metadata tells it."""
    return ref.end - (ref.start or 0.0) if ref.end is not None else ref.seconds


def _last_time(record: Record) -> float:
    """The last time that the annotations name, in seconds in the recording: it is at least so long."""
    last = 0.0
    for annotation in record.annotations:
        match annotation:
            case Words():
                ends = [word.end for word in annotation.words]
            case Events():
                ends = [event.end for event in annotation.events]
            case Turns():
                ends = [end for _, _, end in annotation.turns]
            case _:
                continue
        last = max(last, *ends, 0.0)
    return last
