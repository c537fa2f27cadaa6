"""Audio: from a recording as released to clips of 16 kHz mono 16-bit PCM.

16 kHz mono 16-bit PCM passes sample for sample, and an uncut FLAC of that form keeps its frames: they are not decoded
but walked, by their CRCs and STREAMINFO's length. All else is decoded to float32, averaged over its channels, cut at
`round(t * rate)`, resampled (the clip alone, so that neighbours do not matter), rounded to even at 32768 steps per full
scale, and limited to 16 bits.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from pipelines.archives.stream import Bytes
from pipelines.decoding.decode import SAMPLE_RATE, Recording, open_recording
from pipelines.decoding.resample import resample
from pipelines.decoding.waveform import KeptClips, mono
from pipelines.formats.container import AudioReject
from pipelines.record import Span

__all__ = ["SAMPLE_RATE", "AudioReject", "Clip", "Span", "clips", "encode_flac", "open_recording"]

FLAC_LEVEL = 5


Joined = tuple[tuple[float, float], ...]  # spans that make one clip
_Bounds = tuple[int, int | None]  # the same in waveform frames


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip ready for the model.

    `waveform` is (samples,) int16 at 16 kHz, or None where `flac` holds the release's own frames, which stay encoded.
    `samples` is its length. `origin_rate`, `origin_channels` and `recording_seconds` tell of the recording. `clipped`
    counts waveform samples beyond full scale, which were limited.
    """

    waveform: np.ndarray | None
    flac: bytes | None
    samples: int
    origin_rate: int
    origin_channels: int
    recording_seconds: float
    clipped: int = 0

    @property
    def seconds(self) -> float:
        return self.samples / SAMPLE_RATE

    def encoded(self) -> bytes:
        """Its FLAC, as a shard holds it."""
        if self.waveform is not None:
            return encode_flac(self.waveform)
        assert self.flac is not None, "a clip has a waveform or frames"
        return self.flac


def clips(
    file: Path | Bytes | bytes | bytearray | memoryview | Recording,
    spans: Sequence[Span | Joined] = ((None, None),),
) -> Iterator[Clip | AudioReject]:
    """Decode a recording once and give one clip for each span, or for several that are joined, in their order.

    A span that holds no audio gives an AudioReject in its place; one that reaches beyond the end is cut there. The
    recording is decoded whole before the first clip is given, because only then is it known to be whole.

    Raises:
        AudioReject: the recording gives no clip at all: empty_audio, undecodable or truncated.
        OSError: the file cannot be read; that is no reason to reject it.
    """
    recording = file if isinstance(file, Recording) else open_recording(file)
    bounds = [_frame_bounds(span, recording.rate) for span in spans]
    uncut = [len(b) == 1 and b[0][0] == 0 and (b[0][1] is None or b[0][1] >= recording.frames) for b in bounds]
    flac = recording.kept() if recording.kept is not None and any(uncut) else None
    if flac is not None and all(uncut):
        for _ in spans:
            yield Clip(None, flac, recording.frames, recording.rate, recording.channels, recording.seconds)
        return
    pieces, frames = _cut(recording, bounds)
    if not frames:
        raise AudioReject("empty_audio", f"{recording.format} without audio")
    seconds = frames / recording.rate
    for piece, whole in zip(pieces, uncut, strict=True):
        if isinstance(piece, AudioReject):
            yield piece
            continue
        waveform, clipped = piece[0](), piece[1]
        keep = whole and flac is not None
        yield Clip(
            None if keep else waveform,
            flac if keep else None,
            len(waveform),
            recording.rate,
            recording.channels,
            seconds,
            clipped,
        )


def encode_flac(waveform: np.ndarray) -> bytes:
    """FLAC of a waveform (samples,) int16 at 16 kHz; the same waveform gives the same bytes."""
    if waveform.dtype != np.int16 or waveform.ndim != 1 or not len(waveform):
        raise ValueError(f"a clip is one row of int16, not {waveform.dtype} {waveform.shape}")
    file = io.BytesIO()
    soundfile.write(
        file, waveform, SAMPLE_RATE, format="FLAC", subtype="PCM_16", compression_level=FLAC_LEVEL / 8
    )  # libsndfile's scale is 0 to 1, libFLAC's 0 to 8
    return file.getvalue()


def _frame_bounds(span: Span | Joined, rate: int) -> list[_Bounds]:
    """The span, or each of those that are joined, in waveform frames of the recording."""
    if isinstance(span[0], tuple):
        return [bounds for part in span for bounds in _frame_bounds(part, rate)]
    start, end = span
    return [((0 if start is None else max(0, round(start * rate))), (None if end is None else round(end * rate)))]


def _cut(
    recording: Recording, bounds: Sequence[Sequence[_Bounds]]
) -> tuple[list[tuple[Callable[[], np.ndarray], int] | AudioReject], int]:
    """Decode from beginning to end and keep what lies in the bounds; several of one clip are joined.

    Returns: the pieces as `_finished` gives them, each waveform by a call; the frames decoded.
    """
    kept = KeptClips()
    spans = [(*span, number, place) for number, own in enumerate(bounds) for place, span in enumerate(own)]
    order = sorted(range(len(spans)), key=lambda span: spans[span][0])
    parts: list[list[list[np.ndarray]]] = [[[] for _ in own] for own in bounds]
    lacking = [len(own) for own in bounds]  # spans of a clip that are not yet decoded
    pieces: list[tuple[Callable[[], np.ndarray], int] | AudioReject | None] = [None] * len(bounds)

    def finish(number: int) -> None:
        pieces[number] = _kept(_finished([part for span in parts[number] for part in span], recording), kept)
        parts[number] = []

    waiting = iter(order)
    upcoming = next(waiting, None)
    open_spans: list[int] = []
    position = 0
    for block in recording.blocks():
        channel = mono(block)
        after = position + len(channel)
        while upcoming is not None and spans[upcoming][0] < after:
            open_spans.append(upcoming)
            upcoming = next(waiting, None)
        still_open = []
        for span in open_spans:
            start, end, number, place = spans[span]
            parts[number][place].append(
                channel[max(0, start - position) : None if end is None else max(0, end - position)]
            )
            if end is None or end > after:
                still_open.append(span)
                continue
            lacking[number] -= 1
            if not lacking[number]:
                finish(number)
        open_spans = still_open
        position = after
    for number, piece in enumerate(pieces):
        if piece is None:
            finish(number)
    return [piece for piece in pieces if piece is not None], position


def _kept(
    piece: tuple[np.ndarray, int] | AudioReject, clips: KeptClips
) -> tuple[Callable[[], np.ndarray], int] | AudioReject:
    return piece if isinstance(piece, AudioReject) else (clips.keep(piece[0]), piece[1])


def _finished(parts: list[np.ndarray], recording: Recording) -> tuple[np.ndarray, int] | AudioReject:
    """One piece of the recording as int16 at 16 kHz, and how many of its samples had to be limited."""
    piece = parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.empty(0, np.int16)
    if not len(piece):
        return AudioReject("empty_audio", "no audio between the times of the cut")
    if piece.dtype == np.int16:
        return piece, 0
    rounded = np.rint(resample(piece, recording.rate))
    highest, lowest = rounded.max(), rounded.min()
    if not (np.isfinite(highest) and np.isfinite(lowest)):
        return AudioReject("undecodable", "float audio with values that are not numbers")
    clipped = 0
    if highest > 32767 or lowest < -32768:
        clipped = int(np.count_nonzero((rounded > 32767) | (rounded < -32768)))
        np.clip(rounded, -32768, 32767, out=rounded)
    return rounded.astype(np.int16), clipped
