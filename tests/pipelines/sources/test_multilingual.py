"""What is peculiar to FLEURS, VoxPopuli and Emilia."""

from __future__ import annotations

from pathlib import Path

import fsspec
import numpy as np
import pytest
import soundfile

from pipelines import catalogue
from pipelines.record import AudioRef, Speaker, Transcript, Translation
from pipelines.source import SourceError
from pipelines.sources.fleurs import LANGUAGES
from tests.pipelines.corpora import shards_of
from tests.pipelines.sources.corpora.voxpopuli import HEADER
from tests.pipelines.sources.fixture import Fixture, write
from tests.pipelines.sources.fixtures import FIXTURES, records, records_of


def test_fleurs_forms_translations_and_lengths(tmp_path: Path) -> None:
    fixture = FIXTURES["fleurs"](tmp_path)
    found = records(fixture, "fleurs", "train")
    assert found["100"].annotations == (
        Transcript('The "cat sat, twice.', "en_us"), Transcript("the cat sat twice", "en_us", "unpunctuated"),
        Translation("Die Katze saß zweimal.", "de_de"),
    )  # fmt: skip
    assert found["200"].annotations[2:] == (Translation('The "cat sat, twice.', "en_us"),)
    assert found["102"].annotations == (Transcript("only plain\u2028text", "en_us", "unpunctuated"),)
    assert found["100"].speaker.gender == "female" and found["102"].speaker.gender is None
    assert found["100"].audio[0].seconds == 0.1 and found["102"].audio[0].seconds is None
    assert found["200"].audio[0].path == "data/de_de/audio/200.wav"
    alone = Fixture(fixture.source / "data", {})
    assert records(alone, "fleurs", "train")["100"].audio[0].path == "en_us/audio/train/100.wav"
    assert len(LANGUAGES) == 102


def test_fleurs_tells_each_clip_once_whatever_the_case_of_its_ending(tmp_path: Path) -> None:
    fixture = FIXTURES["fleurs"](tmp_path)
    usual = [item.id for item in catalogue.find("fleurs")(fixture.source).records("train")]
    for wav in (fixture.source / "data/en_us/audio/train").glob("10*.wav"):
        wav.rename(wav.with_suffix(".WAV"))
    assert [item.id for item in catalogue.find("fleurs")(fixture.source).records("train")] == usual


def test_fleurs_still_packed_in_a_bucket() -> None:
    bucket = fsspec.filesystem("memory")
    bucket.pipe("/fleurs-packed/data/en_us/dev.tsv", b"1\t1.wav\tA.\ta\ta\t16\tMALE\n")
    bucket.pipe("/fleurs-packed/data/en_us/audio/dev.tar.gz", b"packed")
    with pytest.raises(SourceError, match=r"en_us/audio is still packed; unpack it there: cd .*tar xzf"):
        list(catalogue.find("fleurs")("memory://fleurs-packed").records("dev"))


def test_voxpopuli_cut_and_to_be_cut(tmp_path: Path) -> None:
    found = records(FIXTURES["voxpopuli"](tmp_path), "voxpopuli", "train")
    joined, single, cut, plain = found.values()
    session = "raw_audios/original/2012/20120101-0900-PLENARY-1-de_original.ogg"
    assert joined.audio == (
        AudioRef(session, start=0.0, end=0.09, recording="20120101-0900-PLENARY-1-de", seconds=0.06,
                 joined=((0.0, 0.02), (0.05, 0.09))),
    )  # fmt: skip
    assert single.audio[0].joined == () and (single.audio[0].start, single.audio[0].end) == (0.01, 0.06)
    assert joined.annotations == (
        Transcript('Herr | Präsident, "danke".', "de"), Transcript("herr präsident danke", "de", "unpunctuated"),
    )  # fmt: skip
    assert plain.annotations == (Transcript("only plain", "en", "unpunctuated"),) and plain.speaker == Speaker()
    assert cut.speaker == Speaker("4321", "male") and cut.original == {"gender": "male"}


def test_voxpopuli_joins_what_was_voiced(tmp_path: Path) -> None:
    fixture = FIXTURES["voxpopuli"](tmp_path)
    built = shards_of(catalogue.find("voxpopuli")(fixture.source), "train", tmp_path / "shards")
    key = "20120101-0900-PLENARY-1-de-20120101-09:00:00_1"
    (wave,) = built.waveforms[key]
    assert len(wave) == 960 and built.samples[key]["audio"][0]["seconds"] == 0.06
    session = next(fixture.source.glob("raw_audios/original/2012/*.ogg"))
    whole = soundfile.read(session, dtype="int16")[0]
    assert np.abs(wave - np.concatenate([whole[:320], whole[800:1440]]).astype(int)).max() <= 1


