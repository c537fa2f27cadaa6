"""Keys are safe, different and stable; samples come back from JSON as they were."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shards.sample import (
    LONGEST_KEY,
    AudioMember,
    Sample,
    SampleWord,
    TaggedTarget,
    member_names,
    problems,
    sample_key,
)
from shards.schema import SCHEMA, ShardError
from tests.shards.building import make_sample

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120)
times = st.floats(0, 30).map(lambda time: round(time, 3))
optional_text = st.none() | texts
samples = st.builds(
    Sample,
    dataset=st.just("demo"),
    split=st.sampled_from(["train", "test"]),
    id=ids,
    licence=texts,
    audio=st.lists(
        st.builds(
            AudioMember,
            member=st.just("flac"),
            seconds=st.integers(1, 10**6).map(lambda frames: frames / 16_000),
            recording=texts,
            origin=texts,
            start=st.none() | times,
            end=st.none() | times,
            origin_rate=st.none() | st.integers(1, 192_000),
            origin_channels=st.none() | st.integers(1, 16),
        ),
        max_size=2,
    ).map(tuple),
    targets=st.lists(st.builds(TaggedTarget, texts, texts, texts), max_size=3).map(tuple),
    language=optional_text,
    speaker=st.none() | st.dictionaries(st.sampled_from(["id", "gender", "age"]), optional_text),
    original=st.dictionaries(texts, optional_text | st.dictionaries(texts, texts, max_size=2), max_size=3),
    words=st.lists(st.builds(SampleWord, texts, times, times, optional_text, st.integers(0, 3)), max_size=3).map(tuple),
    words_by=st.none() | st.dictionaries(st.sampled_from(["method", "version"]), texts),
)


@pytest.mark.parametrize(
    ("id", "start", "key"),
    [
        ("common_voice_de_17298952", None, "covost2-train-common_voice_de_17298952"),
        ("a.b", None, "covost2-train-a=2Eb"),
        ("wav/1.wav", None, "covost2-train-wav=2F1=2Ewav"),
        ("grün", None, "covost2-train-gr=C3=BCn"),
        ("日", None, "covost2-train-=E6=97=A5"),
        ("a=s", None, "covost2-train-a=3Ds"),
        ("a b\n", None, "covost2-train-a=20b=0A"),
        ("talk", 12.3456, "covost2-train-talk=s000012346"),
        ("talk", 0.0, "covost2-train-talk=s000000000"),
        ("x" * 76, None, "covost2-train-" + "x" * 76),
        (
            # sha256 of the 91 characters "covost2-train-xxx…" by coreutils' sha256sum
            "x" * 77,
            None,
            "covost2-train-" + "x" * 56 + "=h2bc56f4e368fce99",
        ),
    ],
)
def test_keys_follow_the_rule(id, start, key):
    assert sample_key("covost2", "train", id, start) == key


@given(ids, st.none() | st.floats(0, 999_999))
def test_a_key_fits_tar_and_webdataset(id, start):
    key = sample_key("demo", "train-clean-100", id, start)
    assert re.fullmatch(r"[A-Za-z0-9_=-]{1,90}", key) and len(key) <= LONGEST_KEY


@given(ids, ids, st.none() | st.integers(0, 10**6), st.none() | st.integers(0, 10**6))
def test_different_samples_have_different_keys(one, other, start, other_start):
    def key(id, milliseconds):
        return sample_key("demo", "train", id, None if milliseconds is None else milliseconds / 1000)

    assert (key(one, start) == key(other, other_start)) == ((one, start) == (other, other_start))


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("demo", "train", ""), "empty"),
        (("demo", "train", "\ud800"), "no valid Unicode"),
        (("demo", "train", "a", -0.001), "not within"),
        (("demo", "train", "a", 1e6), "not within"),
        (("demo", "train", "a", float("nan")), "not within"),
        (("de.mo", "train", "a"), "dataset 'de.mo'"),
        (("demo", "train/1", "a"), "split 'train/1'"),
    ],
)
def test_what_cannot_be_a_key_is_refused(arguments, what):
    with pytest.raises(ShardError, match=re.escape(what)):
        sample_key(*arguments)


@settings(max_examples=60)
@given(samples)
def test_a_sample_comes_back_from_json(sample):
    data = sample.to_json()
    assert Sample.from_json(data) == sample
    assert Sample.from_json(data).to_json() == data
    # What another program makes of the contract (sorted keys, UTF-8, no blanks) is the same.
    assert data == json.dumps(json.loads(data), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8"
    )


def test_the_keys_are_those_of_the_contract():
    document = json.loads(make_sample().to_json())
    assert set(document) == {
        "schema", "dataset", "split", "id", "licence", "audio", "language", "speaker", "original", "words", "words_by",
        "targets",
    }  # fmt: skip
    assert set(document["audio"][0]) == {
        "member", "seconds", "recording", "origin", "start", "end", "origin_rate", "origin_channels",
    }  # fmt: skip
    assert document["words"][0] == {"word": "hello", "start": 0.1, "end": 0.4, "speaker": None, "audio": 0}
    assert set(document["targets"][0]) == {"task", "prompt", "response"}
    assert document["schema"] == SCHEMA == 1


def test_word_times_are_stored_with_3_decimals():
    sample = make_sample(words=(SampleWord("a", 1 / 3, 2 / 3),))
    assert b'"end":0.667' in sample.to_json() and b'"start":0.333' in sample.to_json()


def test_optional_keys_of_the_future_are_passed_over():
    document = json.loads(make_sample().to_json()) | {"weather": "fine"}
    document["audio"][0]["loudness"] = -23.0
    assert Sample.from_json(json.dumps(document).encode()) == make_sample()


def test_a_newer_schema_is_refused_with_the_version_needed():
    document = json.loads(make_sample().to_json()) | {"schema": 2}
    with pytest.raises(ShardError, match="has schema 2, this version reads up to 1"):
        Sample.from_json(json.dumps(document).encode())


def _paths(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            if path not in {("original",), ("speaker",), ("words_by",)}:
                yield (*path, key)
                yield from _paths(item, (*path, key))
    elif isinstance(value, list) and value:
        yield from _paths(value[0], (*path, 0))


@pytest.mark.parametrize("path", _paths(json.loads(make_sample().to_json())), ids=str)
def test_a_missing_or_mistyped_key_is_named(path):
    for change in ("missing", "mistyped"):
        document = json.loads(make_sample().to_json())
        holder = document
        for step in path[:-1]:
            holder = holder[step]
        if change == "missing":
            del holder[path[-1]]
        else:
            holder[path[-1]] = [1] if not isinstance(holder[path[-1]], list) else "text"
        with pytest.raises(ShardError, match=f"'{path[-1]}'"):
            Sample.from_json(json.dumps(document).encode(), "x.json")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff", b'"a"'])
def test_what_is_no_json_object_is_refused(data):
    with pytest.raises(ShardError, match=r"x\.json: "):
        Sample.from_json(data, "x.json")


@pytest.mark.parametrize("changes", [{"id": "\ud800"}, {"original": {"text": float("nan")}}, {"original": {"x": b""}}])
def test_what_cannot_be_written_is_refused(changes):
    with pytest.raises(ShardError, match="cannot be written"):
        make_sample(**changes).to_json()


def test_problems_are_found():
    assert problems(make_sample()) == []
    assert problems(make_sample(frames=(16_000, 8_000))) == []
    outside = make_sample(words=(SampleWord("late", 0.9, 1.002), SampleWord("there", 0.1, 0.2, audio=1)))
    assert [what.split(" at ")[0].split(" is ")[0] for what in problems(outside)] == ["word 'late'", "word 'there'"]
    assert problems(make_sample(words=(SampleWord("edge", 0.9, 1.0005),))) == []
    assert len(problems(make_sample(words=(SampleWord("back", 0.5, 0.4), SampleWord("early", -0.1, 0.4))))) == 2
    assert "no whole number" in problems(make_sample(audio=(AudioMember("flac", 0.10001, "r", "o"),), words=()))[0]
    assert "called" in problems(make_sample(audio=(AudioMember("1.flac", 1.0, "r", "o"),), words=()))[0]
    assert "words_by" in problems(make_sample(words_by=None))[0]


def test_clips_are_named_in_order():
    assert member_names(3) == ("flac", "1.flac", "2.flac")
