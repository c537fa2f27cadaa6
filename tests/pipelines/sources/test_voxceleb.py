"""What ids and reasons do not show of VoxCeleb: trials, genders, which of two files is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalogue import find
from pipelines.source import SourceError
from tests.pipelines.sources.fixtures import FIXTURES, records_of


def test_trials_are_pairs_in_the_order_of_the_list(tmp_path: Path) -> None:
    fixture = FIXTURES["voxceleb1"](tmp_path)
    first, second, _ = records_of(find("voxceleb1")(fixture.source), "veri_test")
    assert [ref.path for ref in second.audio] == [
        "test/wav/id10270/5r0dWxy17C8/00003.wav",
        "wav/id10001/-zcIw_mdeo4/00001.wav",
    ]
    assert [ref.origin for ref in second.audio] == ["youtube:5r0dWxy17C8", "youtube:-zcIw_mdeo4"]
    assert [r.annotations[0].values for r in (first, second)] == [("yes",), ("no",)]  # type: ignore[union-attr]
    assert first.speaker.id == "id10270" and second.speaker.id is None
    assert find("voxceleb1").pair_splits() == {"dev-pairs": "dev", "test-pairs": "test"}


def test_speakers_and_their_videos(tmp_path: Path) -> None:
    fixture = FIXTURES["voxceleb2"](tmp_path)
    source = find("voxceleb2")(fixture.source)
    records = [record for split in ("dev", "test") for record in records_of(source, split)]
    assert [record.speaker.gender for record in records] == ["male"] * 3 + ["female"]
    assert records[0].audio[0].path == "dev/aac/id00012/21Uxsk56VDQ/00001.m4a"  # not the WAV made of it
    assert records[2].audio[0].path.endswith(".wav") and source.origin(records[2]) == "youtube:2DLq_Kkc1r8"


@pytest.mark.parametrize("name", ["voxceleb1", "voxceleb2"])
def test_without_the_table_of_speakers(tmp_path: Path, name: str) -> None:
    fixture = FIXTURES[name](tmp_path)
    (fixture.source / f"vox{name[-1]}_meta.csv").unlink()
    source = find(name)(fixture.source)
    with pytest.raises(SourceError, match=r"_meta\.csv is missing; download it from https"):
        list(source.records("dev"))
    if name == "voxceleb1":  # trials do without
        assert len(list(source.records("veri_test"))) == 9
        assert source.available_splits() == ("dev", "test", "veri_test")
