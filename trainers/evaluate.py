#!/usr/bin/env python
"""Evaluate a checkpoint on the text it generates, never by teacher forcing.

    python trainers/evaluate.py trainers/configs/tiny.yaml [evaluate.splits='[librispeech/test-clean]'] [key=value …]

Greedy generation for every prompt of every sample of `evaluate.splits`; then a table of scores by split, task and
language. Predictions (JSON lines) and scores.json go below the run, by checkpoint; run again, only what is missing is
generated. One machine, no Ray.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this folder, so that the packages beside it are found.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import logging
from collections.abc import Sequence

import torch
from safetensors import SafetensorError

from shards.config import ConfigError, load_config
from shards.schema import ShardError
from shards.statistics import table
from shards.storage import StorageError
from trainers.checkpoint import load_model
from trainers.config import PretrainConfig
from trainers.evaluation.evaluation import SCORES, Evaluation, find_checkpoint
from trainers.evaluation.generation import GenerationError, Speaker, default_processes
from trainers.evaluation.progress import Progress
from trainers.evaluation.scores import Row, main_details

USER_ERRORS = (ConfigError, ShardError, StorageError, GenerationError, SafetensorError, OSError)


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status is 0 when every split is answered and scored, whatever the scores."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    if {"-h", "--help"} & {*arguments} or not arguments:
        print(__doc__)
        return 0 if arguments else 2
    try:
        print(evaluate(load_config(PretrainConfig, arguments[0], arguments[1:])))
        return 0
    except USER_ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def evaluate(config: PretrainConfig) -> str:
    """Answer what is unanswered, score everything; gives the table of scores.

    Raises:
        ConfigError, ShardError, StorageError, GenerationError: what a user can put right.
    """
    checkpoint = find_checkpoint(config)
    evaluation = Evaluation(config, checkpoint)
    missing = evaluation.missing()
    selection = {}
    if missing:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        processes = config.evaluate.processes or default_processes(device)
        if processes > 1 and device.type == "cuda":
            raise ConfigError(
                f"evaluate.processes={processes}: several share a model on CPUs only; this machine has a GPU"
            )
        if processes > 1:
            torch.set_num_threads(1)
        print(f"checkpoint {checkpoint.url}, {processes} process{'es' * (processes > 1)} on {device}")
        model, tokenizer, record = load_model(checkpoint.url, config.model, device.type, **config.data.storage_options)
        speaker = Speaker(model, tokenizer, record.model.audio.n_mels, device)
        progress = Progress("answers", evaluation.open_questions(missing))
        selection = evaluation.answer(missing, speaker, processes, progress)
        progress.finish()
    rows = evaluation.score(selection)
    return f"{score_table(rows)}\nscores: {evaluation.folder / SCORES}"


def score_table(rows: Sequence[Row]) -> str:
    """The scores as text, one line each."""
    head = ("split", "task", "language", "metric", "score", "goal", "", "count", "beside it")
    marks = {True: "met", False: "NOT MET", None: ""}
    return table(
        head,
        [
            (
                row.split,
                row.task,
                row.language,
                row.score.metric,
                row.score.text(),
                row.goal_text(),
                marks[row.met],
                f"{row.score.count:,}",
                main_details(row.score),
            )
            for row in rows
        ],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
