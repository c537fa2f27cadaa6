"""The tars are those of Python's tarfile, readable by webdataset, and every damage to them is noticed."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
import webdataset
from hypothesis import given, settings
from hypothesis import strategies as st

from shards.sample import TaggedTarget, sample_key
from shards.schema import ShardError
from shards.tar import Member, tar_end, tar_header, tar_members
from shards.writer import ShardWriter
from tests.shards.building import flac, make_sample

names = st.text("abcXYZ019_=-.", min_size=1, max_size=100)
files = st.lists(st.tuples(names, st.binary(max_size=1500)), max_size=6)


def our_tar(files):
    data = b""
    for name, content in files:
        data += tar_header(name, len(content)) + content + bytes(-len(content) % 512)
    return data + tar_end(len(data))


def their_tar(files):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime, info.uid, info.gid = len(content), 0o644, 0, 0, 0
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


@settings(max_examples=50)
@given(files)
def test_the_bytes_are_those_of_tarfile(files):
    assert our_tar(files) == their_tar(files)


@settings(max_examples=50)
@given(files)
def test_members_are_read_back(files):
    tar = our_tar(files)
    assert [(m.name, tar[m.offset : m.offset + m.bytes]) for m in tar_members(tar)] == files


@settings(max_examples=150)
@given(st.data())
def test_a_changed_byte_outside_the_data_is_always_noticed(data):
    tar = our_tar([("a.flac", b"x" * 700), ("a.json", b"{}"), ("b.json", b"y" * 512)])
    inside = {place for m in tar_members(tar) for place in range(m.offset, m.offset + m.bytes)}
    place = data.draw(st.integers(0, len(tar) - 1).filter(lambda place: place not in inside))
    changed = bytearray(tar)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ShardError, match="at byte"):
        list(tar_members(bytes(changed)))


@settings(max_examples=60)
@given(st.integers(0, 10_239))
def test_a_cut_tar_is_always_noticed(length):
    tar = our_tar([("a.flac", b"x" * 700), ("a.json", b"{}")])
    with pytest.raises(ShardError, match="at byte"):
        list(tar_members(tar[:length]))


def test_a_tar_with_something_behind_it_is_noticed():
    with pytest.raises(ShardError, match="end of the tar"):
        list(tar_members(our_tar([("a", b"")]) + b"\0" * 512))


@pytest.mark.parametrize(("name", "size"), [("x" * 101, 1), ("", 1), ("grün", 1), ("a", 8**11)])
def test_what_does_not_fit_a_header_is_refused(name, size):
    with pytest.raises(ShardError):
        tar_header(name, size)


def test_the_writer_says_where_everything_lies(tmp_path):
    path = tmp_path / "a.tar"
    clips = {"one": [flac(800)], "two": [flac(160, 1), flac(320, 2)], "text-only": []}
    with ShardWriter(path) as writer:
        stored = {id: writer.add(sample_key("demo", "train", id), audio, b'{"a":1}') for id, audio in clips.items()}
    tar = path.read_bytes()
    for id, audio in clips.items():
        assert [tar[part.offset : part.offset + part.bytes] for part in stored[id].audio] == audio
        assert tar[stored[id].json.offset :][: stored[id].json.bytes] == b'{"a":1}'
    expected = [
        (f"demo-train-{id}.{name}", content)
        for id, audio in clips.items()
        for name, content in [*zip(["flac", "1.flac"], audio, strict=False), ("json", b'{"a":1}')]
    ]
    assert tar == their_tar(expected)
    assert writer.written.bytes == writer.size == len(tar) and writer.samples == 3
    assert [member.name for member in tar_members(tar)] == [name for name, _ in expected]
    assert Member(expected[0][0], 512, len(clips["one"][0])) in tar_members(tar)


def test_the_bytes_do_not_change_by_themselves(tmp_path):
    """A change here is a change of every shard ever built: raise RECIPE."""
    with ShardWriter(tmp_path / "a.tar") as writer:
        for id in ("a", "grün/1"):
            targets = (TaggedTarget("asr", "<|en|>", "grün"),)
            writer.add(sample_key("demo", "train", id), [b"fLaC"], make_sample(id, targets=targets).to_json())
    assert writer.written.sha256 == "536fb6e651b1fd95d566d4df74c25f7d0e32d5e8c155d6cf14778f665fa16be9"


def test_webdataset_reads_what_was_written(tmp_path):
    ids = ["plain", "dots.and/slashes", "grün=", "long" * 40]
    samples = [make_sample(id, frames=(16_000, 8_000)) for id in ids]
    with ShardWriter(tmp_path / "a.tar") as writer:
        for sample in samples:
            writer.add(sample_key("demo", "train", sample.id), [flac(16_000), flac(8_000)], sample.to_json())
    read = list(webdataset.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False))
    assert [item["__key__"] for item in read] == [sample_key("demo", "train", id) for id in ids]
    for item, sample in zip(read, samples, strict=True):
        assert item["json"] == sample.to_json() and json.loads(item["json"])["id"] == sample.id
        assert item["flac"] == flac(16_000) and item["1.flac"] == flac(8_000)


def test_two_equal_keys_are_refused_and_nothing_stays(tmp_path):
    with pytest.raises(ShardError, match="two samples have the key"), ShardWriter(tmp_path / "a.tar") as writer:
        writer.add("k", [], b"{}")
        writer.add("k", [], b"{}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["", "a.b", "a/b", "ü", "x" * 91])
def test_what_is_no_key_is_refused(tmp_path, key):
    with pytest.raises(ShardError, match="is no key"), ShardWriter(tmp_path / "a.tar") as writer:
        writer.add(key, [], b"{}")


def test_an_empty_shard_is_a_valid_tar(tmp_path):
    with ShardWriter(tmp_path / "a.tar"):
        pass
    assert (tmp_path / "a.tar").read_bytes() == their_tar([])
