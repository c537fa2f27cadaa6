"""Recordings made for the tests: tones and noise, as every format and in every damaged form."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping

import av
import numpy as np
import soundfile


def chirp(seconds: float, rate: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """(frames, channels) float32 below 0.8: a rising tone with a little noise, different in every channel."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    tones = [0.4 * np.sin(2 * np.pi * (200 + 100 * number + 150 * time) * time) for number in range(channels)]
    return (np.stack(tones, axis=1) + generator.normal(0, 0.05, (len(time), channels))).astype(np.float32)


def encoded(waveform: np.ndarray, rate: int, format: str, subtype: str) -> bytes:
    """A waveform (frames, channels) as libsndfile writes it."""
    file = io.BytesIO()
    soundfile.write(file, waveform, rate, format=format, subtype=subtype)
    return file.getvalue()


def ffmpeg(
    waveform: np.ndarray,
    rate: int,
    container: str,
    codec: str,
    bit_rate: int | None = 64_000,
    muxer: Mapping[str, str] | None = None,
    **options: str,
) -> bytes:
    """A float32 waveform (frames, channels) as FFmpeg encodes it."""
    layout = "mono" if waveform.shape[1] == 1 else "stereo"
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=dict(muxer or {})) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout, options=options)
        if bit_rate:
            stream.bit_rate = bit_rate
        resampler = av.AudioResampler(format=stream.format, layout=layout, rate=rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(waveform.T), format="fltp", layout=layout)
        frame.sample_rate = rate
        for part in (*resampler.resample(frame), None):
            for packet in stream.encode(part):
                output.mux(packet)
    return file.getvalue()


def mp3(waveform: np.ndarray, rate: int, vbr: bool = False, header: bool = True) -> bytes:
    """LAME's MP3, with or without its Info or Xing header."""
    quality = {"flags": "+qscale", "global_quality": str(4 * 118)} if vbr else {}
    muxer = {"write_xing": str(int(header)), "id3v2_version": "0"}
    return ffmpeg(waveform, rate, "mp3", "libmp3lame", None if vbr else 64_000, muxer, **quality)


def decoded_by_ffmpeg(data: bytes) -> np.ndarray:
    """(frames, channels) float32 from FFmpeg, which finds the format itself."""
    with av.open(io.BytesIO(data)) as file:
        resampler = av.AudioResampler(format="fltp")
        parts = [part.to_ndarray() for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate(parts, axis=1).T


def sphere(
    waveform: np.ndarray, rate: int, coding: str = "pcm", byte_format: str = "01", frames: int | None = None
) -> bytes:
    """NIST SPHERE with 16-bit PCM (frames, channels) int16, as on the disc of TIMIT."""
    lines = [
        "NIST_1A",
        "   1024",
        f"channel_count -i {waveform.shape[1]}",
        f"sample_count -i {len(waveform) if frames is None else frames}",
        f"sample_rate -i {rate}",
        "sample_n_bytes -i 2",
        f"sample_byte_format -s2 {byte_format}",
        f"sample_coding -s{len(coding)} {coding}",
        "end_head",
        "",
    ]
    return "\n".join(lines).encode().ljust(1024) + waveform.astype("<i2" if byte_format == "01" else ">i2").tobytes()


def wav_with_sizes(pcm: bytes, riff_bytes: int, data_bytes: int, rate: int = 16_000) -> bytes:
    """A mono 16-bit WAV whose header tells these sizes, whatever follows."""
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", riff_bytes) + b"WAVEfmt " + struct.pack("<I", 16) + form
        + b"data" + struct.pack("<I", data_bytes) + pcm
    )  # fmt: skip
