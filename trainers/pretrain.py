#!/usr/bin/env python
"""Multitask pretraining: the audio encoder and the tags' rows learn, the language model stays frozen (or learns too).

    python trainers/pretrain.py trainers/configs/tiny.yaml optim.lr=3e-4

Run again, the same command goes on from the last checkpoint. RAY_ADDRESS names a cluster to join; without it Ray
starts on this machine, for this run alone.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import platform
import sys
import threading
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # In place of this folder, so that the packages beside it are found.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import torch
from omegaconf import OmegaConf

from shards.config import ConfigError, load_config
from shards.local_ray import available_cores, ray_options
from shards.schema import ShardError
from shards.storage import Storage, StorageError
from shards.stream.stream import SampleStream
from trainers import checkpoint
from trainers.config import FREE_KEYS, PretrainConfig
from trainers.model.qwen_audio import build_model, parameter_counts
from trainers.progress import METRICS, describe
from trainers.tokens import Tokenizer

RUN = "run.json"
CONFIG = "config.yaml"
LIBRARIES = ("torch", "torchaudio", "deepspeed", "transformers", "ray", "numpy")


def main(arguments: Sequence[str]) -> int:
    """The command; its exit status."""
    if not arguments or arguments[0] in ("-h", "--help") or "=" in arguments[0]:
        print(__doc__)
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    try:
        config = load_config(PretrainConfig, arguments[0], arguments[1:])
        if config.dry_run:
            print(model_summary(config))
            return 0
        return pretrain(config)
    except (ConfigError, ShardError, StorageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130


def model_summary(config: PretrainConfig) -> str:
    """The parameters of the model, counted without making or loading any.

    Of a language model that is loaded, the shape in the configuration is counted. Its count includes the tags' rows,
    as a released checkpoint's does.
    """
    model = config.model
    if model.base_size:  # then nothing of the tokenizer is needed
        tokenizer = Tokenizer.placeholder(model.base_size, model.vocabulary)
    else:
        tokenizer = Tokenizer.named(model.tokenizer, model.vocabulary)
    blank = dataclasses.replace(
        model,
        audio=dataclasses.replace(model.audio, pretrained=""),
        language=dataclasses.replace(model.language, pretrained=""),
    )
    with torch.device("meta"):
        counts = parameter_counts(build_model(blank, tokenizer, config.loss))
    tags, llm = counts["tag rows"], counts["language model"]
    rows = [
        ("audio tower", *counts["audio tower"]),
        ("tag rows", *tags),
        ("language model with tag rows", llm[0] + tags[0], llm[1] + tags[1]),
        ("all", counts["audio tower"][0] + llm[0] + tags[0], sum(trainable for _, trainable in counts.values())),
    ]
    lines = [
        f"{name:<30}{total / 1e6:>12,.1f} M{trainable / 1e6:>12,.1f} M trainable" for name, total, trainable in rows
    ]
    return "\n".join(lines)


def pretrain(config: PretrainConfig) -> int:
    """Run `config` to its end with Ray Train, from where it stands; the exit status."""
    check(config)
    # Workers need not run in this folder.
    shards = dataclasses.replace(config.data, shards=from_anywhere(config.data.shards))
    config = dataclasses.replace(config, output=from_anywhere(config.output), data=shards)
    storage = Storage(f"{config.output}/{config.name}")
    config = begin(config, storage)
    done = checkpoint.find(storage, "step")
    step = checkpoint.read_record(storage, done[-1]).step if done else 0
    if step >= config.steps:
        print(f"{storage.url}: finished, {step} steps; begin another run with name=")
        return 0
    print(f"{storage.url}: step {step} of {config.steps}, {config.workers.count} workers", flush=True)

    options = ray_options(max(2, math.ceil(config.workers.count * config.workers.cores)))
    import ray

    ray.init(log_to_driver=False, **options)
    with Narrator(storage, config.steps):
        failure = fit(placed(config), f"{placed_url(storage.url)}/ray")
    ray.shutdown()
    if failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    best = checkpoint.find(storage, "best")
    print(
        f"{storage.url}: finished, {config.steps} steps; {'best' if best else 'last'} checkpoint: "
        f"{storage.full((best or checkpoint.find(storage, 'step'))[-1])}"
    )
    return 0


def placed(config: PretrainConfig) -> PretrainConfig:
    """`config` with paths that mean the same in every folder: Ray Train starts workers in folders of their own."""
    model = config.model
    return dataclasses.replace(
        config,
        output=placed_url(config.output),
        data=dataclasses.replace(config.data, shards=placed_url(config.data.shards)),
        model=dataclasses.replace(
            model,
            tokenizer=placed_model(model.tokenizer),
            audio=dataclasses.replace(model.audio, pretrained=placed_model(model.audio.pretrained)),
            language=dataclasses.replace(model.language, pretrained=placed_model(model.language.pretrained)),
        ),
    )


def placed_url(url: str) -> str:
    """A URL as it is, a path made absolute."""
    here = Storage(url).local_path("")
    return url if here is None else str(here)


def placed_model(name: str) -> str:
    """The absolute path of weights on disk; another name, of a hub or of a tokenizer, as it is."""
    return str(Path(name).absolute()) if name and Path(name).exists() else name


def from_anywhere(place: str) -> str:
    """A folder's absolute path; a URL as it is."""
    return place if "://" in place else str(Path(place).expanduser().absolute())


