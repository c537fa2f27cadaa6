"""Reading for evaluation, and that stock webdataset reads the same samples from the same tars."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import webdataset

from shards.schema import ShardError
from shards.storage import Storage
from shards.stream import reader
from shards.stream.config import StreamConfig
from shards.stream.reader import decode_flac, read_split
from shards.stream.stream import SampleStream
from tests.shards.stream.clips import Entry, flac, tone, write_split


def entries() -> list[Entry]:
    lengths = [(0.1,), (0.2, 0.3), (), (31.0,), (0.15,)] * 2
    tasks = [("asr", "hello"), ("s2tt", "hallo")]
    return [Entry(seconds=seconds, targets=(tasks[place % 2],)) for place, seconds in enumerate(lengths)]


def test_read_split_gives_every_sample_in_index_order(tmp_path):
    out = write_split(tmp_path, "a/test", entries())
    found = list(read_split(str(out), "a/test"))
    assert [evaluand.sample.id for evaluand in found] == [f"id.{place}" for place in range(len(entries()))]
    for place, (evaluand, entry) in enumerate(zip(found, entries(), strict=True)):
        assert evaluand.key == f"a-test-id=2E{place}"
        assert len(evaluand.waveforms) == len(entry.seconds)
        for clip, (waveform, seconds) in enumerate(zip(evaluand.waveforms, entry.seconds, strict=True)):
            np.testing.assert_array_equal(waveform, tone(10 * place + clip, seconds))


def test_read_split_by_task(tmp_path):
    out = write_split(tmp_path, "a/test", entries())
    found = [evaluand.sample.id for evaluand in read_split(str(out), "a/test", tasks=["s2tt"])]
    assert found == [f"id.{place}" for place in range(1, len(entries()), 2)]
    assert list(read_split(str(out), "a/test", tasks=["aac"])) == []


def test_far_apart_samples_are_not_read_with_what_lies_between(tmp_path, monkeypatch):
    out = write_split(
        tmp_path, "a/test", [Entry(targets=(("asr" if place in (1, 8) else "ks", "x"),)) for place in range(10)]
    )
    read: list[tuple[int, int]] = []
    original = Storage.read_range
    monkeypatch.setattr(Storage, "read_range", lambda self, *place: (read.append(place[1:]), original(self, *place))[1])
    assert len(list(read_split(str(out), "a/test", tasks=["asr"]))) == 2
    assert len(read) == 1  # near each other: one read
    monkeypatch.setattr(reader, "WIDEST_GAP", 1000)
    assert len(list(read_split(str(out), "a/test", tasks=["asr"]))) == 2
    assert len(read) == 3 and sum(length for _, length in read[1:]) < read[0][1] / 2


def test_webdataset_and_the_stream_read_the_same(tmp_path):
    written = [entry for entry in entries() if len(entry.seconds) > 0 and entry.seconds[0] < 30]
    out = write_split(tmp_path, "a/train", written)
    tars = sorted(str(path) for path in out.rglob("*.tar"))
    stock = {sample["__key__"]: sample for sample in webdataset.WebDataset(tars, shardshuffle=False)}
    stream = SampleStream(StreamConfig(str(out), ("a/train",), lanes=1, batch_tokens=4_000))
    played = {}
    for batch in stream:
        played.update({item.key: item for item in batch.items})
        if len(played) == len(written):
            break
    assert stock.keys() == played.keys()
    for key, item in played.items():
        names = ["flac"] + [f"{clip}.flac" for clip in range(1, len(item.waveforms))]
        for name, waveform in zip(names, item.waveforms, strict=True):
            np.testing.assert_array_equal(decode_flac(stock[key][name], key), waveform)
        document = json.loads(stock[key]["json"])
        assert (item.prompt, item.response) in [(t["prompt"], t["response"]) for t in document["targets"]]
        assert document["audio"][0]["seconds"] == len(item.waveforms[0]) / 16_000


def test_every_damaged_byte_of_a_member_is_noticed(tmp_path):
    """Also one in the JSON, and one in FLAC metadata that no frame's checksum covers."""
    out = write_split(tmp_path, "a/test", 3)
    path = next(Path(out).rglob("*.tar"))
    whole = path.read_bytes()
    with tarfile.open(path) as tar:
        members = tar.getmembers()
    for member in members:
        for offset in (0, member.size // 2, member.size - 1):
            place = member.offset_data + offset
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
            with pytest.raises(ShardError, match=f"{path.name}: sample '{member.name.partition('.')[0]}'"):
                list(read_split(str(out), "a/test"))


def test_flac_that_is_not_what_shards_hold():
    data = flac(tone(1, 0.5))
    assert len(decode_flac(data, "here")) == 8000
    with pytest.raises(ShardError, match="here: its FLAC cannot be decoded"):
        decode_flac(data[: len(data) // 2], "here")
    with pytest.raises(ShardError, match="not 16 kHz mono"):
        decode_flac(flac(np.zeros((100, 2), dtype=np.int16)), "here")
