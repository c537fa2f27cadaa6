"""A tiny ksponspeech in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, pcm, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "KsponSpeech"
    audio = root / "KsponSpeech_01/KsponSpeech_0001"
    place = "KsponSpeech_01/KsponSpeech_0001"
    lines = [
        f"{place}/KsponSpeech_000001.pcm :: b/ 아/ 모+ 몬 소리야 (70%)/(칠 십 퍼센트) 확률이라니, n/",
        f"{place}/KsponSpeech_000002.pcm :: 그냥* 말.",
        f"{place}/KsponSpeech_000003.pcm :: n/ b/",
        f"{place}/KsponSpeech_000004.pcm :: 소리가 없다",
        f"{place}/KsponSpeech_000005.pcm",
        "../../secret.pcm :: 밖",
        "",
    ]
    write(root / "KsponSpeech_scripts/train.trn", "\r\n".join(lines))
    for number in (1, 3, 5):
        write(audio / f"KsponSpeech_00000{number}.pcm", pcm().tobytes())
    # Some files of the release end in half a waveform sample.
    write(audio / "KsponSpeech_000002.pcm", pcm().tobytes() + b"\0")
    write(
        root / "KsponSpeech_scripts/eval_clean.trn",
        "KsponSpeech_eval/eval_clean/KsponSpeech_E00001.pcm :: (내가)/(내) 짖지 마 하면은.\n",
        "cp949",
    )
    tone(root / "eval/eval_clean/KsponSpeech_E00001.wav")  # sorted otherwise, and with a header
    return Fixture(
        root,
        {"train": ["KsponSpeech_000001", "KsponSpeech_000002"], "eval_clean": ["KsponSpeech_E00001"]},
        {
            "train": {
                ("KsponSpeech_000003", "no_transcript"),
                ("KsponSpeech_000004", "audio_missing"),
                ("KsponSpeech_000005", "too_few_columns"),
                ("secret", "unsafe_path"),
            }
        },
    )
