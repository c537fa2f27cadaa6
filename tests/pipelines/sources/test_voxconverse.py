"""What ids and reasons do not show of VoxConverse: windows, and real meetings in its layout."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.catalogue import find
from pipelines.record import Turns
from pipelines.segment import pieces
from tests.pipelines.corpora import shards_of
from tests.pipelines.real import real
from tests.pipelines.sources.fixtures import FIXTURES, records_of


def test_long_recordings_are_cut_into_windows(tmp_path: Path) -> None:
    source = find("voxconverse")(FIXTURES["voxconverse"](tmp_path).source)
    record = records_of(source, "dev")[0]
    found = pieces(record, [61.0], source.cut, "dev" in source.evaluation_splits)
    assert isinstance(found, list) and [piece.spans[0] for piece in found] == [(0.0, 30.0), (30.0, 60.0), (60.0, 61.0)]
    first, second, third = (piece.annotations[0] for piece in found)
    assert first == Turns((("spk00", 0.4, 30.0), ("spk01", 20.0, 30.0)))
    assert second == Turns((("spk00", 0.0, 0.1), ("spk01", 0.0, 1.5))) and third == Turns(())


def test_real_meetings_become_samples(tmp_path: Path) -> None:
    meetings, labels = real("ami_rttm"), tmp_path / "in/voxconverse-master/dev"
    labels.mkdir(parents=True)
    shutil.copy(meetings / "debug.train.rttm", labels / "meetings.rttm")
    for name in ("trn01", "trn02"):
        shutil.copy(meetings / f"{name}.wav", tmp_path / "in" / f"{name}.wav")
    built = shards_of(find("voxconverse")(tmp_path / "in"), "dev", tmp_path / "out")
    # A waveform sample over 30 s: two halves each.
    assert set(built.samples) == {"trn01", "trn01@15", "trn02", "trn02@15"} and not built.rejects
    assert {len(clips[0]) for clips in built.waveforms.values()} == {240_000, 240_001}
    said = {name: sample["targets"][0]["response"] for name, sample in built.samples.items()}
    assert said["trn02"] == "<|sil|>"
    assert said["trn01"].endswith("<|2.98|><|delim|><|3.37|>")
    assert said["trn01@15"].count("<|startofword|>2<|endofword|>") == 2 and said["trn01@15"].count("15.00") == 3
