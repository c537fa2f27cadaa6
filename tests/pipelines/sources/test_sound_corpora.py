"""Corpora of sounds: what ids and reasons do not show: words, times, licences, and the real recordings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines import catalogue
from pipelines.record import QuestionAnswer, Record
from pipelines.source import EmptySplitError, Source, SourceError
from tests.pipelines.corpora import shards_of
from tests.pipelines.real import real
from tests.pipelines.recordings import chirp, ffmpeg
from tests.pipelines.sources.fixture import tone, write
from tests.pipelines.sources.fixtures import FIXTURES, records_of


def source_of(name: str, folder: Path) -> Source:
    fixture = FIXTURES[name](folder)
    return catalogue.find(name)(fixture.source, fixture.roots)


def records(source: Source, split: str) -> dict[str, Record]:
    return {record.id: record for record in records_of(source, split)}


def answers(sample: dict[str, Any]) -> list[tuple[str, str]]:
    return [(target["task"], target["response"]) for target in sample["targets"]]


def test_urbansound8k_is_cut_already(tmp_path: Path) -> None:
    found = records(source_of("urbansound8k", tmp_path), "fold10")
    audio = found["1002-6-0-0"].audio[0]
    assert (audio.start, audio.end, audio.seconds) == (None, None, 0.8)
    assert found["1003-1-1-0"].audio[0].seconds is None  # it tells no length
    assert found["1002-6-0-0"].origin == "freesound:1002" and found["1002-6-0-0"].original == {"salience": "background"}


def test_urbansound8k_real_recordings(tmp_path: Path) -> None:
    built = shards_of(catalogue.find("urbansound8k")(real("urbansound8k/UrbanSound8K")), "fold1", tmp_path)
    assert built.rejects == []
    assert answers(built.samples["135776-2-0-49"]) == [("sec", "children playing")]


def test_fsd50k_keeps_the_most_specific_labels_and_each_licence(tmp_path: Path) -> None:
    source = source_of("fsd50k", tmp_path / "corpus")
    train = shards_of(source, "train", tmp_path).samples
    assert answers(train["901"]) == [("sec", "electric guitar")]
    assert answers(train["902"]) == [("sec", "dog bark<|delim|>gunshot")]
    assert "<|audioset_ontology|>" in train["902"]["targets"][0]["prompt"]
    assert train["902"]["original"]["labels"]["labels"].startswith("Gunshot_and_gunfire,Bark,Explosion")
    assert train["902"]["licence"] == "CC-BY-4.0 AND CC-BY-NC-3.0"
    assert train["901"]["licence"] == "CC-BY-4.0 AND LicenseRef-Sampling-Plus-1.0"
    held_out = shards_of(source, "val", tmp_path).samples
    assert answers(held_out["904"]) == [("sec", "cat<|delim|>hiss")] and held_out["904"]["licence"] == "CC-BY-4.0"


def test_fsd50k_real_recordings(tmp_path: Path) -> None:
    source = catalogue.find("fsd50k")(real("fsd50k"))
    train = shards_of(source, "train", tmp_path)
    assert train.rejects == [] and answers(train.samples["64760"]) == [("sec", "electric guitar")]
    assert train.samples["64760"]["licence"] == "CC-BY-4.0 AND LicenseRef-Sampling-Plus-1.0"
    assert answers(shards_of(source, "val", tmp_path).samples["21914"]) == [("sec", "crushing")]


def test_audioset_has_labels_and_events(tmp_path: Path) -> None:
    source = source_of("audioset", tmp_path / "corpus")
    train = shards_of(source, "balanced_train", tmp_path).samples
    assert answers(train["-aaaaaaaaa1_30000"]) == [("sec", "car horn<|delim|>dog bark")]  # no animal, no dog
    assert train["-aaaaaaaaa1_30000"]["original"]["labels"]["labels"] == "/m/a,/m/b,/m/c,/m/d"
    assert answers(train["aaaaaaaaaa3_12500"]) == [("sec", "cat<|delim|>hiss")]  # not every hiss is a cat's
    events = "<|startofword|>dog<|endofword|><|0.00|><|delim|><|0.03|>"
    events += "<|startofword|>sound effect<|endofword|><|0.05|><|delim|><|0.08|>"
    assert answers(train["aaaa_aaaa_2_0"]) == [("sec", "cat"), ("sed", events)]
    assert all("<|audioset_ontology|>" in target["prompt"] for target in train["aaaa_aaaa_2_0"]["targets"])
    strong = shards_of(source, "strong_train", tmp_path).samples
    assert answers(strong["aaaa_aaaa_2_0"]) == [("sed", events)]
    assert records(source, "eval")["aaaaaaaaa10_5000"].origin == "youtube:aaaaaaaaa10"


def test_audioset_needs_the_names_of_its_classes(tmp_path: Path) -> None:
    source = source_of("audioset", tmp_path)
    for table in ("class_labels_indices.csv", "mid_to_display_name.tsv", "ontology.json"):
        (Path(str(source.root)) / table).unlink()
    with pytest.raises(SourceError, match=r"no names of classes; put one of class_labels_indices\.csv, .* there"):
        list(source.records("eval"))


def test_audiocaps_gathers_the_captions_of_a_clip(tmp_path: Path) -> None:
    source = source_of("audiocaps", tmp_path / "corpus")
    held_out = shards_of(source, "val", tmp_path).samples
    assert answers(held_out["bbbbbbbbbb1_10"]) == [("aac", f"Take {n}") for n in (1, 3, 5, 7, 9)]
    assert all("<|caption_audiocaps|>" in target["prompt"] for target in held_out["bbbbbbbbbb0_10"]["targets"])
    train = records(source, "train")
    assert train["aaaa_aaaa_2_0"].origin == "youtube:aaaa_aaaa_2" and len(train["-aaaaaaaaa1_30"].annotations) == 1


def test_audiocaps_real_captions(tmp_path: Path) -> None:
    """The table's first rows with a clip for one of them."""
    write(tmp_path / "corpus/dataset/val.csv", real("audiocaps/dataset/val.csv").read_bytes())
    tone(tmp_path / "corpus/YvfY_TJq7n_U.wav")
    built = shards_of(catalogue.find("audiocaps")(tmp_path / "corpus"), "val", tmp_path)
    assert len(built.rejects) == 38 and {reason for _, reason in built.rejects} == {"audio_missing"}
    assert len(answers(built.samples["vfY_TJq7n_U_130"])) == 1


