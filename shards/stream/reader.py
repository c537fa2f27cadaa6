"""Reads samples out of tars by the index: one ranged read per block, every member checked, FLAC decoded.

Decoding is libsndfile's, which checks the CRC of each FLAC frame; the index's crc32 also covers what lies around them.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import soundfile
from numpy.typing import NDArray

from shards.index import read_index
from shards.sample import SAMPLE_RATE, Sample
from shards.schema import ShardError
from shards.storage import Storage
from shards.stream.plan import BLOCK_BYTES, Ints, block_bounds

_ADVICE = "find all damage with make verify"
WIDEST_GAP = 1 << 20  # bytes between two samples that are read and thrown away rather than asked for twice

Waveform = NDArray[np.int16]  # (waveform samples,) 16 kHz mono


@dataclass(frozen=True)
class Members:
    """Where the members of N samples lie in their tars: those of sample n are `first[n]` up to `first[n + 1]`.

    The last member of a sample is its JSON.
    """

    first: Ints  # (N + 1,)
    offset: Ints  # (M,)
    bytes: Ints  # (M,)
    crc32: NDArray[np.uint32]  # (M,)


def members_of(table: pa.Table) -> Members:
    """The places of clips and JSON, from an index's columns `audio` and `json`."""
    clips = pc.list_value_length(table["audio"]).to_numpy().astype(np.int64)
    first = np.concatenate([[0], np.cumsum(clips + 1)])
    is_json = np.zeros(int(first[-1]), dtype=bool)
    is_json[first[1:] - 1] = True
    audio = pc.list_flatten(table["audio"])

    def joined(name: str) -> NDArray[np.int64]:
        values = np.empty(len(is_json), dtype=np.int64)
        values[is_json] = pc.struct_field(table["json"], name).to_numpy()
        values[~is_json] = pc.struct_field(audio, name).to_numpy()
        return values

    return Members(first, joined("offset"), joined("bytes"), joined("crc32").astype(np.uint32))


@dataclass(frozen=True, slots=True)
class Evaluand:
    """A sample to evaluate on, with its clips, whole and in the order of its audio markers."""

    key: str
    sample: Sample
    waveforms: tuple[Waveform, ...]


class Block:
    """The bytes of some neighbouring samples of one tar."""

    def __init__(self, tar: str, pieces: Sequence[tuple[int, bytes]]) -> None:
        self._tar = tar  # as a user knows it, for messages
        self._pieces = pieces  # (offset in the tar, bytes), by offset

    def member(self, offset: int, length: int) -> memoryview:
        """The `length` bytes at `offset` of the tar."""
        for start, data in self._pieces:
            if start <= offset and offset + length <= start + len(data):
                return memoryview(data)[offset - start : offset - start + length]
        raise ShardError(f"{self._tar}: bytes {offset} to {offset + length} lie in no sample; {_ADVICE}")


class TarReader:
    """Samples by number, from tars below one storage."""

    def __init__(self, storage: Storage, tars: Sequence[str], tar: NDArray[np.int32], members: Members) -> None:
        self._storage = storage
        self._tars = tars
        self._tar = tar
        self._members = members

    def where(self, sample: int) -> str:
        """The tar that holds a sample, as a user knows it."""
        return self._storage.full(self._tars[self._tar[sample]])

    def read_block(self, first: int, end: int) -> Block:
        """The bytes of samples `first` up to `end` of one tar, in one read, or a few where much lies between them.

        Raises:
            ShardError: the tar is gone.
            StorageError: it is shorter than the index says, or cannot be read.
        """
        part = slice(self._members.first[first], self._members.first[end])
        starts = self._members.offset[part]
        ends = starts + self._members.bytes[part]
        gaps = np.flatnonzero(starts[1:] - ends[:-1] > WIDEST_GAP) + 1
        path = self._tars[self._tar[first]]
        pieces = []
        for piece in np.split(np.arange(len(starts)), gaps):
            offset, until = int(starts[piece[0]]), int(ends[piece[-1]])
            try:
                pieces.append((offset, self._storage.read_range(path, offset, until - offset)))
            except FileNotFoundError:
                raise ShardError(f"{self.where(first)}: is in the index but not there; {_ADVICE}") from None
        return Block(self.where(first), pieces)

    def read(self, block: Block, sample: int, key: str) -> tuple[Sample, tuple[Waveform, ...]]:
        """A sample of the block and its clips.

        Raises:
            ShardError: a member is not what the index says; names the tar, the sample and the member.
        """
        first, last = int(self._members.first[sample]), int(self._members.first[sample + 1]) - 1
        where = f"{self.where(sample)}: sample '{key}'"
        waveforms = tuple(
            decode_flac(self._checked(block, number, where, f"clip {number - first}"), where)
            for number in range(first, last)
        )
        return Sample.from_json(bytes(self._checked(block, last, where, "'json'")), where), waveforms

    def _checked(self, block: Block, number: int, where: str, what: str) -> memoryview:
        offset, length = int(self._members.offset[number]), int(self._members.bytes[number])
        data = block.member(offset, length)
        found, expected = zlib.crc32(data), int(self._members.crc32[number])
        if found != expected:
            raise ShardError(
                f"{where}: its {what}, {length} bytes at byte {offset}, is damaged: "
                f"crc32 is {found:08x}, the index says {expected:08x}; {_ADVICE}"
            )
        return data


def decode_flac(data: bytes | memoryview, where: str) -> Waveform:
    """The waveform of a stored clip: (waveform samples,) int16 at 16 kHz.

    Raises:
        ShardError: no FLAC, a damaged one, or not 16 kHz mono; names `where`.
    """
    try:
        waveform, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    except soundfile.LibsndfileError as error:
        raise ShardError(f"{where}: its FLAC cannot be decoded: {error.error_string}; {_ADVICE}") from None
    if rate != SAMPLE_RATE or waveform.ndim != 1:
        raise ShardError(f"{where}: its FLAC is not 16 kHz mono but {rate} Hz, shape {waveform.shape}")
    return waveform


def read_split(
    shards: str, split: str, tasks: Sequence[str] | None = None, storage_options: Mapping[str, Any] | None = None
) -> Iterator[Evaluand]:
    """Every sample of "dataset/split" in index order, long ones too; with `tasks`, those that have a target for one.

    Raises:
        ShardError: the split has no index, or its shards are not what the index says.
    """
    storage = Storage(shards, **(storage_options or {}))
    dataset, name = split.split("/")
    table = read_index(storage, dataset, name, columns=["key", "shard", "audio", "json", "targets"])
    if tasks is not None:
        wanted = [any(target["task"] in tasks for target in targets) for targets in table["targets"].to_pylist()]
        table = table.filter(wanted)
    names = table["shard"].combine_chunks().dictionary_encode()
    tars = [f"{split}/{shard}.tar" for shard in names.dictionary.to_pylist()]
    tar = names.indices.to_numpy()
    members = members_of(table)
    reader = TarReader(storage, tars, tar, members)
    if table.num_rows == 0:
        return
    bounds = block_bounds(tar, members.offset[members.first[:-1]], BLOCK_BYTES).tolist()
    for first, end in pairwise(bounds):
        block = reader.read_block(first, end)
        for number, key in enumerate(table["key"].slice(first, end - first).to_pylist(), start=first):
            yield Evaluand(key, *reader.read(block, number, key))
