"""`check-source` counts from metadata what a job finds, says what is amiss, and ends with what to do."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
import s3fs

from pipelines.census import take_census
from pipelines.check_source import CheckConfig, conclude, described, main
from pipelines.record import AudioRef, Label, Record, Reject, Transcript, Word, Words
from pipelines.source import Source
from pipelines.tagging import TagRules
from tag_schema.vocabulary import EXTENDED, RELEASED
from tests.pipelines.corpora import librispeech, put
from tests.pipelines.sources.fixtures import FIXTURES, class_of

ROOT = Path(__file__).resolve().parents[2]


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit status, what was said, and the last line."""
    status = main(arguments)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return status, said.out, (said.err if status else said.out).strip().splitlines()[-1]


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_counts_what_the_source_gives(name: str, tmp_path: Path) -> None:
    """Of each tiny corpus: the metadata's rejects, those that tagging adds, and every other record as usable."""
    fixture = FIXTURES[name](tmp_path)
    cls = class_of(name, fixture)
    source = cls(fixture.source, fixture.roots)
    for split, ids in fixture.records.items():
        told: list[int] = []
        census = take_census(source, split, TagRules.of(source, EXTENDED), told.append)
        known = Counter(reason for _, reason in fixture.rejects.get(split, ()))
        added = census.rejects - known
        assert not known - census.rejects
        assert not added - Counter(reason for _, reason in fixture.refused.get(split, ()))
        assert census.records == len(ids) - added.total()
        assert told == list(range(1, len(ids) + known.total() + 1))
        assert census.licences.total() == census.records and set(census.by_task) <= set(cls.tasks)
        assert {reason: min(count, 3) for reason, count in census.rejects.items()} == {
            reason: len(examples) for reason, examples in census.examples.items()
        }


class Invented(Source):
    """Whatever a test says."""

    name = "invented"
    licence = "CC0-1.0"
    tasks = ("asr", "srwt", "sec")
    languages = ("en", "sv", "xx")
    text_form = "unpunctuated"
    splits: ClassVar[Mapping[str, int | None]] = {"all": 9}
    mean_seconds = 4.0
    items: tuple[Record | Reject, ...] = ()

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        return True

    def has_split(self, split: str) -> bool:
        return True

    def read(self, split: str) -> Iterator[Record | Reject]:
        yield from self.items


def test_goes_the_way_of_a_job_without_sound(tmp_path: Path) -> None:
    def said(record_id: str, text: str, language: str = "en", **audio: float) -> Record:
        return Record(record_id, (AudioRef(f"{record_id}.wav", **audio),), (Transcript(text, language),))

    late = (Transcript("one two", "en"), Words((Word("one", 1.0, 1.5), Word("two", 50.0, 50.4))))
    source = Invented(tmp_path)
    source.cut = "annotated"
    source.items = (
        said("told", "hello", seconds=3.5),
        said("cut", "hello", start=10.0, end=12.0),
        said("untold", "hello"),
        said("told", "again"),  # the same id
        said("swedish", "hej", "sv-SE"),
        said("nobody's", "…", "xx"),
        said("token", "<|en|>"),
        said("", "nameless"),
        said("\udcff", "no UTF-8"),
        said("long", "hello", seconds=31.0),
        Record("words", (AudioRef("words.wav"),), late),  # long, as its words tell, and so cut
        Record("odd", (AudioRef("odd.wav"),), (Label("sec", ("<|en|>",)),)),
        Reject("gone", "audio_missing", "list.txt:7"),
    )
    census = take_census(source, "all", TagRules.of(source, RELEASED), lambda rows: None)
    assert census.rejects == {
        "duplicate_id": 1, "reserved_token": 2, "bad_row": 1, "wrong_encoding": 1, "too_long": 1, "audio_missing": 1,
    }  # fmt: skip
    assert census.records == 6 and census.found == 13
    assert census.by_task == {"asr": 5, "srwt": 1} and census.by_language == {"en": 5}
    assert census.outside == {"sv": 1, "xx": 1} and census.left_out == {"language_not_in_vocabulary": 2}
    assert census.length(4.0) == 3.5 * 1 + 2.0 + 4.0 * 5
    assert census.examples["duplicate_id"] == ["told  (told.wav)"]


def test_says_what_is_there_and_what_to_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = librispeech(tmp_path, {"84-121-0000": b"", "84-121-0001": b""})
    status, said, last = check(capsys, "dataset=librispeech", f"source={corpus}")
    assert status == 0
    assert "records    2\n" in said and "SOURCE has 2 (-2,701); is the download whole?" in said
    assert "of the release, but not there: train-clean-100, " in said
    assert last == (
        f"2 records in 1 split can be built; 1 with another count than the release's. "
        f"Next: make shards DATASET=librispeech SOURCE={corpus}"
    )


def test_would_fail_where_the_job_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = librispeech(tmp_path, {f"84-121-{number:04d}": b"" for number in range(9)})
    next(corpus.rglob("*-0003.flac")).unlink()
    status, said, last = check(capsys, "dataset=librispeech", f"source={corpus}")
    assert status == 1 and "84-121-0003  (dev-clean/84/121/84-121.trans.txt:4)" in said
    assert last.startswith("error: librispeech/dev-clean: 1 of 9 rejected (11.1%), more than 5.0%, 1 × audio_missing: ")
    accepted = last.rpartition("accept it with ")[2]
    assert accepted == "MAX_REJECT_RATIO=0.12"
    assert check(capsys, "dataset=librispeech", f"source={corpus}", accepted.lower())[0] == 0


