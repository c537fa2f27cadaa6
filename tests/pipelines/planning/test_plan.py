"""The plan: the same shards from the same records, in whatever order they come, however many there are."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.planning.plan import BYTES_PER_SECOND, Plan, make_plan, read_shard, record_seconds
from pipelines.planning.record_json import decode_record, encode_record
from pipelines.record import AudioRef, Event, Events, Note, Record, Reject, Speaker, Transcript, Turns, Word, Words
from shards.plan import part_of

IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
RECORDS = st.builds(
    Record,
    id=IDS,
    audio=st.tuples(
        st.builds(
            AudioRef,
            path=IDS,
            start=st.none() | st.floats(0, 100),
            recording=st.none() | st.sampled_from(["one", "two", "three"]),
            seconds=st.none() | st.floats(0.1, 40),
        )
    ),
    annotations=st.tuples(st.builds(Transcript, text=st.text(st.characters(codec="utf-8")), language=st.just("en"))),
    speaker=st.builds(Speaker, id=st.none() | IDS),
)


def plan(records: list[Record | Reject], folder: Path, shard_mb: float = 0.5, **options: int) -> Plan:
    return make_plan(iter(records), folder, mean_seconds=5.0, shard_mb=shard_mb, **options)


def shards_of(plan: Plan) -> list[list[Record]]:
    parts = ((shard, part_of(plan.parts, shard)) for shard in range(plan.shards))
    return [read_shard(plan.folder / part.name, part, shard) for shard, part in parts]


def files_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@given(record=RECORDS)
def test_record_json_is_exact(record: Record) -> None:
    assert decode_record(encode_record(record)) == record


def test_record_json_keeps_every_kind_of_annotation() -> None:
    record = Record(
        "a/ü.b",
        (AudioRef("x.wav", start=1.0, end=2.5), AudioRef("y.wav", root="other")),
        (
            Words((Word("a", 0.1, 0.25, "s1"),), "gold", "1"),
            Events((Event("dog", 0.0, 1.0),)),
            Turns((("s1", 0.0, 1.0),)),
            Note(60, 100, "organ", ("bright", "dark")),
        ),
        original={"_": "a key that looks like ours", "gender": "F"},
    )
    assert decode_record(encode_record(record)) == record


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25, deadline=None)
@given(records=st.lists(RECORDS, max_size=30, unique_by=lambda record: record.id), data=st.data())
def test_the_order_of_the_release_does_not_matter(
    records: list[Record], data: st.DataObject, tmp_path_factory: object
) -> None:
    other = data.draw(st.permutations(records))
    base = tmp_path_factory.mktemp("plans")  # type: ignore[attr-defined]
    assert plan(records, base / "one").fingerprint == plan(other, base / "two").fingerprint
    assert files_of(base / "one") == files_of(base / "two")


def test_every_record_is_in_one_shard_and_recordings_stay_whole(tmp_path: Path) -> None:
    records = [
        Record(f"utt {n}", (AudioRef(f"{n % 50}.wav", start=float(n), end=n + 2.0, recording=str(n % 50)),), ())
        for n in range(1000)
    ]
    made = plan(records, tmp_path, shard_mb=100 * BYTES_PER_SECOND / 1e6)
    shards = shards_of(made)
    assert sorted(record.id for shard in shards for record in shard) == sorted(record.id for record in records)
    homes: dict[str | None, set[int]] = {}
    for number, shard in enumerate(shards):
        for record in shard:
            homes.setdefault(record.audio[0].recording, set()).add(number)
    assert all(len(numbers) == 1 for numbers in homes.values())
    assert made.seconds == 2000
    # A shard is closed by the first recording (40 s) that finds it full (100 s).
    assert {sum(record_seconds(r, 0) for r in shard) for shard in shards[:-1]} == {120.0}
    for shard in shards:
        starts = [(record.audio[0].recording, record.audio[0].start) for record in shard]
        assert [s for _, group in _grouped(starts) for s in group] == [
            s for _, group in _grouped(starts) for s in sorted(group)
        ]


def _grouped(pairs: list[tuple[str | None, float | None]]) -> list[tuple[str | None, list[float]]]:
    groups: dict[str | None, list[float]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value or 0.0)
    return list(groups.items())


def test_of_two_equal_ids_the_first_of_the_release_stays(tmp_path: Path) -> None:
    first, second = (Record("same", (AudioRef(path),), ()) for path in ("z.wav", "a.wav"))
    made = plan([first, Record("other", (AudioRef("o.wav"),), ()), second], tmp_path)
    assert {record.audio[0].path for shard in shards_of(made) for record in shard} == {"z.wav", "o.wav"}
    assert made.rejects == {"duplicate_id": 1}
    assert pq.read_table(tmp_path / "rejects.parquet").to_pylist() == [
        {"id": "same", "reason": "duplicate_id", "where": "a.wav"}
    ]


def test_shard_samples_bounds_a_shard(tmp_path: Path) -> None:
    records = [Record(str(n), (AudioRef(f"{n}.wav"),), ()) for n in range(10)]
    assert [len(shard) for shard in shards_of(plan(records, tmp_path, shard_mb=256, shard_samples=4))] == [4, 4, 2]


def test_a_name_that_is_no_unicode_is_a_named_reject(tmp_path: Path) -> None:
    made = plan([Record("bad\udcff", (AudioRef("bad\udcff.wav"),), ())], tmp_path)
    assert (made.records, made.shards, made.rejects) == (0, 0, {"wrong_encoding": 1})


def test_nothing_but_rejects_makes_a_plan_without_shards(tmp_path: Path) -> None:
    made = plan([Reject("x", "audio_missing", "list:1")], tmp_path)
    assert (made.shards, made.parts, made.rejects) == (0, (), {"audio_missing": 1})
