"""Finds the commands that configuration and documentation tell, and holds them against the entry points themselves."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from pipelines import job
from pipelines.catalogue import find
from shards.config import load_config
from trainers.config import PretrainConfig

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = ROOT / "cluster"
BATCH = {"cluster/slurm/shards.sbatch": "pipelines/job.py", "cluster/slurm/pretrain.sbatch": "trainers/pretrain.py"}
START = re.compile(r"(?:^|\s)((?:pipelines/job|trainers/pretrain)\.py|cluster/slurm/\w+\.sbatch)(\s.*)?$")
PATH = re.compile(r"(?<![\w./-])(?:cluster|pipelines|shards|trainers|tests)/[\w./-]*\w")


def told(line: str) -> str:
    """The command in a line, without comment sign, indentation, and what follows it."""
    return re.split(r"\s{2,}|\s#\s|\s&&\s|\s>", re.sub(r"^\s*(?:#\s*|- )?", "", line))[0]


def lines(text: str) -> list[str]:
    """The lines of `text`, those that end in a backslash joined with the next."""
    return re.sub(r"\\\n\s*", "", text).splitlines()


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Entry point and arguments of every shard job and training run that `text` starts."""
    found = []
    for line in lines(text):
        for piece in line.split("`"):
            match = START.search(told(piece))
            if match and '"$@"' not in piece:
                found.append((BATCH.get(match[1], match[1]), shlex.split(match[2] or "")))
    return found


def refusal(script: str, arguments: list[str]) -> str:
    """Why the entry point would not take `arguments`; nothing where it would."""
    if arguments == ["--help"]:
        return ""
    try:
        if script == "pipelines/job.py":
            path = arguments[0] if arguments and "=" not in arguments[0] else None
            config = load_config(job.ShardsConfig, path and ROOT / path, arguments[1:] if path else arguments)
            job.check(config)
            for dataset in job.requested(config):
                find(dataset.dataset)
                job.parse_roots(dataset.roots)
        elif script == "trainers/pretrain.py":
            load_config(PretrainConfig, ROOT / arguments[0], arguments[1:])
        else:
            return f"{script}: no entry point"
    except (*job.USER_ERRORS, IndexError) as error:
        return str(error)
    return ""


def pretrain_config(arguments: list[str]) -> PretrainConfig:
    """What a training run is asked to do."""
    return load_config(PretrainConfig, ROOT / arguments[0], arguments[1:])


def shards_config(arguments: list[str]) -> job.ShardsConfig:
    """What a shard job is asked to do."""
    return load_config(job.ShardsConfig, None, arguments)


def make_commands(text: str) -> list[tuple[str, list[str]]]:
    """Target and variables of every `make` in `text`."""
    found = []
    for line in lines(text):
        for piece in re.findall(r"(?:^|\s|`)make ([a-z][a-z-]*(?: [A-Z_]+=\S+)*)", line):
            target, *given = piece.rstrip("`").split()
            found.append((target, [word.partition("=")[0] for word in given]))
    return found


def make_refusal(target: str, variables: list[str]) -> str:
    """Why the Makefile does not do what is asked for; nothing where it does."""
    rules = re.split(r"^(?=[a-z-]+:)", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    recipe = next((rule for rule in rules if rule.startswith(f"{target}:")), None)
    if recipe is None:
        return f"make {target}: no such target"
    unused = [name for name in variables if f"$({name})" not in recipe and f"$(or $({name})" not in recipe]
    return f"make {target} does not use {', '.join(unused)}" if unused else ""
