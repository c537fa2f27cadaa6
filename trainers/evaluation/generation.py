"""Greedy answers to questions, in this process or in several that share the model's memory."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

import torch

from trainers.batch import collate, make_prompt
from trainers.evaluation.questions import Question
from trainers.model.qwen_audio import QwenAudio
from trainers.tokens import Tokenizer

WINDOW_BATCHES = 8  # batches whose questions are sorted by length together
QUEUED_PER_PROCESS = 2

Answerer = Callable[[Sequence[Question], int], list[str]]  # questions, most new tokens -> texts


class GenerationError(Exception):
    """Answers cannot be generated: why, and what to change."""


class Speaker:
    """A model that answers questions by greedy generation."""

    def __init__(self, model: QwenAudio, tokenizer: Tokenizer, n_mels: int, device: torch.device) -> None:
        self._model = model.eval().to(device)
        self._tokenizer = tokenizer
        self._n_mels = n_mels
        self._device = device
        self._dtype = next(model.audio.parameters()).dtype

    def __call__(self, questions: Sequence[Question], max_new_tokens: int) -> list[str]:
        """The generated texts, with tags, stripped."""
        examples = [make_prompt(one.prompt, one.waveforms, self._tokenizer, self._n_mels) for one in questions]
        batch = collate(examples, self._tokenizer).to(self._device, self._dtype)
        return [text.strip() for text in self._model.generate(batch, max_new_tokens, self._tokenizer)]


def batches(
    questions: Iterable[Question], batch_size: int, new_tokens: Callable[[str], int]
) -> Iterator[tuple[list[Question], int]]:
    """Batches of questions of like length that may generate equally long, and how long."""
    questions = iter(questions)
    while window := list(islice(questions, batch_size * WINDOW_BATCHES)):
        # Which questions share a batch changes no answer, only how long the short ones wait for the long.
        window.sort(key=lambda one: (new_tokens(one.task), one.task, one.frames))
        batch: list[Question] = []
        for one in window:
            if batch and (len(batch) == batch_size or new_tokens(one.task) != new_tokens(batch[0].task)):
                yield batch, new_tokens(batch[0].task)
                batch = []
            batch.append(one)
        yield batch, new_tokens(batch[0].task)


def answers(
    work: Iterable[tuple[list[Question], int]], answerer: Answerer, processes: int
) -> Iterator[tuple[list[Question], list[str]]]:
    """Each batch with its texts, in order.

    More than one process: forked, so that they share the model; each computes with one thread, which on CPUs gives
    more answers a second than several threads on one batch.

    Raises:
        GenerationError: a process ended unexpectedly.
    """
    if processes == 1:
        for questions, limit in work:
            yield questions, answerer(questions, limit)
        return
    context = multiprocessing.get_context("fork")
    waiting: deque[tuple[list[Question], Future[list[str]]]] = deque()
    with ProcessPoolExecutor(processes, context, _start, (answerer,)) as pool:
        try:
            pool.submit(os.getpid).result()  # forks all of them now, before `work` starts threads
            for questions, limit in work:
                waiting.append((questions, pool.submit(_answer, questions, limit)))
                if len(waiting) > QUEUED_PER_PROCESS * processes:
                    done, texts = waiting.popleft()
                    yield done, texts.result()
            while waiting:
                done, texts = waiting.popleft()
                yield done, texts.result()
        except BrokenProcessPool:
            raise GenerationError(
                "a process that generates answers ended unexpectedly, most often for want of memory; "
                "pass evaluate.processes=1 or a smaller evaluate.batch_size"
            ) from None
        finally:
            for _, texts in waiting:
                texts.cancel()


def default_processes(device: torch.device) -> int:
    """One process for each core this process may use; on an accelerator, one."""
    return len(os.sched_getaffinity(0)) if device.type == "cpu" else 1


_answerer: Answerer | None = None


def _start(answerer: Answerer) -> None:
    global _answerer
    _answerer = answerer  # inherited by fork, so nothing is copied
    torch.set_num_threads(1)


def _answer(questions: Sequence[Question], limit: int) -> list[str]:
    assert _answerer is not None
    return _answerer(questions, limit)
