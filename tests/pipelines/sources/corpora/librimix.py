"""A tiny librimix in its native layout, with the LibriSpeech that it is made of, and the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root, speech, tables = folder / "librimix", folder / "LibriSpeech", folder / "LibriMix/metadata"
    write(speech / "dev-clean/84/121/84-121.trans.txt", "84-121-0000 GO DO YOU HEAR\r\n84-121-0001 HE WAITED\r\n")
    write(speech / "dev-clean/251/7/251-7.trans.txt", "251-7-0000 A NAME\n251-7-0001\n")
    lengths = ["speaker_ID,sex,subset,length,origin_path"]
    for utterance, length in {"84-121-0000": 1_600, "84-121-0001": 800, "251-7-0000": 1_200}.items():
        lengths.append(f"84,F,dev-clean,{length},dev-clean/84/121/{utterance}.flac")
    write(tables / "LibriSpeech/dev-clean.csv", "\n".join(lengths))

    two = root / "Libri2Mix/wav16k/max"
    elsewhere = "/home/someone/data/Libri2Mix/wav16k/max/dev"
    mixtures = {
        "84-121-0000_251-7-0000": "1600",
        "251-7-0000_84-121-0001": "1200",
        "84-121-0001_251-7-0001": "1600",
        "84-121-0000_9-9-0000": "1600",
        "84-121-0000": "1600",
        "84-121-0001_84-121-0000": "1600",
        "84-121-0000_84-121-0001": "long",
        "../../../etc/passwd": "1600",
    }
    header = "mixture_ID,mixture_path,source_1_path,source_2_path,length"
    rows = [
        f"{name},{elsewhere}/mix_clean/{name}.wav,{elsewhere}/s1/x,{elsewhere}/s2/x,{n}" for name, n in mixtures.items()
    ]
    write(two / "metadata/mixture_dev_mix_clean.csv", "\n".join([header, *rows, "84-121-0000_251-7,short", ""]))
    for name in [*list(mixtures)[:5], "84-121-0000_84-121-0001", "1-1-0000_2-2-0000"]:
        tone(two / f"dev/mix_clean/{name}.wav")
        tone(two / f"dev/s1/{name}.wav")
    # Newer scripts have one column more.
    header = "mixture_ID,original_mixture_ID,mixture_path,source_1_path,source_2_path,source_3_path,noise_path,length"
    name = "84-121-0000_251-7-0000_84-121-0001"
    three = root / "Libri3Mix/wav8k/max"
    write(three / "metadata/mixture_dev_mix_both.csv", f"{header}\n{name},{name},/a,/b,/c,/d,/e,800\n")
    tone(three / f"dev/mix_both/{name}.wav", rate=8_000)
    return Fixture(
        root,
        {
            "libri2mix-dev-mix_clean": ["84-121-0000_251-7-0000", "251-7-0000_84-121-0001"],
            "libri3mix-dev-mix_both": [name],
        },
        {
            "libri2mix-dev-mix_clean": {
                ("84-121-0001_251-7-0001", "no_transcript"), ("84-121-0000_9-9-0000", "no_transcript"),
                ("84-121-0000", "bad_row"), ("84-121-0001_84-121-0000", "audio_missing"),
                ("84-121-0000_84-121-0001", "bad_row"), ("../../../etc/passwd", "unsafe_path"),
                ("84-121-0000_251-7", "too_few_columns"), ("1-1-0000_2-2-0000", "no_transcript"),
            }
        },
        roots={"librispeech": speech, "metadata": tables},
    )  # fmt: skip
