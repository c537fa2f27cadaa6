"""The order of training: what an epoch, a mixture share and a position mean, checked on samples without audio."""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shards.stream.config import MixtureConfig
from shards.stream.plan import BLOCK_BYTES, Batch, Plan, Samples, block_bounds, cut, even_cut

SHARD_SAMPLES = 300


def make_samples(counts: dict[str, int], targets: int = 1, seed: int = 0, median_seconds: float = 6.0) -> Samples:
    """Log-normal lengths as measured on real corpora, FLAC at 19 kB/s, text in proportion to the length."""
    random = np.random.default_rng(seed)
    count = sum(counts.values())
    seconds = np.clip(random.lognormal(np.log(median_seconds), 0.7, count), 1, 30).astype(np.float32)
    size = (seconds * 19_000).astype(np.int64)
    tar = np.concatenate([np.arange(n) // SHARD_SAMPLES + 1000 * place for place, n in enumerate(counts.values())])
    end = np.zeros(count, dtype=np.int64)
    for number in np.unique(tar):
        end[tar == number] = np.cumsum(size[tar == number])
    return Samples(
        datasets=tuple(counts),
        dataset_from=np.concatenate([[0], np.cumsum(list(counts.values()))]),
        tar=tar.astype(np.int32),
        start=end - size,
        end=end,
        seconds=seconds,
        key=random.integers(0, 2**63, count).astype(np.uint64),
        weight=np.ones(count, dtype=np.float32),
        target_from=np.arange(count + 1) * targets,
        target_tokens=np.repeat(np.ceil(seconds * 29) + 10, targets).astype(np.int32),
        target_weight=np.ones(count * targets) / targets,
    )


def make_plan(samples: Samples, lanes: int = 24, lane_tokens: int = 4_000, **options) -> Plan:
    settings_ = {"mixture": MixtureConfig(), "seed": 1, "window_bytes": 64 << 20, "identity": {"a/b": "00"}} | options
    return Plan(samples, lanes=lanes, lane_tokens=lane_tokens, **settings_)


def steps(plan: Plan, count: int, start: int = 0) -> list[list[Batch]]:
    """The lanes' batches, by step."""
    lanes = [list(islice(plan.batches(lane, start), count)) for lane in range(plan.lanes)]
    return [list(batches) for batches in zip(*lanes, strict=True)]


def visits(batches: list[Batch]) -> list[tuple[int, int]]:
    return [(int(s), int(e)) for batch in batches for s, e in zip(batch.samples, batch.epochs, strict=True)]


@pytest.mark.parametrize(("count", "lanes"), [(1, 24), (10, 24), (100, 3), (1000, 24), (4000, 8)])
def test_each_epoch_visits_each_sample_once(count, lanes):
    plan = make_plan(make_samples({"a": count}), lanes, lane_tokens=1_000)
    seen: Counter[tuple[int, int]] = Counter()
    generators = [plan.batches(lane) for lane in range(lanes)]
    while sum(epoch == 0 for _, epoch in seen) < count or sum(epoch == 1 for _, epoch in seen) < count:
        seen.update(visits([next(lane) for lane in generators]))
        assert len(seen) < 40 * count + 100_000, "an epoch does not end"
    assert set(seen.values()) == {1}
    assert {sample for sample, epoch in seen if epoch == 1} == set(range(count))


def test_epochs_follow_one_another():
    """They overlap by no more than the lanes' windows."""
    count, lanes = 20_000, 8
    plan = make_plan(make_samples({"a": count}), lanes)
    order = [epoch for step in steps(plan, 300) for _, epoch in visits(step)]
    assert order.index(1) > 0.7 * count
    assert order.index(2) > 1.7 * count
    assert max(place for place, epoch in enumerate(order) if epoch == 0) < 1.3 * count


def test_two_epochs_and_two_seeds_differ():
    samples = make_samples({"a": 2000})
    first = [sample for sample, _ in visits(list(chain(*steps(make_plan(samples), 5))))]
    other_seed = [sample for sample, _ in visits(list(chain(*steps(make_plan(samples, seed=2), 5))))]
    other_index = [sample for sample, _ in visits(list(chain(*steps(make_plan(samples, identity={"a/b": "01"}), 5))))]
    assert first != other_seed and first != other_index
    lane = [set(epoch) for epoch in _samples_by_epoch(make_plan(samples), lane=0)]
    assert lane[0] != lane[1]  # a lane does not keep its blocks


def _samples_by_epoch(plan: Plan, lane: int) -> list[list[int]]:
    played = visits(list(islice(plan.batches(lane), 100)))
    return [[sample for sample, epoch in played if epoch == wanted] for wanted in (0, 1)]


@pytest.mark.parametrize("start", [0, 1, 7, 40, 333])
def test_a_later_start_replays_and_skips_nothing(start):
    plan = make_plan(make_samples({"a": 3000, "b": 200}, targets=3))
    whole, resumed = steps(plan, start + 4)[start:], steps(plan, 4, start)
    for expected, got in zip(list(chain(*whole)), list(chain(*resumed)), strict=True):
        np.testing.assert_array_equal(expected.samples, got.samples)
        np.testing.assert_array_equal(expected.targets, got.targets)
        assert (expected.window, expected.ends_window) == (got.window, got.ends_window)


@settings(max_examples=20, deadline=None)
@given(
    count=st.integers(1, 2000),
    lanes=st.sampled_from([1, 2, 6, 24]),
    lane_tokens=st.integers(900, 20_000),
    window=st.sampled_from([1, 1 << 20, 64 << 20]),
    seed=st.integers(0, 5),
)
def test_no_batch_is_empty_or_over_budget(count, lanes, lane_tokens, window, seed):
    samples = make_samples({"a": count}, seed=seed)
    plan = make_plan(samples, lanes, lane_tokens, window_bytes=window)
    for batch in islice(plan.batches(seed % lanes), 10):
        tokens = samples.target_tokens[batch.targets]
        assert len(batch.samples) >= 1
        assert len(tokens) * tokens.max() <= lane_tokens


def test_real_frames_on_log_normal_lengths():
    """Padding on lengths as of real corpora: at least 95 % of the frames are real, and batches fill their budget."""
    samples = make_samples({"a": 60_000})
    plan = make_plan(samples)
    real = padded = 0.0
    cost = []
    for batch in chain(*steps(plan, 150)):
        seconds = samples.seconds[batch.samples]
        real += float(seconds.sum())
        padded += len(seconds) * float(seconds.max())
        tokens = samples.target_tokens[batch.targets]
        cost.append(len(tokens) * int(tokens.max()))
    assert real / padded >= 0.95
    assert np.mean(cost) >= 0.9 * plan.lane_tokens
    assert np.std(cost) <= 0.1 * np.mean(cost)


def test_batches_are_shuffled_after_sorting():
    samples = make_samples({"a": 20_000})
    longest = [float(samples.seconds[batch.samples].max()) for batch in islice(make_plan(samples).batches(0), 200)]
    rises = np.mean(np.diff(longest) > 0)
    assert 0.35 < rises < 0.65


@pytest.mark.parametrize(
    ("mixture", "expected"),
    [
        (MixtureConfig(), {"a": 4000, "b": 1000, "c": 40}),
        (MixtureConfig(temperature=0.0), {"a": 1, "b": 1, "c": 1}),
        (MixtureConfig(temperature=0.5), {"a": 4000**0.5, "b": 1000**0.5, "c": 40**0.5}),
        (MixtureConfig(temperature=0.0, datasets={"a": 6, "b": 3}), {"a": 6, "b": 3, "c": 1}),
    ],
)
def test_mixture_shares_of_datasets(mixture, expected):
    samples = make_samples({"a": 4000, "b": 1000, "c": 40})
    plan = make_plan(samples, mixture=mixture)
    played = np.concatenate([batch.samples for batch in chain(*steps(plan, 100))])
    counts = np.histogram(played, samples.dataset_from)[0] / len(played)
    shares = np.array([expected[dataset] for dataset in samples.datasets]) / sum(expected.values())
    np.testing.assert_allclose(counts, shares, atol=0.015)


def test_targets_are_drawn_by_weight_and_anew_in_each_epoch():
    samples = make_samples({"a": 2000}, targets=3, median_seconds=1.5)
    samples.target_weight[:] = np.tile([6.0, 3.0, 1.0], 2000)
    drawn: dict[int, list[int]] = {}
    for batch in chain(*steps(make_plan(samples), 60)):
        for sample, target in zip(batch.samples.tolist(), batch.targets.tolist(), strict=True):
            assert samples.target_from[sample] <= target < samples.target_from[sample + 1]
            drawn.setdefault(sample, []).append(target % 3)
    counts = Counter(target for targets in drawn.values() for target in targets)
    total = sum(counts.values())
    np.testing.assert_allclose([counts[place] / total for place in range(3)], [0.6, 0.3, 0.1], atol=0.02)
    assert sum(len(set(targets)) > 1 for targets in drawn.values()) > 1000


def test_a_lane_alone_keeps_to_the_mixture_over_time():
    samples = make_samples({"a": 5000, "b": 5000})
    plan = make_plan(samples, mixture=MixtureConfig(temperature=0.0, datasets={"a": 0.9, "b": 0.1}))
    played = np.concatenate([batch.samples for batch in islice(plan.batches(3), 400)])
    assert np.mean(played < 5000) == pytest.approx(0.9, abs=0.02)


def test_blocks_are_runs_of_one_tar():
    samples = make_samples({"a": 1000})
    bounds = block_bounds(samples.tar, samples.start, BLOCK_BYTES)
    assert bounds[0] == 0 and bounds[-1] == 1000 and np.all(np.diff(bounds) > 0)
    for first, last in pairwise(bounds):
        assert len(set(samples.tar[first:last].tolist())) == 1
        assert samples.start[last - 1] - samples.start[first] < BLOCK_BYTES


@given(
    tokens=st.lists(st.integers(1, 100), min_size=0, max_size=60),
    budget=st.integers(100, 500),
)
def test_cut_fills_batches_and_even_cut_keeps_their_number(tokens, budget):
    array = np.array(tokens, dtype=np.int32)
    bounds = cut(array, budget)
    even = even_cut(array, budget, bounds)
    for found in (bounds, even):
        assert found[0] == 0 and found[-1] == len(tokens) and len(found) == len(bounds)
        for first, last in pairwise(found):
            assert last > first and (last - first) * array[first:last].max() <= budget
    for first, last, after in zip(bounds[:-2], bounds[1:-1], bounds[2:], strict=True):
        assert after > last and (last + 1 - first) * array[first : last + 1].max() > budget  # no more would have fit