def check(config: PretrainConfig) -> None:
    """Find what would else stop the workers, or keep them waiting for ever.

    Raises:
        ConfigError: what has to be changed.
    """
    workers = config.workers
    if not os.environ.get("RAY_ADDRESS"):
        here = {"cores": available_cores(), "GPUs": torch.cuda.device_count()}
        for what, each in (("cores", workers.cores), ("GPUs", workers.gpus)):
            if workers.count * each > here[what]:
                raise ConfigError(
                    f"workers.count={workers.count} with {each:g} {what} each: this machine has {here[what]}; "
                    "use fewer, or set RAY_ADDRESS to a cluster"
                )
    Tokenizer.named(config.model.tokenizer, config.model.vocabulary, config.model.base_size)


def begin(config: PretrainConfig, storage: Storage) -> PretrainConfig:
    """Write down what is run, or compare with what was; the configuration with its indexes pinned.

    Raises:
        ConfigError: the run was begun with other settings or other data, or the data cannot be streamed.
        ShardError: a split without an index.
    """
    storage.check_writable()
    former = storage.read_if_there(RUN)
    pins = dict(config.data.pins) or (json.loads(former)["pins"] if former else {})
    # Opened here already, because what is wrong with the data is better told before any worker starts.
    stream = SampleStream(dataclasses.replace(config.data, pins=pins), world_size=config.workers.count)
    pins = dict(stream.pins)
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, pins=pins))
    settings: Any = OmegaConf.to_container(OmegaConf.structured(config))
    del settings["data"]["storage_options"]  # may hold credentials
    fixed = {key: value for key, value in settings.items() if key not in FREE_KEYS}
    # Where the shards lie may change; what they are is pinned.
    fixed["data"] = {key: value for key, value in settings["data"].items() if key not in ("shards", "pins")}
    if former:
        difference = first_difference(json.loads(former)["settings"], json.loads(json.dumps(fixed)))
        if difference:
            raise ConfigError(f"{storage.url} was begun with other settings: {difference}; choose another name=")
    else:
        versions = {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()}
        run = {"settings": fixed, "seed": config.seed, "pins": pins, "versions": versions}
        storage.replace(RUN, json.dumps(run, indent=1).encode() + b"\n")
    storage.replace(CONFIG, OmegaConf.to_yaml(OmegaConf.create(settings)).encode())
    return config


def first_difference(former: Any, now: Any, key: str = "") -> str:
    """The first setting that differs, as "key was a, is now b"; nothing where all are equal."""
    if isinstance(former, dict) and isinstance(now, dict):
        for name in sorted(former.keys() | now.keys()):
            found = first_difference(former.get(name), now.get(name), f"{key}.{name}" if key else name)
            if found:
                return found
        return ""
    return "" if former == now else f"{key} was {former}, is now {now}"


def fit(config: PretrainConfig, ray_folder: str) -> str:
    """Run the workers; what went wrong, in one line, or nothing."""
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    from trainers.local_group import LocalTorchConfig

    resources = {"CPU": config.workers.cores} | ({"GPU": 1} if config.workers.gpus else {})
    group = TorchConfig if os.environ.get("RAY_ADDRESS") else LocalTorchConfig
    trainer = TorchTrainer(
        run_worker,
        train_loop_config={"config": config},
        torch_config=group(backend="nccl" if config.workers.gpus else "gloo"),
        scaling_config=ScalingConfig(
            num_workers=config.workers.count, use_gpu=bool(config.workers.gpus), resources_per_worker=resources
        ),
        run_config=RunConfig(
            name=f"{time.time_ns()}",  # Ray's own notes of this sitting; the run's state is in its checkpoints
            storage_path=ray_folder,
            failure_config=FailureConfig(max_failures=config.workers.restarts),
        ),
    )
    try:
        trainer.fit()
    except Exception as error:  # whatever a worker died of, told by its last line
        return explain(error)
    return ""


def explain(error: BaseException) -> str:
    """The reason at the bottom of what Ray tells of a failed run."""
    failures = getattr(error, "worker_failures", None) or {}
    for failure in failures.values():
        return str(failure).strip().splitlines()[-1]
    return str(error).strip().splitlines()[-1]


def run_worker(given: dict[str, Any]) -> None:
    """What Ray Train runs in each worker."""
    import ray.train
    import ray.train.torch

    from trainers.parallel import Worker
    from trainers.training import train

    context = ray.train.get_context()
    device = ray.train.torch.get_device()
    train(given["config"], Worker(context.get_world_rank(), context.get_world_size(), device))


class Narrator(threading.Thread):
    """Prints the run's records as they are written, wherever the workers are. A context."""

    def __init__(self, storage: Storage, steps: int) -> None:
        super().__init__(daemon=True)
        self._storage = storage
        self._steps = steps
        self._told = len(self._records())
        self._over = threading.Event()

    def _records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self._storage.read_if_there(METRICS) or b"").splitlines()]

    def _tell(self) -> None:
        records = self._records()
        if len(records) < self._told:  # the workers began again from an earlier checkpoint
            self._told = len(records)
        for record in records[self._told :]:
            print(describe(record, self._steps), flush=True)
        self._told = len(records)

    def run(self) -> None:
        """Look for new records until the context ends."""
        while not self._over.wait(1.0 if self._storage.is_local else 10.0):
            self._tell()

    def __enter__(self) -> Narrator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
        self._tell()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
