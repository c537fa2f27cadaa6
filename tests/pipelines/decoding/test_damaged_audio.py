"""Damaged audio: what is cut short, empty or no audio at all is rejected with its reason; what is whole never is."""

from __future__ import annotations

import contextlib
import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.decoding.audio import AudioReject, Clip, Span, clips, encode_flac
from pipelines.decoding.decode import open_recording
from pipelines.formats.mp3 import mp3_layout
from tests.pipelines.real import real
from tests.pipelines.recordings import chirp, encoded, ffmpeg, mp3, sphere, wav_with_sizes

RATE = 16_000
TONE = chirp(2, RATE)
PCM = (TONE[:, 0] * 32767).astype("<i2").tobytes()
FLAC = encoded(TONE, RATE, "FLAC", "PCM_16")


def reason(data: bytes, span: Span = (None, None)) -> str:
    """Why a file is rejected; "" when it is not."""
    try:
        list(clips(data, [span]))
    except AudioReject as reject:
        assert reject.detail
        return reject.reason
    return ""


def whole_files() -> dict[str, bytes]:
    """One whole recording of 2 s per format whose end can be told."""
    stereo = chirp(2, 48_000, 2)
    return {
        "wav": encoded(TONE, RATE, "WAV", "PCM_16"),
        "wav-24": encoded(stereo, 48_000, "WAV", "PCM_24"),
        "wav-adpcm": encoded(TONE, RATE, "WAV", "IMA_ADPCM"),
        "rf64": encoded(TONE, RATE, "RF64", "PCM_16"),
        "flac": FLAC,
        "flac-stereo": encoded(stereo, 48_000, "FLAC", "PCM_16"),
        "sphere": sphere((TONE * 32767).astype(np.int16), RATE),
        "vorbis": encoded(TONE, RATE, "OGG", "VORBIS"),
        "opus": encoded(TONE, RATE, "OGG", "OPUS"),
        "mp3": mp3(stereo, 48_000),
        "mp3-vbr": mp3(stereo, 48_000, vbr=True),
        "mp3-16k": mp3(TONE, RATE),
        "mp4": ffmpeg(stereo, 48_000, "mp4", "aac"),
        "matroska": ffmpeg(stereo, 48_000, "matroska", "libopus"),
    }


WHOLE = whole_files()


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_pass_and_halves_are_truncated(name):
    data = WHOLE[name]
    assert reason(data) == ""
    for share in (0.5, 0.75, 0.9):
        assert reason(data[: int(len(data) * share)]) == "truncated", share


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(set(WHOLE) - {"mp4", "matroska"})), share=st.floats(0.02, 0.999))
def test_a_cut_anywhere_is_found(name, share):
    data = WHOLE[name]
    assert reason(data[: min(int(len(data) * share), len(data) - 8)]) != ""


def test_a_cut_mp3_without_header_is_found_inside_a_frame():
    data = mp3(TONE, RATE, header=False)
    frame = 288  # bytes at 64 kbit/s and 16 kHz
    assert reason(data) == "" and len(data) % frame == 0
    for length in (frame * 10 + 1, frame * 10 + 3, frame * 10 + 4, frame * 20 + 200, len(data) - 1):
        assert reason(data[:length]) == "truncated", length
    # Between two frames nothing in the file tells that more followed.
    assert reason(data[: frame * 10]) == ""


@pytest.mark.parametrize("header", [True, False])
def test_tags_around_an_mp3_are_no_audio(header):
    data = mp3(TONE, RATE, header=header)
    (plain,) = clips(data)
    assert isinstance(plain, Clip)
    picture = b"\xff\xfb\x90\x64" * 500  # frame syncs in a picture
    id3v2 = (
        b"ID3\x04\x00\x00"
        + bytes((len(picture) >> 21 & 127, len(picture) >> 14 & 127, len(picture) >> 7 & 127, len(picture) & 127))
        + picture
    )
    id3v1 = b"TAG" + b"title".ljust(125, b"\0")
    items = b"\xff\xfb" * 40
    ape = b"APETAGEX" + struct.pack("<IIII", 2000, len(items) + 32, 1, 0) + bytes(8)
    lyrics = b"LYRICSBEGINwords" + b"000016" + b"LYRICS200"
    for tagged in (
        id3v2 + data, data + id3v1, data + items + ape, data + items + ape + id3v1, data + lyrics + id3v1,
        id3v2 + id3v2 + data + id3v1, data + bytes(1000), data + b"junk at the end",
    ):  # fmt: skip
        (clip,) = clips(tagged)
        assert isinstance(clip, Clip)
        assert np.array_equal(clip.waveform, plain.waveform)
    assert reason(id3v2 + data[:-100] + id3v1) == "truncated"
    assert reason(id3v2[:500]) == "truncated"


