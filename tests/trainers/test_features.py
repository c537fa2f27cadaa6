"""Features: the encoder's scale, a clip's own zero tail, and masks that depend on nothing but their key."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import WhisperFeatureExtractor

from trainers.features import SpecAugmentConfig, audio_positions, conv_frames, log_mel, spec_augment


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(samples) * 3000).clip(-32768, 32767).astype(np.int16)


@given(st.integers(160, 480_000))
def test_frame_counts_are_those_of_the_convolutions(samples):
    frames = samples // 160
    after_stride_two = (frames + 2 * 1 - 3) // 2 + 1
    assert conv_frames(samples) == after_stride_two
    assert audio_positions(samples) == (after_stride_two - 2) // 2 + 1 + 2


def test_thirty_seconds_are_752_positions():
    assert audio_positions(480_000) == 752


@pytest.mark.parametrize("samples", [480, 481, 1_600, 16_001, 23_457, 479_900, 480_000])
def test_log_mel_is_whispers(samples):
    extractor = WhisperFeatureExtractor(feature_size=80)
    waveform = noise(samples)
    theirs = extractor(waveform.astype(np.float32) / 32768, sampling_rate=16_000, return_tensors="pt")
    ours = log_mel(waveform)
    assert ours.shape == (80, 2 * conv_frames(samples))
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours, theirs["input_features"][0, :, : ours.shape[1]], atol=1e-4, rtol=0)


def test_integers_and_floats_mean_the_same():
    waveform = noise(5_000)
    assert torch.equal(log_mel(waveform), log_mel(waveform.astype(np.float32) / 32768))


def test_silence_has_features():
    assert torch.equal(log_mel(np.zeros(1_600, np.int16)), torch.full((80, 10), -1.5))


@pytest.mark.parametrize("samples", [0, 159, 480_001])
def test_a_clip_the_encoder_cannot_take_is_refused(samples):
    with pytest.raises(ValueError, match="the encoder takes"):
        log_mel(np.zeros(samples, np.int16))


@given(st.integers(2, 400), st.integers(0, 2**31), st.integers(0, 1000), st.text(max_size=8))
def test_masks_depend_on_their_key_alone(frames, seed, step, key):
    config = SpecAugmentConfig()
    mel = torch.arange(80 * frames, dtype=torch.float32).view(80, frames)
    state = torch.random.get_rng_state()
    masked = spec_augment(mel, config, seed, step, key)
    torch.rand(3)
    assert torch.equal(masked, spec_augment(mel, config, seed, step, key))
    torch.random.set_rng_state(state)
    assert torch.equal(torch.random.get_rng_state(), state)
    hidden = (masked != mel).float()
    whole_bands = hidden.mean(dim=1) == 1
    assert whole_bands.sum() <= config.frequency_width
    assert hidden[~whole_bands].mean() <= config.time_share + 1e-6 if (~whole_bands).any() else True


def test_steps_differ_and_the_generator_is_left_alone():
    mel = torch.randn(80, 300)
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    masks = {spec_augment(mel, SpecAugmentConfig(), 0, step, "a").numpy().tobytes() for step in range(8)}
    assert torch.equal(torch.rand(1), expected)
    assert len(masks) > 4


def test_no_masks_leave_the_features_as_they_are():
    mel = torch.randn(80, 30)
    assert spec_augment(mel, SpecAugmentConfig(frequency_masks=0, time_masks=0), 0) is mel
