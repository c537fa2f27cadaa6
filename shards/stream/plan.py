"""The order of training, as arithmetic over the index: pure functions of seed, samples, mixture and lanes.

Three steps lead from samples to the batch that a lane plays in a given step:

1. **Blocks.** Each dataset is cut into runs of neighbouring samples of one tar. Its epochs follow one another, each
   with the blocks in a new order, and the endless row of blocks that results is dealt to the lanes in turn: lane `l` of
   `L` owns the places l, l + L, l + 2 L, … So each epoch holds each sample once, whichever lane plays it.
2. **Windows.** A lane's time is divided into windows of about equal content. A dataset gives `rate` blocks to a window,
   from its mixture share; which ones follows from the window's number alone, since the blocks before it are
   `floor(time · rate + phase)`. The phases differ, so that together the lanes keep to the shares.
3. **Batches.** A window's visits are sorted by length and cut into batches under the lane's share of the token budget,
   and the batches, not the clips, are shuffled.

Only the number of batches per window has to be counted from the start, so finding step k costs a few microseconds per
sample played before it and reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from shards.stream.config import MixtureConfig
from shards.stream.draws import U64, bits, permutation, seed64, uniform

BLOCK_BYTES = 8 << 20
BLOCKS_PER_LANE = 4  # of an epoch, at least: small datasets get smaller blocks
BATCHES_PER_WINDOW = 8  # at least: each window leaves up to one batch's worth of the budget unused

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """The samples that may be played, by dataset, and within one in index order; N samples, T targets.

    The samples of dataset d are `dataset_from[d]` up to `dataset_from[d + 1]`, the targets of sample n are
    `target_from[n]` up to `target_from[n + 1]`; every sample has at least one.
    """

    datasets: tuple[str, ...]
    dataset_from: Ints  # (datasets + 1,)
    tar: NDArray[np.int32]  # (N,) number of the tar it lies in
    start: Ints  # (N,) bytes in the tar
    end: Ints  # (N,) bytes in the tar
    seconds: NDArray[np.float32]  # (N,) all clips together
    key: U64  # (N,) hash of the key
    weight: NDArray[np.float32]  # (N,) of the heaviest of its tasks in the mixture
    target_from: Ints  # (N + 1,)
    target_tokens: NDArray[np.int32]  # (T,) audio positions and text tokens of a visit that plays it
    target_weight: NDArray[np.float64]  # (T,) weight of its task over the sample's alternatives for that task; > 0

    def __len__(self) -> int:
        return len(self.tar)


@dataclass(frozen=True)
class Batch:
    """What one lane plays in one step: B visits, the longest first."""

    lane: int
    samples: Ints  # (B,)
    targets: Ints  # (B,) into `Samples.target_*`
    epochs: Ints  # (B,) the how-manieth visit to the sample this is
    window: int
    ends_window: bool  # nothing of the window's blocks is needed after this batch


@dataclass(frozen=True)
class Pool:
    """One dataset's blocks and how fast they are played."""

    dataset: str
    seed: np.uint64
    bounds: Ints  # (blocks + 1,) block b is the samples bounds[b] up to bounds[b + 1]
    share: float  # of all visits
    rate: float  # blocks per lane and window
    phases: NDArray[np.float64]  # (lanes,) in [0, 1)

    def blocks_before(self, lane: int, time: float) -> int:
        """How many blocks the lane has begun before a time, in windows."""
        return int(np.floor(time * self.rate + self.phases[lane]))