def test_tells_what_the_extended_vocabulary_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixture = FIXTURES["commonvoice"](tmp_path)
    given = ("dataset=commonvoice", f"source={fixture.source}", "max_reject_ratio=1")
    status, said, last = check(capsys, *given)
    assert status == 0 and "VOCABULARY=extended keeps sv 3" in said and "VOCABULARY" not in last
    status, said, last = check(capsys, *given, "vocabulary=extended")
    assert status == 0 and "left out" not in said and last.endswith("VOCABULARY=extended")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["dataset=librispeach", "source=/x"], "did you mean librispeech"),
        (["dataset=librispeech"], "SOURCE is missing: pass the folder"),
        (["dataset=librispeech", "source=/nowhere"], "SOURCE=/nowhere does not exist"),
        (["dataset=librispeech", "source={corpus}/dev-clean"], "Pass SOURCE={corpus}"),
        (["dataset=librispeech", "source={corpus}", "split=test-clean"], "it holds: dev-clean"),
        (["dataset=librispeech", "source={corpus}", "roots=a=/b"], "which it does not take"),
        (["dataset=librispeech", "source={corpus}", "vocabulary=all"], "choose released or extended"),
        (["dataset=librispeech", "source={corpus}", "splits=x"], "did you mean 'split'?"),
    ],
)
def test_a_mistake_ends_with_a_line(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = librispeech(tmp_path, {"84-121-0000": b""})
    status, _, last = check(capsys, *(argument.format(corpus=corpus) for argument in arguments))
    assert status == 1 and last.startswith("error: ") and told.format(corpus=corpus) in last


def test_an_empty_split_is_left_out_beside_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = librispeech(tmp_path, {"84-121-0000": b""})
    shutil.copytree(corpus / "dev-clean", corpus / "dev-other")
    for file in (corpus / "dev-other").rglob("*.*"):
        file.unlink()
    status, said, _ = check(capsys, "dataset=librispeech", f"source={corpus}")
    assert status == 0 and "holds no records" in said
    status, _, last = check(capsys, "dataset=librispeech", f"source={corpus}", "split=dev-other")
    assert status == 1 and "holds no records" in last


@pytest.mark.slow
def test_reads_a_bucket(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("ENDPOINT_URL", endpoint)):
        monkeypatch.setenv(f"AWS_{name}", value)
    fixture = FIXTURES["librispeech"](tmp_path)
    bucket = s3fs.S3FileSystem(skip_instance_cache=True)
    bucket.mkdir("checked")
    bucket.put(str(fixture.source), "checked/LibriSpeech", recursive=True)
    here, there = (check(capsys, "dataset=librispeech", f"source={place}") for place in (
        fixture.source, "s3://checked/LibriSpeech",
    ))  # fmt: skip
    assert here[0] == there[0] == 1 and here[2] == there[2]
    assert here[1].replace(str(fixture.source), "s3://checked/LibriSpeech") == there[1]
    assert check(capsys, "dataset=librispeech", "source=s3://checked/nowhere")[0] == 1


def test_a_corpus_without_its_audio_cannot_be_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = Invented(tmp_path)
    source.audio_may_be_missing, source.obtain = True, "Fetch it."
    source.items = (Reject("a", "audio_missing", "list.txt:1"), Reject("b", "audio_missing", "list.txt:2"))
    census = take_census(source, "all", TagRules.of(source, RELEASED), lambda rows: None)
    config = CheckConfig(dataset="invented", source=str(tmp_path))
    assert any("files are often gone, which fails no job" in line for line in described(source, "all", census, config))
    assert conclude(source, {"all": census}, config) == 1
    assert capsys.readouterr().err == "error: invented/all: none of its 2 records has its audio. Fetch it.\n"


def test_a_corpus_in_languages_without_a_tag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "mls_polish/train/transcripts.txt", "1_2_000001\tcoś\n")
    put(tmp_path / "mls_polish/train/audio/1/2/1_2_000001.flac", b"")
    status, _, last = check(capsys, "dataset=mls", f"source={tmp_path}")
    assert status == 0 and last.startswith("1 record")  # `lid` names any language
    cls = Invented(tmp_path)
    cls.items = (Record("a", (AudioRef("a.wav"),), (Transcript("hej", "sv"),)),)
    census = take_census(cls, "all", TagRules.of(cls, RELEASED), lambda rows: None)
    assert census.records == 1 and not census.by_task
    config = CheckConfig(dataset="invented", source=str(tmp_path))
    assert conclude(cls, {"all": census}, config) == 1
    assert capsys.readouterr().err == (
        "error: invented/all: no record has a target: the vocabulary has no tag for sv 1; pass VOCABULARY=extended\n"
    )


def test_checks_data_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "a.wav", b"")
    put(tmp_path / "calls.jsonl", '{"path": "a.wav", "said": "Hallo."}\n{"path": "b.wav", "said": "Weg."}\n')
    own = ("columns.audio=path", "columns.text=said", "language=de", "max_reject_ratio=0.6")
    status, said, last = check(capsys, "dataset=manifest", f"source={tmp_path / 'calls.jsonl'}", *own)
    assert status == 0 and "tasks      asr 1\n" in said and "1 × audio_missing" in said
    assert last.endswith(f"SOURCE={tmp_path / 'calls.jsonl'} LANGUAGE=de COLUMNS=audio=path,text=said")
    assert check(capsys, "dataset=librispeech", f"source={tmp_path}", "language=de")[0] == 1
