"""Tiny corpora in the native layouts, written by code, each with the quirks and faults of its kind.

`FIXTURES[name](folder)` writes one and says what it must give: see `Fixture`. All audio is generated; all texts,
names and numbers are invented.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

TSV_4 = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccent"
TSV_17 = (
    "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tdown_votes\tage\tgender\taccents\tvariant\t"
    "locale\tsegment"
)


@dataclass(frozen=True)
class Fixture:
    """A corpus on disk: what to pass as SOURCE and ROOTS, and for each split the ids and (id, reason) to come."""

    source: Path
    records: Mapping[str, list[str]]
    rejects: Mapping[str, set[tuple[str, str]]] = field(default_factory=dict)
    roots: Mapping[str, Path] = field(default_factory=dict)


def tone(
    path: Path, rate: int = 16_000, seconds: float = 0.1, format: str | None = None, subtype: str | None = None
) -> None:
    """Write a short tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.3 * np.sin(2 * np.pi * 330 * np.arange(int(rate * seconds)) / rate)
    soundfile.write(path, wave.astype(np.float32), rate, format=format, subtype=subtype)


def mp3(path: Path) -> None:
    tone(path, 48_000, format="MP3")


def sphere(path: Path) -> None:
    """Write a tone behind a NIST SPHERE header."""
    wave = (9_000 * np.sin(2 * np.pi * 330 * np.arange(1_600) / 16_000)).astype("<i2")
    facts = f"channel_count -i 1\nsample_count -i {len(wave)}\nsample_rate -i 16000\nsample_n_bytes -i 2\n"
    facts += "sample_byte_format -s2 01\nsample_coding -s3 pcm\nend_head\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"NIST_1A\n   1024\n{facts}".encode().ljust(1024) + wave.tobytes())


