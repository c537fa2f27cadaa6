"""What a corpus holds that should not be there, end to end: named and counted, and the rest of the corpus comes out.

Every test builds a whole split, with `make verify` at its end (`corpora.shards_of`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from pipelines.sources.commonvoice import CommonVoice
from pipelines.sources.esc50 import ESC50
from pipelines.sources.librispeech import LibriSpeech
from pipelines.sources.mls import MLS
from pipelines.sources.nsynth import NSynth
from pipelines.sources.speechcommands import SpeechCommands
from tests.pipelines.corpora import commonvoice, esc50, flac, librispeech, put, shards_of, wav
from tests.pipelines.recordings import chirp, encoded, mp3

GOOD = flac(0.3)
CLIP = mp3(chirp(0.3, 48_000), 48_000)


def halved(data: bytes) -> bytes:
    return data[: len(data) // 2]


def float_wav(value: float) -> bytes:
    """A quiet float WAV with one loud sample."""
    waveform = chirp(0.2, 16_000) / 4
    waveform[100] = value
    return encoded(waveform, 16_000, "WAV", "FLOAT")


@pytest.mark.parametrize(
    ("damaged", "reason", "detail"),
    [
        (halved(flac(2.0)), "truncated", "FLAC"),
        (b"", "empty_audio", "0 bytes"),
        (b"This is no audio, but a text.\n" * 40, "undecodable", "no audio format"),
        (encoded(np.zeros((0, 1), np.float32), 16_000, "WAV", "PCM_16"), "empty_audio", "WAV without audio"),
        (halved(wav()), "truncated", "the header promises"),
        (float_wav(float("nan")), "undecodable", "not numbers"),
        (float_wav(float("inf")), "undecodable", "not numbers"),
        # A damaged header: played at 1 Hz, one second of speech lasts for hours.
        (encoded(chirp(0.1, 16_000), 1, "WAV", "PCM_16"), "undecodable", "1 Hz"),
    ],
    ids=["half-flac", "0-bytes", "text", "empty-wav", "half-wav", "nan", "infinite", "1-hz"],
)
def test_a_damaged_file_is_rejected_and_its_neighbours_are_not(
    tmp_path: Path, damaged: bytes, reason: str, detail: str
) -> None:
    root = librispeech(tmp_path, {"84-121-0": GOOD, "84-121-1": damaged, "84-121-2": flac(0.4)})
    built = shards_of(LibriSpeech(root), "dev-clean", tmp_path / "out")
    assert sorted(built.samples) == ["84-121-0", "84-121-2"]
    assert built.rejects == [("84-121-1", reason)]
    assert built.where["84-121-1"].startswith("dev-clean/84/121/84-121-1.flac: ")
    assert detail in built.where["84-121-1"]
    assert built.summary.totals.rejects == {reason: 1}


def test_half_an_mp3_and_a_text_named_mp3(tmp_path: Path) -> None:
    root = commonvoice(tmp_path, {"good": CLIP, "half": halved(CLIP), "text": b"<html>404 Not Found</html>"})
    built = shards_of(CommonVoice(root), "train", tmp_path / "out")
    assert list(built.samples) == ["good"]
    assert built.rejects == [("half", "truncated"), ("text", "undecodable")]
    assert built.where["text"].startswith("de/clips/text.mp3: ")


def test_nothing_but_rejects_is_a_split_without_shards_or_samples(tmp_path: Path) -> None:
    root = librispeech(tmp_path, {"84-121-0": b"", "84-121-1": None})
    built = shards_of(LibriSpeech(root), "dev-clean", tmp_path / "out")
    assert (built.samples, built.summary.shards) == ({}, 1)
    assert built.rejects == [("84-121-0", "empty_audio"), ("84-121-1", "audio_missing")]
    root = librispeech(tmp_path / "second", {"84-121-1": None})
    assert shards_of(LibriSpeech(root), "dev-clean", tmp_path / "second/out").summary.shards == 0


def test_a_float_wav_above_full_scale_is_limited(tmp_path: Path) -> None:
    root = esc50(tmp_path, {"1-1-A-0": float_wav(4.0), "1-2-A-0": float_wav(-4.0)})
    built = shards_of(ESC50(root), "fold1", tmp_path / "out")
    loud, low = (built.waveforms[name][0] for name in ("1-1-A-0", "1-2-A-0"))
    assert (loud[100], low[100]) == (32767, -32768)
    quiet = chirp(0.2, 16_000)[:, 0] / 4
    assert abs(np.delete(loud, 100) - np.delete(quiet * 32768, 100)).max() <= 0.5


def test_a_24_bit_stereo_wav_becomes_the_mean_of_its_channels(tmp_path: Path) -> None:
    stereo = chirp(0.2, 16_000, channels=2)
    stereo[:, 1] *= -0.5
    root = esc50(tmp_path, {"1-1-A-0": encoded(stereo, 16_000, "WAV", "PCM_24")})
    built = shards_of(ESC50(root), "fold1", tmp_path / "out")
    assert abs(built.waveforms["1-1-A-0"][0] - stereo.mean(axis=1) * 32768).max() <= 0.51
    told = built.samples["1-1-A-0"]["audio"][0]
    assert (told["origin_rate"], told["origin_channels"], told["seconds"]) == (16_000, 2, 0.2)


@pytest.mark.parametrize("split", ["train-clean-5", "dev-clean"])
def test_clips_around_30_seconds(tmp_path: Path, split: str) -> None:
    """Training keeps what is 30 s long and rejects what is longer; evaluation keeps all of it, uncut."""
    lengths = {"sample": 1 / 16_000, "below": 29.99, "exact": 30.0, "above": 30.01, "long": 95.0}
    tones = {
        name: encoded(np.full((round(16_000 * s), 1), 0.1), 16_000, "FLAC", "PCM_16") for name, s in lengths.items()
    }
    built = shards_of(LibriSpeech(librispeech(tmp_path, tones, split=split)), split, tmp_path / "out")
    kept = ["below", "exact", "sample"] if split.startswith("train") else sorted(lengths)
    assert sorted(built.samples) == kept
    assert built.rejects == [(name, "too_long") for name in sorted(set(lengths) - set(kept))]
    assert all("cut is 'whole'" in where for where in built.where.values())
    for name in kept:
        told = built.samples[name]["audio"][0]
        assert (told["seconds"], told["start"], told["end"]) == (lengths[name], None, None)
        assert len(built.waveforms[name][0]) == round(16_000 * lengths[name])


def test_transcripts_without_audio_and_audio_without_transcripts(tmp_path: Path) -> None:
    lines = "84-121-0 HERE\n84-121-1 NO AUDIO\n84-121-2\n84-121-3  \n"
    audio = {f"84-121-{number}": None if number == 1 else GOOD for number in range(5)}
    built = shards_of(LibriSpeech(librispeech(tmp_path, audio, lines)), "dev-clean", tmp_path / "out")
    assert list(built.samples) == ["84-121-0"]
    assert built.rejects == [
        ("84-121-1", "audio_missing"),
        ("84-121-2", "no_transcript"),
        ("84-121-3", "no_transcript"),
        ("84-121-4", "no_transcript"),
    ]
    assert built.where["84-121-1"] == "dev-clean/84/121/84-121.trans.txt:2"
    assert built.where["84-121-4"] == "dev-clean/84/121/84-121-4.flac"


def test_rows_that_cannot_be_read_cost_themselves_alone(tmp_path: Path) -> None:
    """A BOM, CRLF, too few and too many columns, latin-1, NUL bytes, an unknown language."""
    rows = [
        b"c\tgood.mp3\tEin \xc2\xbbTon\xc2\xab.\t2\t0\t\t\t",
        b"c\tfew.mp3\tzu kurz",
        b"c\tmany.mp3\tzu\tviele\tSpalten\tin\tdieser\tZeile\tdenke ich",
        b"c\tlatin.mp3\tStra\xdfe\t2\t0\t\t\t",
        b"c\tnul.mp3\tEin\0Ton.\t2\t0\t\t\t",
        b"c\tnothing.mp3\t\0 \xe2\x80\x8b\t2\t0\t\t\t",
        b"",
        b"c\tlast.mp3\tOhne Zeilenende\t2\t0\t\t\t",
    ]
    audio = dict.fromkeys(("good", "few", "many", "latin", "nul", "nothing", "last"), CLIP)
    root = commonvoice(tmp_path, audio)
    table = root / "de/train.tsv"
    header = table.read_bytes().split(b"\n")[0]
    put(table, b"\xef\xbb\xbf" + b"\r\n".join([header, *rows]))
    built = shards_of(CommonVoice(root), "train", tmp_path / "out")
    texts = {name: sample["targets"][0]["response"] for name, sample in built.samples.items()}
    assert texts == {"good": "Ein »Ton«.", "nul": "Ein Ton.", "last": "Ohne Zeilenende"}
    assert built.samples["nul"]["original"]["text"] == "Ein\0Ton."
    assert built.rejects == [
        ("few", "too_few_columns"),
        ("latin", "wrong_encoding"),
        ("many", "bad_row"),
        ("nothing", "empty_text"),
    ]
    assert built.where["few"] == "de/train.tsv:3"


def test_a_language_that_is_none_is_an_unknown_label(tmp_path: Path) -> None:
    root = commonvoice(tmp_path, {"good": CLIP, "bad": CLIP})
    lines = (root / "de/train.tsv").read_text().splitlines()
    put(
        root / "de/train.tsv",
        "\n".join(f"{line}\t{end}" for line, end in zip(lines, ("locale", "", "4!"), strict=True)),
    )
    built = shards_of(CommonVoice(root), "train", tmp_path / "out")
    assert (list(built.samples), built.rejects) == (["good"], [("bad", "unknown_label")])


def test_a_label_nobody_knows(tmp_path: Path) -> None:
    rows = "1-1-A-0.wav,1,0,dog,False,1,A\n1-2-A-0.wav,1,0,unicorn,False,2,A\n1-3-A-0.wav,one,0,dog,False,3,A\n"
    root = esc50(tmp_path, dict.fromkeys(("1-1-A-0", "1-2-A-0", "1-3-A-0"), wav()), rows)
    built = shards_of(ESC50(root), "fold1", tmp_path / "out")
    assert list(built.samples) == ["1-1-A-0"]
    assert built.rejects == [("1-2-A-0", "unknown_label"), ("1-3-A-0", "bad_row")]
    assert built.where["1-2-A-0"] == "meta/esc50.csv:3"


def test_metadata_of_the_wrong_type(tmp_path: Path) -> None:
    note = {"pitch": 60, "velocity": 100, "instrument_family_str": "bass", "qualities_str": ["dark"]}
    entries = {
        "good": note,
        "family": note | {"instrument_family_str": ["bass"]},
        "quality": note | {"qualities_str": [["dark"]]},
        "strange": note | {"qualities_str": ["shiny"]},
        "high": note | {"pitch": 128},
        "bare": {},
        "list": [],
    }
    root = tmp_path / "nsynth"
    put(root / "nsynth-test/examples.json", json.dumps(entries))
    for name in entries:
        put(root / f"nsynth-test/audio/{name}.wav", wav())
    built = shards_of(NSynth(root), "test", tmp_path / "out")
    assert list(built.samples) == ["good"]
    assert built.rejects == [
        ("bare", "too_few_columns"),
        ("family", "bad_row"),
        ("high", "bad_row"),
        ("list", "bad_row"),
        ("quality", "bad_row"),
        ("strange", "unknown_label"),
    ]


@pytest.mark.parametrize("text", ["SAY <|en|> NOW", "<|endoftext|>", "<audio>X</audio>", "A <|0.50|> B"])
def test_a_transcript_that_holds_a_token(tmp_path: Path, text: str) -> None:
    lines = f"84-121-0 A <|WORD|> AND <B>\n84-121-1 {text}\n"
    root = librispeech(tmp_path, {"84-121-0": GOOD, "84-121-1": GOOD}, lines)
    built = shards_of(LibriSpeech(root), "dev-clean", tmp_path / "out")
    assert [target["response"] for target in built.samples["84-121-0"]["targets"]] == ["a <|word|> and <b>"]
    assert built.rejects == [("84-121-1", "reserved_token")]


def test_ids_with_dots_slashes_and_letters_of_any_script(tmp_path: Path) -> None:
    root = tmp_path / "speech_commands"
    names = ["plain_nohash_0", "Zoë.v1.2_nohash_0", "語.flac.json_nohash_1", "x" * 230, "= =2E"]
    for name in names:
        put(root / f"yes/{name}.wav", wav(rate=16_000))
    built = shards_of(SpeechCommands(root), "train", tmp_path / "out")
    assert sorted(built.samples) == sorted(f"yes/{name}" for name in names)
    assert built.rejects == []
    assert built.keys["yes/Zoë.v1.2_nohash_0"] == "speechcommands-train-yes=2FZo=C3=AB=2Ev1=2E2_nohash_0"
    assert len(set(built.keys.values())) == len(names)
    assert max(map(len, built.keys.values())) <= 90
    assert all("." not in key for key in built.keys.values())


def test_ids_that_cannot_be(tmp_path: Path) -> None:
    """Too long for a file, empty, with NUL, and a file name that is no UTF-8, with and without a transcript."""
    lines = b"84-121-0 HERE\n" + b"b" * 300 + b" HERE\n EMPTY\n84-\0 HERE\n"
    root = librispeech(tmp_path, {"84-121-0": GOOD, "": GOOD}, lines)
    put(Path(os.fsdecode(os.fsencode(root / "dev-clean/84/121") + b"/caf\xe9.flac")), GOOD)
    built = shards_of(LibriSpeech(root), "dev-clean", tmp_path / "out")
    assert list(built.samples) == ["84-121-0"]
    assert built.rejects == [
        ("", "bad_row"),
        ("84-\0", "unsafe_path"),
        ("b" * 300, "audio_missing"),
        ("caf\\udce9", "no_transcript"),
    ]
    clip = Path(os.fsdecode(os.fsencode(tmp_path / "commands/yes") + b"/caf\xe9_nohash_0.wav"))
    put(clip, wav())
    put(clip.with_name("good_nohash_0.wav"), wav())
    built = shards_of(SpeechCommands(tmp_path / "commands"), "train", tmp_path / "out")
    assert list(built.samples) == ["yes/good_nohash_0"]
    assert built.rejects == [("yes/caf\\udce9_nohash_0", "wrong_encoding")]


def test_a_name_too_long_for_a_folder(tmp_path: Path) -> None:
    long = "9" * 300
    put(tmp_path / "mls_german/train/audio/1/2/1_2_0.flac", GOOD)
    put(tmp_path / "mls_german/train/transcripts.txt", f"1_2_0\thallo\n{long}_2_1\thallo\n1_2\thallo\n1_2_3 hallo\n")
    built = shards_of(MLS(tmp_path), "train", tmp_path / "out")
    assert list(built.samples) == ["1_2_0"]
    assert built.rejects == [("1_2", "bad_row"), ("1_2_3", "too_few_columns"), (f"{long}_2_1", "audio_missing")]


def test_of_two_utterances_with_one_id_the_first_stays(tmp_path: Path) -> None:
    root = librispeech(tmp_path, {"84-121-0": GOOD}, "84-121-0 FIRST\n84-121-0 SECOND\n84-121-0 THIRD\n")
    put(root / "dev-clean/9/9/9-9.trans.txt", "84-121-0 ELSEWHERE\n")
    put(root / "dev-clean/9/9/84-121-0.flac", flac(0.5))
    built = shards_of(LibriSpeech(root), "dev-clean", tmp_path / "out")
    assert [sample["original"]["text"] for sample in built.samples.values()] == ["FIRST"]
    assert built.rejects == [("84-121-0", "duplicate_id")] * 3
    assert built.summary.shards == 1
