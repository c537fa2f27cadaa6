"""A clip of YouTube is found under every name that fetchers give it; a name that tells another cut is another clip."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.formats.youtube_audio import YouTubeAudio
from pipelines.sources.audioset import AudioSet
from tests.pipelines.sources.fixture import write

VIDEO = "-b_DeFgHi_K"


def audio(folder: Path, *names: str) -> YouTubeAudio:
    write(folder / "eval_segments.csv", "# nothing\n")
    for name in names:
        write(folder / name, "")
    return YouTubeAudio(AudioSet(folder))


@pytest.mark.parametrize(
    "name",
    ["{}", "Y{}", "{}_30", "{}_30_40", "Y{}_30.000_40.000", "{}_30.0_40.0", "{}_30000_40000", "{}_30000", "Y{}_30.00",
     "[{}]-[30-40]"],
)  # fmt: skip
@pytest.mark.parametrize("ending", [".wav", ".MP4"])
def test_finds_every_form_of_name(tmp_path: Path, name: str, ending: str) -> None:
    path = f"any/where/{name.format(VIDEO)}{ending}"
    found = audio(tmp_path, path).find(VIDEO, 30.0, 40.0)
    assert found is not None and found.path == path and found.seconds == 10.0


def test_times_with_decimals(tmp_path: Path) -> None:
    clips = audio(tmp_path, f"{VIDEO}_12.500_22.500.wav", "bbbbbbbbbbb_12500_22500.wav", "ccccccccccc_12.5.wav")
    assert all(clips.find(video, 12.5, 22.5) for video in (VIDEO, "bbbbbbbbbbb", "ccccccccccc"))


def test_another_cut_is_another_clip(tmp_path: Path) -> None:
    clips = audio(tmp_path, f"{VIDEO}_30_40.wav", f"{VIDEO}_50_60.wav", f"x/{VIDEO}.wav")
    assert [clips.find(VIDEO, start, start + 10).path for start in (30.0, 50.0, 70.0)] == [  # type: ignore[union-attr]
        f"{VIDEO}_30_40.wav", f"{VIDEO}_50_60.wav", f"x/{VIDEO}.wav",
    ]  # fmt: skip
    assert audio(tmp_path / "b", f"{VIDEO}_30_40.wav").find(VIDEO, 50.0, 60.0) is None


def test_a_video_whose_id_begins_with_y(tmp_path: Path) -> None:
    clips = audio(tmp_path, "Yaaaaaaaaaa.wav", "Yaaaaaaaaaaa.wav", "Y_bbbbbbbb_.wav")
    found = {video: clips.find(video, 0.0, 10.0) for video in ("Yaaaaaaaaaa", "aaaaaaaaaaa", "Y_bbbbbbbb_")}
    assert {video: ref and ref.path for video, ref in found.items()} == {
        "Yaaaaaaaaaa": "Yaaaaaaaaaa.wav", "aaaaaaaaaaa": "Yaaaaaaaaaaa.wav", "Y_bbbbbbbb_": "Y_bbbbbbbb_.wav",
    }  # fmt: skip


def test_ids_that_are_none_of_youtube(tmp_path: Path) -> None:
    clips = audio(tmp_path, "Yclip7.wav", "a_much_longer_name_30_40.wav")
    assert [clips.find(name, 30.0, 40.0) is not None for name in ("clip7", "a_much_longer_name", "none")] == [
        True, True, False,
    ]  # fmt: skip


def test_audio_in_a_root_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "clips/x" / f"{VIDEO}.wav", "")
    write(tmp_path / "tables/eval_segments.csv", "# nothing\n")
    source = AudioSet(tmp_path / "tables", {"audio": tmp_path / "clips"})
    found = YouTubeAudio(source).find(VIDEO, 0.0, 10.0)
    assert found is not None and source.path(found) == tmp_path / "clips/x" / f"{VIDEO}.wav"


def test_what_came_meanwhile_is_found_before_a_no(tmp_path: Path) -> None:
    clips = audio(tmp_path, "a/other.wav")
    write(tmp_path / "a" / f"{VIDEO}.wav", "")
    assert clips.find(VIDEO, 0.0, 10.0) is not None
