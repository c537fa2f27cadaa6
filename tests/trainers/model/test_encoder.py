"""The encoder: Whisper's arithmetic, and a clip that means the same alone and in any batch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import WhisperConfig, WhisperModel

from shards.config import ConfigError
from trainers.model.encoder import AudioEncoder, EncoderConfig
from trainers.model.weights import load_whisper, whisper_encoder_weights

SMALL = EncoderConfig(width=32, layers=2, heads=4)


@pytest.fixture(scope="module")
def encoder() -> AudioEncoder:
    torch.manual_seed(0)
    return AudioEncoder(SMALL, 24).eval()


@pytest.fixture(scope="module")
def whisper() -> WhisperModel:
    torch.manual_seed(0)
    return WhisperModel(
        WhisperConfig(
            d_model=32, encoder_layers=2, encoder_attention_heads=4, encoder_ffn_dim=128, num_mel_bins=80,
            decoder_layers=1, decoder_attention_heads=4, decoder_ffn_dim=32, vocab_size=60,
            pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=3,
        )
    ).eval()  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(0, 9))
def test_a_clip_means_the_same_alone_and_in_any_batch(encoder, frames, seed):
    generator = torch.Generator().manual_seed(seed)
    clips = [torch.randn(80, 2 * count, generator=generator) for count in frames]
    mel = torch.zeros(len(clips), 80, 2 * max(frames))
    for row, clip in enumerate(clips):
        mel[row, :, : clip.shape[1]] = clip
    with torch.no_grad():
        together = encoder(mel, torch.tensor(frames))
        for row, (clip, count) in enumerate(zip(clips, frames, strict=True)):
            alone = encoder(clip[None], torch.tensor([count]), uniform=True)[0]
            assert alone.shape == (count // 2, 24)
            torch.testing.assert_close(together[row, : count // 2], alone, atol=2e-6, rtol=1e-5)


def test_it_is_whispers_encoder(encoder, whisper):
    ours = AudioEncoder(SMALL, 24).eval()
    rest = ours.load_state_dict(whisper_encoder_weights(whisper.encoder.state_dict()), strict=False)
    assert {name.split(".")[0] for name in rest.missing_keys} == {"projection", "markers"}
    assert not rest.unexpected_keys
    assert torch.allclose(ours.positions, whisper.encoder.embed_positions.weight, atol=1e-6)
    mel = torch.randn(1, 80, 3000)
    with torch.no_grad():
        theirs = whisper.encoder(mel).last_hidden_state
        torch.testing.assert_close(ours.norm(ours.encode(mel, torch.tensor([1500]))), theirs, atol=1e-5, rtol=1e-5)


def test_whisper_is_loaded_from_a_folder(whisper, tmp_path):
    whisper.save_pretrained(tmp_path)
    ours = AudioEncoder(SMALL, 24)
    load_whisper(ours, str(tmp_path))
    assert torch.equal(ours.layers[1].attention.key.weight, whisper.encoder.layers[1].self_attn.k_proj.weight)
    with pytest.raises(ConfigError, match=r"not of model\.audio's shape"):
        load_whisper(AudioEncoder(EncoderConfig(width=64, layers=2, heads=4), 24), str(tmp_path))
    with pytest.raises(ConfigError, match=r"not of model\.audio's shape"):
        load_whisper(AudioEncoder(EncoderConfig(width=32, layers=3, heads=4), 24), str(tmp_path))
    with pytest.raises(ConfigError, match="cannot be loaded"):
        load_whisper(ours, str(tmp_path / "nowhere"))
