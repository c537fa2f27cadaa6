"""What is peculiar to the corpora of emotions: MELD, IEMOCAP, CREMA-D, RAVDESS."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.record import Label, Speaker, Transcript
from pipelines.source import SourceError
from tests.pipelines.corpora import shards_of
from tests.pipelines.real import real
from tests.pipelines.recordings import chirp, ffmpeg
from tests.pipelines.sources.corpora import cremad, meld
from tests.pipelines.sources.fixture import Fixture, mp3, tone, write
from tests.pipelines.sources.fixtures import FIXTURES, records


@pytest.mark.parametrize("place", ["train/train_splits", "train_splits"])
def test_meld_takes_the_clips_of_its_own_split(tmp_path: Path, place: str) -> None:
    fixture = meld.corpus(tmp_path, place)
    train, test = records(fixture, "meld", "train"), records(fixture, "meld", "test")
    one, again = train["dia0_utt0"], test["dia0_utt0"]
    assert one.audio[0].path == f"{place}/dia0_utt0.mp4"
    assert again.audio[0].path == "output_repeated_splits_test/dia0_utt0.mp4"
    assert one.annotations == (Transcript("Well, that’s “new”…", "en"), Label("er", ("surprise",)))
    assert one.speaker == Speaker("Ada") and one.original == {"sentiment": "neutral"}
    assert one.origin == "meld:train/dia0_utt0" and again.origin == "meld:test/dia0_utt0"


def test_meld_decodes_its_films(tmp_path: Path) -> None:
    fixture = FIXTURES["meld"](tmp_path / "corpus")
    built = shards_of(catalogue.find("meld")(fixture.source), "train", tmp_path / "out")
    sample = built.samples["dia0_utt0"]
    assert sample["audio"][0]["origin_rate"] == 48_000 and sample["audio"][0]["origin_channels"] == 2
    assert sample["audio"][0]["seconds"] == pytest.approx(0.3, abs=0.05)
    said = {(target["task"], target["response"]) for target in sample["targets"]}
    assert said == {("asr", "Well, that’s “new”…"), ("asr", "well that's new"), ("er", "surprise")}


def test_meld_real_table(tmp_path: Path) -> None:
    """The released table of dev with films made for it: every emotion, and every character of its texts, comes out."""
    table = real("meld/MELD.Raw/dev_sent_emo.csv")
    root = tmp_path / "MELD.Raw"
    film = ffmpeg(chirp(0.2, 16_000), 16_000, "mp4", "aac")
    released = " ".join(table.read_text(encoding="utf-8").replace('""', '"').split())
    (root / "dev_splits_complete").mkdir(parents=True)
    (root / "dev_sent_emo.csv").write_bytes(table.read_bytes())
    for clip in (f"dia{d}_utt{u}" for d in range(12) for u in range(20)):
        (root / f"dev_splits_complete/{clip}.mp4").write_bytes(film)
    built = shards_of(catalogue.find("meld")(root), "dev", tmp_path / "out")
    assert len(built.samples) == 40 and not built.rejects
    said = Counter(t["response"] for s in built.samples.values() for t in s["targets"] if t["task"] == "er")
    assert set(said) <= {"neutral", "joy", "surprise", "anger", "sadness", "disgust", "fear"} and len(said) >= 5
    for sample in built.samples.values():
        (text,) = (t["response"] for t in sample["targets"] if t["task"] == "asr")
        assert text and text in released


def test_iemocap_speaker_is_who_speaks(tmp_path: Path) -> None:
    found = records(FIXTURES["iemocap"](tmp_path), "iemocap", "Session1")
    first, second = found["Ses01F_impro09_F000"], found["Ses01F_impro09_M000"]
    assert first.speaker == Speaker("Ses01F", "female") and second.speaker == Speaker("Ses01M", "male")
    assert first.annotations == (Transcript("Oh, do come in.", "en"), Label("er", ("exc",)))
    assert first.original["transcript"] == "[LAUGHTER] Oh, do come in."


def test_iemocap_without_agreement_has_no_emotion(tmp_path: Path) -> None:
    found = records(FIXTURES["iemocap"](tmp_path), "iemocap", "Session1")
    record = found["Ses01F_impro09_M000"]
    assert record.annotations == (Transcript("Thank you.", "en"),) and record.original["emotion"] == "xxx"


def test_iemocap_transcription_that_is_not_utf8(tmp_path: Path) -> None:
    fixture = FIXTURES["iemocap"](tmp_path)
    table = fixture.source / "Session1/dialog/transcriptions/Ses01F_impro09.txt"
    table.write_bytes(b"Ses01F_impro09_M000 [010.0100-012.3300]: In the caf\xe9.\n")
    record = records(fixture, "iemocap", "Session1")["Ses01F_impro09_M000"]
    assert record.annotations == (Transcript("In the café.", "en"),)


def test_iemocap_without_transcriptions(tmp_path: Path) -> None:
    record = records(FIXTURES["iemocap"](tmp_path), "iemocap", "Session5")["Ses05M_script01_1_M000"]
    assert record.annotations == (Label("er", ("hap",)),) and record.speaker.id == "Ses05M"


def test_cremad_reads_people_and_votes(tmp_path: Path) -> None:
    found = records(FIXTURES["cremad"](tmp_path), "cremad", "all")
    first = found["1001_DFA_ANG_XX"]
    assert first.speaker == Speaker("1001", "male", "fifties")
    assert first.original == {
        "sentence": "Don't forget a jacket", "level": "XX", "voice_vote": "A:N", "gender": "Male", "age": "51"
    }  # fmt: skip
    assert found["1002_IEO_HAP_HI"].speaker == Speaker("1002", "female", None)  # 9 years are no decade of ours
    assert found["1003_TIE_NEU_XX"].speaker == Speaker("1003")  # its row is short


def test_cremad_pointer_of_git_lfs_says_what_to_do(tmp_path: Path) -> None:
    fixture = FIXTURES["cremad"](tmp_path / "corpus")
    built = shards_of(catalogue.find("cremad")(fixture.source), "all", tmp_path / "out")
    assert "git lfs pull" in built.where["1002_ITS_SAD_XX"]


def test_cremad_without_any_audio_stops_at_once(tmp_path: Path) -> None:
    fixture = FIXTURES["cremad"](tmp_path)
    for path in (fixture.source / "AudioWAV").iterdir():
        write(path, cremad.POINTER)
    with pytest.raises(SourceError, match=r"1001_DFA_ANG\.wav: a pointer of Git LFS.*git lfs pull"):
        records(fixture, "cremad", "all")


def test_cremad_in_mp3(tmp_path: Path) -> None:
    root = tmp_path / "CREMA-D"
    mp3(root / "AudioMP3/1001_DFA_ANG_XX.mp3", 44_100)
    (record,) = records(Fixture(root, {}), "cremad", "all").values()
    assert record.audio[0].path == "AudioMP3/1001_DFA_ANG_XX.mp3"


def test_ravdess_tells_speech_from_song(tmp_path: Path) -> None:
    fixture = FIXTURES["ravdess"](tmp_path)
    speech, song = records(fixture, "ravdess", "speech"), records(fixture, "ravdess", "song")
    one = speech["03-01-06-02-02-01-01"]
    assert one.annotations == (Label("er", ("fearful",)),) and one.speaker == Speaker("Actor_01", "male")
    assert one.audio[0].path.startswith("Audio_Speech_Actors_01-24/")  # not the copy
    assert one.original == {"intensity": "strong", "statement": "Dogs are sitting by the door", "repetition": "01"}
    (sung,) = song.values()
    assert sung.annotations == (Label("smer", ("happy",)),) and sung.speaker == Speaker("Actor_02", "female")


def test_ravdess_unpacked_straight(tmp_path: Path) -> None:
    tone(tmp_path / "Actor_04/03-02-04-01-01-01-04.wav")
    source = catalogue.find("ravdess")(tmp_path)
    assert source.available_splits() == ("song",) and [item.id for item in source.records("song")]
