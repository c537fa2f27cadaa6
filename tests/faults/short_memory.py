"""Builds shards again and again, each time in a forked process that has only so much memory left to decode with.

    python -m tests.faults.short_memory SOURCE OUT BUDGET ...

OUT holds the plan of LibriSpeech's dev-clean and its shards. For every shard and budget (bytes) a line is printed:
the shard, the budget, and "right", "wrong", or what was raised. A process that dies gives "killed by …".
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from pipelines import build
from pipelines.build import ShardTask, build_shard
from pipelines.decoding import decode
from pipelines.sources.librispeech import LibriSpeech
from shards.record import read_record
from shards.scratch import scratch
from shards.storage import Storage
from tests.pipelines.corpora import SETTINGS, prepare

ROOM = 64 << 20  # of address space, that is filled first
SECONDS = 60
LARGE, SMALL = 100 << 10, (16 << 10, 4 << 10, 1 << 10, 256)  # bytes of the blocks that fill it
PAGE = resource.getpagesize()


def main(source: str, out: str, budgets: list[int]) -> None:
    """Try every shard with every budget."""
    torch.set_num_threads(1)
    storage = Storage(out)
    job = prepare(LibriSpeech(source), "dev-clean", storage, SETTINGS | {"shard_samples": 1}, say=lambda line: None)
    tasks = job.standing().missing
    assert tasks, "the tars are to be away, so that their shards are missing"
    for task in tasks:
        record = read_record(storage, task.shard)
        for budget in budgets:
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reading)
                _build(task, record, budget, writing)
            os.close(writing)
            with os.fdopen(reading) as pipe:
                said = pipe.read()
            _, status = os.waitpid(child, 0)
            died = f"killed by {signal.Signals(os.WTERMSIG(status)).name}" if os.WIFSIGNALED(status) else ""
            print(task.shard.number, budget, died or said, sep="\t", flush=True)


def _build(task: ShardTask, record: object, budget: int, answer: int) -> None:
    """Build a shard, say what came of it, and end the process."""
    said = b"nothing"
    signal.alarm(SECONDS)
    with scratch() as folder:
        try:
            _limit_decoding(budget)
            _, _, made = build_shard(task, folder)
            said = b"right" if made == record else b"wrong"
        except BaseException as error:
            said = type(error).__name__.encode()
    os.write(answer, said)
    os._exit(0)


def _limit_decoding(budget: int) -> None:
    """Fill memory once the recording is read; what is needed to write the shard's parquet file is given again."""
    opening, shard_parquet = decode._open, build.shard_parquet

    def opened(*arguments: Any) -> decode.Recording:
        fill_memory(budget)
        return opening(*arguments)

    def described(*arguments: Any) -> bytes:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return shard_parquet(*arguments)

    decode._open, build.shard_parquet = opened, described


def fill_memory(budget: int) -> None:
    """Leave this process about `budget` bytes, in blocks of `LARGE`."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    now = int(Path("/proc/self/statm").read_text().split()[0]) * PAGE
    resource.setrlimit(resource.RLIMIT_AS, (now + ROOM, resource.RLIM_INFINITY))
    # Nothing is kept in Python's own memory, which is full by then.
    taken, count = (ctypes.c_void_p * 10_000)(), 0
    for size in (LARGE, *SMALL):
        while block := libc.malloc(size):
            if size == LARGE:
                taken[count], count = block, count + 1
    for number in range(min(-(-budget // LARGE), count)):
        libc.free(taken[number])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], [int(budget) for budget in sys.argv[3:]])
