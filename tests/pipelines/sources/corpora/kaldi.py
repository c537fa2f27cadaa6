"""Kaldi data folders: one with segments, one with whole files, and what their tables get wrong."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "calls"
    tables = {
        "train/wav.scp": "call1 wav/call1.wav\ncall2  wav/call2.wav\ncall3 sox x.mp3 -t wav - |\ncall4 raw.ark:17\n",
        "train/segments": (
            "u1 call1 0.00 0.10\nu2 call1 0.1 -1\nu3 call2 0.1 0.0\nu4 call3 0 1\nu5 call9 0 1\nu6 call1 0\n"
            "u7 call1 0 0.1\nu8 call4 0 1\n"
        ),
        "train/text": "u1 guten   tag \r\nu2 ja\nu3 nein\nu4 gut\nu5 so\nu6 na\nu7\nu9 weg\n",
        "train/utt2spk": "u1 anna\nu2 u2\nu3 anna\nu4 anna\nu7 carl\n",
        "train/spk2gender": "anna f\nbert m\n",
        "dev/wav.scp": "b wav/call2.wav\na ../train/wav/call1.wav\nc wav/gone.wav\nd stereo.wav\ne stereo.wav\n",
        "dev/text": "\ufeffb zwei\na eins\nc drei\nd vier\ne fünf\n",
        "dev/utt2lang": "a de\nb de\nc de\nd de\ne de\n",
        "dev/utt2dur": "a 0.5\nb 0.5\n",
        "dev/reco2file_and_channel": "a call1 A\nd stereo A\ne stereo B\n",
    }
    for name, text in tables.items():
        write(root / name, text)
    for name in ("train/wav/call1.wav", "train/wav/call2.wav", "dev/wav/call2.wav", "dev/stereo.wav"):
        tone(root / name, seconds=0.5, channels=2 if "stereo" in name else 1)
    return Fixture(
        root,
        {"train": ["u1", "u2"], "dev": ["b", "a", "d", "e"]},
        {
            "train": {
                ("u3", "bad_times"),
                ("u4", "bad_row"),
                ("u5", "audio_missing"),
                ("u6", "too_few_columns"),
                ("u7", "no_transcript"),
                ("u8", "bad_row"),
                ("u9", "audio_missing"),
            },
            "dev": {("c", "audio_missing")},
        },
        told={"language": "de", "tasks": "asr,sgc"},
    )