FOOTERS = (
    st.binary(max_size=40)
    | st.just(b"TAG" + bytes(125))
    | st.builds(lambda size: b"%06dLYRICS200" % size, st.integers(0, 999_999))
    | st.builds(
        lambda size, flags: b"APETAGEX" + struct.pack("<IIII", 2000, size, 1, flags) + bytes(8),
        st.integers(0, 40) | st.integers(0, 0xFFFFFFFF),
        st.sampled_from([0, 1 << 31]),
    )
)


@settings(max_examples=200, deadline=5000)
@given(st.lists(FOOTERS, max_size=4), st.sampled_from([b"", b"\xff\xfb\x90\x64" + bytes(500), mp3(TONE[:4000], RATE)]))
def test_whatever_tags_say_of_their_size_the_search_for_them_ends(footers, data):
    with contextlib.suppress(AudioReject):
        mp3_layout(data + b"".join(footers))


def test_an_ape_tag_of_no_length_is_no_tag():
    data = mp3(TONE, RATE)
    assert reason(data + b"APETAGEX" + bytes(24)) == ""
    assert reason(b"APETAGEX" + bytes(24)) == "undecodable"


HEADER_FIELDS = (
    "channel_count",
    "sample_count",
    "sample_rate",
    "sample_n_bytes",
    "sample_byte_format",
    "sample_coding",
)
HEADER_VALUES = st.sampled_from(
    [
        "0",
        "-1",
        "1",
        "2",
        "inf",
        "nan",
        "1e400",
        "9" * 5000,
        "²",
        "01",
        "10",
        "pcm",
        "ulaw",
        "mu-law",
        "alaw",
        "",
        "x y",
    ]
) | st.text(max_size=5)


@settings(max_examples=300, deadline=None)
@given(
    fields=st.dictionaries(st.sampled_from(HEADER_FIELDS), HEADER_VALUES), offset=st.sampled_from(["1024", "9", "-8"])
)
def test_whatever_a_sphere_header_says_it_is_read_or_rejected(fields, offset):
    said = {"sample_rate": "16000", "sample_count": "100", "channel_count": "1", "sample_n_bytes": "2"} | fields
    lines = ["NIST_1A", f"{offset:>7}", *(f"{name} -i {value}" for name, value in said.items()), "end_head", ""]
    data = "\n".join(lines).encode("ascii", "replace").ljust(1024)
    reason(data + bytes(range(200)))


def test_junk_inside_an_mp3_is_skipped():
    data = mp3(TONE, RATE, header=False)
    middle = 288 * 20
    assert reason(data[:middle] + b"\xff\xfb junk \x00" * 3 + data[middle:]) == ""


@pytest.mark.parametrize(
    "riff, size", [(0xFFFFFFFF, 0xFFFFFFFF), (0, 0), (0x7FFFF024, 0x7FFFF000), (0x80000024, 0x80000000), (36, 0)]
)
def test_a_wav_written_to_a_pipe_is_whole(riff, size):
    (clip,) = clips(wav_with_sizes(PCM, riff, size))
    assert isinstance(clip, Clip)
    assert clip.waveform.tobytes() == PCM


def test_wav_with_other_chunks_and_bytes_behind_the_waveform():
    data = wav_with_sizes(PCM, len(PCM) + 36, len(PCM))
    listed = data[:12] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + data[12:] + b"LIST\x04\0\0\0abcd"
    (clip,) = clips(listed)
    assert isinstance(clip, Clip) and clip.waveform.tobytes() == PCM


