"""Data of a user's own: one set of recordings gives one set of samples, whatever the format; and what he is told."""

from __future__ import annotations

import json
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipelines.forget import main as forget
from pipelines.job import main
from pipelines.record import Record
from pipelines.repair import main as repair
from pipelines.source import SourceError
from shards.config import ConfigError
from tests.pipelines.corpora import flac, shards_of, wav
from tests.pipelines.own.formats import FORMATS, Said, lines, nemo, opened
from tests.pipelines.real import real
from tests.pipelines.sources.corpora.webdataset import pack
from tests.pipelines.sources.fixture import tone, write
from tests.shards.building import contents


def recordings(folder: Path, count: int = 5) -> list[Said]:
    """FLAC as it may stay, and WAV at another rate."""
    folder.mkdir(parents=True, exist_ok=True)
    said = []
    for number in range(count):
        file = folder / (f"u{number}.flac" if number % 2 else f"u{number}.wav")
        file.write_bytes(flac(0.3 + number / 10, number) if number % 2 else wav(0.3 + number / 10, 8_000, number))
        said.append(Said(f"u{number}", file, f"Das ist Satz {number}."))
    return said


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_samples(name: str, tmp_path: Path) -> None:
    said = recordings(tmp_path / "audio")
    write_it, form, told = FORMATS[name]
    source = opened(form, write_it(tmp_path / name, said), **{"language": "de", "name": "mine", "tasks": "asr", **told})
    assert source.available_splits() == ("train",)
    made = shards_of(pickle.loads(pickle.dumps(source)), "train", tmp_path / "out")
    plain = opened("manifest", FORMATS["manifest"][0](tmp_path / "plain", said), language="de", tasks="asr")
    wanted = shards_of(plain, "train", tmp_path / "plain-out")
    assert made.samples.keys() == wanted.samples.keys() == {one.id for one in said}
    for key, sample in made.samples.items():
        assert sample["targets"] == wanted.samples[key]["targets"]
        np.testing.assert_array_equal(made.waveforms[key][0], wanted.waveforms[key][0])
        assert sample["licence"] == "NOASSERTION" and sample["language"] == "de"


@pytest.mark.parametrize("name", FORMATS)
def test_real_recordings_in_every_format(name: str, tmp_path: Path) -> None:
    corpus = real("ljspeech/LJSpeech-1.1")
    rows = (corpus / "metadata.csv").read_text(encoding="utf-8").split("\n")
    cells = [row.split("|") for row in rows if row]
    said = [Said(id_, corpus / f"wavs/{id_}.wav", text) for id_, text, _ in cells]
    write_it, form, told = FORMATS[name]
    source = opened(form, write_it(tmp_path / name, said), **{"language": "en", "tasks": "asr", **told})
    made = shards_of(source, "train", tmp_path / "out")
    assert len(made.samples) == 14 and not made.rejects
    for one in said:
        written = next(t for t in made.samples[one.id]["targets"] if "<|itn|>" in t["prompt"])
        assert written["response"] == " ".join(one.text.split())
        info = soundfile.info(one.file)
        assert len(made.waveforms[one.id][0]) == pytest.approx(info.duration * 16_000, abs=2)


