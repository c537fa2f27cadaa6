"""The training stream: from indexed shards to the items of each step, the same for every number of workers.

stream = SampleStream(config, rank=0, world_size=2, transform=lambda item: log_mel(item.waveforms))
for batch in stream:                      # for ever
    ...                                   # train on batch.items
    save(stream.state())                  # {"step": the next one}; SampleStream(…, step=…) goes on there
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol

from shards.config import ConfigError
from shards.sample import SampleWord
from shards.schema import ShardError
from shards.storage import Storage
from shards.stream.catalogue import load_catalogue, log_selection
from shards.stream.config import StreamConfig
from shards.stream.plan import Batch, Plan
from shards.stream.prefetch import prefetched
from shards.stream.reader import Block, TarReader, Waveform

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """One visit to a sample: its clips, and the one target it plays."""

    key: str
    dataset: str
    split: str
    task: str
    language: str | None
    prompt: str
    response: str
    waveforms: tuple[Waveform, ...]  # int16, 16 kHz; () for a sample of text alone
    seconds: float  # of all clips
    words: tuple[SampleWord, ...]
    tokens: int  # positions it was planned to take: audio and text
    lane: int
    epoch: int  # the how-manieth visit to this sample, from 0
    features: Any = None  # what `transform` made of the item


@dataclass(frozen=True, slots=True)
class StepBatch:
    """What one rank plays in one step: a batch of each of its lanes, lane by lane."""

    step: int
    items: tuple[Item, ...]

    @property
    def lanes(self) -> tuple[tuple[Item, ...], ...]:
        """The items by lane. Each lane's are of similar length and within its share of the budget when padded."""
        return tuple(tuple(items) for _, items in groupby(self.items, key=lambda item: item.lane))

    @property
    def seconds(self) -> float:
        """Audio of all items."""
        return sum(item.seconds for item in self.items)

    @property
    def real_frames(self) -> float:
        """Share of audio that is no padding when each lane is padded to its longest item; 1 without audio."""
        padded = sum(len(items) * max(item.seconds for item in items) for items in self.lanes)
        return self.seconds / padded if padded else 1.0


class _Executor(Protocol):
    """Where work on a step's items is done: a pool of threads, or right here."""

    def map(self, function: Callable[..., Any], *iterables: Any) -> Iterator[Any]: ...


class _Here:
    def map(self, function: Callable[..., Any], *iterables: Any) -> Iterator[Any]:
        return map(function, *iterables)