@pytest.mark.parametrize(
    "data, expected",
    [
        (b"", "empty_audio"),
        (encoded(np.zeros((0, 1), np.float32), RATE, "WAV", "PCM_16"), "empty_audio"),
        (wav_with_sizes(b"", 36, 0), "empty_audio"),
        (wav_with_sizes(b"", 0xFFFFFFFF, 0xFFFFFFFF), "empty_audio"),
        (encoded(np.zeros((0, 1), np.float32), RATE, "FLAC", "PCM_16"), "empty_audio"),
        (sphere(np.zeros((0, 1), np.int16), RATE), "empty_audio"),
        (b"This is not an MP3, whatever its name says.\n" * 50, "undecodable"),
        (("Grüße, schöne Wörter\n" * 50).encode("utf-16"), "undecodable"),
        (b"<!DOCTYPE html><html><body>404 Not Found</body></html>", "undecodable"),
        (bytes(10_000), "undecodable"),
        (np.random.default_rng(0).bytes(50_000), "undecodable"),
        (b"\xff" * 5000, "undecodable"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "undecodable"),
        (b"RIFF\x24\0\0\0WAVEdata\x04\0\0\0abcd", "undecodable"),
        (wav_with_sizes(PCM, len(PCM) + 36, len(PCM), rate=0), "undecodable"),
        (b"fLaC", "truncated"),
        (b"OggS", "truncated"),
        (b"NIST_1A\n   1024\nend_head\n".ljust(1024), "undecodable"),
        (b"NIST_1A\n", "undecodable"),
        (b"\x1aE\xdf\xa3" + bytes(100), "undecodable"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_rejected_by_its_content(data, expected):
    assert reason(data) == expected


def test_shorten_is_named_with_what_to_do():
    data = sphere(np.ones((100, 1), np.int16), RATE, coding="pcm,embedded-shorten-v2.00")
    with pytest.raises(AudioReject, match="sph2pipe") as caught:
        open_recording(data)
    assert caught.value.reason == "undecodable"


def test_one_frame_less_than_promised_is_truncated():
    assert reason(wav_with_sizes(PCM[:-2], len(PCM) + 36, len(PCM))) == "truncated"
    assert reason(sphere((TONE * 32767).astype(np.int16), RATE, frames=len(TONE) + 1)) == "truncated"
    assert reason(wav_with_sizes(PCM, len(PCM) + 36, len(PCM))) == ""


def test_a_flac_that_ends_between_two_of_its_frames_is_truncated():
    # Two encodings of equal settings: the shorter one's frames are the beginning of the longer one's.
    layout_bytes = 42
    one = encode_flac((TONE[: 4096 * 2, 0] * 32767).astype(np.int16))
    two = encode_flac((TONE[: 4096 * 4, 0] * 32767).astype(np.int16))
    assert reason(two[:layout_bytes] + one[layout_bytes:]) == "truncated"


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 0.99), st.integers(1, 255))
def test_a_flipped_byte_in_a_flac_never_passes(place, flip):
    data = bytearray(FLAC)
    frames = len(data) - 200
    data[200 + int(place * (frames - 1))] ^= flip
    assert reason(bytes(data)) in ("undecodable", "truncated")


def test_a_flac_is_held_against_its_frames_and_length_not_against_its_md5():
    data = bytearray(FLAC)
    data[26] ^= 1
    (kept,) = clips(bytes(data))
    assert isinstance(kept, Clip) and kept.flac is not None
    assert reason(bytes(data), (0.0, 1.0)) == ""


def test_a_flac_of_unknown_length_is_read_and_encoded_anew():
    data = bytearray(FLAC)
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    (clip,) = clips(bytes(data))
    assert isinstance(clip, Clip) and clip.flac is None and clip.seconds == 2.0
    assert reason(bytes(data[: len(data) // 2])) == "truncated"


def test_tags_of_other_formats_around_a_flac():
    (clip,) = clips(b"ID3\x03\x00\x00\x00\x00\x00\x04abcd" + FLAC)
    assert isinstance(clip, Clip) and clip.flac is None and clip.seconds == 2.0
    (clip,) = clips(FLAC + b"TAG" + bytes(125))
    assert isinstance(clip, Clip) and clip.flac is None and clip.seconds == 2.0


def test_a_truncated_recording_gives_no_clip_even_where_it_is_whole():
    with pytest.raises(AudioReject) as caught:
        list(clips(FLAC[: len(FLAC) // 2], [(0.0, 0.2), (1.8, 1.9)]))
    assert caught.value.reason == "truncated"


def test_float_that_is_no_number_rejects_only_its_clip():
    waveform = TONE.copy()
    waveform[100] = np.nan
    bad, good = clips(encoded(waveform, RATE, "WAV", "FLOAT"), [(0.0, 0.5), (0.5, 1.0)])
    assert isinstance(bad, AudioReject) and bad.reason == "undecodable"
    assert isinstance(good, Clip)


def test_two_streams_in_one_ogg_are_refused():
    data = WHOLE["vorbis"]
    assert reason(data + encoded(chirp(1, RATE, seed=1), RATE, "OGG", "OPUS")) == "undecodable"
    assert reason(data + b"behind the last page") == ""


def test_halves_of_real_recordings_are_truncated():
    kinds = (".wav", ".flac", ".mp3", ".ogg", ".opus")
    paths = [path for path in sorted(real().rglob("*")) if path.suffix.lower() in kinds]
    assert paths
    for path in paths:
        data = path.read_bytes()
        assert reason(data) == "", path.name
        assert reason(data[: len(data) // 2 + 1]) == "truncated", path.name


def test_libsndfile_reads_what_we_keep():
    (clip,) = clips(FLAC)
    assert isinstance(clip, Clip) and clip.flac is not None
    assert np.array_equal(soundfile.read(io.BytesIO(clip.flac), dtype="int16")[0], np.rint(TONE[:, 0] * 32768))