def test_musiccaps_captions_hold_line_breaks(tmp_path: Path) -> None:
    source = source_of("musiccaps", tmp_path / "corpus")
    sample = shards_of(source, "test", tmp_path).samples["-0aaaaaaaa1"]
    assert answers(sample) == [("mc", 'A slow piano. It is "sad", and far.')]
    assert "<|music_description|>" in sample["targets"][0]["prompt"]
    assert sample["original"]["labels"]["aspects"] == "['slow tempo', \"sad '90s\"]"


def test_desed_clips_times_and_tells_silence(tmp_path: Path) -> None:
    source = source_of("desed", tmp_path / "corpus")
    held_out = shards_of(source, "validation", tmp_path).samples
    assert answers(held_out["Yaaaaaaaaaa7_30.000_40.000"]) == [("sed", "<|sil|>")]
    (sed,) = held_out["Yaaaaaaaaaa6_0.000_10.000"]["targets"]
    assert "<|event|>" in sed["prompt"] and sed["response"] == (
        "<|startofword|>frying<|endofword|><|0.00|><|delim|><|0.04|>"
        "<|startofword|>electric shaver or toothbrush<|endofword|><|0.02|><|delim|><|0.10|>"
    )
    weak = shards_of(source, "weak", tmp_path).samples
    assert answers(weak["Y-aaaaaaaaa1_30.000_40.000"]) == [("sec", "alarm bell ringing<|delim|>dog")]
    assert records(source, "public_eval")["bbbbbbbbbb2_120_130"].origin == "youtube:bbbbbbbbbb2"
    assert records(source, "synthetic")["synthetic20_12"].licence == "CC-BY-4.0 AND LicenseRef-DESED-Soundbank"


def test_tut2017_tells_folds_and_errors(tmp_path: Path) -> None:
    source = source_of("tut2017", tmp_path / "corpus")
    found = records(source, "development")
    assert found["a001_0_10"].original == {"fold": "1", "place": "a001"}
    assert found["a001_10_20"].original == {"error": "2.1 3.4", "place": "a001"}
    assert records(source, "evaluation")["1"].original == {"place": "c007"}
    built = shards_of(source, "development", tmp_path).samples
    assert answers(built["a001_0_10"]) == [("asc", "cafe or restaurant")]


def test_tut2017_without_meta_reads_the_lists(tmp_path: Path) -> None:
    source = source_of("tut2017", tmp_path)
    (tmp_path / "tut2017/TUT-acoustic-scenes-2017-development/meta.txt").unlink()
    assert list(records(source, "development")) == ["b020_90_100", "a001_0_10"]


