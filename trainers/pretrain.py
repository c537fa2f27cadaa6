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
import re
import sys
import threading
import time
from collections.abc import Mapping, Sequence
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
from shards.stream.config import StreamConfig
from shards.stream.stream import SampleStream
from trainers import checkpoint
from trainers.config import FREE_KEYS, PretrainConfig
from trainers.engine import resolve_precision
from trainers.model.qwen_audio import build_model, parameter_counts
from trainers.progress import METRICS, describe
from trainers.tokens import Tokenizer
from trainers.validation import check_held_out

RUN = "run.json"
CONFIG = "config.yaml"
LOST_CONNECTION = ("connection closed by peer", "connection reset", "connection refused", "broken pipe")
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
    storage = Storage(config.run_url, **config.data.storage_options)
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
    failure = failure or divergence(storage, config.steps)
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
    for key in ("audio", "language"):
        pretrained = getattr(config.model, key).pretrained
        if pretrained.startswith(("/", ".", "~")) and not Path(pretrained).expanduser().exists():
            raise ConfigError(f"model.{key}.pretrained={pretrained}: no such folder")


def begin(config: PretrainConfig, storage: Storage) -> PretrainConfig:
    """Write down what is run, or compare with what was; the configuration with its indexes pinned.

    Raises:
        ConfigError: the run was begun with other settings or other data, or the data cannot be streamed.
        ShardError: a split without an index.
    """
    storage.check_writable()
    found = storage.read_if_there(RUN)
    former = json.loads(found) if found else None
    config = dataclasses.replace(config, precision=run_precision(config, former), data=pinned(config.data, former))
    # Opened here already, because what is wrong with the data is better told before any worker starts.
    stream = SampleStream(config.data, world_size=config.workers.count)
    check_held_out(config.data, config.validation.splits)
    pins, benchmark_pins = dict(stream.pins), dict(stream.benchmark_pins)
    config = dataclasses.replace(
        config, data=dataclasses.replace(config.data, pins=pins, benchmark_pins=benchmark_pins)
    )
    settings = plain(config)
    if former:
        difference = first_difference(fixed(former["settings"]), fixed(settings))
        if difference:
            raise ConfigError(f"{storage.url} was begun with other settings: {difference}; choose another name=")
    else:
        versions = {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()}
        run = {"settings": fixed(settings), "seed": config.seed, "pins": pins, "benchmark_pins": benchmark_pins}
        storage.replace(RUN, json.dumps(run | {"versions": versions}, indent=1).encode() + b"\n")
    storage.replace(CONFIG, OmegaConf.to_yaml(OmegaConf.create(settings)).encode())
    return config


def run_precision(config: PretrainConfig, former: Mapping[str, Any] | None) -> str:
    """What `precision` means for the whole run: `auto` is decided once, by the machine that the run begins on."""
    if config.precision != "auto":
        return config.precision
    return former["settings"]["precision"] if former else resolve_precision("auto", config.workers.gpus)


def pinned(data: StreamConfig, former: Mapping[str, Any] | None) -> StreamConfig:
    """`data` held to the indexes that the run was begun with.

    Raises:
        ConfigError: the configuration pins others.
    """
    if not former:
        return data
    for split, sha256 in data.pins.items():
        if former["pins"].get(split, sha256) != sha256:
            raise ConfigError(f"data.pins: the run was begun with another index of {split}; choose another name=")
    return dataclasses.replace(data, pins=former["pins"], benchmark_pins=former["benchmark_pins"])


def plain(config: PretrainConfig) -> dict[str, Any]:
    """The configuration as it is written down: without credentials."""
    settings: Any = OmegaConf.to_container(OmegaConf.structured(config))
    del settings["data"]["storage_options"]
    return json.loads(json.dumps(settings))


def fixed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Written settings, completed by the defaults of what they do not say, but for what may change in a run's life."""
    complete: Any = OmegaConf.to_container(OmegaConf.merge(OmegaConf.structured(PretrainConfig), dict(settings)))
    for key in FREE_KEYS:
        section, _, name = key.rpartition(".")
        (complete[section] if section else complete).pop(name, None)
    return json.loads(json.dumps(complete))


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
    """The reason at the bottom of what Ray tells of a failed run, and where to read more unless that says it all."""
    failures = getattr(error, "worker_failures", None) or {0: error}
    reasons = [(str(failure).strip().splitlines() or [type(failure).__name__])[-1] for failure in failures.values()]
    # When one worker dies, the others lose their connection to it: that is never the reason.
    reason = min(reasons, key=lambda line: any(mark in line.lower() for mark in LOST_CONNECTION))
    known = re.fullmatch(r"(?:[\w.]+\.)?(?:ConfigError|ShardError|StorageError): (.*)", reason)
    return known[1] if known else f"{reason} (the workers' logs: /tmp/ray/session_latest/logs/train)"


def divergence(storage: Storage, steps: int) -> str:
    """Why the workers ended before the last step, or nothing."""
    done = checkpoint.find(storage, "step")
    last = checkpoint.read_record(storage, done[-1]).step if done else 0
    records = [json.loads(line) for line in (storage.read_if_there(METRICS) or b"").splitlines()]
    if last >= steps or not records or records[-1]["kind"] != "diverged":
        return ""
    return (
        f"{storage.url}: at step {records[-1]['step']} the gradient is no finite number, the last checkpoint is of "
        f"step {last}; begin another run with name= and a smaller optim.lr or optim.clip"
    )


def run_worker(given: dict[str, Any]) -> None:
    """What Ray Train runs in each worker."""
    import ray.train
    import ray.train.torch

    from trainers.parallel import Worker
    from trainers.training import train

    context = ray.train.get_context()
    if not given["config"].workers.gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # Ray leaves them visible to workers that asked for none
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
