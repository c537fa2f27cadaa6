"""FLAC whose frames are kept: what is whole passes, and nothing else does; libFLAC is asked too."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.decoding.audio import AudioReject, Clip, clips
from pipelines.formats import flac_frames
from pipelines.formats.flac import flac_layout
from pipelines.formats.flac_frames import whole_frames
from tests.pipelines.recordings import chirp, ffmpeg

HEAD = 42  # bytes of "fLaC" and STREAMINFO


def outcome(data: bytes) -> Clip | str:
    """The clip of a whole file, or why it is rejected."""
    try:
        (clip,) = clips(data)
    except AudioReject as reject:
        assert reject.detail
        return reject.reason
    assert isinstance(clip, Clip)
    return clip


def decoded(data: bytes) -> np.ndarray | None:
    """What libFLAC makes of a file; None: it refuses."""
    try:
        return soundfile.read(io.BytesIO(data), dtype="int16")[0]
    except soundfile.LibsndfileError:
        return None


def crc(data: bytes, bits: int, polynomial: int) -> bytes:
    """The remainder of `data` as a polynomial, by long division."""
    value = int.from_bytes(data, "big") << bits
    divisor = 1 << bits | polynomial
    while value.bit_length() > bits:
        value ^= divisor << (value.bit_length() - bits - 1)
    return value.to_bytes(bits // 8, "big")


def coded(number: int) -> bytes:
    """A number as FLAC writes it, which for what has a Unicode character is UTF-8."""
    return chr(number).encode("utf-8", "surrogatepass")


def frame(number: int, samples: Sequence[int], by_samples: bool, rate: bytes = b"\x05", bits: int = 4) -> bytes:
    """A FLAC frame of a verbatim subframe: 16 kHz mono 16 bit; `rate` is its code and the bytes that belong to it."""
    size = len(samples) - 1
    head = (
        bytes((0xFF, 0xF8 | by_samples, 7 << 4 | rate[0], bits << 1))
        + coded(number)
        + size.to_bytes(2, "big")
        + rate[1:]
    )
    body = head + crc(head, 8, 0x07) + b"\x02" + np.array(samples, ">i2").tobytes()
    return body + crc(body, 16, 0x8005)


def flac(blocks: Sequence[Sequence[int]], by_samples: bool, total: int | None = None, rate: bytes = b"\x05") -> bytes:
    """A FLAC file of verbatim frames whose STREAMINFO knows neither frame sizes nor MD5."""
    lengths = [len(block) for block in blocks]
    low, high = (16, 65_535) if by_samples else (max(lengths), max(lengths))
    total = sum(lengths) if total is None else total
    packed = 16_000 << 44 | 0 << 41 | 15 << 36 | total
    info = low.to_bytes(2, "big") + high.to_bytes(2, "big") + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    starts = [sum(lengths[:place]) for place in range(len(blocks))]
    frames = [
        frame(starts[place] if by_samples else place, block, by_samples, rate) for place, block in enumerate(blocks)
    ]
    return b"fLaC\x80\x00\x00\x22" + info + b"".join(frames)


def soundfile_flac(waveform: np.ndarray, level: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, waveform, 16_000, format="FLAC", subtype="PCM_16", compression_level=level / 8)
    return file.getvalue()


def noise(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-32768, 32768, frames).astype(np.int16)


def pcm(frames: int) -> np.ndarray:
    return (chirp(frames / 16_000, 16_000)[:, 0] * 32767).astype(np.int16)


WAVEFORMS: dict[str, Callable[[int], np.ndarray]] = {
    "tone": pcm,
    "noise": noise,
    "silence": lambda frames: np.zeros(frames, np.int16),
    "full scale": lambda frames: np.full(frames, -32768, np.int16),
}
SMALL = soundfile_flac(noise(300) // 256, 5)


@settings(max_examples=60, deadline=None)
@given(
    level=st.integers(0, 8),
    kind=st.sampled_from(sorted(WAVEFORMS)),
    frames=st.sampled_from([1, 2, 15, 16, 4095, 4096, 4097, 8192]) | st.integers(1, 30_000),
)
def test_what_libflac_writes_is_kept(level, kind, frames):
    waveform = WAVEFORMS[kind](frames)
    data = soundfile_flac(waveform, level)
    assert whole_frames(data, flac_layout(data)) == frames
    clip = outcome(data)
    assert isinstance(clip, Clip) and clip.samples == frames and clip.flac is not None
    assert clip.flac[HEAD:] == data[flac_layout(data).offset :]
    assert np.array_equal(decoded(clip.flac), waveform)


@pytest.mark.parametrize("level", ["0", "3", "12"])
def test_what_ffmpeg_writes_is_kept(level):
    data = ffmpeg(chirp(2, 16_000), 16_000, "flac", "flac", None, compression_level=level, sample_fmt="s16")
    clip = outcome(data)
    assert isinstance(clip, Clip) and clip.flac is not None and clip.seconds == 2.0


BLOCKS = st.lists(st.lists(st.integers(-32768, 32767), min_size=16, max_size=40), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(blocks=BLOCKS, by_samples=st.booleans(), rate=st.sampled_from([b"\x05", b"\x00", b"\x0c\x10", b"\x0d\x3e\x80"]))
def test_blocks_of_any_size_and_rate_code_pass_where_libflac_reads_them(blocks, by_samples, rate):
    if not by_samples:
        blocks = [(block * 40)[:40] for block in blocks[:-1]] + blocks[-1:]
    data = flac(blocks, by_samples, rate=rate)
    samples = [sample for block in blocks for sample in block]
    assert whole_frames(data, flac_layout(data)) == len(samples)
    assert np.array_equal(decoded(data), samples)


@pytest.mark.parametrize("by_samples", [False, True])
def test_frame_headers_inside_a_frame_end_nothing(by_samples):
    inner = frame(16 if by_samples else 1, [7] * 16, by_samples)
    first = np.frombuffer((inner[: len(inner) // 2 * 2] * 3)[:96], ">i2").tolist()[:16]
    blocks = [first, [1] * 16, first]
    data = flac(blocks, by_samples)
    assert data.count(inner[:8]) >= 2 + (not by_samples)
    assert whole_frames(data, flac_layout(data)) == 48


def test_every_flipped_byte_in_the_frames_is_a_reject():
    for data in (SMALL, flac([[1] * 16, [2] * 16, [-3] * 9], False), flac([[1] * 16, [2] * 30, [-3] * 20], True)):
        offset = flac_layout(data).offset
        for place in range(offset, len(data)):
            for flip in (1, 2, 4, 8, 16, 32, 64, 128, 255):
                damaged = bytearray(data)
                damaged[place] ^= flip
                assert outcome(bytes(damaged)) in ("undecodable", "truncated"), (place, flip)


@pytest.mark.parametrize("data", [SMALL, soundfile_flac(pcm(9_000), 5), flac([[1] * 16, [2] * 16, [-3] * 9], False)])
def test_cut_at_any_byte_it_is_truncated(data):
    step = max(1, len(data) // 500)
    for length in [*range(4, len(data), step), len(data) - 1]:
        assert outcome(data[:length]) == "truncated", length


@pytest.mark.parametrize(
    "tail",
    [b"\0", b"\0" * 2, b"\0" * 4000, b"x", b"junk at the end", b"\xff\xf8", b"TAG" + bytes(125), bytes(range(256))],
)
@pytest.mark.parametrize("frames", [1, 300, 9_000])
def test_what_follows_the_frames_is_not_kept(frames, tail):
    # Some of these files end with a zero byte themselves, which is where one more could be overlooked.
    waveforms = [noise(frames, seed) for seed in range(40)]
    files = [soundfile_flac(waveform, 5) for waveform in waveforms]
    if frames == 300:
        files = [data for data in files if data.endswith(b"\0")] or files
        waveforms = [decoded(data) for data in files]
    for data, waveform in zip(files[:5], waveforms[:5], strict=True):
        kept, clip = outcome(data), outcome(data + tail)
        assert isinstance(kept, Clip) and kept.flac is not None
        assert isinstance(clip, Clip) and clip.flac is None
        assert np.array_equal(clip.waveform, waveform)


def test_a_frame_that_ends_with_a_zero_byte_is_kept_and_one_byte_more_is_not():
    tried = 0
    for seed in range(2_000):
        data = flac([noise(16, seed).tolist()], False)
        if data.endswith(b"\0"):
            tried += 1
            kept, more = outcome(data), outcome(data + b"\0")
            assert isinstance(kept, Clip) and kept.flac == data
            assert isinstance(more, Clip) and more.flac is None
    assert tried


def test_two_files_in_one_are_refused():
    assert outcome(SMALL + SMALL) == "undecodable"
    assert outcome(SMALL + soundfile_flac(pcm(20_000), 5)) == "undecodable"


@pytest.mark.parametrize("by_samples", [False, True])
def test_frames_that_are_missing_repeated_or_swapped_are_undecodable(by_samples):
    blocks = [[place] * 16 for place in range(1, 6)]
    data = flac(blocks, by_samples)
    size = (len(data) - HEAD) // 5
    frames = [data[HEAD + place * size : HEAD + (place + 1) * size] for place in range(5)]
    assert outcome(data[:HEAD] + b"".join(frames)) != "undecodable"
    for order in ([0, 1, 3, 4], [0, 1, 1, 2, 3, 4], [0, 2, 1, 3, 4], [1, 2, 3, 4], [0, 1, 2, 3, 4, 4], [0, 1, 2, 4]):
        assert outcome(data[:HEAD] + b"".join(frames[place] for place in order)) == "undecodable", order
    assert outcome(data[:HEAD] + b"".join(frames[:4])) == "truncated"
    assert outcome(data[:HEAD] + frames[0] + b"junk" + b"".join(frames[1:])) == "undecodable"
    assert outcome(data[:HEAD]) == "truncated"
    assert outcome(flac(blocks, by_samples, total=79)) == "undecodable"
    assert outcome(flac(blocks, by_samples, total=64)) == "undecodable"
    assert outcome(flac(blocks, by_samples, total=81)) == "truncated"


def test_a_frame_of_another_rate_or_width_is_undecodable():
    for rate, bits in ((b"\x09", 4), (b"\x05", 1), (b"\x0c\x08", 4)):
        data = flac([[1] * 16, [2] * 16], False)
        data = data[: HEAD + (len(data) - HEAD) // 2] + frame(1, [2] * 16, False, rate, bits)
        assert outcome(data) == "undecodable"


def test_a_stream_of_unknown_length_is_walked_for_it():
    blocks = [[1] * 16, [2] * 16, [-3] * 9]
    data = flac(blocks, False, total=0)
    assert whole_frames(data, flac_layout(data)) == 41
    clip = outcome(data)
    assert isinstance(clip, Clip) and clip.flac is None and clip.samples == 41
    for length in range(HEAD + 1, len(data)):
        # Between two frames nothing in the file tells that more followed.
        whole = (length - HEAD) % (len(frame(0, [1] * 16, False))) == 0
        assert (outcome(data[:length]) == "truncated") != whole, length


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_what_passes_the_walk_libflac_decodes_to_the_same(data):
    original = data.draw(st.sampled_from([SMALL, flac([[5] * 16, [-9] * 16, [3] * 9], False)]))
    place = data.draw(st.integers(HEAD, len(original)))
    other = original[:place] + data.draw(st.binary(max_size=20)) + original[place + data.draw(st.integers(0, 20)) :]
    clip = outcome(other)
    if isinstance(clip, Clip):
        assert np.array_equal(decoded(clip.encoded()), decoded(original))


def test_every_byte_is_hashed_once_however_many_headers_there_are(monkeypatch):
    hashed = 0

    def counted(data, value=0):
        nonlocal hashed
        hashed += len(data)
        return umts(data, value)

    umts = flac_frames.crc16.umts
    monkeypatch.setattr(flac_frames.crc16, "umts", counted)
    head = frame(0, [0] * 16, False)[:8]
    for body in (head * 20_000, b"\xff\xf8" * 80_000, b"\xff" * 160_000):
        data = flac([[1] * 16], False, total=10**9)[:HEAD] + head + body
        hashed = 0
        with pytest.raises(AudioReject):
            whole_frames(data, flac_layout(data))
        assert hashed <= len(data)