class Plan:
    """Batches by lane and step.

    `window_bytes` of stored samples are sorted together, but no less than eight batches, and no more than a
    lane's part of an epoch where that is more than eight batches. `identity` names the indexes by their sha256.
    """

    def __init__(
        self,
        samples: Samples,
        *,
        mixture: MixtureConfig,
        lanes: int,
        lane_tokens: int,
        seed: int,
        window_bytes: float,
        identity: Mapping[str, str],
    ) -> None:
        if len(samples) == 0 or int(samples.target_tokens.max()) > lane_tokens:
            raise ValueError("a plan needs samples, each within one lane's share of the token budget")
        self.samples = samples
        self.lanes = lanes
        self.lane_tokens = lane_tokens
        self._seed = seed64("stream", seed, *(f"{split}={sha256}" for split, sha256 in sorted(identity.items())))
        self._draw_seed = seed64("target", int(self._seed))
        self._epoch_seed = seed64("epoch", int(self._seed))
        self._cumulated_weight = np.concatenate([[0.0], np.cumsum(samples.target_weight)])
        self.pools = self._make_pools(mixture, window_bytes)
        self._bounds = np.unique(np.concatenate([pool.bounds for pool in self.pools]))
        self._order = lru_cache(maxsize=4 * len(self.pools))(self._order_of_epoch)

    def window_start(self, lane: int, window: int) -> float:
        """When a window begins, in windows: the first ones are shorter, so that lanes do not all read at once."""
        return 0.0 if window == 0 else window - (self.lanes - lane) / (2 * self.lanes)

    def batches(self, lane: int, step: int = 0) -> Iterator[Batch]:
        """The lane's batches from a step on, for ever."""
        window, to_skip = 0, step
        while True:
            visits = self._visits(lane, window)
            bounds = cut(visits.tokens, self.lane_tokens)
            count = len(bounds) - 1
            if to_skip >= count:
                to_skip -= count
            else:
                bounds = even_cut(visits.tokens, self.lane_tokens, bounds)
                order = permutation(seed64("batches", int(self._seed), lane, window), count)
                for number in range(to_skip, count):
                    part = slice(bounds[order[number]], bounds[order[number] + 1])
                    yield Batch(
                        lane=lane,
                        samples=visits.samples[part],
                        targets=visits.targets[part],
                        epochs=visits.epochs[part],
                        window=window,
                        ends_window=number == count - 1,
                    )
                to_skip = 0
            window += 1

    def blocks_of(self, samples: Ints) -> list[tuple[int, int]]:
        """The blocks that hold the samples, each as its first sample and the one after its last, in order."""
        places = np.unique(np.searchsorted(self._bounds, samples, side="right"))
        return [(int(self._bounds[place - 1]), int(self._bounds[place])) for place in places]

    def _make_pools(self, mixture: MixtureConfig, window_bytes: float) -> tuple[Pool, ...]:
        samples, lanes = self.samples, self.lanes
        ranges = list(zip(samples.dataset_from[:-1].tolist(), samples.dataset_from[1:].tolist(), strict=True))
        shares = mixture_shares(samples, mixture)
        sizes = [samples.end[first:last] - samples.start[first:last] for first, last in ranges]
        mean_bytes = sum(share * float(size.mean()) for share, size in zip(shares, sizes, strict=True))
        mean_tokens = sum(
            share * float(samples.target_tokens[samples.target_from[first] : samples.target_from[last]].mean())
            for share, (first, last) in zip(shares, ranges, strict=True)
        )
        least = BATCHES_PER_WINDOW * self.lane_tokens / mean_tokens
        visits = max(min(window_bytes / mean_bytes, len(samples) / lanes), least)
        pools = []
        for dataset, (first, last), size, share in zip(samples.datasets, ranges, sizes, shares, strict=True):
            seed = seed64("blocks", int(self._seed), dataset)
            block_bytes = max(1, min(BLOCK_BYTES, int(size.sum()) // (BLOCKS_PER_LANE * lanes)))
            bounds = first + block_bounds(samples.tar[first:last], samples.start[first:last], block_bytes)
            blocks_per_visit = (len(bounds) - 1) / (last - first)
            phases = (permutation(seed64("phases", int(seed)), lanes) + uniform(seed, np.arange(1))) / lanes
            pools.append(Pool(dataset, seed, bounds, share, visits * share * blocks_per_visit, phases))
        return tuple(pools)

    def _order_of_epoch(self, pool: int, epoch: int) -> NDArray[np.intp]:
        blocks = len(self.pools[pool].bounds) - 1
        return permutation(seed64("epoch", int(self.pools[pool].seed), epoch), blocks)

    def _blocks(self, pool: int, lane: int, window: int) -> tuple[Ints, Ints]:
        """The blocks that a pool gives to a window, and the epoch each of them belongs to."""
        before, after = (
            self.pools[pool].blocks_before(lane, self.window_start(lane, number)) for number in (window, window + 1)
        )
        places = np.arange(before, after) * self.lanes + lane
        epochs, places = np.divmod(places, len(self.pools[pool].bounds) - 1)
        blocks = np.empty_like(places)
        for epoch in np.unique(epochs).tolist():
            chosen = epochs == epoch
            blocks[chosen] = self._order(pool, epoch)[places[chosen]]
        return blocks, epochs

    def _visits(self, lane: int, window: int) -> _Visits:
        """A window's visits, the longest first; equal ones in random order."""
        firsts, lengths, epochs = [], [], []
        for number, pool in enumerate(self.pools):
            blocks, block_epochs = self._blocks(number, lane, window)
            firsts.append(pool.bounds[blocks])
            lengths.append(pool.bounds[blocks + 1] - pool.bounds[blocks])
            epochs.append(block_epochs)
        length = np.concatenate(lengths)
        within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        sample = np.repeat(np.concatenate(firsts), length) + within
        epoch = np.repeat(np.concatenate(epochs), length)

        visit = self.samples.key[sample] + bits(self._epoch_seed, epoch)
        target = self._draw(sample, uniform(self._draw_seed, visit))
        tokens = self.samples.target_tokens[target]
        order = np.lexsort((bits(self._seed, visit), -tokens, -self.samples.seconds[sample]))
        return _Visits(sample[order], target[order], epoch[order], tokens[order])

    def _draw(self, sample: Ints, random: NDArray[np.float64]) -> Ints:
        """One target for each sample, by weight."""
        first, end = self.samples.target_from[sample], self.samples.target_from[sample + 1]
        low, high = self._cumulated_weight[first], self._cumulated_weight[end]
        found = np.searchsorted(self._cumulated_weight, low + random * (high - low), side="right") - 1
        return np.clip(found, first, end - 1)  # rounding may reach the next sample's first


@dataclass(frozen=True)
class _Visits:
    samples: Ints
    targets: Ints
    epochs: Ints
    tokens: NDArray[np.int32]


def mixture_shares(samples: Samples, mixture: MixtureConfig) -> list[float]:
    """Each dataset's share of all visits; see `MixtureConfig`."""
    weights = []
    for dataset, first, last in zip(samples.datasets, samples.dataset_from[:-1], samples.dataset_from[1:], strict=True):
        task_weight = float(samples.weight[first:last].mean())
        weights.append(mixture.datasets.get(dataset, 1.0) * float(last - first) ** mixture.temperature * task_weight)
    return [weight / sum(weights) for weight in weights]


def block_bounds(tar: NDArray[np.int32], start: Ints, block_bytes: int) -> Ints:
    """Where blocks begin and the last one ends: samples that begin in the same `block_bytes` of one tar are a block."""
    cell = start // block_bytes
    changes = np.flatnonzero((np.diff(tar) != 0) | (np.diff(cell) != 0)) + 1
    return np.concatenate([[0], changes, [len(tar)]]).astype(np.int64)


def cut(tokens: NDArray[np.integer], budget: int) -> list[int]:
    """Bounds of batches of consecutive visits: as many as fit when all are padded to the batch's longest.

    `tokens` are those of the visits in order, none above `budget`.
    """
    bounds, first, count = [0], 0, len(tokens)
    while first < count:
        most = budget // max(int(tokens[first]), 1)  # the first alone allows no more
        part = tokens[first : first + most]
        padded = np.maximum.accumulate(part) * np.arange(1, len(part) + 1)
        first += int(np.searchsorted(padded, budget, side="right"))
        bounds.append(first)
    return bounds


def even_cut(tokens: NDArray[np.integer], budget: int, bounds: list[int]) -> list[int]:
    """As many batches as `bounds` makes under `budget`, but none much smaller than the others."""
    low, high = max(int(tokens.max(initial=0)), 1), budget
    while high - low > budget // 100:
        middle = (low + high) // 2
        narrower = cut(tokens, middle)
        if len(narrower) == len(bounds):
            high, bounds = middle, narrower
        else:
            low = middle + 1
    return bounds
