"""Audio: what passes unchanged, what is converted and how, and that cutting gives the same bytes however it is done."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
import soundfile
import torch
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.decoding.audio import AudioReject, Clip, Span, clips, encode_flac
from pipelines.decoding.decode import open_recording
from pipelines.decoding.resample import resample
from pipelines.formats.flac import flac_layout, without_metadata
from tests.pipelines.real import real
from tests.pipelines.recordings import chirp, decoded_by_ffmpeg, encoded, ffmpeg, mp3, sphere


def whole(data: bytes) -> Clip:
    (clip,) = clips(data)
    assert isinstance(clip, Clip)
    return clip


def heard(clip: Clip) -> np.ndarray:
    """The waveform of a clip, decoded where it has none."""
    return soundfile.read(io.BytesIO(clip.encoded()), dtype="int16")[0] if clip.waveform is None else clip.waveform


def pcm16(waveform: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(waveform * 32768), -32768, 32767).astype(np.int16)


def expected(waveform: np.ndarray, rate: int, span: Span = (None, None)) -> np.ndarray:
    """The contract, straight from its words: mean, cut, resample, round, clip."""
    start, end = (None if time is None else round(time * rate) for time in span)
    return pcm16(by_torchaudio(torch.from_numpy(waveform).mean(dim=1)[start:end], rate))


def by_torchaudio(waveform: torch.Tensor, rate: int) -> np.ndarray:
    """At 16 kHz by torchaudio, with silence behind it up to the next half second."""
    if not len(waveform):
        return waveform.numpy()
    longer = torch.nn.functional.pad(waveform, (0, -len(waveform) % round(rate / 2)))
    return torchaudio.functional.resample(longer, rate, 16_000)[: -(-len(waveform) * 16_000 // rate)].numpy()


@pytest.mark.parametrize("form", [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("RF64", "PCM_16"), ("WAVEX", "PCM_16")])
def test_pcm_of_the_target_form_passes_sample_for_sample(form):
    waveform = pcm16(chirp(1.3, 16_000))
    clip = whole(encoded(waveform, 16_000, *form))
    assert np.array_equal(heard(clip), waveform[:, 0])
    assert (clip.origin_rate, clip.origin_channels, clip.clipped) == (16_000, 1, 0)
    assert clip.seconds == clip.recording_seconds == 1.3


def test_an_uncut_flac_keeps_its_frames_and_loses_its_metadata():
    waveform = pcm16(chirp(2, 16_000))
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 16_000, 1, "PCM_16", format="FLAC", compression_level=0.0) as output:
        output.artist = "somebody"
        output.write(waveform)
    data = file.getvalue()
    clip = whole(data)
    assert clip.waveform is None and clip.flac is not None and b"somebody" in data and b"somebody" not in clip.flac
    assert clip.flac[:8] == b"fLaC\x80\x00\x00\x22"
    assert clip.flac[8:42] == data[8:42]
    assert data.endswith(clip.flac[42:])
    assert np.array_equal(soundfile.read(io.BytesIO(clip.flac), dtype="int16")[0], waveform[:, 0])
    (cut,) = clips(data, [(0.5, 1.0)])
    assert isinstance(cut, Clip) and cut.flac is None and cut.waveform is not None
    assert np.array_equal(cut.waveform, waveform[8000:16000, 0])


@pytest.mark.parametrize(
    "channels, rate, subtype", [(2, 16_000, "PCM_16"), (1, 44_100, "PCM_16"), (1, 16_000, "PCM_24")]
)
def test_other_flac_is_converted(channels, rate, subtype):
    waveform = chirp(1, rate, channels)
    data = encoded(waveform, rate, "FLAC", subtype)
    clip = whole(data)
    assert clip.flac is None
    assert np.array_equal(
        clip.waveform, expected(soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)[0], rate)
    )


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_the_mean_of_two_channels_is_rounded_as_the_contract_says(form):
    edges = np.array([-32768, -32767, -3, -2, -1, 0, 1, 2, 3, 32766, 32767], np.int16)
    chance = np.random.default_rng(0).integers(-32768, 32768, (20_000, 2)).astype(np.int16)
    stereo = np.concatenate([np.stack(np.meshgrid(edges, edges), -1).reshape(-1, 2), chance])
    wanted = np.rint(stereo.astype(np.float64).mean(axis=1))
    assert np.array_equal(heard(whole(encoded(stereo, 16_000, form, "PCM_16"))), wanted)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
@pytest.mark.parametrize("channels, rate", [(1, 16_000), (2, 16_000), (2, 44_100), (6, 8_000)])
def test_wav_of_every_width_is_converted_as_the_contract_says(subtype, channels, rate):
    data = encoded(chirp(0.7, rate, channels), rate, "WAV", subtype)
    reference, _ = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    difference = whole(data).waveform - expected(reference, rate).astype(int)
    # torch adds six channels in another order
    assert np.abs(difference).max() <= (channels > 2)


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610"])
def test_compressed_wav_is_decoded(subtype):
    data = encoded(chirp(0.7, 8_000), 8_000, "WAV", subtype)
    reference, _ = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    assert np.array_equal(whole(data).waveform, expected(reference, 8_000))


def test_float_above_full_scale_is_limited_and_counted():
    waveform = np.array([[0.0], [0.5], [1.5], [-1.0], [-1.2], [1.0]], np.float32)
    clip = whole(encoded(waveform, 16_000, "WAV", "FLOAT"))
    assert clip.waveform.tolist() == [0, 16384, 32767, -32768, -32768, 32767]
    assert clip.clipped == 3


@pytest.mark.parametrize("byte_format", ["01", "10"])
@pytest.mark.parametrize("rate, channels", [(16_000, 1), (8_000, 2)])
def test_sphere_is_read_in_both_byte_orders(byte_format, rate, channels):
    waveform = pcm16(chirp(0.5, rate, channels))
    clip = whole(sphere(waveform, rate, byte_format=byte_format) + b"behind the promised length")
    assert np.array_equal(clip.waveform, expected(waveform / np.float32(32768), rate))
    assert clip.origin_rate == rate


@pytest.mark.parametrize("rate, channels", [(48_000, 1), (44_100, 2), (16_000, 1), (8_000, 1)])
@pytest.mark.parametrize("vbr", [False, True])
@pytest.mark.parametrize("header", [False, True])
def test_mp3_is_decoded_whole(rate, channels, vbr, header):
    # Quiet, then loud: the frames at the beginning say nothing about the length of a VBR file.
    waveform = np.concatenate([chirp(0.4, rate, channels) * 0.01, chirp(0.6, rate, channels)])
    data = mp3(waveform, rate, vbr, header)
    reference = decoded_by_ffmpeg(data)
    clip = whole(data)
    assert np.array_equal(clip.waveform, expected(reference, rate))
    assert clip.recording_seconds == open_recording(data).seconds
    if header:  # then the encoder's padding is known, and removed
        assert len(reference) == len(waveform)
    else:
        assert len(reference) >= len(waveform)


def test_mp3_agrees_with_mpg123():
    data = mp3(chirp(2, 44_100), 44_100)
    reference, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    assert np.abs(whole(data).waveform - expected(reference, rate).astype(int)).max() <= 1


@pytest.mark.parametrize("subtype, rate", [("VORBIS", 22_050), ("OPUS", 48_000), ("OPUS", 16_000)])
def test_ogg_agrees_with_ffmpeg(subtype, rate):
    waveform = chirp(2, rate)
    data = encoded(waveform, rate, "OGG", subtype)
    clip = whole(data)
    assert (clip.origin_rate, len(clip.waveform)) == (rate, 32_000)
    reference = decoded_by_ffmpeg(data)
    ours, theirs = clip.waveform / 32768, expected(reference, 48_000 if subtype == "OPUS" else rate) / 32768
    length = min(len(ours), len(theirs))
    error = np.mean((ours[:length] - theirs[:length]) ** 2) / np.mean(theirs**2)
    assert error < 1e-3  # 30 dB: Opus is decoded at its own rate here and at 48 kHz there


@pytest.mark.parametrize(
    "container, codec",
    [("mp4", "aac"), ("adts", "aac"), ("matroska", "libopus"), ("webm", "libopus"), ("aiff", "pcm_s16be")],
)
def test_everything_else_goes_through_ffmpeg(container, codec):
    waveform = chirp(1.5, 48_000, 2)
    data = ffmpeg(waveform, 48_000, container, codec, 128_000)
    clip = whole(data)
    assert (clip.origin_rate, clip.origin_channels) == (48_000, 2)
    assert abs(clip.seconds - 1.5) < 0.06  # AAC without an edit list keeps the encoder's padding
    reference = expected(decoded_by_ffmpeg(data), 48_000)
    assert np.array_equal(clip.waveform, reference)


@settings(max_examples=25, deadline=None)
@given(
    rate=st.sampled_from([16_000, 22_050, 44_100]),
    times=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=1, max_size=5),
    block=st.sampled_from([1_000, 7_777, 1 << 20]),
)
def test_cutting_does_not_depend_on_neighbours_or_on_how_the_file_is_read(rate, times, block):
    waveform = pcm16(chirp(2.5, rate))
    data = encoded(waveform, rate, "FLAC", "PCM_16")
    spans: list[Span] = [(min(pair), max(pair)) for pair in times]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.decoding.decode.BLOCK_FRAMES", block)
        together = list(clips(data, spans))
    for span, clip in zip(spans, together, strict=True):
        reference = expected(waveform / np.float32(32768), rate, span)
        if len(reference):
            assert isinstance(clip, Clip)
            assert np.array_equal(heard(clip), reference)
        else:
            assert isinstance(clip, AudioReject) and clip.reason == "empty_audio"


@settings(max_examples=25, deadline=None)
@given(
    rate=st.sampled_from([16_000, 44_100]),
    times=st.lists(st.tuples(st.floats(0, 2.4), st.floats(0.01, 1)), min_size=2, max_size=4),
    block=st.sampled_from([1_000, 7_777, 1 << 20]),
)
def test_joined_spans_are_put_together_before_they_are_resampled(rate, times, block):
    waveform = pcm16(chirp(2.5, rate))
    data = encoded(waveform, rate, "FLAC", "PCM_16")
    joined = tuple((start, start + length) for start, length in times)  # in any order, and over each other
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.decoding.decode.BLOCK_FRAMES", block)
        alone, beside = clips(data, [joined, (0.5, 1.0)])
    parts = [waveform[round(start * rate) : round(end * rate)] for start, end in joined]
    assert np.array_equal(heard(alone), expected(np.concatenate(parts) / np.float32(32768), rate))
    assert np.array_equal(heard(beside), expected(waveform / np.float32(32768), rate, (0.5, 1.0)))


def test_a_span_to_the_end_and_beyond():
    data = encoded(pcm16(chirp(1, 16_000)), 16_000, "WAV", "PCM_16")
    to_the_end, beyond, behind = clips(data, [(0.25, None), (0.25, 9.0), (1.0, 2.0)])
    assert isinstance(to_the_end, Clip) and isinstance(beyond, Clip)
    assert to_the_end.seconds == beyond.seconds == 0.75
    assert isinstance(behind, AudioReject) and behind.reason == "empty_audio"


def test_a_path_is_read_once_and_a_missing_one_is_a_failure(tmp_path):
    (tmp_path / "a.txt").write_bytes(encoded(pcm16(chirp(0.1, 16_000)), 16_000, "WAV", "PCM_16"))
    (clip,) = clips(tmp_path / "a.txt")
    assert isinstance(clip, Clip) and clip.seconds == 0.1
    with pytest.raises(FileNotFoundError):
        next(clips(tmp_path / "b.wav"))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=9000))
def test_flac_gives_back_every_waveform_and_the_same_bytes(samples):
    waveform = np.array(samples, np.int16)
    data = encode_flac(waveform)
    assert data == encode_flac(waveform.copy())
    decoded, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert rate == 16_000 and np.array_equal(decoded, waveform)
    layout = flac_layout(data)
    assert (layout.rate, layout.channels, layout.bits, layout.frames) == (16_000, 1, 16, len(waveform))
    assert layout.streaminfo[18:] == hashlib.md5(waveform.tobytes()).digest()
    assert soundfile.info(io.BytesIO(without_metadata(data, layout))).frames == len(waveform)


def test_flac_is_encoded_at_level_5():
    waveform = pcm16(chirp(3, 16_000))[:, 0]
    default = encoded(waveform, 16_000, "FLAC", "PCM_16")  # libFLAC's default is 5
    assert encode_flac(waveform) == default
    with pytest.raises(ValueError, match="int16"):
        encode_flac(waveform.astype(np.float32))


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000])
def test_resampling_gives_the_numbers_of_torchaudio(rate):
    waveform = chirp(0.9, rate)[:, 0]
    ours = resample(waveform, rate)
    assert np.array_equal(ours, by_torchaudio(torch.from_numpy(waveform), rate))
    # Of another length the convolution adds in another order: a last bit may differ.
    alone = torchaudio.functional.resample(torch.from_numpy(waveform), rate, 16_000).numpy()
    assert np.allclose(ours, alone, rtol=0, atol=2e-7)


@pytest.mark.parametrize("rate", [8_012, 44_099, 16_001])
def test_an_odd_rate_needs_no_gigabytes(rate):
    seconds = 1.0
    time = np.arange(round(seconds * rate)) / rate
    ours = resample(np.sin(2 * np.pi * 1000 * time).astype(np.float32), rate)
    ideal = np.sin(2 * np.pi * 1000 * np.arange(len(ours)) / 16_000)
    assert len(ours) == -(-len(time) * 16_000 // rate)
    assert np.abs(ours - ideal)[100:-100].max() < 2e-3


def test_the_sparse_filter_is_torchaudios(monkeypatch):
    waveform = chirp(0.5, 44_100)[:, 0]
    dense = resample(waveform, 44_100)
    monkeypatch.setattr("pipelines.decoding.resample._LARGEST_MATRIX", 0)
    assert np.abs(resample(waveform, 44_100) - dense).max() < 1e-5


def test_real_recordings_agree_with_independent_decoders():
    folders = {
        path.parent: path for path in sorted(real().rglob("*")) if path.suffix in (".wav", ".flac", ".mp3", ".ogg")
    }
    assert folders
    for path in folders.values():
        data = path.read_bytes()
        if path.suffix == ".mp3":
            reference = decoded_by_ffmpeg(data)
            rate = open_recording(data).rate
        else:
            reference, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
        clip = whole(data)
        difference = heard(clip) - expected(reference, rate).astype(int)
        assert np.abs(difference).max() <= 1, path.name
        assert (clip.flac is not None) == (path.suffix == ".flac"), path.name
