"""The demo corpora: what their sources read from them, what is held out, and that they can be made again."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest

from pipelines.catalogue import find
from pipelines.demo import sound_corpora, speech_corpora
from pipelines.demo.content import PHRASEBOOKS, SPEAKERS, WORDS, draw_sentence, phrases, sentence_part, speakers
from pipelines.demo.make import CORPORA, Corpus, make
from pipelines.demo.sounds import EVENTS, INSTRUMENTS, event, note
from pipelines.record import Label, Note, Record, Reject, Transcript, Translation, Words

TEST_SPEAKER = next(place for place, speaker in enumerate(SPEAKERS) if speaker.part == "test")


def records(dataset: str, root: Path, split: str) -> list[Record]:
    found = list(find(dataset)(root).records(split))
    assert not [item for item in found if isinstance(item, Reject)]
    return [item for item in found if isinstance(item, Record)]


def of_kind(record: Record, kind: type) -> list:
    return [annotation for annotation in record.annotations if isinstance(annotation, kind)]


def test_librispeech_reads_its_demo(tmp_path):
    speech_corpora.librispeech_job(tmp_path, TEST_SPEAKER)
    speech_corpora.librispeech_tables(tmp_path)
    read = records("librispeech", tmp_path, "test-clean")
    assert len(read) == speech_corpora.SENTENCES["test"]
    for record in read:
        (transcript,) = of_kind(record, Transcript)
        words = tuple(transcript.text.lower().split())
        assert set(words) <= set(WORDS)
        assert sentence_part(words) == "test"
        assert record.speaker.gender == SPEAKERS[TEST_SPEAKER].gender


def test_timit_reads_its_demo_and_its_word_times_lie_on_sound(tmp_path):
    speech_corpora.timit_job(tmp_path, TEST_SPEAKER)
    speech_corpora.timit_tables(tmp_path)
    read = records("timit", tmp_path, "test")
    assert len(read) == speech_corpora.TIMED_SENTENCES["test"]
    for record in read:
        (words,) = of_kind(record, Words)
        (transcript,) = of_kind(record, Transcript)
        assert [word.word for word in words.words] == transcript.text.split()
        raw = (tmp_path / record.audio[0].path).read_bytes()
        wave = np.frombuffer(raw[1024:], "<i2").astype(float)
        energy = np.convolve(wave**2, np.ones(160) / 160, "same")
        inside = np.concatenate([energy[int(w.start * 16_000) : int(w.end * 16_000)] for w in words.words])
        before = energy[: max(0, int(words.words[0].start * 16_000) - 160)]
        after = energy[int(words.words[-1].end * 16_000) + 500 :]
        for silence in (before, after):  # an end may be cut close
            assert not len(silence) or silence.mean() < 0.01 * inside.mean()


def test_speechcommands_reads_its_demo(tmp_path):
    for number in (TEST_SPEAKER, TEST_SPEAKER + 1):
        speech_corpora.speechcommands_job(tmp_path, number)
    speech_corpora.speechcommands_tables(tmp_path)
    listed = (tmp_path / "testing_list.txt").read_text().split()
    assert sorted(listed) == sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*.wav"))
    read = records("speechcommands", tmp_path, "test")
    assert len(read) == len(listed) == 2 * len(WORDS) * speech_corpora.KEYWORD_TAKES["test"]
    assert {value for record in read for label in of_kind(record, Label) for value in label.values} == set(WORDS)


@pytest.mark.parametrize("language", ["de", pytest.param("ko", marks=pytest.mark.slow)])
def test_commonvoice_and_covost2_read_their_demo(tmp_path, language):
    speech_corpora.commonvoice_job(tmp_path, list(PHRASEBOOKS).index(language))
    book = PHRASEBOOKS[language]
    read = records("commonvoice", tmp_path, "test")
    expected = {book.written(*phrase) for phrase in phrases("test")}
    assert {of_kind(record, Transcript)[0].text for record in read} == expected
    assert len(read) == len(expected) * speech_corpora.PHRASE_SPEAKERS["test"]
    if language in speech_corpora.COVOST_LANGUAGES:
        translated = records("covost2", tmp_path, "train")
        texts = {of_kind(r, Transcript)[0].text: of_kind(r, Translation)[0].text for r in translated}
        assert texts["Das Haus ist schwarz."] == "The house is black."
        assert len(texts) == len(phrases("train"))


def test_nsynth_reads_its_demo(tmp_path):
    sound_corpora.nsynth_job(tmp_path, sound_corpora.NSYNTH_SPLITS.index("valid"))
    examples = json.loads((tmp_path / "nsynth-valid" / "examples.json").read_text())
    read = records("nsynth", tmp_path, "valid")
    assert len(read) == len(examples)
    for record in read:
        (said,) = of_kind(record, Note)
        assert (said.pitch, said.velocity) == (examples[record.id]["pitch"], examples[record.id]["velocity"])


def test_esc50_reads_its_demo(tmp_path):
    sound_corpora.esc50_job(tmp_path, 1)
    for row in sound_corpora._esc50_paths():
        (tmp_path / "audio" / row).touch()  # the other folds' clips, which nothing here opens
    sound_corpora.esc50_tables(tmp_path)
    with (tmp_path / "meta" / "esc50.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if row["fold"] == "2"]
    read = records("esc50", tmp_path, "fold2")
    assert len(read) == len(rows) == len(EVENTS) * sound_corpora.EVENT_TAKES


def test_nothing_tested_is_heard_in_training():
    rng = np.random.default_rng(0)
    said = {part: {draw_sentence(part, rng) for _ in range(300)} for part in ("train", "dev", "test")}
    for one, other in combinations(said, 2):
        assert not said[one] & said[other]
        assert not set(phrases(one)) & set(phrases(other))
        assert not {s.variant for s in speakers(one)} & {s.variant for s in speakers(other)}
    assert sorted(pair for part in said for pair in phrases(part)) == sorted(product(range(6), range(6)))
    for part in said:
        assert {thing for thing, _ in phrases(part)} == {colour for _, colour in phrases(part)} == set(range(6))


def test_a_note_has_its_pitch_and_louder_is_louder():
    for instrument in INSTRUMENTS:
        waves = [note(instrument, 60, velocity, 1.0, 16_000, np.random.default_rng(0)) for velocity in (25, 127)]
        spectrum = np.abs(np.fft.rfft(waves[0]))
        frequency = 440 * 2 ** ((60 - 69) / 12)
        fundamental = spectrum[round(frequency) - 2 : round(frequency) + 3].max()
        assert fundamental > 0.2 * spectrum.max()
        assert spectrum[: round(frequency * 0.8)].max() < 0.1 * fundamental
        assert np.abs(waves[1]).max() > 2 * np.abs(waves[0]).max()


@pytest.mark.parametrize("name", EVENTS)
def test_events_are_sound_from_beginning_to_end_and_differ(name):
    one, two = (event(name, 2.0, 44_100, np.random.default_rng(seed)) for seed in (1, 2))
    assert one.shape == (88_200,)
    assert np.isfinite(one).all() and 0.2 < np.abs(one).max() <= 1
    assert not np.allclose(one, two)
    assert min(np.abs(half).max() for half in np.split(one, 2)) > 0.05 * np.abs(one).max()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def corpus(name: str, jobs: int) -> Corpus:
    whole = next(corpus for corpus in CORPORA if corpus.name == name)
    return Corpus(name, whole.job, whole.tables, jobs)


def test_the_same_bytes_again_and_nothing_made_twice(tmp_path):
    parts = (corpus("timit", 1), corpus("ESC-50-master", 1))
    make(tmp_path / "one", 1, parts)
    make(tmp_path / "two", 2, parts)
    first = tree(tmp_path / "one")
    assert first == tree(tmp_path / "two")
    assert len(first) > 3 * speech_corpora.TIMED_SENTENCES["train"]

    # Half a corpus of a killed run, and one made by older code, are made anew; a whole one is left alone.
    stale = tmp_path / "two" / ".timit.partial"
    stale.mkdir()
    (stale / "left-over").write_text("x")
    (tmp_path / "two" / "timit.made.json").unlink()
    (tmp_path / "two" / "timit" / "TIMIT" / "extra.WAV").write_bytes(b"")
    kept = tmp_path / "two" / "ESC-50-master" / "meta" / "esc50.csv"
    kept.write_text("untouched")
    make(tmp_path / "two", 2, parts)
    again = tree(tmp_path / "two")
    assert again.pop("ESC-50-master/meta/esc50.csv") == b"untouched"
    first.pop("ESC-50-master/meta/esc50.csv")
    assert again == first


def test_every_corpus_of_the_demo_is_described():
    jobs: dict[str, Callable] = {corpus.name: corpus.job for corpus in CORPORA}
    assert len(jobs) == len(CORPORA) == 6
    assert all(corpus.jobs > 0 for corpus in CORPORA)
