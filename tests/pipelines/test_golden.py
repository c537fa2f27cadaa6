"""The bytes of a shard, kept: whoever changes them on purpose raises RECIPE and writes down the new hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.build import write_shard
from pipelines.planning.identity import RECIPE, toolchain
from pipelines.record import (
    AudioRef,
    Caption,
    Events,
    Label,
    Note,
    Record,
    Reject,
    Speaker,
    Transcript,
    Translation,
    Word,
    Words,
)
from pipelines.source import Source
from shards.layout import ShardName
from tests.pipelines.recordings import encoded

# recipe -> sha256 of the tar below, made with these libraries (others may encode and round differently)
GOLDEN = {
    1: "302af8665dd0efdb86447c6f11b9a04053811b75cb971ae4c3fb10a4af6b8af0",
    2: "064e5ba4fbcc17cda3d8192300284a523ee5bf5161504da6397312732afa1acf",  # `original` holds captions and translations
    3: "064e5ba4fbcc17cda3d8192300284a523ee5bf5161504da6397312732afa1acf",  # kept FLAC is not held against its MD5
    4: "6e87400d92d382715cfce855ddf22bad6921dd79ac97defd866410ca3a4305a8",  # written transcripts have a second form
}
MADE_WITH = {"libsndfile": "1.2.2", "libFLAC": "reference libFLAC 1.4.3 20230623", "torchaudio": "2.11.0"}


class Golden(Source):
    """One record of every kind."""

    name = "golden"
    licence = "CC0-1.0"
    tasks = ("asr", "lid", "srwt", "s2tt", "sgc", "sap", "aac", "sec", "sed", "mna", "mic")
    languages = ("de",)
    text_form = "written"
    cut = "window"

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        return True

    def read(self, split: str) -> Iterator[Record | Reject]:
        spoken = (
            Transcript("Guten  Tag, Größe!", "de"),
            Words((Word("Guten", 0.1, 0.31), Word("Tag,", 0.3, 0.6), Word("Größe!", 0.7, 0.9))),
            Translation("Good day, size!", "en"),
            Translation("Merhaba!", "tr"),
        )
        yield Record("spoken/ä.1", (AudioRef("mono.wav"),), spoken, Speaker("7", "female", "fourties"), origin="x:1")
        yield Record("cut", (AudioRef("stereo.wav", start=0.25, end=0.8),), (Caption("A tone."), Caption("Noise.")))
        yield Record("kept", (AudioRef("kept.flac"),), (Label("sec", ("Car_Horn",)), Events(())), licence="CC-BY-4.0")
        yield Record("long", (AudioRef("long.wav"),), (Note(60, 100, "synth_lead", ("dark", "bright")),))
        yield Record("rejected", (AudioRef("mono.wav"),), (Transcript("<|en|>", "de"),))


def whole_numbers(frames: int, channels: int) -> np.ndarray:
    """(frames, channels) int16 by arithmetic alone, so that no library's generator matters."""
    number = np.arange(frames * channels, dtype=np.int64)
    return ((number * 7919 % 20011 + number * number % 401 - 10_000) // 2).astype(np.int16).reshape(frames, channels)


def test_the_bytes_of_a_shard(tmp_path):
    torch.set_num_threads(1)
    (tmp_path / "mono.wav").write_bytes(encoded(whole_numbers(16_000, 1), 16_000, "WAV", "PCM_16"))
    (tmp_path / "stereo.wav").write_bytes(encoded(whole_numbers(44_100, 2), 44_100, "WAV", "PCM_16"))
    (tmp_path / "kept.flac").write_bytes(encoded(whole_numbers(9_000, 1), 16_000, "FLAC", "PCM_16"))
    (tmp_path / "long.wav").write_bytes(encoded(whole_numbers(31 * 8_000, 1), 8_000, "WAV", "PCM_U8"))
    source = Golden(tmp_path)
    settings = {"vocabulary": "released", "align": "auto"}
    tar = tmp_path / "golden.tar"
    written, _, totals = write_shard(source.read("all"), source, settings, ShardName("golden", "all", 0), tar)
    assert totals.samples == 3 and dict(totals.rejects) == {"reserved_token": 1, "too_long": 1}
    assert written.sha256 == hashlib.sha256(tar.read_bytes()).hexdigest()
    here = {name: version for name, version in toolchain().items() if name in MADE_WITH}
    if here != MADE_WITH:
        pytest.skip(f"the hash was made with {MADE_WITH}, here are {here}")
    assert written.sha256 == GOLDEN[RECIPE], "the bytes of shards changed: raise RECIPE, or undo the change"