def test_real_metadata_as_it_came(tmp_path: Path) -> None:
    """DeepSpeech's CSV, SpeechBrain's JSON, Lhotse's cuts with paths of another machine; words with times."""
    made = shards_of(opened("manifest", real("deepspeech_csv/ru/ru.csv"), language="ru"), "train", tmp_path)
    assert made.summary.totals.left_out == {"language_not_in_vocabulary": 1}  # Russian, in the released vocabulary
    source = opened("manifest", real("speechbrain_harvard/ASR_train.json"), language="en", text_form="unpunctuated")
    made = shards_of(source, "train", tmp_path)
    assert made.samples["spk1_snt1"]["targets"][0]["response"] == "the child almost hurt the small dog"
    assert len(made.samples) == 8 and {sample["speaker"]["id"] for sample in made.samples.values()} == {"spk1", "spk2"}
    made = shards_of(opened("lhotse", real("ami_lhotse/cuts.json"), text_form="unpunctuated"), "train", tmp_path)
    assert [sample["targets"][0]["response"] for _, sample in sorted(made.samples.items())] == [
        "i'm abigail claflin",
        "you can call me abbie",
    ]
    assert [len(waves[0]) for _, waves in sorted(made.waveforms.items())] == [21_760, 16_000]
    rows = []
    for path in sorted(real("spchlab_demo").glob("*.wrd")):
        timed = [line.split() for line in path.read_text().split("\n") if line.split()]
        spoken = [[word, float(start), float(end)] for start, end, word in timed]
        rows.append({"audio": str(path.with_suffix(".wav")), "text": " ".join(w for w, *_ in spoken), "words": spoken})
    made = shards_of(opened("manifest", lines(tmp_path / "timed.jsonl", rows), language="en"), "train", tmp_path)
    by_task = {t["task"]: t["response"] for s in made.samples.values() if "d15zz6" in s["id"] for t in s["targets"]}
    assert by_task["srwt"].startswith("<|sil|><|0.20|>one<|0.45|> five<|0.95|> zero")
    digits = [
        {"audio": str(p), "keyword": p.name[0], "speaker": p.name.split("_")[1]}
        for p in real("fsdd/recordings").iterdir()
    ]
    made = shards_of(opened("manifest", lines(tmp_path / "digits.jsonl", digits), language="en"), "train", tmp_path)
    assert len(made.samples) == len(digits) and not made.rejects
    assert {s["targets"][0]["task"] for s in made.samples.values()} == {"ks"}


def test_one_level_too_high_names_what_lies_below_and_not_beside(tmp_path: Path) -> None:
    for place in ("all/mine/dataset/data", "all/other"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "train-00000-of-00001.parquet").touch()
    with pytest.raises(SourceError, match=f"Pass SOURCE={tmp_path}/all/mine/dataset\\."):
        opened("huggingface", tmp_path / "all/mine", language="de")


def test_segments_words_and_channels_are_cut_where_they_lie(tmp_path: Path) -> None:
    tone(tmp_path / "call.wav", seconds=2.0, channels=2)
    words = [{"word": "Ja", "start": 1.1, "end": 1.3}, {"word": "gut", "start": 1.4, "end": 1.6}]
    row = {"audio": "call.wav", "text": "Ja gut", "start": 1.0, "end": 1.75, "words": words}
    source = opened("manifest", lines(tmp_path / "c.jsonl", [{**row, "channel": n} for n in range(2)]), language="de")
    made = shards_of(source, "train", tmp_path / "out")
    first, second = (made.waveforms[f"call-1.000-1.750-{channel}"][0] for channel in range(2))
    assert len(first) == len(second) == 12_000 and np.abs(second - first / 2).max() <= 1
    sample = made.samples["call-1.000-1.750-0"]
    assert [(word["word"], word["start"], word["end"]) for word in sample["words"]] == [
        ("Ja", 0.1, 0.3),
        ("gut", 0.4, 0.6),
    ]
    files = [{"type": "file", "channels": [0, 1], "source": "call.wav"}]
    cut: dict[str, Any] = {"id": "c", "type": "MonoCut", "start": 1.0, "duration": 0.75, "channel": 1}
    cut["recording"] = {"id": "r", "duration": 2.0, "sources": files}
    # Lhotse's words have times in the recording, its supervisions in the cut.
    said: dict[str, Any] = {"id": "s", "start": 0.0, "duration": 0.75, "text": "Ja gut", "language": "de", "channel": 1}
    said["alignment"] = {"word": [["Ja", 1.1, 0.2], ["gut", 1.4, 0.2]]}
    source = opened("lhotse", lines(tmp_path / "cuts.jsonl", [{**cut, "supervisions": [said]}]))
    made = shards_of(source, "train", tmp_path / "lhotse-out")
    assert [word["start"] for word in made.samples["c"]["words"]] == [0.1, 0.4]
    np.testing.assert_array_equal(made.waveforms["c"][0], second)
    too_many = opened("manifest", lines(tmp_path / "x.jsonl", [{**row, "channel": 2}]), language="de")
    assert shards_of(too_many, "train", tmp_path / "x").rejects == [("call-1.000-1.750-2", "undecodable")]


