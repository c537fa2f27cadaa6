"""What ids and reasons do not show of VoxLingua107: languages, lengths, videos, folders without `train/`."""

from __future__ import annotations

from pathlib import Path

from pipelines.catalogue import find
from pipelines.labels.names import label_text
from pipelines.record import Label
from tests.pipelines.sources.fixtures import FIXTURES, records_of


def test_names_tell_video_and_length(tmp_path: Path) -> None:
    source = find("voxlingua107")(FIXTURES["voxlingua107"](tmp_path).source)
    german, _, unnamed, reversed_ = records_of(source, "train")
    assert german.audio[0].seconds == 0.1 and source.origin(german) == "youtube:-0gqxVxxx_x"
    assert unnamed.audio[0].seconds is None and source.origin(unnamed) == "voxlingua107:another.name"
    assert reversed_.audio[0].seconds is None and source.origin(reversed_) == "youtube:bqxVxx__U_S"
    assert unnamed.annotations == (Label("lid", ("iw",)),) and label_text("lid", "iw") == "he"


def test_folders_of_languages_may_lie_in_source(tmp_path: Path) -> None:
    fixture = FIXTURES["voxlingua107"](tmp_path)
    for folder in ("de", "iw"):
        (fixture.source / "train" / folder).rename(fixture.source / folder)
    (fixture.source / "train/xx").rename(tmp_path / "xx")
    (fixture.source / "train").rmdir()
    source = find("voxlingua107")(fixture.source)
    assert source.available_splits() == ("train", "dev")
    assert [item.id for item in source.records("train")] == fixture.records["train"]
