"""Decoding: the content of a file decides its format, and the format decides the decoder.

    WAV, RF64            numpy       where the waveform is numbers of 2, 4 or 8 bytes
                         libsndfile  8 and 24 bits, A- and µ-law, ADPCM, GSM
    NIST SPHERE          the same, after the header was read here: FFmpeg ignores the promised length
    FLAC                 libsndfile  libFLAC, which checks every frame; what is kept as it is is not decoded, but walked
    Ogg Vorbis/Opus/FLAC libsndfile  libvorbis and libopus; Opus comes at the rate that it was made from
    MP3, MP2             FFmpeg      libsndfile guesses the length of a VBR file without Xing header from its first
                                     frame, and drops the rest
    MP4, Matroska, AAC, AIFF, AU, CAF, WMA, AMR, W64, Ogg Speex: FFmpeg, which alone reads them all

A file is read into memory first where it is short, and a long one through an object that remembers what the disk said:
a failing disk shows as an OSError and never as a shorter recording (`formats/content.py`). What FFmpeg alone reads is
decoded once, to know its length, and kept until it is cut: in memory, and from 64 MiB on in TMPDIR.
"""

from __future__ import annotations

import contextlib
import errno
import io
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
import soundfile

from pipelines.archives.stream import Bytes, FileBytes
from pipelines.decoding.waveform import KeptWaveform, mono
from pipelines.formats import lfs
from pipelines.formats.boxes import is_cut_matroska, is_cut_mp4
from pipelines.formats.container import AudioReject, truncated
from pipelines.formats.content import LARGE_BYTES, Content, FileContent, Span, buffer, opened
from pipelines.formats.flac import flac_layout, streaminfo, with_length, without_metadata
from pipelines.formats.flac_frames import whole_frames
from pipelines.formats.mp3 import id3v2_end, mp3_layout
from pipelines.formats.ogg import ogg_codec
from pipelines.formats.sphere import sphere_layout
from pipelines.formats.wav import wav_layout

SAMPLE_RATE = 16_000  # Hz, mono, 16 bit: every clip in every shard
BLOCK_FRAMES = 1 << 20  # waveform frames decoded at a time
FULL_SCALE = np.float32(32768)
_NARROW = frozenset({"PCM_16", "PCM_S8", "PCM_U8"})  # libsndfile's subtypes that fit into int16
_NUMBERS = {"PCM_16": "i2", "PCM_32": "i4", "FLOAT": "f4", "DOUBLE": "f8"}  # those that numpy reads as they lie there
_NO_MEMORY = 17  # libsndfile's SFE_MALLOC_FAILED
_RATES = (1_000, 1_000_000)  # Hz, lowest and highest; a header that says less or more is damaged, and costs memory