def write(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write text byte for byte; "\\udcNN" in it is the byte NN."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding, "surrogateescape"))


def librispeech(folder: Path) -> Fixture:
    root = folder / "LibriSpeech"
    write(
        root / "SPEAKERS.TXT",
        ";ID  |SEX| SUBSET |MINUTES| NAME\n19   | F | dev-clean | 8.1 | Kara | Shallenberg\n7 | M | x | 1 | N\n",
    )
    first, second = root / "dev-clean/19/198", root / "dev-clean/7/3"
    lines = [
        "19-198-0000 NORTHANGER ABBEY",
        "19-198-0001 IT'S HER\u2028FATHER'S",
        "19-198-0002",
        "19-198-0003 NO AUDIO",
        "../../../../etc/passwd LEAVES",
        "19-198-0004 CAF\udcc9",
    ]
    write(first / "19-198.trans.txt", "\ufeff" + "\r\n".join(lines) + "\r\n")
    for number in (0, 1, 2, 4):
        tone(first / f"19-198-000{number}.flac")
    write(first / "._19-198-0000.flac", "litter")
    write(first / ".DS_Store", "litter")
    write(second / "7-3.trans.txt", "7-3-0000 A NAME")  # no line end at the end
    tone(second / "7-3-0000.flac")
    tone(second / "7-3-0001.flac")
    rejects = {
        ("19-198-0002", "no_transcript"),
        ("19-198-0003", "audio_missing"),
        ("../../../../etc/passwd", "unsafe_path"),
        ("19-198-0004", "wrong_encoding"),
        ("7-3-0001", "no_transcript"),
    }
    return Fixture(root, {"dev-clean": ["19-198-0000", "19-198-0001", "7-3-0000"]}, {"dev-clean": rejects})


def commonvoice(folder: Path) -> Fixture:
    root = folder / "cv-corpus-17.0-2024-03-15"

    def row(clip: str, text: str, age: str = "", gender: str = "", locale: str = "de") -> str:
        return f"c0ffee\t{clip}\ts1\t{text}\t\t2\t0\t{age}\t{gender}\t\t\t{locale}\t"

    train = [
        TSV_17,
        row("common_voice_de_1.mp3", 'Er rief: "Halt!', "fourties", "male_masculine"),
        row("common_voice_de_2", "Ohne Endung, mit\u2028Trenner.", "teens", "do_not_wish_to_say"),
        row("common_voice_de_3.mp3", "Nichts zu hören."),
        "c0ffee\tcommon_voice_de_4.mp3\tzu kurz",
        row("common_voice_de_5.mp3", "stra\udcdfe"),
        row("../../secret.mp3", "Hinaus."),
        row("/etc/passwd", "Hinaus."),
        row("common_voice_de_6.mp3", " "),
        row("common_voice_de_1.mp3", "zu viel") + "\tein Tab",
        "c0ffee",  # tells not even its clip
        "",
    ]
    write(root / "de/train.tsv", "\ufeff" + "\r\n".join(train))
    both = [TSV_17, row("common_voice_de_1.mp3", "Auch hier."), row("common_voice_de_7.mp3", "Nur hier."), ""]
    write(root / "de/validated.tsv", "\n".join(both))
    for number in (1, 2, 4, 5, 6, 7, 8):
        mp3(root / f"de/clips/common_voice_de_{number}.mp3")
    write(root / "de/clips/._common_voice_de_1.mp3", "litter")
    # An older release beside it: other columns, and no locale.
    old = [TSV_4, "c1\tcommon_voice_sv-SE_9.mp3\tHej på dig.\t2\t0\tnineties\tfemale\t", ""]
    write(root / "sv-SE/train.tsv", "\n".join(old))
    write(root / "sv-SE/dev.tsv", "\n".join([TSV_4, "c1\tcommon_voice_sv-SE_10.mp3\tNej.\t2\t0\t\t\t", ""]))
    mp3(root / "sv-SE/clips/common_voice_sv-SE_9.mp3")
    mp3(root / "sv-SE/clips/common_voice_sv-SE_10.mp3")
    mp3(root / "sv-SE/clips/common_voice_sv-SE_11.mp3")
    return Fixture(
        root,
        {
            "train": ["common_voice_de_1", "common_voice_de_2", "common_voice_sv-SE_9"],
            "dev": ["common_voice_sv-SE_10"],
            "validated": ["common_voice_de_7"],
        },
        {
            "train": {
                ("common_voice_de_3", "audio_missing"),
                ("common_voice_de_4", "too_few_columns"),
                ("common_voice_de_5", "wrong_encoding"),
                ("../../secret", "unsafe_path"),
                ("/etc/passwd", "unsafe_path"),
                ("common_voice_de_6", "no_transcript"),
                ("common_voice_de_1", "bad_row"),
                ("de/train.tsv:11", "too_few_columns"),
                ("common_voice_sv-SE_11", "no_transcript"),
            },
            "validated": {("common_voice_de_8", "no_transcript")},
        },
    )


def covost2(folder: Path) -> Fixture:
    root, voices = folder / "covost2", folder / "cv-corpus-4"
    english = [TSV_4]
    for number in range(1, 7):
        english.append(f"c{number}\tcommon_voice_en_{number}.mp3\tSentence {number}.\t2\t0\ttwenties\tfemale\t")
        if number != 5:
            mp3(voices / f"en/clips/common_voice_en_{number}.mp3")
    english[3] = 'c3\tcommon_voice_en_3.mp3\tA tab\\\there and \\"quotes.\t2\t0\t\tother\t'
    write(voices / "en/validated.tsv", "\n".join([*english, ""]))
    german = [
        "path\ttranslation\tsplit",
        'common_voice_en_1.mp3\tSatz "eins.\ttrain',
        "common_voice_en_2.mp3\tNA\ttrain_covost",
        "common_voice_en_3.mp3\tDrei\\\tmit Tab.\ttrain",
        "common_voice_en_4.mp3\tREMOVE\ttrain",
        "common_voice_en_5.mp3\tFünf.\ttrain",
        "common_voice_en_6.mp3\tSechs.\ttrain",
        "common_voice_en_7.mp3\tohne Split",
        "common_voice_en_8.mp3\tfremd\telsewhere",
        "",
    ]
    write(root / "en/covost_v2.en_de.tsv", "\r\n".join(german))
    chinese = [
        "path\ttranslation\tsplit",
        "common_voice_en_1.mp3\t句子一。\ttrain",
        "common_voice_en_6.mp3\t六。\ttest",
    ]
    write(root / "en/covost_v2.en_zh-CN.tsv", "\n".join([*chinese, ""]))
    # As the release's own script writes it: with sentences, so that validated.tsv is not needed.
    french = ["path\tsentence\ttranslation\tclient_id", "common_voice_fr_1.mp3\tIl fait froid.\tIt is cold.\t9ab3", ""]
    write(root / "fr/covost_v2.fr_en.dev.tsv", "\n".join(french))
    mp3(root / "fr/clips/common_voice_fr_1.mp3")
    return Fixture(
        root,
        {
            "train": ["common_voice_en_1", "common_voice_en_2", "common_voice_en_3"],
            "dev": ["common_voice_fr_1"],
            "test": ["common_voice_en_6"],
        },
        {
            "train": {
                ("common_voice_en_4:de", "empty_text"),
                ("common_voice_en_5", "audio_missing"),
                ("common_voice_en_7:de", "too_few_columns"),
                ("common_voice_en_8:de", "bad_row"),
            }
        },
        {"commonvoice": voices},
    )


def aishell1(folder: Path) -> Fixture:
    root = folder / "aishell"
    lines = [
        "BAC009S0002W0122 而 对 楼市 成交 抑制",
        "BAC009S0002W0123 卡拉 ｏ ｋ",
        "BAC009S0002W0124",
        "BAC009S0002W0125 没有 声音",
        "BAC009S0003W0121 没有 文件夹",
        "nonsense 什么",
        "BAC009S0764W0121 测试",
        "BAC009S0764W0122 \udce6\udcb5",
        "",
    ]
    write(root / "data_aishell/transcript/aishell_transcript_v0.8.txt", "\n".join(lines))
    write(root / "resource_aishell/speaker.info", "0002 F\n0764 M\n")
    for name in ("train/S0002/BAC009S0002W0122", "train/S0002/BAC009S0002W0123", "train/S0002/BAC009S0002W0124",
                 "train/S0002/BAC009S0002W0126", "test/S0764/BAC009S0764W0121",
                 "test/S0764/BAC009S0764W0122"):  # fmt: skip
        tone(root / f"data_aishell/wav/{name}.wav")
    return Fixture(
        root,
        {"train": ["BAC009S0002W0122", "BAC009S0002W0123"], "test": ["BAC009S0764W0121"]},
        {
            "train": {
                ("BAC009S0002W0124", "no_transcript"),
                ("BAC009S0002W0125", "audio_missing"),
                ("BAC009S0003W0121", "audio_missing"),
                ("nonsense", "bad_row"),
                ("BAC009S0002W0126", "no_transcript"),
            },
            "test": {("BAC009S0764W0122", "wrong_encoding")},
        },
    )


def speechcommands(folder: Path) -> Fixture:
    root = folder / "speech_commands_v0.02"
    for clip in ("yes/0a2b400e_nohash_0", "yes/0a2b400e_nohash_1", "no/0a2b400e_nohash_0", "bed/0c40e715_nohash_0",
                 "up/1b2c3d4e_nohash_0", "gurke/1b2c3d4e_nohash_0"):  # fmt: skip
        tone(root / f"{clip}.wav")
    tone(root / "_background_noise_/doing_the_dishes.wav", seconds=2)
    tone(root / "_unknown_/1b2c3d4e_nohash_0.wav")
    write(root / "yes/._0a2b400e_nohash_0.wav", "litter")
    write(root / "testing_list.txt", "bed/0c40e715_nohash_0.wav\nbed/gone_nohash_0.wav\n../out.wav\n")
    write(root / "validation_list.txt", "up/1b2c3d4e_nohash_0.wav\r\n")
    return Fixture(
        root,
        {
            "train": ["no/0a2b400e_nohash_0", "yes/0a2b400e_nohash_0", "yes/0a2b400e_nohash_1"],
            "validation": ["up/1b2c3d4e_nohash_0"],
            "test": ["bed/0c40e715_nohash_0"],
        },
        {
            "train": {("gurke/1b2c3d4e_nohash_0", "unknown_label"), ("_unknown_/1b2c3d4e_nohash_0", "unknown_label")},
            "test": {("bed/gone_nohash_0", "audio_missing"), ("../out", "unsafe_path")},
        },
    )


def esc50(folder: Path) -> Fixture:
    root = folder / "ESC-50-master"
    rows = [
        "filename,fold,target,category,esc10,src_file,take",
        "1-100-A-0.wav,1,0,dog,True,100,A",
        "2-200-A-12.wav,2,12,crackling_fire,True,200,A",
        "2-201-B-43.wav,2,43,car_horn,False,201,B",
        "2-202-A-99.wav,2,99,vuvuzela,False,202,A",
        "2-203-A-1.wav,2,1,rooster,False,203,A",
        "2-204-A-1.wav,2,1",
        "../../2-205-A-1.wav,2,1,rooster,False,205,A",
        ",2",
        "",
    ]
    write(root / "meta/esc50.csv", "\r\n".join(rows))
    for name in ("1-100-A-0", "2-200-A-12", "2-201-B-43", "2-202-A-99", "2-204-A-1", "2-209-A-1"):
        tone(root / f"audio/{name}.wav", 44_100)
    return Fixture(
        root,
        {"fold1": ["1-100-A-0"], "fold2": ["2-200-A-12", "2-201-B-43"]},
        {
            "fold1": {("meta/esc50.csv:9", "too_few_columns")},
            "fold2": {
                ("2-204-A-1", "too_few_columns"),
                ("2-202-A-99", "unknown_label"),
                ("2-203-A-1", "audio_missing"),
                ("../../2-205-A-1", "unsafe_path"),
                ("2-209-A-1", "no_transcript"),
            },
        },
    )


def nsynth(folder: Path) -> Fixture:
    root = folder / "nsynth"

    def note(name: str, **changes: object) -> dict[str, object]:
        family, pitch, velocity = name.rsplit("_", 2)[0], *map(int, name.rsplit("-", 2)[1:])
        facts = {
            "note_str": name, "pitch": pitch, "velocity": velocity, "sample_rate": 16_000, "qualities": [0] * 10,
            "qualities_str": ["percussive", "dark"], "instrument_str": name.rsplit("-", 2)[0],
            "instrument_family_str": family, "instrument_source_str": "electronic",
        }  # fmt: skip
        return facts | changes

    valid = {
        name: note(name)
        for name in (
            "organ_electronic_900-060-100",
            "synth_lead_electronic_000-127-025",
            "flute_electronic_001-020-025",
        )
    }
    valid["bass_electronic_000-200-025"] = note("bass_electronic_000-200-025")
    valid["reed_electronic_000-020-025"] = note("reed_electronic_000-020-025", instrument_family_str="kazoo")
    valid["string_electronic_000-020-025"] = {"pitch": 20}
    write(root / "nsynth-valid/examples.json", json.dumps(valid, indent=2))
    for name in [*valid, "vocal_acoustic_000-030-050"]:
        if not name.startswith("flute"):
            tone(root / f"nsynth-valid/audio/{name}.wav")
    return Fixture(
        root,
        {"valid": ["organ_electronic_900-060-100", "synth_lead_electronic_000-127-025"]},
        {
            "valid": {
                ("flute_electronic_001-020-025", "audio_missing"),
                ("bass_electronic_000-200-025", "bad_row"),
                ("reed_electronic_000-020-025", "unknown_label"),
                ("string_electronic_000-020-025", "too_few_columns"),
                ("vocal_acoustic_000-030-050", "no_transcript"),
            }
        },
    )


def clotho(folder: Path, layout: str = "{split}", tables: str = "") -> Fixture:
    root = folder / "clotho"
    captions = [
        "file_name,caption_1,caption_2,caption_3,caption_4,caption_5",
        ' Birds.wav,Birds sing.,"Birds sing, far away.","A ""bird""\nsings.",Some birds.,Birds.',
        "Café (été).wav,Cups.,Cups clink.,People talk.,A café.,Voices.",
        "Trimmed .wav,One.,Two.,Three.,Four.,Five.",
        "Gone.wav,One.,Two.,Three.,Four.,Five.",
        "Short.wav,One.",
        "Silent.wav,,,,,",
        "../Out.wav,One.,Two.,Three.,Four.,Five.",
        "Unlicensed.wav,One.,Two.,Three.,Four.,Five.",
        "",
    ]
    write(root / f"{tables}clotho_captions_development.csv", "\r\n".join(captions))
    header = "file_name,keywords,sound_id,sound_link,start_end_samples,manufacturer,license"
    metadata = [
        header,
        ' Birds.wav,birds;nature,3276,NA,"[120000, 1443000]",someone,http://creativecommons.org/licenses/by-nc/3.0/',
        "Café (été).wav,caf\udce9;cups,Not found,NA,NA,Ren\udce9,http://creativecommons.org/publicdomain/zero/1.0/",
        "Unlicensed.wav,birds,3277",
        ",nothing",
        "",
    ]
    write(root / f"{tables}clotho_metadata_development.csv", "\n".join(metadata))
    audio = root / layout.format(split="development")
    for name in (" Birds", "Café (été)", "Trimmed ", "Short", "Silent", "Uncaptioned", "Unlicensed"):
        tone(audio / f"{name}.wav", 44_100)
    return Fixture(
        root,
        {"development": [" Birds", "Café (été)", "Trimmed "]},
        {
            "development": {
                ("Gone", "audio_missing"),
                ("Short", "too_few_columns"),
                ("Unlicensed", "too_few_columns"),
                (f"{tables}clotho_metadata_development.csv:5", "too_few_columns"),
                ("Silent", "no_transcript"),
                ("../Out", "unsafe_path"),
                ("Uncaptioned", "no_transcript"),
            }
        },
    )


def timit(folder: Path, names: Callable[[str], str] = str.upper, inner: str = "TIMIT") -> Fixture:
    root = folder / "timit"

    def place(path: str) -> Path:
        return root / inner / names(path)

    text = "0 1600 She had your dark suit.\n"
    words = "0 305 she\n300 700 had\n700 900 your\n1000 1200 dark\n1200 1500 suit\n"
    for utterance in ("SA1", "SI1027"):
        sphere(place(f"TRAIN/DR1/FCJF0/{utterance}.WAV"))
        write(place(f"TRAIN/DR1/FCJF0/{utterance}.TXT"), text)
        write(place(f"TRAIN/DR1/FCJF0/{utterance}.WRD"), words)
        write(place(f"TRAIN/DR1/FCJF0/{utterance}.PHN"), "0 305 sh\n")
    riff = place("TRAIN/DR1/FCJF0/SA1.WAV")
    tone(riff.with_name(f"{riff.name}.wav"), format="WAV")
    sphere(place("TRAIN/DR1/FCJF0/SX1.WAV"))
    write(place("TRAIN/DR1/FCJF0/SX2.TXT"), text)
    sphere(place("TRAIN/DR1/FCJF0/SX3.WAV"))
    write(place("TRAIN/DR1/FCJF0/SX3.WRD"), "500 300 she\n")
    sphere(place("TEST/DR8/MPAM0/SA1.WAV"))
    write(place("TEST/DR8/MPAM0/SA1.WRD"), words)
    return Fixture(
        root,
        {"train": ["FCJF0-SA1", "FCJF0-SI1027"], "test": ["MPAM0-SA1"]},
        {"train": {("FCJF0-SX1", "no_transcript"), ("FCJF0-SX2", "audio_missing"), ("FCJF0-SX3", "bad_times")}},
    )


def mls(folder: Path) -> Fixture:
    root = folder / "corpora"
    german, spanish = root / "mls_german", root / "mls_spanish_opus"
    write(
        german / "metainfo.txt", " SPEAKER | GENDER | PARTITION | MINUTES | BOOK\n 10148 |  F  | train | 3.1 | 10119\n"
    )
    lines = [
        "10148_10119_000000\tes war einmal ein müller",
        "10148_10119_000001\t",
        "10148_10119_000002\tkein ton",
        "10148_10119_000003 kein tab",
        "../10148_10119_000004\thinaus",
        "10148_10119_0x\tkeine zahl",
        "10148_10119_000005\tm\udcfcller",
        "",
    ]
    write(german / "train/transcripts.txt", "\n".join(lines))
    for index in (0, 1, 3, 5, 7):
        tone(german / f"train/audio/10148/10119/10148_10119_00000{index}.flac")
    write(german / "train/limited_supervision/9hr/handles.txt", "10148_10119_000000\n")
    write(spanish / "train/transcripts.txt", "13697_11991_000000\tla sorpresa\n")
    tone(spanish / "train/audio/13697/11991/13697_11991_000000.opus", 48_000, format="OGG", subtype="OPUS")
    write(root / "mls_german_opus/train/transcripts.txt", "10148_10119_000000\tnicht noch einmal\n")
    write(root / "mls_lm_german/data.txt", "text\n")
    return Fixture(
        root,
        {"train": ["10148_10119_000000", "13697_11991_000000"]},
        {
            "train": {
                ("10148_10119_000001", "no_transcript"),
                ("10148_10119_000002", "audio_missing"),
                ("10148_10119_000003", "too_few_columns"),
                ("10148_10119_000005", "wrong_encoding"),
                ("../10148_10119_000004", "unsafe_path"),
                ("10148_10119_0x", "bad_row"),
                ("10148_10119_000007", "no_transcript"),
            }
        },
    )


FIXTURES: dict[str, Callable[[Path], Fixture]] = {
    builder.__name__: builder
    for builder in (aishell1, clotho, commonvoice, covost2, esc50, librispeech, mls, nsynth, speechcommands, timit)
}