def test_tut2017_without_labels_says_what_to_unpack(tmp_path: Path) -> None:
    source = source_of("tut2017", tmp_path)
    for table in (tmp_path / "tut2017/TUT-acoustic-scenes-2017-evaluation").rglob("*.txt"):
        table.unlink()
    with pytest.raises(EmptySplitError, match=r"expected meta\.txt or .*unpack .*-evaluation\.meta\.zip"):
        list(source.records("evaluation"))


def test_cochlscene_names_scenes_in_words(tmp_path: Path) -> None:
    built = shards_of(source_of("cochlscene", tmp_path / "corpus"), "train", tmp_path).samples
    assert answers(built["CrowdedIndoor_user0002_14871000_001"]) == [("asc", "crowded indoor")]
    assert built["Bus_user0001_14871000_001"]["original"]["labels"]["contributor"] == "user0001"


def test_musicqa_asks_and_describes(tmp_path: Path) -> None:
    sample = shards_of(source_of("musicqa", tmp_path / "corpus"), "pretrain", tmp_path).samples["000000"]
    assert answers(sample) == [
        ("mc", "A slow piano piece."), ("mc", "A slow, sad piano piece in a hall."), ("mqa", "A piano."),
    ]  # fmt: skip
    assert "<|question|>What do you hear in the audio?<|answer|>" in sample["targets"][2]["prompt"]
    # A pair about tags is no target and no reject: the release has so many that every job over it would fail.
    assert sample["original"]["labels"]["about tags"] == "What genre is the audio tagged as?\tClassical."


def test_music_avqa_fills_its_questions(tmp_path: Path) -> None:
    source = source_of("music_avqa", tmp_path / "corpus")
    train = shards_of(source, "train", tmp_path).samples
    assert answers(train["00000093"]) == [("mqa", "more than ten"), ("mqa", "no")]
    (asked,) = train["va00003871"]["targets"]
    assert "<|question|>Is the electric bass louder than the drum?<|answer|>" in asked["prompt"]
    (older,) = records(source, "val")["00000093"].annotations  # json/ where json_update/ has nothing
    assert older == QuestionAnswer("An older question?", "no", task="mqa")


def test_music_avqa_hears_videos(tmp_path: Path) -> None:
    """The sound of an MP4, as the release has it, in a folder of its own."""
    fixture = FIXTURES["music_avqa"](tmp_path / "corpus")
    video = tmp_path / "videos/00000093.mp4"
    video.parent.mkdir()
    video.write_bytes(ffmpeg(chirp(1.0, 44_100, 1), 44_100, "mp4", "aac"))
    shutil.rmtree(fixture.source / "data/audio")
    built = shards_of(catalogue.find("music_avqa")(fixture.source, {"audio": video.parent}), "train", tmp_path)
    assert set(built.samples) == {"00000093"} and len(built.waveforms["00000093"][0]) >= 16_000


def test_lp_musiccaps_leaves_out_what_is_invented(tmp_path: Path) -> None:
    source = source_of("lp_musiccaps", tmp_path / "corpus")
    sample = shards_of(source, "msd_train", tmp_path).samples["TRAAA01"]
    assert answers(sample) == [("mc", "A song."), ("mc", "A short song.")]
    assert sample["original"]["labels"] == {"title": "A Song", "artist_name": "Nobody"}
    assert sample["licence"] == "MIT AND LicenseRef-7digital-Preview"
    assert records(source, "mtt_test")["831"].origin == "magnatagatune:831"
    assert records(source, "mc_test")["-aaaaaaaaa1"].origin == "youtube:-aaaaaaaaa1"


def test_a_broken_parquet_is_named(tmp_path: Path) -> None:
    source = source_of("lp_musiccaps", tmp_path)
    path = Path(str(source.root)) / "LP-MusicCaps-MC/test.parquet"
    whole = path.read_bytes()
    pages = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")  # what comes before the footer
    for broken in (whole[:100], whole[:4] + b"\xff" * (pages - 4) + whole[pages:]):
        path.write_bytes(broken)
        with pytest.raises(SourceError, match=r"test\.parquet: no valid Parquet .*; download it again"):
            list(source.records("mc_test"))
    write(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(SourceError, match="a pointer of Git LFS, not the file itself: run `git lfs pull`"):
        list(source.records("mc_test"))
