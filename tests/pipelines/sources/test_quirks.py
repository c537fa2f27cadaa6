"""What is peculiar to each corpus, with the faults its releases are known for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.record import Caption, Label, Note, Record, Reject, Speaker, Transcript, Translation, Words
from pipelines.source import Source, SourceError
from tests.pipelines.memory import traced
from tests.pipelines.real import real
from tests.pipelines.sources.fixture import Fixture, mp3, tone, write
from tests.pipelines.sources.fixtures import FIXTURES, records, text


def test_librispeech_passes_text_on_and_reads_speakers(tmp_path: Path) -> None:
    found = records(FIXTURES["librispeech"](tmp_path), "librispeech", "dev-clean")
    assert text(found["19-198-0001"]) == "IT'S HER\u2028FATHER'S"  # U+2028 ends no line
    assert found["19-198-0000"].speaker.gender == "female" and found["7-3-0000"].speaker.gender == "male"
    assert found["7-3-0000"].audio[0].path == "dev-clean/7/3/7-3-0000.flac"


def test_librispeech_without_speakers_file(tmp_path: Path) -> None:
    fixture = FIXTURES["librispeech"](tmp_path)
    (fixture.source / "SPEAKERS.TXT").unlink()
    assert {record.speaker.gender for record in records(fixture, "librispeech", "dev-clean").values()} == {None}


def test_librispeech_empty_split_is_an_incomplete_download(tmp_path: Path) -> None:
    fixture = FIXTURES["librispeech"](tmp_path)
    (fixture.source / "test-other").mkdir()
    with pytest.raises(SourceError, match=r"'test-other' of .* holds no records"):
        list(catalogue.find("librispeech")(fixture.source).records("test-other"))


def test_commonvoice_columns_of_old_and_new_releases(tmp_path: Path) -> None:
    found = records(FIXTURES["commonvoice"](tmp_path), "commonvoice", "train")
    german, unknown, swedish = found.values()
    assert text(german) == 'Er rief: "Halt!' and german.speaker == Speaker("c0ffee", "male", "forties")
    assert german.original == {"gender": "male_masculine", "age": "fourties"}
    assert unknown.speaker.gender is None and unknown.audio[0].path == "de/clips/common_voice_de_2.mp3"
    assert swedish.annotations == (Transcript("Hej på dig.", "sv-SE"),) and swedish.speaker.age == "nineties"


def test_commonvoice_one_language_folder_as_source(tmp_path: Path) -> None:
    fixture = FIXTURES["commonvoice"](tmp_path)
    alone = Fixture(fixture.source / "sv-SE", {})
    (record,) = records(alone, "commonvoice", "train").values()
    assert record.audio[0].path == "clips/common_voice_sv-SE_9.mp3" and record.annotations[0].language == "sv-SE"  # type: ignore[union-attr]


def test_commonvoice_unknown_header_is_named(tmp_path: Path) -> None:
    fixture = FIXTURES["commonvoice"](tmp_path)
    write(fixture.source / "de/train.tsv", "id\tsentence\n1\tHallo\n")
    with pytest.raises(SourceError, match=r"de/train\.tsv: no column 'path' in its header: id, sentence"):
        records(fixture, "commonvoice", "train")


def test_covost2_merges_languages_and_keeps_a_clip_in_one_split(tmp_path: Path) -> None:
    fixture = FIXTURES["covost2"](tmp_path)
    train, test = records(fixture, "covost2", "train"), records(fixture, "covost2", "test")
    first = train["common_voice_en_1"]
    assert first.annotations == (
        Transcript("Sentence 1.", "en"), Translation('Satz "eins.', "de"), Translation("句子一。", "zh-CN"),
    )  # fmt: skip
    assert train["common_voice_en_2"].annotations[1] == Translation("NA", "de")  # a word, not a missing value
    assert train["common_voice_en_3"].annotations == (
        Transcript('A tab\there and "quotes.', "en"), Translation("Drei\tmit Tab.", "de"),
    )  # fmt: skip
    # train in one table and test in another: test, with both translations.
    assert [a.language for a in test["common_voice_en_6"].annotations] == ["en", "de", "zh-CN"]  # type: ignore[union-attr]
    assert first.audio[0].root == "commonvoice" and first.speaker.gender == "female"
    source = catalogue.find("covost2")(fixture.source, fixture.roots)
    assert source.origin(first) == "commonvoice:common_voice_en_1"


def test_covost2_split_tables_hold_their_own_sentences(tmp_path: Path) -> None:
    (record,) = records(FIXTURES["covost2"](tmp_path), "covost2", "dev").values()
    assert record.annotations == (Transcript("Il fait froid.", "fr"), Translation("It is cold.", "en"))
    assert record.audio[0].path == "fr/clips/common_voice_fr_1.mp3" and record.speaker.id == "9ab3"


def test_covost2_whole_table_and_split_table_give_each_row_once(tmp_path: Path) -> None:
    fixture = FIXTURES["covost2"](tmp_path)
    rows = [
        "path\ttranslation\tsplit",
        "common_voice_fr_1.mp3\tOld text.\tdev",
        "common_voice_fr_2.mp3\tTwo.\ttrain",
        "",
    ]
    write(fixture.source / "fr/covost_v2.fr_en.tsv", "\n".join(rows))
    (record,) = records(fixture, "covost2", "dev").values()
    assert record.annotations[1:] == (Translation("It is cold.", "en"),)


@pytest.mark.parametrize("place", ["covost_v2.fr_en.tsv", "validated.tsv"])
def test_covost2_paths_without_ending(tmp_path: Path, place: str) -> None:
    root = tmp_path / "fr"
    tables = {
        "covost_v2.fr_en.tsv": "path\ttranslation\tsplit\ncommon_voice_fr_1.mp3\tIt is cold.\tdev\n",
        "validated.tsv": "client_id\tpath\tsentence\n9ab3\tcommon_voice_fr_1.mp3\tIl fait froid.\n",
    }
    for name, table in tables.items():
        write(root / name, table.replace(".mp3", "") if name == place else table)
    mp3(root / "clips/common_voice_fr_1.mp3")
    (record,) = records(Fixture(root, {}), "covost2", "dev").values()
    assert record.id == "common_voice_fr_1" and text(record) == "Il fait froid."


def test_covost2_has_the_splits_of_which_it_has_rows(tmp_path: Path) -> None:
    root = tmp_path / "fr"
    source = catalogue.find("covost2")
    for rows, splits in (
        ("1.mp3\tIt.\ttrain\n", ("train",)),
        ("1.mp3\tIt.\ttrain_covost\n2.mp3\tIs.\ttest\n", ("train", "test")),
        ("1.mp3\tIt.\ttrain\n1.mp3\tIt.\tdev\n", ("dev",)),  # test before dev before train
        ("1.mp3\tIt.\n", ("train", "dev", "test")),  # nothing can be read: that is to be told
    ):
        write(root / "covost_v2.fr_en.tsv", f"path\ttranslation\tsplit\n{rows}")
        assert source(root).available_splits() == splits
    with pytest.raises(SourceError, match=r"no split 'dev'.*it holds: train"):
        write(root / "covost_v2.fr_en.tsv", "path\ttranslation\tsplit\n1.mp3\tIt.\ttrain\n")
        source(root).records("dev")


@pytest.mark.parametrize(
    ("lost", "message"), [("en/clips", "no clips of 'en'"), ("en/validated.tsv", "no transcripts of 'en'")]
)
def test_covost2_says_what_of_common_voice_is_missing(tmp_path: Path, lost: str, message: str) -> None:
    fixture = FIXTURES["covost2"](tmp_path)
    (fixture.roots["commonvoice"] / lost).rename(tmp_path / "away")
    with pytest.raises(SourceError, match=f"{message}.*ROOTS=commonvoice="):
        records(fixture, "covost2", "train")


def test_aishell1_speakers_and_words(tmp_path: Path) -> None:
    found = records(FIXTURES["aishell1"](tmp_path), "aishell1", "train")
    assert text(found["BAC009S0002W0123"]) == "卡拉 ｏ ｋ"  # as released; text.normalise makes 卡拉ok of it
    assert found["BAC009S0002W0122"].speaker.id == "S0002" and found["BAC009S0002W0122"].speaker.gender == "female"


@pytest.mark.parametrize("separator", [" ", "\t", "  ", " \t"])
@pytest.mark.parametrize("before", ["", " ", "\t"])
def test_aishell1_whatever_parts_id_and_words(tmp_path: Path, separator: str, before: str) -> None:
    fixture = FIXTURES["aishell1"](tmp_path)
    write(
        fixture.source / "data_aishell/transcript/aishell_transcript_v0.8.txt",
        f"{before}BAC009S0002W0122{separator}而 对\n",
    )
    assert text(records(fixture, "aishell1", "train")["BAC009S0002W0122"]) == "而 对"


def test_speechcommands_without_lists_uses_the_release_rule(tmp_path: Path) -> None:
    fixture = FIXTURES["speechcommands"](tmp_path)
    for name in ("testing_list.txt", "validation_list.txt"):
        (fixture.source / name).unlink()
    # These speakers are in the release's testing_list.txt.
    tone(fixture.source / "right/bb05582b_nohash_3.wav")
    assert {"bed/0c40e715_nohash_0", "right/bb05582b_nohash_3"} <= set(records(fixture, "speechcommands", "test"))
    splits = catalogue.find("speechcommands")(fixture.source).available_splits()
    every = [set(records(fixture, "speechcommands", split)) for split in splits]
    assert sum(map(len, every)) == len(set().union(*every)) == 6  # each clip in one split; gurke is a reject


def test_speechcommands_speaker_and_keyword(tmp_path: Path) -> None:
    found = records(FIXTURES["speechcommands"](tmp_path), "speechcommands", "train")
    record = found["yes/0a2b400e_nohash_1"]
    assert record.annotations == (Label("ks", ("yes",)),) and record.speaker.id == "0a2b400e"


def test_esc50_licence_and_origin(tmp_path: Path) -> None:
    found = records(FIXTURES["esc50"](tmp_path), "esc50", "fold2")
    assert found["2-200-A-12"].licence == "CC-BY-3.0" and found["2-201-B-43"].licence is None
    assert found["2-200-A-12"].origin == "freesound:200"
    assert found["2-200-A-12"].annotations == (Label("sec", ("crackling_fire",)),)


def test_nsynth_qualities_come_in_the_order_of_the_release(tmp_path: Path) -> None:
    record = records(FIXTURES["nsynth"](tmp_path), "nsynth", "valid")["synth_lead_electronic_000-127-025"]
    assert record.annotations[0] == Note(127, 25, "synth_lead", ("dark", "percussive"))


def test_nsynth_metadata_larger_than_memory(tmp_path: Path) -> None:
    """10 MB of metadata are read with a part of it in memory."""
    root = tmp_path / "nsynth"
    entry = {"pitch": 60, "velocity": 100, "instrument_family_str": "organ", "qualities_str": [], "note": "x" * 2_000}
    (root / "nsynth-test/audio").mkdir(parents=True)
    with (root / "nsynth-test/examples.json").open("w") as file:
        file.write("{" + ", ".join(f'"organ_{number}": {json.dumps(entry)}' for number in range(5_000)) + "}")
    items = catalogue.find("nsynth")(root).records("test")
    missing, peak = traced(lambda: sum(isinstance(item, Reject) for item in items))
    assert missing == 5_000 and peak < 6e6


def test_nsynth_broken_metadata(tmp_path: Path) -> None:
    fixture = FIXTURES["nsynth"](tmp_path)
    table = fixture.source / "nsynth-valid/examples.json"
    table.write_text(table.read_text()[:900])
    with pytest.raises(SourceError, match=r"examples\.json: no valid JSON at character \d+; download it again"):
        records(fixture, "nsynth", "valid")


@pytest.mark.parametrize(
    "layout", ["clotho_audio_files/{split}", "clotho_audio_{split}", "clotho_audio_{split}/{split}"]
)
@pytest.mark.parametrize("tables", ["", "clotho_csv_files/"])
def test_clotho_layouts(tmp_path: Path, layout: str, tables: str) -> None:
    plain = list(records(FIXTURES["clotho"](tmp_path / "plain"), "clotho", "development").values())
    other = list(records(FIXTURES["clotho"](tmp_path / "other", layout, tables), "clotho", "development").values())
    assert [record.annotations for record in other] == [record.annotations for record in plain]


def test_clotho_names_quotes_and_licences(tmp_path: Path) -> None:
    found = records(FIXTURES["clotho"](tmp_path), "clotho", "development")
    birds, cafe = found[" Birds"], found["Café (été)"]
    assert [a.text for a in birds.annotations if isinstance(a, Caption)][1:3] == [
        "Birds sing, far away.",
        'A "bird"\nsings.',
    ]
    assert birds.licence == "LicenseRef-TAU-NC AND CC-BY-NC-3.0" and birds.origin == "freesound:3276"
    assert cafe.licence == "LicenseRef-TAU-NC AND CC0-1.0" and cafe.origin == "clotho:Café (été)"
    assert cafe.original["keywords"] == "café;cups"  # Latin-1 in the release


@pytest.mark.parametrize("inner", ["TIMIT", "data", "."])
@pytest.mark.parametrize("names", [str.upper, str.lower])
def test_timit_re_packs(tmp_path: Path, inner: str, names: object) -> None:
    fixture = FIXTURES["timit"](tmp_path, names, inner)  # type: ignore[arg-type]
    found = records(fixture, "timit", "train")
    assert list(found) == fixture.records["train"]
    record = found["FCJF0-SA1"]
    assert record.audio[0].path.upper().endswith("/FCJF0/SA1.WAV")  # the release's file, not the RIFF copy
    assert record.audio[0].seconds == pytest.approx(0.1)
    assert text(record) == "She had your dark suit." and record.annotations[2] == Label("did", ("DR1",))
    words = record.annotations[1]
    assert isinstance(words, Words) and words.method == "gold"
    assert (words.words[1].word, words.words[1].start, words.words[1].end) == ("had", 300 / 16_000, 700 / 16_000)
    assert record.speaker.id == "FCJF0" and record.speaker.gender == "female"


def test_timit_without_text_takes_the_words(tmp_path: Path) -> None:
    (record,) = records(FIXTURES["timit"](tmp_path), "timit", "test").values()
    assert record.annotations[0] == Transcript("she had your dark suit", "en", "unpunctuated")


@pytest.mark.parametrize("frames", ["²", "9" * 5_000, "-1", "x"])
def test_timit_length_that_is_no_number_is_not_told(tmp_path: Path, frames: str) -> None:
    fixture = FIXTURES["timit"](tmp_path)
    write(fixture.source / "TIMIT/TRAIN/DR1/FCJF0/SA1.TXT", f"0 {frames} She had your dark suit.\n")
    record = records(fixture, "timit", "train")["FCJF0-SA1"]
    assert record.audio[0].seconds is None and text(record) == "She had your dark suit."


def test_mls_prefers_flac_and_reads_one_language(tmp_path: Path) -> None:
    fixture = FIXTURES["mls"](tmp_path)
    german, spanish = records(fixture, "mls", "train").values()
    assert german.audio[0].path.startswith("mls_german/") and german.speaker.gender == "female"
    assert spanish.audio[0].path.endswith(".opus") and spanish.annotations == (Transcript("la sorpresa", "spanish"),)
    alone = Fixture(fixture.source / "mls_german", {})
    assert list(records(alone, "mls", "train")) == ["10148_10119_000000"]


def test_mls_whatever_the_folder_above_is_called(tmp_path: Path) -> None:
    fixture = FIXTURES["mls"](tmp_path)
    expected = list(records(fixture, "mls", "train"))
    for name in ("mls_all", "mls_", "mls_opus", "mls_lm_german"):
        renamed = fixture.source.rename(tmp_path / name)
        assert list(records(Fixture(renamed, {}), "mls", "train")) == expected
        renamed.rename(fixture.source)


def test_ljspeech_has_the_text_as_printed_and_keeps_the_other(tmp_path: Path) -> None:
    numbers, quoted = records(FIXTURES["ljspeech"](tmp_path), "ljspeech", "all").values()
    assert text(numbers) == "The ship sailed in 1799,"
    assert numbers.original == {"normalized_text": "The ship sailed in seventeen ninety-nine,"}
    assert text(quoted) == 'and "no one knew'  # which ends no field


def test_libritts_has_the_text_as_printed_where_there_is_one(tmp_path: Path) -> None:
    fixture = FIXTURES["libritts"](tmp_path)
    numbers, quoted, spelled_out, other = records(fixture, "libritts", "dev-clean").values()
    assert text(numbers) == "He paid 5 pounds." and text(quoted) == "“Nobody,” said Dr. Vane,"
    assert text(spelled_out) == "A text without its printed form."
    assert (numbers.speaker.gender, other.speaker.gender) == ("female", "male")


REAL = {
    "librispeech": ("librispeech/LibriSpeech", "dev-clean", 2, {"2412-153948-0001": "no_transcript"}),
    "commonvoice": ("common_voice/cv-corpus", "validated", 3, {"common_voice_en_651325": "no_transcript"}),
    "aishell1": ("aishell1", "dev", 1, {}),
    "speechcommands": ("speech_commands", "train", 1, {}),
    "esc50": ("esc50/ESC-50-master", "fold3", 1, {}),
    "clotho": ("clotho", "development", 1, {}),
    "mls": ("mls", "train", 1, {}),
    "ljspeech": ("ljspeech/LJSpeech-1.1", "all", 14, {}),
    "libritts": ("libritts/LibriTTS", "test-clean", 1, {}),
}


@pytest.mark.parametrize("name", REAL)
def test_real_recordings(name: str) -> None:
    folder, split, count, rejects = REAL[name]
    root = real(folder)
    source: Source = catalogue.find(name)(root)
    items = list(source.records(split))
    good = [item for item in items if isinstance(item, Record)]
    assert len(good) == count and all(source.path(record.audio[0]).is_file() for record in good)
    assert {item.id: item.reason for item in items if isinstance(item, Reject)} == rejects
    if "/" in folder:
        with pytest.raises(SourceError, match=f"Pass SOURCE={root}"):
            catalogue.find(name)(root.parent)


@pytest.mark.parametrize(("name", "root"), [("librispeech", "librispeech_alignments"), ("aishell1", "alignments")])
def test_a_root_without_word_times_is_refused(tmp_path: Path, name: str, root: str) -> None:
    fixture = FIXTURES[name](tmp_path / "corpus")
    empty = tmp_path / "elsewhere"
    empty.mkdir()
    source = catalogue.find(name)(fixture.source, {root: empty})
    with pytest.raises(SourceError, match=rf"no word times below .*ROOTS={root} names"):
        list(source.records(source.available_splits()[0]))


def test_an_incomplete_corpus_shows_what_its_folders_hold(tmp_path: Path) -> None:
    for table in ("dev", "test", "train", "validated"):
        write(tmp_path / f"cv/de/{table}.tsv", "path\tsentence\n")
    with pytest.raises(SourceError, match=r"found de/ \(dev\.tsv, test\.tsv, train\.tsv, …\)\. "):
        catalogue.find("commonvoice")(tmp_path / "cv")
