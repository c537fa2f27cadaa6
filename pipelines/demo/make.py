#!/usr/bin/env python3
"""Write the demo corpora to disk in the native layouts of real corpora.

    python pipelines/demo/make.py data/demo

The same bytes come out every time: each job (one speaker, one language, one split) runs in a fresh process with
its own random numbers. A corpus is written beside its place, moved there when it is whole, and then marked with
what it was made from; run again, only what is missing or was made differently is made.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipelines.demo import sound_corpora, speech_corpora
from pipelines.demo.content import PHRASEBOOKS, SPEAKERS

MODULES = ("make", "content", "speech", "clips", "sounds", "speech_corpora", "sound_corpora")


@dataclass(frozen=True)
class Corpus:
    """A corpus: `jobs` calls of `job(folder, number)`, which gives seconds of audio, then `tables(folder)`."""

    name: str
    job: Callable[[Path, int], float]
    tables: Callable[[Path], None]
    jobs: int


CORPORA = (
    Corpus("LibriSpeech", speech_corpora.librispeech_job, speech_corpora.librispeech_tables, len(SPEAKERS)),
    Corpus("timit", speech_corpora.timit_job, speech_corpora.timit_tables, len(SPEAKERS)),
    Corpus(
        "speech_commands_v0.02", speech_corpora.speechcommands_job, speech_corpora.speechcommands_tables, len(SPEAKERS)
    ),
    Corpus(
        "cv-corpus-4-2019-12-10", speech_corpora.commonvoice_job, speech_corpora.commonvoice_tables, len(PHRASEBOOKS)
    ),
    Corpus("nsynth", sound_corpora.nsynth_job, sound_corpora.nsynth_tables, len(sound_corpora.NSYNTH_SPLITS)),
    Corpus("ESC-50-master", sound_corpora.esc50_job, sound_corpora.esc50_tables, sound_corpora.FOLDS),
)


def identity() -> dict[str, str]:
    """What the bytes of the demo corpora depend on: this code and the libraries that make sound and files."""
    code = hashlib.sha256()
    for module in MODULES:
        code.update((Path(__file__).parent / f"{module}.py").read_bytes())
    libraries = ("espeakng-loader", "numpy", "soundfile", "av")
    return {"code": code.hexdigest(), **{name: importlib.metadata.version(name) for name in libraries}}


def make(out: Path, processes: int, corpora: tuple[Corpus, ...] = CORPORA) -> None:
    """Write what is missing of `corpora` below `out`, with as many processes, telling of each corpus."""
    out.mkdir(parents=True, exist_ok=True)
    wanted = identity()
    missing = []
    for corpus in corpora:
        if _marker(out, corpus) == wanted and (out / corpus.name).is_dir():
            print(f"demo: {corpus.name} is complete")
        else:
            missing.append(corpus)
    begun, seconds = time.monotonic(), 0.0
    done, total = 0, sum(corpus.jobs for corpus in missing)
    # A fork server that has loaded nothing but this package: children are alike, whatever the caller has loaded.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"pipelines.demo.{module}" for module in MODULES])
    with context.Pool(processes, maxtasksperchild=1) as pool:
        for corpus in missing:
            partial = out / f".{corpus.name}.partial"
            for stale in (partial, out / corpus.name):
                shutil.rmtree(stale, ignore_errors=True)
            partial.mkdir()
            tasks = [(corpus.job, partial, number) for number in range(corpus.jobs)]
            corpus_seconds = 0.0
            for length in pool.imap_unordered(_run, tasks):
                corpus_seconds += length
                done += 1
            corpus.tables(partial)
            partial.rename(out / corpus.name)
            _mark(out, corpus, wanted)
            seconds += corpus_seconds
            spent = time.monotonic() - begun
            print(
                f"demo: {corpus.name}: {corpus_seconds / 60:.1f} min of audio; all so far {seconds / 60:.1f} min in "
                f"{spent:.0f} s, {seconds / spent:.0f} x real time, about {spent / done * (total - done):.0f} s left",
                flush=True,
            )


def _run(task: tuple[Callable[[Path, int], float], Path, int]) -> float:
    job, folder, number = task
    return job(folder, number)


def _marker(out: Path, corpus: Corpus) -> dict[str, str] | None:
    """What the corpus in `out` was made from, if it is whole."""
    try:
        marker = json.loads((out / f"{corpus.name}.made.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return marker if isinstance(marker, dict) else None


def _mark(out: Path, corpus: Corpus, made_from: dict[str, str]) -> None:
    """Say, in one step, that the corpus is whole."""
    partial = out / f".{corpus.name}.made.json.partial"
    partial.write_text(json.dumps(made_from, indent=1) + "\n", encoding="utf-8")
    partial.replace(out / f"{corpus.name}.made.json")


def main(arguments: list[str]) -> int:
    """The command line; returns the exit status."""
    if len(arguments) != 1:
        print("usage: python pipelines/demo/make.py OUT, for example data/demo", file=sys.stderr)
        return 2
    out = Path(arguments[0])
    try:
        make(out, processes=len(os.sched_getaffinity(0)))
    except OSError as error:
        print(f"demo: cannot write to {out}: {error}; choose another OUT or make room", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
