"""What lies below some OUTs, finished or being built: read again and again, only what is new.

Everything comes from listings, plans, commit records, totals and the logs of jobs, so a job on another machine is seen
like one here. What is damaged or missing is named and does not keep the rest from being shown.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shards.layout import (
    NAME,
    ShardName,
    index_path,
    parse_shard_path,
    plan_path,
    runs_folder,
    split_folder,
    split_path,
)
from shards.pages.runs import Run, read_run
from shards.plan import SplitPlan, read_plan
from shards.read_ahead import READ_AT_ONCE
from shards.record import read_record
from shards.sample import SAMPLE_RATE
from shards.schema import ShardError
from shards.storage import Storage, StorageError
from shards.summary import SplitSummary, read_split
from shards.totals import NO_LANGUAGE, Amount, Totals, summed

EVERY_SECONDS = 3.0  # between two looks
WORK_SHARE = 0.1  # of the time at most is spent on looking, however much there is to look at
SEEN_SECONDS = 60.0  # the rate is first of all what was committed before our eyes in so long
NEWEST_RUNS = 4  # logs of a split that are read
REJECT_SHARDS = 20  # per reason: shards whose rejects can be shown as examples

logger = logging.getLogger(__name__)
Languages = dict[str, Amount]
Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SplitState:
    """One split as it was when it was looked at."""

    out: int  # place of its OUT among those given
    dataset: str
    split: str
    planned: int | None = None  # shards; None: the plan cannot be read
    shards: tuple[int, ...] = ()  # numbers of the shards that exist, or claim to
    damaged: frozenset[int] = frozenset()  # of those, the ones whose record is damaged or another plan's
    lost: frozenset[int] = frozenset()  # of those, the ones whose tar is not there
    totals: Totals = field(default_factory=Totals)
    languages: Languages = field(default_factory=dict)
    bytes: int = 0  # of the committed tars
    complete: bool = False
    runs: tuple[Run, ...] = ()  # the newest first
    reject_shards: dict[str, tuple[int, ...]] = field(default_factory=dict)  # shards with rejects, by reason
    problems: tuple[str, ...] = ()
    seen: tuple[float, float] | None = None  # shards and seconds of audio committed per second, as seen lately

    @property
    def whole(self) -> frozenset[int]:
        """Numbers of the shards that exist, and whose tar is there."""
        return frozenset(self.shards) - self.damaged - self.lost

    @property
    def done(self) -> int:
        """How many shards are whole."""
        return len(self.whole)

    def working(self, now: float) -> bool:
        """Whether a job is at work on it, as far as one can tell."""
        return not self.complete and (self.seen is not None or any(run.is_alive(now) for run in self.runs))

    def rate(self, now: float) -> float | None:
        """Seconds of audio per second, of the jobs at work or else of the last one; None where none is known."""
        if self.working(now) and self.seen is not None:
            return self.seen[1]
        some = self._alive(now) or self.runs[:1]
        return sum(run.rate for run in some) if some else None

    def seconds_left(self, now: float) -> float | None:
        """How long the jobs at work will need; None where nobody is, or nobody knows."""
        if not self.working(now) or self.planned is None:
            return None
        speed = self.seen[0] if self.seen else sum(1 / max(run.shard_seconds, 1e-6) for run in self._alive(now))
        return (self.planned - self.done) / speed if speed else None

    def _alive(self, now: float) -> tuple[Run, ...]:
        return () if self.complete else tuple(run for run in self.runs if run.is_alive(now))


@dataclass(frozen=True)
class OutState:
    """One OUT as it was when it was looked at."""

    url: str
    splits: tuple[SplitState, ...] = ()
    problem: str | None = None  # why it cannot be read now; the splits are then those of before
    read_at: float | None = None  # seconds since 1970; None: not yet


class Watch:
    """Looks at OUTs in a thread of its own, or when told.

    Args:
        only: the one dataset to look at.
        told: is given a split's name, how many of its new records were read, and how many there are.
    """

    def __init__(self, storages: Sequence[Storage], only: str | None = None, told: Told = lambda *_: None) -> None:
        self.storages = tuple(storages)
        self._only, self._told = only, told
        self._outs = tuple(OutState(storage.url) for storage in storages)
        self._splits: dict[tuple[int, str, str], _SplitWatch] = {}
        self._known: dict[tuple[int, str, str], SplitState] = {}
        self._first = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def outs(self, patience_seconds: float = 5.0) -> tuple[OutState, ...]:
        """The newest states; waits a little where there has been no look yet."""
        self._first.wait(patience_seconds)
        return self._outs

    def split(self, out: int, dataset: str, split: str) -> SplitState | None:
        """One split; None where it is not among those found."""
        some = self._outs[out].splits if 0 <= out < len(self._outs) else ()
        return next((one for one in some if (one.dataset, one.split) == (dataset, split)), None)

    def look(self) -> None:
        """Look at everything once."""
        for place, storage in enumerate(self.storages):
            before = self._outs[place]
            try:
                state = OutState(storage.url, tuple(self._look_at(place, storage)), read_at=time.time())
                if not state.splits and storage.local_path("") is not None and not _is_folder(storage):
                    state = OutState(storage.url, (), f"{storage.url}: there is no such folder yet", time.time())
            except (ShardError, StorageError, OSError) as error:
                state = OutState(storage.url, before.splits, str(error), before.read_at)
            self._outs = (*self._outs[:place], state, *self._outs[place + 1 :])
        self._first.set()

    def _look_at(self, place: int, storage: Storage) -> Iterable[SplitState]:
        for dataset in filter(NAME.fullmatch, storage.folders()):
            if self._only not in (None, dataset):
                continue
            for split in filter(NAME.fullmatch, storage.folders(dataset)):
                key = place, dataset, split
                if key not in self._splits:
                    if not any(storage.exists(path(dataset, split)) for path in (plan_path, split_path)):
                        continue
                    self._splits[key] = _SplitWatch(place, storage, dataset, split, self._told)
                try:
                    state = self._splits[key].look()
                except (ShardError, StorageError, OSError, pa.ArrowException) as error:
                    # One split that cannot be read hides no other.
                    before = self._known.get(key) or SplitState(place, dataset, split)
                    state = replace(before, problems=(_one_line(error),))
                if state is None:
                    del self._splits[key]
                    self._known.pop(key, None)
                else:
                    self._known[key] = state
                    yield state

    def _run(self) -> None:
        while not self._stopped.is_set():
            begun = time.monotonic()
            try:
                self.look()
            except Exception:  # a look that fails must not end the looking
                logger.exception("event=look_failed")
                self._first.set()
            took = time.monotonic() - begun
            self._stopped.wait(max(EVERY_SECONDS, took * (1 / WORK_SHARE - 1)))


class _SplitWatch:
    """What is known of one split, so that a look reads only what is new."""

    def __init__(self, out: int, storage: Storage, dataset: str, split: str, told: Told) -> None:
        self._out, self._storage, self._dataset, self._split = out, storage, dataset, split
        self._told = told
        self._runs: dict[str, tuple[int, Run | None]] = {}  # by path: bytes read, what they say
        self._index: tuple[str, Languages] | None = None  # of a complete split: sha256 of its index, hours in it
        self._forget(None)

    def _forget(self, plan: str | None) -> None:
        self._plan = plan
        self._counted: set[int] = set()
        self._totals = Totals()
        self._languages: Languages = {}
        self._reject_shards: dict[str, tuple[int, ...]] = {}
        self._seen: deque[tuple[float, int, float]] = deque()  # when, shards and seconds of audio there were then

    def look(self) -> SplitState | None:
        """The split as it is now; None where it is gone."""
        storage, problems = self._storage, list[str]()
        sizes = storage.list(split_folder(self._dataset, self._split))
        if plan_path(self._dataset, self._split) not in sizes and split_path(self._dataset, self._split) not in sizes:
            return None
        plan, summary = None, None
        try:
            plan = read_plan(storage, self._dataset, self._split)
            summary = read_split(storage, self._dataset, self._split)
        except ShardError as error:
            problems.append(str(error))
        named = [shard for path in sizes if (shard := parse_shard_path(path)) is not None]
        numbers = {shard.number for shard, extension in named if extension == "json"}
        tars = {shard.number: sizes[shard.tar] for shard, extension in named if extension == "tar"}
        damaged, lost = frozenset[int](), frozenset(numbers - tars.keys())
        complete = summary is not None and plan is not None and plan.shards == summary.shards == len(numbers)
        if (complete := complete and not lost) and summary is not None:
            totals, languages = summary.totals, self._index_languages(summary, problems)
        else:
            damaged = self._count_new(numbers, plan, problems)
            problems += self._without_tar(lost - damaged)
            totals, languages = summed([self._totals]), {name: Amount(0, 0) for name in self._languages}
            _add_languages(languages, self._languages)
            totals.rejects.update((plan.rejects if plan else None) or {})
        return SplitState(
            out=self._out,
            dataset=self._dataset,
            split=self._split,
            planned=None if plan is None else plan.shards,
            shards=tuple(sorted(numbers)),
            damaged=damaged,
            lost=lost,
            totals=totals,
            languages=languages,
            bytes=sum(size for number, size in tars.items() if number in numbers - damaged),
            complete=complete,
            runs=self._read_runs(sizes),
            reject_shards=dict(self._reject_shards),
            problems=tuple(problems),
            seen=self._growth(len(numbers - damaged), totals.seconds),
        )

    def _growth(self, shards: int, seconds: float) -> tuple[float, float] | None:
        """Shards and seconds of audio per second since the oldest look that is remembered; None where nothing came."""
        now = time.monotonic()
        while self._seen and self._seen[0][0] < now - SEEN_SECONDS:
            self._seen.popleft()
        self._seen.append((now, shards, seconds))
        then, shards_then, seconds_then = self._seen[0]
        elapsed = now - then
        if elapsed < EVERY_SECONDS / 2 or shards <= shards_then:
            return None
        return (shards - shards_then) / elapsed, (seconds - seconds_then) / elapsed

    def _count_new(self, numbers: set[int], plan: SplitPlan | None, problems: list[str]) -> frozenset[int]:
        """Count the shards that were committed since the last look; those whose record is not to be trusted."""
        name = None if plan is None else plan.sha256
        if name != self._plan or not self._counted <= numbers:
            self._forget(name)
        new = [ShardName(self._dataset, self._split, number) for number in sorted(numbers - self._counted)]
        damaged = set[int]()
        with ThreadPoolExecutor(min(READ_AT_ONCE, len(new) or 1)) as pool:
            read = zip(new, pool.map(lambda shard: self._read_shard(shard, name), new), strict=True)
            for place, (shard, found) in enumerate(read, start=1):
                self._told(f"{self._dataset}/{self._split}", place, len(new))
                if isinstance(found, str):
                    damaged.add(shard.number)
                    problems.append(found)
                    continue
                totals, languages = found
                self._counted.add(shard.number)
                self._totals.add(totals)
                _add_languages(self._languages, languages)
                for reason in totals.rejects:
                    some = self._reject_shards.get(reason, ())
                    if len(some) < REJECT_SHARDS:
                        self._reject_shards[reason] = (*some, shard.number)
        return frozenset(damaged)

    def _read_shard(self, shard: ShardName, plan: str | None) -> tuple[Totals, Languages] | str:
        """What a shard adds up to; in words what is wrong where it cannot be read."""
        try:
            record = read_record(self._storage, shard, plan)
        except ShardError as error:
            return str(error)
        if record is None:
            return f"{shard}: its record is damaged or that of another plan; make shards builds it anew"
        try:
            with self._storage.open(shard.parquet) as file:
                return record.totals, _languages(pq.ParquetFile(file))
        except (pa.ArrowException, StorageError, OSError, KeyError, ValueError):
            return record.totals, {}  # the figures are the record's; only the languages stay unknown

    def _index_languages(self, summary: SplitSummary, problems: list[str]) -> Languages:
        """Hours by language of a complete split, read once from its index."""
        if self._index is None or self._index[0] != summary.index.sha256:
            path = index_path(self._dataset, self._split)
            languages: Languages = {}
            try:
                with self._storage.open(path) as file:
                    languages = _languages(pq.ParquetFile(file))
            except FileNotFoundError:
                problems.append(f"{self._storage.full(path)}: is missing; make shards makes it anew")
                return {}
            except (pa.ArrowException, StorageError, OSError, KeyError, ValueError) as error:
                problems.append(f"{self._storage.full(path)}: cannot be read: {_one_line(error)}")
                return {}  # and tried again
            self._index = summary.index.sha256, languages
        return self._index[1]

    def _without_tar(self, numbers: frozenset[int]) -> list[str]:
        if not numbers:
            return []
        first = ShardName(self._dataset, self._split, min(numbers))
        which = (
            f"{first} is committed and has" if len(numbers) == 1 else f"{len(numbers):,} shards from {first} on have"
        )
        return [f"{which} no tar; make repair builds it anew"]

    def _read_runs(self, sizes: dict[str, int]) -> tuple[Run, ...]:
        folder = runs_folder(self._dataset, self._split) + "/"
        paths = sorted((path for path in sizes if path.startswith(folder) and path.endswith(".jsonl")), reverse=True)
        known, self._runs = self._runs, {}
        for path in paths[:NEWEST_RUNS]:
            size, run = known.get(path, (-1, None))
            if size != sizes[path]:
                data = self._storage.read_if_there(path) or b""
                size, run = len(data), read_run(path[len(folder) : -len(".jsonl")], data)
            self._runs[path] = size, run
        found = (run for _, run in self._runs.values() if run is not None)
        return tuple(sorted(found, key=lambda run: -run.last))


def _languages(file: pq.ParquetFile) -> Languages:
    """How much there is of each language in the index rows of a parquet file."""
    found: Languages = {}
    for group in range(file.num_row_groups):  # one after the other: an index may have a hundred million rows
        rows = file.read_row_group(group, columns=["key", "language", "seconds"])
        rows = rows.filter(rows["key"].is_valid())
        frames = pc.cast(pc.round(pc.multiply(rows["seconds"], SAMPLE_RATE)), pa.int64())
        sums = pa.table({"language": rows["language"], "frames": frames}).group_by("language")
        for row in sums.aggregate([("frames", "count"), ("frames", "sum")]).to_pylist():
            amount = found.setdefault(row["language"] or NO_LANGUAGE, Amount())
            amount.add(Amount(row["frames_count"], row["frames_sum"] or 0))
    return found


def _add_languages(to: Languages, some: Languages) -> None:
    for language, amount in some.items():
        to.setdefault(language, Amount()).add(amount)


def _is_folder(storage: Storage) -> bool:
    path = storage.local_path("")
    return path is not None and path.is_dir()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