# First bytes -> FFmpeg's name of the container.
_FFMPEG_MAGIC = (
    (0, b"\x1aE\xdf\xa3", "matroska"), (4, b"ftyp", "mov"), (0, b"FORM", "aiff"), (0, b".snd", "au"),
    (0, b"caff", "caf"), (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"), (0, b"#!AMR", "amr"),
    (0, b"riff\x2e\x91\xcf\x11", "w64"), (0, b"\xff\xf1", "aac"), (0, b"\xff\xf9", "aac"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that is ready to be decoded.

    `frames` is its length in waveform frames as its container tells. `blocks` decodes it from the beginning, in arrays
    (frames, channels): int16 where `exact`, else float32 with full scale 32768 (which differs from full scale 1 in the
    exponent alone, so that what is computed from it has the same digits); it raises AudioReject where the file does not
    hold what it promises. `exact`: 16 kHz 16-bit PCM of one channel, whose numbers are kept, or of two. `kept`, where a
    file may stay as it is, walks its frames and gives it as FLAC without metadata, or None where something else follows
    the last frame; it raises as `blocks` does.
    """

    format: str
    rate: int
    channels: int
    frames: int
    blocks: Callable[[], Iterator[np.ndarray]]
    exact: bool = False
    kept: Callable[[], bytes | None] | None = None

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def open_recording(
    file: Path | Bytes | bytes | bytearray | memoryview, raw_rate: int | None = None, channel: int | None = None
) -> Recording:
    """Read a file (or take its bytes), find its format and check that it is whole, as far as its container tells.

    With `raw_rate` (Hz) it has no container: it is 16-bit mono PCM, the least significant byte first. With `channel`,
    counted from 0, that channel alone is given.

    Raises:
        AudioReject: empty_audio, undecodable or truncated.
        OSError, MemoryError: the file cannot be read or decoded now; that is no reason to reject it.
    """
    data = bytes(file) if isinstance(file, bytes | bytearray | memoryview) else _read(file)
    if not len(data):
        raise AudioReject("empty_audio", "a file of 0 bytes")
    if raw_rate is not None:
        recording = _open_raw("PCM", data, raw_rate, 1, "PCM_16", "LITTLE", 0, len(data) // 2)
    else:
        recording = _open(data, channel)
    if not _RATES[0] <= recording.rate <= _RATES[1]:
        raise AudioReject("undecodable", f"{recording.format} with a sampling rate of {recording.rate} Hz")
    if recording.frames == 0:
        raise AudioReject("empty_audio", f"{recording.format} without audio")
    return recording if channel is None else _only(recording, channel)


def _read(file: Path | Bytes) -> Content:
    if not isinstance(file, Path):
        return FileContent(file, "a recording in an archive")
    # A pipe would be waited for without end, and a device read without end.
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(file))
    return FileContent(FileBytes(file), str(file)) if found.st_size >= LARGE_BYTES else file.read_bytes()


def _only(recording: Recording, channel: int) -> Recording:
    """The same with one channel alone.

    Raises:
        AudioReject: undecodable: it has not so many.
    """
    if channel >= recording.channels:
        raise AudioReject("undecodable", f"{recording.channels} channels, and none with the number {channel} from 0")
    if recording.channels == 1:
        return recording
    # Blocks of one channel are the wanted one already.

    def chosen() -> Iterator[np.ndarray]:
        for block in recording.blocks():
            yield block if block.shape[1] == 1 else block[:, channel : channel + 1]

    return replace(recording, blocks=chosen)


def _open(data: Content, channel: int | None) -> Recording:
    tag = id3v2_end(data)  # some programs put one before FLAC and AAC too
    if data[:4] in (b"RIFF", b"RF64", b"BW64") and data[8:12] == b"WAVE":
        return _open_wav(data)
    if data.startswith(b"fLaC", tag):
        return _open_flac(data, tag)
    if data.startswith(b"OggS"):
        if (codec := ogg_codec(data)) == "speex":
            return _open_with_ffmpeg(data, "ogg", 0, channel)
        return _open_with_libsndfile(data, f"Ogg {codec}")
    if data.startswith(b"NIST_1A"):
        return _open_sphere(data)
    for offset, magic, container in _FFMPEG_MAGIC:
        if data.startswith(magic, (tag if container == "aac" else 0) + offset):
            return _open_with_ffmpeg(data, container, tag if container == "aac" else 0, channel)
    if data.startswith(lfs.POINTER):
        raise AudioReject("undecodable", lfs.ADVICE)
    layout = mp3_layout(data)
    if layout is None:
        raise AudioReject("undecodable", f"no audio format begins with {data[:12]!r}")
    return Recording(
        "MP3",
        layout.rate,
        layout.channels,
        layout.frames,
        lambda: _ffmpeg_blocks(data, "mp3", layout.rate, layout.spans),
    )


def _open_wav(data: Content) -> Recording:
    layout = wav_layout(data)
    if layout.subtype is None:
        return _open_with_libsndfile(data, "WAV")
    return _open_raw("WAV", data, layout.rate, layout.channels, layout.subtype, "LITTLE", layout.offset, layout.frames)


def _open_sphere(data: Content) -> Recording:
    layout = sphere_layout(data)
    return _open_raw(
        "SPHERE", data, layout.rate, layout.channels, layout.subtype, layout.endian, layout.offset, layout.frames
    )


def _open_raw(
    name: str, data: Content, rate: int, channels: int, subtype: str, endian: str, offset: int, frames: int
) -> Recording:
    """PCM whose place and form a header told; `subtype` and `endian` in libsndfile's words."""
    exact = subtype == "PCM_16" and _is_exact(rate, channels)

    def numbers() -> Iterator[np.ndarray]:
        kind = np.dtype(_NUMBERS[subtype]).newbyteorder("<" if endian == "LITTLE" else ">")
        frame_bytes = kind.itemsize * channels
        for start in range(0, frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, frames - start)
            place = offset + start * frame_bytes
            numbers = np.frombuffer(buffer(data, place, place + count * frame_bytes), kind)
            block = numbers.reshape(count, channels)
            yield block.astype(np.int16, copy=False) if exact else _scaled(block)

    def converted() -> Iterator[np.ndarray]:
        form: dict[str, int | str] = {"samplerate": rate, "channels": channels, "format": "RAW", "subtype": subtype}
        body = opened(data, [(offset, len(data))])
        return _libsndfile_blocks(name, frames, False, body, **form, endian=endian)

    return Recording(name, rate, channels, frames, numbers if subtype in _NUMBERS else converted, exact)


def _is_exact(rate: int, channels: int) -> bool:
    """Whether waveform samples of 16 bits become those of the clip without a calculation in float."""
    return rate == SAMPLE_RATE and channels <= 2


def _scaled(block: np.ndarray) -> np.ndarray:
    """Samples of any type as float32 with full scale 32768."""
    if block.dtype.kind == "f":
        with np.errstate(over="ignore"):  # beyond float32 is refused later, as infinite
            return np.multiply(block, FULL_SCALE, dtype=np.float32, casting="same_kind")
    if block.dtype.kind == "u":
        return (block.astype(np.float32) - 128) * 256
    shift = FULL_SCALE / -float(np.iinfo(block.dtype).min)
    return block.astype(np.float32) if shift == 1 else block.astype(np.float32) * np.float32(shift)


def _open_flac(data: Content, start: int) -> Recording:
    layout = flac_layout(data, start)
    exact = layout.bits == 16 and _is_exact(layout.rate, layout.channels)
    keep = exact and layout.channels == 1 and start == 0 and layout.frames > 0
    if not layout.frames:  # written to a pipe; libsndfile needs the length
        layout = with_length(layout, whole_frames(data, layout) or 0)

    def decoded(surplus: int = 0) -> Iterator[np.ndarray]:
        plain = opened(data, [(layout.offset, len(data) - surplus)], streaminfo(layout))
        return _libsndfile_blocks("FLAC", layout.frames, exact, plain)

    def blocks() -> Iterator[np.ndarray]:
        try:
            yield from decoded()
        except AudioReject as reject:
            if whole_frames(data, layout) is None:  # raises where it knows better
                raise AudioReject("truncated", "FLAC that is cut off or damaged in its last frame") from reject
            raise

    def kept() -> bytes | None:
        if whole_frames(data, layout) is None:
            return None
        if data.endswith(b"\0"):  # of the last frame, or behind it: to a CRC that is the same
            with contextlib.suppress(AudioReject):
                for _ in decoded(surplus=1):
                    pass
                return None
        return without_metadata(data, layout)

    return Recording("FLAC", layout.rate, layout.channels, layout.frames, blocks, exact, kept if keep else None)


def _undecodable(name: str, error: soundfile.LibsndfileError | av.FFmpegError | ValueError) -> AudioReject:
    """The reject of a file that a library refuses.

    Raises:
        MemoryError: that was the reason.
    """
    if isinstance(error, MemoryError) or getattr(error, "code", None) == _NO_MEMORY:
        raise MemoryError(f"{name}: {error}") from None
    return AudioReject("undecodable", f"{name}: {getattr(error, 'error_string', error)}")


def _open_with_libsndfile(data: Content, name: str) -> Recording:
    """A file whose header libsndfile reads itself."""
    try:
        with opened(data) as raw, soundfile.SoundFile(raw) as file:
            rate, channels, frames = file.samplerate, file.channels, file.frames
    except soundfile.LibsndfileError as error:
        raise _undecodable(name, error) from error
    return Recording(name, rate, channels, frames, lambda: _libsndfile_blocks(name, frames, False, opened(data)))


def _libsndfile_blocks(
    name: str, frames: int, exact: bool, file: AbstractContextManager[io.BufferedIOBase], **form: int | str
) -> Iterator[np.ndarray]:
    """Decode a whole file; `frames` is what it promises."""
    decoded = 0
    try:
        with file as raw, soundfile.SoundFile(raw, **form) as source:
            # Integers are read as such: the same numbers as libsndfile's float32, in a quarter of the time.
            dtype = "int16" if source.subtype in _NARROW else "float32"
            while count := min(BLOCK_FRAMES, frames - decoded):
                block = source.read(count, dtype=dtype, always_2d=True)
                if not len(block):
                    break
                decoded += len(block)
                yield block if exact else _scaled(block)
    except soundfile.LibsndfileError as error:
        raise _undecodable(name, error) from error
    if decoded < frames:
        raise truncated(frames, decoded, "frames")


def _open_with_ffmpeg(data: Content, container: str, start: int, channel: int | None) -> Recording:
    """A container whose length is known for certain only after decoding: that is done at once, and kept.

    Its blocks are the mean of the channels already, or the one that is wanted.
    """
    if (container == "mov" and is_cut_mp4(data)) or (container == "matroska" and is_cut_matroska(data)):
        raise AudioReject("truncated", f"{container} cut inside one of its boxes")
    promised = 0.0
    spans = [(start, len(data))]
    try:
        with opened(data, spans) as raw, av.open(raw, mode="r", format=container) as file:
            if not file.streams.audio:
                raise AudioReject("undecodable", f"{container} without an audio stream")
            stream = file.streams.audio[0]
            rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
            if stream.duration is not None and stream.time_base is not None:
                promised = float(stream.duration * stream.time_base)
            elif file.duration is not None and not file.streams.video and container != "aac":
                promised = file.duration / av.time_base
    except (av.FFmpegError, ValueError) as error:
        raise _undecodable(container, error) from error
    mixed = channel is None or channel >= channels
    blocks = _ffmpeg_blocks(data, container, rate, spans)
    kept = KeptWaveform(mono(block) if mixed else block[:, channel] for block in blocks)
    frames = kept.frames
    # Durations are rounded to packets and milliseconds, and include what the decoder skips at the beginning.
    if frames / rate < promised - 0.25:
        raise AudioReject("truncated", f"the header promises {promised:.2f} s, the file holds {frames / rate:.2f} s")
    return Recording(container, rate, channels, frames, kept.blocks)


def _ffmpeg_blocks(data: Content, container: str, rate: int, spans: Sequence[Span]) -> Iterator[np.ndarray]:
    """Decode the first audio stream with FFmpeg into blocks of about BLOCK_FRAMES."""
    channels = 0
    form: tuple[str, str] | None = None
    # Frames are short (26 ms of MP3): they are joined by FFmpeg, and seen by Python together.
    queue = av.AudioFifo()
    try:
        with opened(data, spans) as raw, av.open(raw, mode="r", format=container) as file:
            if not file.streams.audio:
                raise AudioReject("undecodable", f"{container} without an audio stream")
            for frame in file.decode(file.streams.audio[0]):
                layout = frame.layout
                channels = channels or layout.nb_channels
                if frame.sample_rate != rate or layout.nb_channels != channels:
                    raise AudioReject("undecodable", f"{container} whose rate or channels change on the way")
                if form != (form := (frame.format.name, layout.name)) and queue.samples:
                    yield _interleaved(queue)
                    queue = av.AudioFifo()
                frame.pts = None  # else the queue refuses what follows a gap
                queue.write(frame)
                if queue.samples >= BLOCK_FRAMES:
                    yield _interleaved(queue)
    except (av.FFmpegError, ValueError) as error:
        raise _undecodable(container, error) from error
    if queue.samples:
        yield _interleaved(queue)


def _interleaved(queue: av.AudioFifo) -> np.ndarray:
    """All that waits, as (frames, channels) float32 with full scale 32768."""
    frame = queue.read()
    assert frame is not None, "read only where something waits"
    samples = frame.to_ndarray()  # (channels, frames), or in one row where the format is packed
    return _scaled(samples.T if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels))