class SampleStream:
    """Iterates over the steps from `step` on, without end; rank r of W plays the lanes r, r + W, r + 2 W, …

    What all ranks play in a step is the same for every world size. Iterating again goes on where it stopped.

    Args:
        transform: called with each item, in a background thread; what it returns is the item's `features`.

    Raises:
        ConfigError: the configuration selects nothing, or the world size does not divide the lanes.
        ShardError: a split without index; later, when reached, a damaged sample.
    """

    def __init__(
        self,
        config: StreamConfig,
        rank: int = 0,
        world_size: int = 1,
        step: int = 0,
        transform: Callable[[Item], Any] | None = None,
    ) -> None:
        if world_size < 1 or config.lanes % world_size:
            possible = ", ".join(str(size) for size in range(1, config.lanes + 1) if config.lanes % size == 0)
            raise ConfigError(
                f"{world_size} workers cannot share the stream's {config.lanes} lanes evenly; use {possible} workers, "
                "or begin a new run with other lanes"
            )
        if not 0 <= rank < world_size:
            raise ConfigError(f"rank {rank} of {world_size} workers: expected 0 to {world_size - 1}")
        if step < 0:
            raise ConfigError(f"step {step}: expected 0 or more")
        self.config = config
        self.lanes = tuple(range(rank, config.lanes, world_size))
        self._transform = transform
        self._step = step
        storage = Storage(config.shards, **config.storage_options)
        self.catalogue = load_catalogue(config, storage)
        self.plan = Plan(
            self.catalogue.samples,
            mixture=config.mixture,
            lanes=config.lanes,
            lane_tokens=config.lane_tokens,
            seed=config.seed,
            window_bytes=config.window_mib * 2**20,
            identity=self.catalogue.pins,
        )
        catalogue = self.catalogue
        self._reader = TarReader(storage, catalogue.tars, catalogue.samples.tar, catalogue.members)
        if rank == 0:
            log_selection(catalogue)
            for pool in self.plan.pools:
                samples, blocks = int(pool.bounds[-1] - pool.bounds[0]), len(pool.bounds) - 1
                logger.info("dataset=%s share=%.4f samples=%d blocks=%d", pool.dataset, pool.share, samples, blocks)

    @property
    def pins(self) -> Mapping[str, str]:
        """The sha256 of each split's index; as `StreamConfig.pins` they hold a later run to the same data."""
        return self.catalogue.pins

    @property
    def benchmark_pins(self) -> Mapping[str, str]:
        """The same of the test splits whose contents are left out; also for `StreamConfig`."""
        return self.catalogue.benchmark_pins

    def state(self) -> dict[str, int]:
        """Where the stream is: the step after the last one handed out."""
        return {"step": self._step}

    def __iter__(self) -> Generator[StepBatch, None, None]:
        source = self._steps(self._step)
        for batch in prefetched(source, self.config.prefetch) if self.config.prefetch else source:
            self._step = batch.step + 1  # before it is handed out: it counts as played from then on
            yield batch

    def _steps(self, step: int) -> Generator[StepBatch, None, None]:
        threads = self.config.threads
        with ThreadPoolExecutor(threads, "stream") if threads > 1 else nullcontext(_Here()) as executor:
            lanes = [self.plan.batches(lane, step) for lane in self.lanes]
            blocks: list[dict[int, Block]] = [{} for _ in self.lanes]  # of each lane's window
            while True:
                batches = [next(lane) for lane in lanes]
                self._fetch(batches, blocks, executor)
                visits = [
                    (batch, number, held)
                    for batch, held in zip(batches, blocks, strict=True)
                    for number in range(len(batch.samples))
                ]
                yield StepBatch(step, tuple(executor.map(self._play, *zip(*visits, strict=True))))
                for batch, held in zip(batches, blocks, strict=True):
                    if batch.ends_window:
                        held.clear()
                step += 1

    def _fetch(self, batches: list[Batch], blocks: list[dict[int, Block]], executor: _Executor) -> None:
        """Read the blocks that the batches need and their lanes do not hold yet."""
        missing = [
            (held, first, end)
            for batch, held in zip(batches, blocks, strict=True)
            for first, end in self.plan.blocks_of(batch.samples)
            if first not in held
        ]
        read = executor.map(lambda place: self._reader.read_block(*place[1:]), missing)
        for (held, first, _), block in zip(missing, read, strict=True):
            held[first] = block

    def _play(self, batch: Batch, number: int, held: dict[int, Block]) -> Item:
        """Decode one visit's sample and transform it."""
        catalogue = self.catalogue
        sample, target = int(batch.samples[number]), int(batch.targets[number])
        ((first, _),) = self.plan.blocks_of(batch.samples[number : number + 1])
        key = catalogue.keys[sample].as_py()
        document, waveforms = self._reader.read(held[first], sample, key)
        task, place = catalogue.tasks[catalogue.target_task[target]], int(catalogue.target_place[target])
        if place >= len(document.targets) or document.targets[place].task != task:
            raise ShardError(
                f"{self._reader.where(sample)}: sample '{key}' has no {task} as target {place}, as the index says; "
                "find all damage with make verify"
            )
        item = Item(
            key=key,
            dataset=document.dataset,
            split=document.split,
            task=task,
            language=document.language,
            prompt=document.targets[place].prompt,
            response=document.targets[place].response,
            waveforms=waveforms,
            seconds=document.seconds,
            words=document.words,
            tokens=int(catalogue.samples.target_tokens[target]),
            lane=batch.lane,
            epoch=int(batch.epochs[number]),
        )
        return item if self._transform is None else replace(item, features=self._transform(item))
