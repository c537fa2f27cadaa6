"""Waveforms between decoding and cutting: one channel, and kept on disk where they are long."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

import numpy as np

_IN_MEMORY_BYTES = 64 << 20  # of a recording; what is more lies in TMPDIR, at 48 kHz up to 0.7 GB for each hour


def mono(block: np.ndarray) -> np.ndarray:
    """The mean of the channels of (frames, channels) as (frames,), added in their order.

    Of int16, which has one channel or two, it is int16 too, a half becoming even.
    """
    if block.shape[1] == 1:
        return block[:, 0]
    if block.dtype == np.int16:
        return _mean_of_two(block)
    total = block[:, 0] + block[:, 1]
    for channel in range(2, block.shape[1]):
        total += block[:, channel]
    total /= np.float32(block.shape[1])
    return total


def _mean_of_two(block: np.ndarray) -> np.ndarray:
    # Both numbers of a frame are taken as one of 32 bits: numpy is several times as fast where data lie side by side.
    pairs = np.ascontiguousarray(block, "<i2").view("<i4")[:, 0]
    total = pairs << 16
    total >>= 16
    total += pairs >> 16
    total += (total >> 1) & 1
    total >>= 1
    return total.astype(np.int16)


class KeptClips:
    """Waveforms (samples,) int16 of one recording, which wait until all of it is decoded; many lie in TMPDIR."""

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        self._bytes = 0  # in memory
        self._end = 0  # of the file

    def keep(self, clip: np.ndarray) -> Callable[[], np.ndarray]:
        """Put a clip away; what is given gives it back."""
        if self._bytes + clip.nbytes <= _IN_MEMORY_BYTES:
            self._bytes += clip.nbytes
            return lambda: clip
        file = self._file = self._file or tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 -- closed with this object
        start, count = self._end, len(clip)
        self._end += file.write(np.ascontiguousarray(clip).data)
        if self._end < start + clip.nbytes:
            raise OSError(errno.ENOSPC, "No space left on device", tempfile.gettempdir())

        def read() -> np.ndarray:
            data = os.pread(file.fileno(), 2 * count, start)
            if len(data) < 2 * count:
                raise OSError(errno.EIO, "is shorter than was written", tempfile.gettempdir())
            return np.frombuffer(data, np.int16)

        return read


class KeptWaveform:
    """Blocks of a waveform (samples,) float32 that can be read again. `frames` counts their samples."""

    def __init__(self, blocks: Iterable[np.ndarray]) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 -- closed with this object
        self._sizes = []
        for block in blocks:
            self._file.write(np.ascontiguousarray(block).data)
            self._sizes.append(len(block))
        self.frames = sum(self._sizes)

    def blocks(self) -> Iterator[np.ndarray]:
        """The blocks, as (samples, 1)."""
        self._file.seek(0)
        for size in self._sizes:
            block = np.empty((size, 1), np.float32)
            if self._file.readinto(block.data.cast("B")) < block.nbytes:
                raise OSError(errno.EIO, "is shorter than was written", tempfile.gettempdir())
            yield block
