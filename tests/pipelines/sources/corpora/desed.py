"""A tiny desed as its package lays it out, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

HEADER = "filename\tonset\toffset\tevent_label"


def corpus(folder: Path) -> Fixture:
    root = folder / "dataset"
    weak = [
        "filename\tevent_labels",
        "Y-aaaaaaaaa1_30.000_40.000.wav\tDog,Alarm_bell_ringing",
        "Yaaaaaaaaaa2_30.000_40.000.wav\tCat",  # in the strong table too
        "Yaaaaaaaaaa3_30.000_40.000.wav\tUnicorn",
        "Yaaaaaaaaaa4_30.000_40.000.wav\tCat",
        "Yaaaaaaaaaa5_30.000_40.000.wav",
        "",
    ]
    write(root / "metadata/train/weak.tsv", "\n".join(weak))
    write(root / "metadata/train/unlabel_in_domain.tsv", "filename\nY-aaaaaaaaa9_30.000_40.000.wav\n")
    strong = [HEADER, "Yaaaaaaaaaa2_30.000_40.000.wav\t0.01\t0.05\tCat", ""]
    write(root / "metadata/train/audioset_strong.tsv", "\n".join(strong))
    mixed = [HEADER, "12.wav\t0.020\t0.050\tSpeech", "12.wav\t0.000\t0.080\tHammer", ""]
    write(root / "metadata/train/synthetic20/soundscapes.tsv", "\n".join(mixed))
    write(root / "metadata/train/synthetic21_train/soundscapes.tsv", "\n".join([*mixed, "13.wav\t0\t1\tDog", ""]))
    validation = [
        HEADER,
        "Yaaaaaaaaaa6_0.000_10.000.wav\t0.000\t0.040\tFrying",
        "Yaaaaaaaaaa7_30.000_40.000.wav\t\t\t",
        "Yaaaaaaaaaa6_0.000_10.000.wav\t0.020\t10.115\tElectric_shaver_toothbrush",
        "Yaaaaaaaaaa8_30.000_40.000.wav\t3.0\t2.0\tDog",
        "../Yaaaaaaa9_30.000_40.000.wav\t1.0\t2.0\tDog",
        "Yaaaaaaaa10_30.000_40.000.wav\t0.01\t0.02\tDog",
        "Yaaaaaaaa10_30.000_40.000.wav\t0.03\t0.04",  # what else is told of the clip is not all
        "Yaaaaaaaa11_1.2.3_4.wav\t0.03\t0.04\tDog",
        "",
    ]
    write(root / "metadata/validation/validation.tsv", "\r\n".join(validation))
    public = [HEADER, "bbbbbbbbbb1_120_130.wav\t0\t0.02\tDog", "bbbbbbbbbb2_120_130.wav\t0\t0.02\tDog", ""]
    write(root / "metadata/eval/public.tsv", "\n".join(public))
    for name in ("-aaaaaaaaa1", "aaaaaaaaaa2", "aaaaaaaaaa3", "aaaaaaaaaa5"):
        tone(root / f"audio/train/weak/Y{name}_30.000_40.000.wav", 44_100)
    tone(root / "audio/train/strong_label_real/Yaaaaaaaaaa2_30.000_40.000.wav", 44_100)
    for place in ("synthetic20", "synthetic21_train"):
        tone(root / f"audio/train/{place}/soundscapes/12.wav")
    tone(root / "audio/train/synthetic20/soundscapes/14.wav")
    tone(root / "audio/validation/validation/Yaaaaaaaaaa6_0.000_10.000.wav", 44_100)
    for name in ("aaaaaaaaaa7", "aaaaaaaaaa8", "aaaaaaaa10"):
        tone(root / f"audio/validation/validation/Y{name}_30.000_40.000.wav", 44_100)
    tone(root / "audio/eval/public/bbbbbbbbbb1_120_130.wav", 44_100)
    tone(root / "audio/eval/public/Ybbbbbbbbbb2_120.000_130.000.wav", 44_100)
    tone(root / "audio/eval/public/bbbbbbbbbb3_120_130.wav", 44_100)
    return Fixture(
        root,
        {
            "weak": ["Y-aaaaaaaaa1_30.000_40.000"],
            "strong_real": ["Yaaaaaaaaaa2_30.000_40.000"],
            "synthetic": ["synthetic20_12", "synthetic21_train_12"],
            "validation": ["Yaaaaaaaaaa6_0.000_10.000", "Yaaaaaaaaaa7_30.000_40.000"],
            "public_eval": ["bbbbbbbbbb1_120_130", "bbbbbbbbbb2_120_130"],
        },
        {
            "weak": {
                ("Yaaaaaaaaaa3_30.000_40.000", "unknown_label"),
                ("Yaaaaaaaaaa4_30.000_40.000", "audio_missing"),
                ("Yaaaaaaaaaa5_30.000_40.000", "too_few_columns"),
            },
            "synthetic": {("synthetic20_14", "no_transcript"), ("synthetic21_train_13", "audio_missing")},
            "validation": {
                ("Yaaaaaaaaaa8_30.000_40.000", "bad_times"),
                ("../Yaaaaaaa9_30.000_40.000", "unsafe_path"),
                ("Yaaaaaaaa10_30.000_40.000", "too_few_columns"),
                ("Yaaaaaaaa11_1.2.3_4", "audio_missing"),
            },
            "public_eval": {("bbbbbbbbbb3_120_130", "no_transcript")},
        },
    )