def test_nemo_tells_what_its_rows_are_for(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    row = {"audio_filepath": "a.wav", "duration": 0.1, "source_lang": "de", "target_lang": "de", "pnc": "yes"}
    rows = [
        {**row, "id": "said", "taskname": "asr", "text": "Guten Tag.", "answer": "na", "decodercontext": ""},
        {**row, "id": "plain", "pnc": "no", "text": "GUTEN TAG"},
        {**row, "id": "spoken", "itn": "no", "text": "Um drei."},
        {**row, "id": "translated", "taskname": "s2t_translation", "target_lang": "en", "answer": "Good day."},
        {**row, "id": "untold", "target_lang": "en", "text": "Good day."},
        {**row, "id": "asked", "taskname": "asr", "answer": "N/A"},
    ]
    made = shards_of(opened("manifest", lines(tmp_path / "m.json", rows)), "train", tmp_path / "out")
    told = {key: [(t["prompt"], t["response"]) for t in sample["targets"]] for key, sample in made.samples.items()}
    heard = "<|startoftranscript|><|de|><|transcribe|><|de|><|notimestamps|>"
    translated = "<|startoftranscript|><|de|><|translate|><|en|><|notimestamps|><|itn|>"
    assert told == {
        "said": [(f"{heard}<|itn|>", "Guten Tag."), (f"{heard}<|wo_itn|>", "guten tag")],
        "plain": [(f"{heard}<|wo_itn|>", "guten tag")],
        "spoken": [(f"{heard}<|wo_itn|>", "Um drei.")],
        "translated": [(translated, "Good day.")],
        "untold": [(translated, "Good day.")],
    }
    assert made.rejects == [("asked", "no_transcript")]


def test_segments_of_a_tarred_set_share_a_member(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", seconds=1.0)
    pack(tmp_path / "set/audio_0.tar", {"a.wav": (tmp_path / "a.wav").read_bytes()})
    row = {"duration": 0.25, "text": "Ja.", "lang": "de", "shard_id": 0}
    rows = [
        {**row, "audio_filepath": f"a{ending}.wav", "offset": offset} for ending, offset in (("", 0.0), ("-sub1", 0.5))
    ]
    rows += [{**row, "audio_filepath": "b.wav", "id": "b"}]
    # Sharded manifests lie in a folder below the tars.
    source = opened("manifest", lines(tmp_path / "set/sharded_manifests/manifest_0.json", rows).parent)
    made = shards_of(source, "manifest_0", tmp_path / "out")
    assert [len(waves[0]) for waves in made.waveforms.values()] == [4_000, 4_000]
    assert made.rejects == [("b", "audio_missing")]
    (tmp_path / "set/audio_0.tar").rename(tmp_path / "set/sound_0.tar")
    with pytest.raises(SourceError, match=r"no tar for the rows with shard_id 0.*pass TARS="):
        opened("manifest", tmp_path / "set/sharded_manifests")


def test_audio_is_found_where_it_lies_now(tmp_path: Path) -> None:
    said = recordings(tmp_path / "audio/deep", 2)
    moved = [{"audio": f"/home/bob/corpus/audio/deep/{one.file.name}", "text": one.text} for one in said]
    path = lines(tmp_path / "lists/m.jsonl", moved)
    with pytest.raises(SourceError, match=r"the audio of none of the first 2 rows.*'/home/bob.*Pass ROOTS=audio="):
        opened("manifest", path, language="de")
    source = opened("manifest", path, language="de", roots=f"audio={tmp_path / 'audio'}")
    assert [r.audio[0].path for r in source.records("train") if isinstance(r, Record)] == [
        "deep/u0.wav",
        "deep/u1.flac",
    ]
    assert len(shards_of(source, "train", tmp_path / "out").samples) == 2
    # The user's own list may lead anywhere; a path of this machine stands in a sample only if it must.
    near = [{"audio": f"../audio/deep/{said[0].file.name}", "text": "a"}, {"audio": str(said[1].file), "text": "b"}]
    refs = [
        r.audio[0].path
        for r in opened("manifest", lines(tmp_path / "lists/n.jsonl", near), language="de").records("train")
        if isinstance(r, Record)
    ]
    assert refs == ["../audio/deep/u0.wav", str(said[1].file)]
    above = lines(tmp_path / "all.jsonl", [{"audio": str(said[1].file), "text": "b"}])
    (record,) = opened("manifest", above, language="de").records("train")
    assert isinstance(record, Record) and record.audio[0].path == "audio/deep/u1.flac"


def test_splits_are_those_of_rows_files_or_the_user(tmp_path: Path) -> None:
    said = recordings(tmp_path, 4)
    rows = [
        {"audio": one.file.name, "text": one.text, "split": name}
        for one, name in zip(said, ["train", "a b", "", "train"], strict=True)
    ]
    path = lines(tmp_path / "m.jsonl", rows)
    source = opened("manifest", path, language="de")
    assert {name: [r.id for r in source.records(name)] for name in source.available_splits()} == {
        "a-b": ["u1"],
        "train": ["u0", "u2", "u3"],
    }
    plain = lines(tmp_path / "p.jsonl", [{"audio": "u0.wav", "text": "a"}])
    assert opened("manifest", plain, language="de", split="test").available_splits() == ("test",)
    lines(tmp_path / "q.jsonl", [{"audio": "u1.flac", "text": "b"}])
    assert len(list(opened("manifest", tmp_path / "[pq].jsonl", language="de").records("train"))) == 2
    with pytest.raises(SourceError, match="SPLIT=a,b names several splits"):
        opened("manifest", plain, language="de", split="a,b").available_splits()


@pytest.mark.parametrize(
    ("row", "told", "said"),
    [
        ({"wav_path": "a.wav", "text": "x"}, {}, r"no field names the audio; .*COLUMNS=audio=FIELD.*are: wav_path"),
        ({"audio": "a.wav", "said": "x"}, {}, r"no field says anything of the audio; .*COLUMNS=text=FIELD"),
        ({"audio": "a.wav", "text": "x"}, {}, r"no field names the language.*LANGUAGE=de"),
        ({"audio": "a.wav", "text": "x"}, {"columns": "audio=sound"}, r"COLUMNS=audio=sound: there is no such field"),
        ({"audio": "a.wav", "label": "x"}, {}, r"what kind of label.*TASKS="),
        ({"audio": "a.wav", "translation": "x"}, {}, r"language of the translation"),
        ({"audio;text": "a.wav;x"}, {}, r"names its fields, between commas"),
        ({"audio": "gone.wav", "caption": "x"}, {}, r"the audio of none.*'gone.wav'.*ROOTS=audio="),
    ],
)  # fmt: skip
def test_a_first_row_that_lacks_something_says_what_to_pass(
    row: dict[str, str], told: dict[str, str], said: str, tmp_path: Path
) -> None:
    tone(tmp_path / "a.wav")
    with pytest.raises(SourceError, match=said):
        opened("manifest", lines(tmp_path / "m.jsonl", [row]), **told)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"language": "deutschland!"}, "LANGUAGE=deutschland!"),
        ({"tasks": "asr,tts"}, "TASKS=tts: there is no such one; known: asr"),
        ({"text_form": "lower"}, "TEXT_FORM=lower: .*known: written"),
        ({"cut": "30"}, "CUT=30: .*known: annotated"),
        ({"columns": "txt=a"}, r"COLUMNS=txt=…: there is no such field; known: audio"),
        ({"name": "librispeech"}, "NAME=librispeech is a corpus of the catalogue"),
        ({"name": "a/b"}, "NAME=a/b: use only letters"),
    ],
)
def test_what_a_user_says_is_checked_before_anything_is_read(told: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        opened("manifest", tmp_path / "nowhere.jsonl", **told)


def test_a_corpus_of_the_catalogue_takes_no_such_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset=librispeech", f"source={tmp_path}", f"out={tmp_path}/out", "language=de"]) == 1
    assert "LANGUAGE is for data of your own (DATASET=huggingface, kaldi" in capsys.readouterr().err


def test_what_is_in_another_form_is_told_so(tmp_path: Path) -> None:
    write(tmp_path / "set/metadata.csv", "file_name,text\na.wav,ja\n")
    with pytest.raises(SourceError, match=r"pass DATASET=manifest SOURCE=.*set/metadata.csv"):
        opened("huggingface", tmp_path / "set")
    write(tmp_path / "data/wav.scp", "u a.wav\n")
    with pytest.raises(ConfigError, match="COLUMNS is for rows with fields of your own"):
        opened("kaldi", tmp_path / "data", language="de", columns="text=said")
    with pytest.raises(SourceError, match="huggingface` shows the expected tree"):
        opened("huggingface", tmp_path / "data")
    tone(tmp_path / "a.wav")
    (tmp_path / "tars").mkdir()
    with tarfile.open(tmp_path / "tars/00.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "a.wav", "a.wav")
    with tarfile.open(tmp_path / "dots.tar", "w") as tar:
        for name in ("v1.0.wav", "v1.0.txt"):
            tar.add(tmp_path / "a.wav", name)
    with pytest.raises(SourceError, match=r"The fields of dots\.tar: v1 \(v1\.0\.wav, v1\.0\.txt\) are: none"):
        opened("webdataset", tmp_path / "dots.tar")
    for place in ("tars", "tars/00.tar.gz"):
        with pytest.raises(SourceError, match=r"tars that are compressed.*gunzip NAME\.tar\.gz"):
            opened("webdataset", tmp_path / place)


def test_audio_in_an_archive_beside_a_manifest(tmp_path: Path) -> None:
    tone(tmp_path / "wav/a.wav")
    path = lines(tmp_path / "set/m.jsonl", [{"audio": "there/a.wav", "emotion": "happy"}])
    with zipfile.ZipFile(tmp_path / "set/audio.zip", "w") as zipped:
        zipped.write(tmp_path / "wav/a.wav", "there/a.wav")
    with pytest.raises(SourceError, match=r"if it is in audio\.zip, pass ROOTS=audio=.*/set/audio\.zip$"):
        opened("manifest", path)
    built = shards_of(opened("manifest", path, roots=f"audio={tmp_path}/set/audio.zip"), "train", tmp_path / "out")
    assert list(built.samples) == ["there/a"]


def test_a_job_without_any_sample_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a language without a tag: all targets are left out, and nothing is rejected."""
    tone(tmp_path / "a.wav")
    path = lines(tmp_path / "m.jsonl", [{"audio": "a.wav", "text": "x"}])
    assert main(["dataset=manifest", f"source={path}", f"out={tmp_path}/out", "language=cn", "workers=1"]) == 1
    assert "not one sample came out" in capsys.readouterr().err


def test_commands_and_arks_of_kaldi_are_refused(tmp_path: Path) -> None:
    for value, said in (("flac -dc a.flac |", "is a command"), ("raw.ark:17", "lies in an ark")):
        write(tmp_path / "data/wav.scp", f"u {value}\n")
        write(tmp_path / "data/text", "u ja\n")
        with pytest.raises(SourceError, match=f"u {said}.*into wav.scp"):
            opened("kaldi", tmp_path / "data", language="de")


def test_tars_that_are_compressed_or_damaged_are_named(tmp_path: Path) -> None:
    said = recordings(tmp_path / "audio", 4)
    FORMATS["webdataset"][0](tmp_path / "w", said)
    whole = (tmp_path / "w/00.tar").read_bytes()
    second = whole.index(b"u2.json")
    for damaged, why in ((b"\x1f\x8b" + whole[2:], "is compressed"), (whole[: len(whole) // 2], "is no whole tar"),
                         (whole[:second] + b"\xff" * 512 + whole[second + 512 :], "is no whole tar")):  # fmt: skip
        (tmp_path / "w/00.tar").write_bytes(damaged)
        with pytest.raises(SourceError, match=f"00.tar: {why}"):
            list(opened("webdataset", tmp_path / "w", language="de").records("train"))


def test_a_job_is_gone_on_with_repaired_and_forgotten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = recordings(tmp_path / "audio", 4)
    path = nemo(tmp_path / "set", said)
    told = ["dataset=manifest", f"source={path}", f"out={tmp_path}/out", "tars=tars/audio_{0..1}.tar", "name=calls",
            "licence=CC-BY-4.0", "attribution=A. Body", "shard_samples=2", "workers=1"]  # fmt: skip
    assert main([*told, "language=de"]) == 0
    made = contents(tmp_path / "out")
    card = json.loads(made["calls/card.json"])
    assert (card["licence"], card["attribution"], card["splits"]) == ("CC-BY-4.0", "A. Body", [])
    assert main([*told, "language=en"]) == 1
    assert "settings.own.language: de → en" in capsys.readouterr().err
    tar = tmp_path / "out/calls/train/calls-train-000000.tar"
    tar.write_bytes(b"damaged")
    assert repair([arg for arg in told if not arg.startswith("shard_")] + ["language=de"]) == 0
    assert (
        contents(tmp_path / "out")["calls/train/calls-train-000000.tar"] == made["calls/train/calls-train-000000.tar"]
    )
    assert forget(["dataset=calls", "ids=u1", f"out={tmp_path}/out"]) == 0
    assert main([*told, "language=de"]) == 0
    left = contents(tmp_path / "out")
    assert any(b'"id":"u1"' in data for data in made.values()) and not any(b'"id":"u1"' in d for d in left.values())
