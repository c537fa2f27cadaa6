"""WebDataset's tars, a folder of them for each split, with members that are no audio, no JSON, or no files."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone


def pack(path: Path, members: Mapping[str, bytes | str]) -> None:
    """Write a tar; text is the target of a link."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
                tar.addfile(info)
            else:
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))


def sound(folder: Path, ending: str) -> bytes:
    path = folder / f"x.{ending}"
    tone(path)
    return path.read_bytes()


def corpus(folder: Path) -> Fixture:
    root = folder / "shards"
    flac, wav = sound(folder, "flac"), sound(folder, "wav")
    said = json.dumps({"text": "Ja.", "language": "de", "speaker": "a", "gender": "f"}).encode()
    pack(
        root / "train/000.tar",
        {
            "a.flac": flac,
            "a.json": said,
            "._b.flac": b"litter",
            "./b.txt": b"Na ja.\n",
            "./b.wav": wav,
            "b2.48k.wav": wav,
            "b2.txt": b"Nein.",
            "c.txt": b"kein Ton",
            "d.flac": flac,
            "e.flac": flac,
            "e.json": b"{",
            "f.flac": flac,
            "f.txt": b"\xff",
            "g.flac": "/etc/passwd",
            "g.txt": b"Verweis",
            "../h.pkl": b"cos\nsystem",
        },
    )
    pack(root / "train/001.tar", {"a.flac": flac, "a.json": json.dumps({"id": "own", "transcript": "So."}).encode()})
    pack(root / "dev/000.tar", {"x/y/a.opus": sound(folder, "wav"), "x/y/a.txt": b"Gut."})
    return Fixture(
        root,
        {"train": ["train/000/a", "train/000/b", "train/000/b2", "own"], "dev": ["dev/000/x/y/a"]},
        {
            "train": {
                ("train/000/c", "audio_missing"),
                ("train/000/d", "no_transcript"),
                ("train/000/e", "bad_row"),
                ("train/000/f", "wrong_encoding"),
                ("train/000/g", "audio_missing"),
                ("train/000/../h", "audio_missing"),
            }
        },
        told={"language": "de", "tasks": "asr,sgc"},
    )
