"""The stream over real tars: the same at every world size, exact after a restart, loud about damage."""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import fsspec
import numpy as np
import pytest

from shards.config import ConfigError
from shards.schema import ShardError
from shards.storage import StorageError
from shards.stream.config import MixtureConfig, StreamConfig
from shards.stream.stream import Item, SampleStream
from tests.shards.stream.clips import Entry, tone, write_split

REPOSITORY = Path(__file__).resolve().parents[3]


def mixed_entries(count: int) -> list[Entry]:
    random = np.random.default_rng(0)
    targets = (("asr", "hello there"), ("s2tt", "guten Tag"), ("s2tt", "hallo"))
    return [Entry(seconds=(float(s),), targets=targets) for s in random.uniform(0.1, 0.4, count).round(3)]


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> StreamConfig:
    out = tmp_path_factory.mktemp("shards")
    write_split(out, "b/train", 30)
    write_split(out, "a/train", mixed_entries(100))
    return StreamConfig(str(out), ("a/train", "b/train"), batch_tokens=24 * 120)


@pytest.fixture
def own_config(config, tmp_path) -> StreamConfig:
    """One whose shards a test may damage."""
    shutil.copytree(config.shards, tmp_path / "copy")
    return replace(config, shards=str(tmp_path / "copy"))


def play(config: StreamConfig, steps: int, rank: int = 0, world_size: int = 1, start: int = 0) -> list[list[Item]]:
    return [list(batch.items) for batch in islice(SampleStream(config, rank, world_size, start), steps)]


def identity(item: Item) -> tuple[object, ...]:
    return item.lane, item.key, item.epoch, item.task, item.response, item.waveforms[0].tobytes()


@pytest.mark.parametrize("world_size", [2, 3, 8])
def test_a_step_is_the_same_at_every_world_size(config, world_size):
    alone = play(config, 4)
    ranks = [play(config, 4, rank, world_size) for rank in range(world_size)]
    for step, items in enumerate(alone):
        together = [identity(item) for rank in ranks for item in rank[step]]
        assert sorted(together) == sorted(map(identity, items))
        assert all(rank[step] for rank in ranks)


@pytest.mark.parametrize("start", [1, 13])
def test_resuming_replays_and_skips_nothing(config, start):
    whole = play(config, start + 3)
    resumed = play(config, 3, start=start)
    assert [list(map(identity, step)) for step in whole[start:]] == [list(map(identity, step)) for step in resumed]


def test_resuming_on_another_number_of_workers(config):
    whole = play(config, 6)
    resumed = [play(config, 3, rank, 6, start=3) for rank in range(6)]
    for step in range(3):
        assert sorted(identity(i) for rank in resumed for i in rank[step]) == sorted(map(identity, whole[3 + step]))


def test_state_is_the_step_after_the_last_one_handed_out(config):
    stream = SampleStream(config, step=2)
    assert stream.state() == {"step": 2}
    batch = next(iterator := iter(stream))
    time.sleep(0.05)  # the thread is further on by now
    assert batch.step == 2 and stream.state() == {"step": 3}
    iterator.close()
    assert next(iter(stream)).step == 3


def test_items_are_what_was_written(config):
    for step in play(config, 3):
        for item in step:
            place = int(item.key.rpartition("=2E")[2])
            np.testing.assert_array_equal(item.waveforms[0], tone(10 * place, item.seconds))
            assert item.key.startswith(f"{item.dataset}-{item.split}-")
            assert item.dataset == "a" or (item.task, item.seconds) == ("asr", 0.1)
            assert (
                item.response
                in {"s2tt": ("guten Tag", "hallo"), "asr": ("hello there", Entry().targets[0][1])}[item.task]
            )
            assert item.prompt.startswith("<|startoftranscript|>") and item.language == "en"


def test_a_bucket_gives_the_same_as_a_folder(config):
    memory = fsspec.filesystem("memory")
    for path in Path(config.shards).rglob("*.*"):
        memory.pipe_file(f"/stream-test/{path.relative_to(config.shards).as_posix()}", path.read_bytes())
    remote = replace(config, shards="memory://stream-test", threads=4)
    assert [list(map(identity, s)) for s in play(remote, 2)] == [list(map(identity, s)) for s in play(config, 2)]


def test_resuming_reads_no_audio_of_the_steps_before(config, monkeypatch):
    from shards.storage import Storage

    read: list[int] = []
    original = Storage.read_range

    def counted(self, path, offset, length):
        read.append(length)
        return original(self, path, offset, length)

    monkeypatch.setattr(Storage, "read_range", counted)
    sequential = replace(config, prefetch=0)
    play(sequential, 1)
    first, read[:] = sum(read), []
    play(sequential, 1, start=60)
    assert 0 < sum(read) <= 2 * first


def test_ten_samples_play_on_24_lanes(tmp_path):
    config = StreamConfig(str(write_split(tmp_path, "a/train", 10)), ("a/train",), batch_tokens=24 * 100)
    steps = play(config, 30)
    assert all({item.lane for item in step} == set(range(24)) for step in steps)
    counts = Counter((item.key, item.epoch) for step in steps for item in step)
    assert set(counts.values()) == {1}
    assert len({key for key, _ in counts}) == 10