def test_voxpopuli_cut_off_table_is_told(tmp_path: Path) -> None:
    fixture = FIXTURES["voxpopuli"](tmp_path)
    table = fixture.source / "transcribed_data/de/asr_de.tsv.gz"
    table.write_bytes(table.read_bytes()[:-20])
    with pytest.raises(SourceError, match=r"asr_de\.tsv\.gz: broken off or damaged .*; download it again"):
        records(fixture, "voxpopuli", "train")


def test_voxpopuli_accented_english_has_a_test_alone(tmp_path: Path) -> None:
    folder = tmp_path / "transcribed_data/en_accented"
    write(folder / "asr_en_accented.tsv", f"{HEADER}\n")
    assert catalogue.find("voxpopuli")(tmp_path).available_splits() == ("test",)


def test_ksponspeech_two_forms_and_audio_without_a_header(tmp_path: Path) -> None:
    fixture = FIXTURES["ksponspeech"](tmp_path)
    found = records(fixture, "ksponspeech", "train")
    assert found["KsponSpeech_000001"].annotations == (
        Transcript("아 모 몬 소리야 70% 확률이라니,", "ko"),
        Transcript("아 모 몬 소리야 칠 십 퍼센트 확률이라니", "ko", "unpunctuated"),
    )
    (clean,) = records(fixture, "ksponspeech", "eval_clean").values()  # a list in EUC-KR
    assert [text.text for text in clean.annotations] == ["내가 짖지 마 하면은.", "내 짖지 마 하면은"]  # type: ignore[union-attr]
    assert clean.audio[0].path == "eval/eval_clean/KsponSpeech_E00001.wav"
    built = shards_of(catalogue.find("ksponspeech")(fixture.source), "train", tmp_path / "shards")
    raw = np.fromfile(fixture.source / found["KsponSpeech_000001"].audio[0].path, "<i2")
    for name in found:  # one of them ends in half a waveform sample
        assert np.array_equal(built.waveforms[name][0], raw)


def test_reazonspeech_unpacked_elsewhere(tmp_path: Path) -> None:
    fixture = FIXTURES["reazonspeech"](tmp_path)
    (fixture.source / "flac").mkdir()
    for name in ("000", "001"):
        (fixture.source / name).rename(fixture.source / "flac" / name)
    found = records(fixture, "reazonspeech", "small")
    assert found["000/0000b6f0"].audio[0].path == "flac/000/0000b6f0.flac"
    assert found["000/0000b6f0"].annotations == (Transcript("今日は\u2028晴れです。", "ja"),)


def test_emilia_licences_and_videos(tmp_path: Path) -> None:
    fixture = FIXTURES["emilia"](tmp_path)
    source = catalogue.find("emilia")(fixture.source)
    first, last = records(fixture, "emilia", "Emilia").values()
    assert first.annotations == (Transcript(" Ein Satz.", "de"),) and first.speaker.id == "DE_B00000_S00000"
    assert (first.licence, source.origin(first)) == ("CC-BY-NC-4.0", f"emilia:{first.id}")
    assert first.audio[0].seconds == 0.1 and last.audio[0].seconds is None
    (video,) = records(fixture, "emilia", "Emilia-YODAS").values()
    assert (video.licence, source.origin(video)) == ("CC-BY-4.0", "youtube:--5llN02F84")


def test_emilia_part_as_source_keeps_its_split_and_licence(tmp_path: Path) -> None:
    fixture = FIXTURES["emilia"](tmp_path)
    source = catalogue.find("emilia")(fixture.source / "Emilia-YODAS")
    assert source.available_splits() == ("Emilia-YODAS",)
    licences = {record.licence for record in records_of(source, "Emilia-YODAS")}
    assert licences == {"CC-BY-4.0"}


def test_emilia_still_packed(tmp_path: Path) -> None:
    write(tmp_path / "Emilia/EN/EN-B000000.tar", "packed")
    with pytest.raises(SourceError, match=r"Emilia/EN holds archives that are not unpacked\. Apply at .*tar xf"):
        list(catalogue.find("emilia")(tmp_path).records("Emilia"))
