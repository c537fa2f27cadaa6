"""espeak-ng's word times are where the sound is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.demo.clips import record
from pipelines.demo.content import SPEAKERS, WORDS
from pipelines.demo.speech import SAMPLE_RATE, Espeak, SpeechError, Voice, resample

ESPEAK = Espeak(seed=1)
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(words=SENTENCES, speaker=st.sampled_from(SPEAKERS), gap=st.integers(6, 15), seed=st.integers(0, 2**32 - 1))
def test_words_sound_within_their_times_and_gaps_are_silent(words, speaker, gap, seed):
    voice = speaker.voice("en-us", np.random.default_rng(seed))
    voice = Voice(voice.name, voice.rate, voice.pitch, voice.pitch_range, gap)
    utterance = ESPEAK.say(" ".join(words), voice)
    assert [word.word for word in utterance.words] == words
    level = np.abs(utterance.waveform)
    loud = 0.05 * level.max()
    for word in utterance.words:
        sound = np.flatnonzero(level[word.start : word.end] > loud)
        # A word may begin with a quiet consonant ("three", "five") or the closure of a "t", and end with one.
        assert sound[0] < 0.13 * SAMPLE_RATE
        assert word.end - word.start - sound[-1] < 0.15 * SAMPLE_RATE
    for before, after in pairwise(utterance.words):
        assert after.start - before.end >= 0.02 * SAMPLE_RATE
        echo = round(0.04 * SAMPLE_RATE)  # some voices have one, which still has 6 % of the level after these 40 ms
        assert level[before.end + echo : after.start].max(initial=0) < 2 * loud
    assert utterance.words[0].start == 0
    assert utterance.words[-1].end == len(utterance.waveform)


def test_words_without_pauses_touch():
    utterance = ESPEAK.say("go left seven stop", Voice("en-us+m3", word_gap=0))
    ends = [word.end for word in utterance.words]
    assert [word.start for word in utterance.words] == [0, *ends[:-1]]


@pytest.mark.parametrize("seed", range(8))
def test_a_recording_keeps_its_word_times(seed):
    utterance = ESPEAK.say("two nine", Voice("en-us+f3", word_gap=10))
    take = record(utterance, np.random.default_rng(seed))
    level = np.abs(take.waveform.astype(float))
    quiet = 0.1 * level.max()
    first, second = take.words
    assert level[: first.start].max(initial=0) < quiet  # an end may be cut close
    assert level[first.end : second.start].max() < quiet
    assert level[second.end :].max(initial=0) < quiet
    assert level[second.start : second.end].max() > 5 * quiet


def test_one_end_in_three_is_cut_close():
    utterance = ESPEAK.say("two", Voice("en-us+f3"))
    takes = [record(utterance, np.random.default_rng(seed)) for seed in range(300)]
    assert 60 < sum(take.words[0].start == 0 for take in takes) < 140
    assert 60 < sum(take.words[-1].end == len(take.waveform) for take in takes) < 140


def test_a_limited_recording_is_no_longer_than_its_limit():
    utterance = ESPEAK.say("seven seven seven", Voice("en-us+f3", rate=120))
    take = record(utterance, np.random.default_rng(5), longest=1.0)
    assert len(take.waveform) == SAMPLE_RATE


def test_speech_errors_name_what_was_asked_for():
    with pytest.raises(SpeechError, match="no voice 'nobody'"):
        ESPEAK.say("yes", Voice("nobody"))
    with pytest.raises(SpeechError, match="1 words in 'no one'"):
        ESPEAK.say("no one", Voice("en-us"))


@pytest.mark.parametrize("target_rate", [16_000, 48_000])
def test_resampling_agrees_with_torchaudio(target_rate):
    wave = ESPEAK.waveform("La casa es roja.", Voice("es+m3"))
    rate = 22_050 if target_rate == 16_000 else 16_000
    ours = resample(wave, rate, target_rate)
    theirs = torchaudio.functional.resample(torch.from_numpy(wave), rate, target_rate, lowpass_filter_width=64).numpy()
    assert len(ours) == round(len(wave) * target_rate / rate)
    middle = slice(500, min(len(ours), len(theirs)) - 500)
    error = np.sqrt(np.mean((ours[middle] - theirs[middle]) ** 2) / np.mean(theirs[middle] ** 2))
    assert error < 0.05