def test_clips_of_a_pair_and_samples_without_audio(tmp_path):
    entries = [Entry(seconds=(0.1, 0.2, 0.15)), Entry(seconds=()), Entry()]
    config = StreamConfig(str(write_split(tmp_path, "a/train", entries)), ("a/train",), lanes=1, batch_tokens=500)
    items = {item.key[-1]: item for step in play(config, 5) for item in step}
    assert [len(waveform) for waveform in items["0"].waveforms] == [1600, 3200, 2400]
    for clip, waveform in enumerate(items["0"].waveforms):
        np.testing.assert_array_equal(waveform, tone(clip, len(waveform) / 16_000))
    assert items["0"].seconds == pytest.approx(0.45)
    assert items["1"].waveforms == () and items["1"].seconds == 0


def test_transform_and_threads_change_nothing_else(config):
    threaded = replace(config, threads=3, prefetch=0)
    stream = SampleStream(threaded, transform=lambda item: item.waveforms[0].sum())
    for expected, batch in zip(play(config, 3), stream, strict=False):
        assert list(map(identity, expected)) == list(map(identity, batch.items))
        assert all(item.features == item.waveforms[0].sum() for item in batch.items)


def test_mixture_by_task_and_by_dataset(tmp_path):
    write_split(tmp_path, "b/train", 40)
    out = str(write_split(tmp_path, "a/train", mixed_entries(200)))
    mixture = MixtureConfig(temperature=0.0, datasets={"a": 3.0}, tasks={"asr": 1.0, "s2tt": 1.0})
    stream = SampleStream(StreamConfig(out, ("b/train", "a/train"), mixture=mixture, batch_tokens=24_000))
    targets = np.concatenate([b.targets for lane in range(24) for b in islice(stream.plan.batches(lane), 25)])
    samples = np.searchsorted(stream.catalogue.samples.target_from, targets, side="right") - 1
    of_a = np.array([key.startswith("a-") for key in stream.catalogue.keys.to_pylist()])[samples]
    assert np.mean(of_a) == pytest.approx(0.75, abs=0.02)
    tasks = np.array(stream.catalogue.tasks)[stream.catalogue.target_task[targets[of_a]]]
    assert np.mean(tasks == "asr") == pytest.approx(0.5, abs=0.02)  # two translations share the weight of their task

    only = MixtureConfig(tasks={"asr": 0.0})
    stream = SampleStream(StreamConfig(out, ("a/train", "b/train"), mixture=only, batch_tokens=2_400))
    assert stream.catalogue.left_out["b/train"] == {"no_target": 40}
    assert {item.task for item in next(iter(stream)).items} == {"s2tt"}


def test_real_frames_counts_the_padding_within_lanes(config):
    for batch in islice(SampleStream(config), 2):
        assert [items[0].lane for items in batch.lanes] == list(range(24))
        padded = sum(max(i.seconds for i in items) * len(items) for items in batch.lanes)
        assert batch.real_frames == pytest.approx(sum(i.seconds for i in batch.items) / padded)
        for items in batch.lanes:
            assert max(item.tokens for item in items) * len(items) <= config.lane_tokens


@pytest.mark.parametrize("world_size", [5, 48, 0])
def test_a_world_size_that_does_not_divide_the_lanes(config, world_size):
    with pytest.raises(ConfigError, match="use 1, 2, 3, 4, 6, 8, 12, 24 workers"):
        SampleStream(config, world_size=world_size)


def test_damage_is_named(own_config):
    tar = next(Path(own_config.shards).rglob("a-train-000003.tar"))
    data = bytearray(tar.read_bytes())
    data[700] ^= 1
    tar.write_bytes(data)
    with pytest.raises(ShardError, match=r"a-train-000003\.tar: sample 'a-train-id=2E30'.*crc32.*make verify") as error:
        play(own_config, 20)
    assert "\n" not in str(error.value)


def test_a_tar_that_is_gone_or_short(own_config):
    tar = next(Path(own_config.shards).rglob("a-train-000003.tar"))
    tar.write_bytes(tar.read_bytes()[:5000])
    with pytest.raises((ShardError, StorageError), match=r"a-train-000003\.tar"):
        play(own_config, 20)
    tar.unlink()
    with pytest.raises(ShardError, match=r"a-train-000003\.tar: is in the index but not there"):
        play(own_config, 20)


def threads_of_streams() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("stream")]


def test_no_thread_outlives_its_stream(config):
    for batch in SampleStream(config):
        assert threads_of_streams()
        if batch.step == 1:
            break
    del batch
    gc.collect()
    assert not threads_of_streams()


def test_an_error_in_the_transform_reaches_the_consumer(config):
    def broken(item: Item) -> None:
        raise ZeroDivisionError(item.key)

    with pytest.raises(ZeroDivisionError):
        next(iter(SampleStream(config, transform=broken)))
    assert not threads_of_streams()


def test_a_program_that_ends_with_an_open_stream(config):
    script = (
        "import sys; from shards.stream.config import StreamConfig; from shards.stream.stream import SampleStream\n"
        "steps = iter(SampleStream(StreamConfig(sys.argv[1], ('a/train',), batch_tokens=4_000, threads=2)))\n"
        "print(next(steps).step)"
    )
    command = [sys.executable, "-c", script, config.shards]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "0\n", "")
