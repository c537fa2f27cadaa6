"""One worker of a pretraining run, from its last checkpoint to its last step. Knows nothing of Ray."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator
from typing import Any

import torch

from shards.config import ConfigError
from shards.storage import Storage
from shards.stream.stream import Item, SampleStream, StepBatch
from trainers import checkpoint
from trainers.batch import Example, collate, make_example
from trainers.checkpoint import CheckpointRecord
from trainers.config import PretrainConfig
from trainers.engine import resolve_precision, start_engine
from trainers.model.qwen_audio import build_model
from trainers.optim import learning_rate, make_optimizer, set_learning_rate
from trainers.parallel import Worker, equal_parts, silence, total_losses
from trainers.progress import Interval, Metrics
from trainers.tokens import Tokenizer
from trainers.validation import held_out, mean_losses, overall


class Training:
    """A worker's model, optimiser, stream and place in the run.

    Raises:
        ConfigError: the run's last checkpoint is of another model, or the stream cannot be dealt to so many workers.
    """

    def __init__(self, config: PretrainConfig, worker: Worker) -> None:
        self.config = config
        self.worker = worker
        self.storage = Storage(config.run_url, **config.data.storage_options)
        precision = resolve_precision(config.precision, config.workers.gpus)
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self.tokenizer = Tokenizer.named(config.model.tokenizer, config.model.vocabulary, config.model.base_size)
        self.filler = silence(self.tokenizer, config.model.audio.n_mels)

        torch.manual_seed(config.seed)
        model = build_model(config.model, self.tokenizer, config.loss, self.dtype)
        model.autocast = precision == "autocast"
        self.frozen = checkpoint.fingerprint(model)
        self.record = self._last_checkpoint()
        folder = checkpoint.step_folder(self.record.step)
        weights = {}
        if self.record.step:
            weights = checkpoint.read_tensors(self.storage, f"{folder}/{checkpoint.WEIGHTS}")
            checkpoint.load_weights(model, weights, self.storage.full(folder))
        optimizer = make_optimizer(model, config.model.audio.layers, config.optim)
        self.engine = start_engine(model, optimizer, config.zero_stage, precision, config.optim.clip, worker.device)
        checkpoint.prime(self.engine, self.record.step)
        if self.record.step:
            moments = checkpoint.read_tensors(self.storage, f"{folder}/{checkpoint.OPTIMIZER}")
            checkpoint.scatter(self.engine, weights, moments)

        self.stream = SampleStream(
            config.data, worker.rank, worker.world_size, step=self.record.step, transform=self._example
        )
        if worker.rank == 0:
            self.storage.sweep(checkpoint.FOLDER)  # what a killed sitting left half written
        held = held_out(config.data, config.validation.splits, config.validation.samples_per_task)
        self.held_out = [self._example(item) for item in held[worker.rank :: worker.world_size]]

    def _last_checkpoint(self) -> CheckpointRecord:
        dtype = str(self.dtype).removeprefix("torch.")
        new = CheckpointRecord(step=0, seed=self.config.seed, model=self.config.model, frozen=self.frozen, dtype=dtype)
        folders = checkpoint.find(self.storage, "step")
        if not folders:
            return new
        record = checkpoint.read_record(self.storage, folders[-1])
        if record.frozen != self.frozen:
            raise ConfigError(
                f"{self.storage.full(folders[-1])}: trained with another frozen language model than "
                "model.language names; restore that one, or begin a new run with another name="
            )
        return record

    def _example(self, item: Any) -> Example:
        return make_example(item, self.tokenizer, self.config.model.audio.n_mels, self.config.loss.label_tags)

    def step(self, step: int, items: tuple[Item, ...], interval: Interval) -> float:
        """Learn from this rank's items of one step; the length of the gradient before it was clipped.

        The gradient is that of the mean over all labels of all ranks, however items fall on ranks and micro-batches.
        """
        config = self.config
        # Dropout draws anew from here in every step, so that a resumed run draws the same.
        torch.manual_seed(((config.seed * 1_000_003 + step) * 1_000_003 + self.worker.rank) % 2**63)
        examples = [item.features for item in items]
        parts, labels = equal_parts(examples, config.micro_batch_positions, self.worker, self.filler)
        for number, part in enumerate(parts, start=1):
            batch = collate(part, self.tokenizer, config.augment, (config.seed, step)).to(
                self.worker.device, self.dtype
            )
            self.engine.set_gradient_accumulation_boundary(number == len(parts))
            loss, losses = self.engine(batch)
            # DeepSpeed takes the mean over ranks.
            self.engine.backward(loss * (self.worker.world_size / max(1, labels)))
            interval.add(batch, losses)
        norm = self._gradient_norm()
        set_learning_rate(self.engine.optimizer, learning_rate(step, config.steps, config.optim))
        self.engine.step()
        interval.steps += 1
        # ZeRO knows it only now that it has put its parts together.
        return norm if norm is not None else float(self.engine.get_global_grad_norm())

    def _gradient_norm(self) -> float | None:
        if self.config.zero_stage:
            return None
        gradients = [parameter.grad for parameter in self.engine.module.parameters() if parameter.grad is not None]
        return float(torch.nn.utils.get_total_norm(gradients))

    def validate(self) -> dict[str, float]:
        """The held-out loss of each task, in nats per label."""
        self.engine.eval()
        sums = total_losses(
            self.engine,
            self.held_out,
            self.config.micro_batch_positions,
            self.worker,
            self.tokenizer,
            self.filler,
            self.dtype,
        )
        self.engine.train()
        return mean_losses(sums)

    def save(self, record: CheckpointRecord, best: bool) -> None:
        """Write the state after `record.step` steps; with `best`, only the weights, in the place of the former best."""
        weights, moments = {}, {}
        for name, weight, first, second in checkpoint.gather(self.engine):
            if self.worker.rank == 0:
                weights[name] = weight.float().cpu()
                if not best:
                    moments[f"{name}.exp_avg"], moments[f"{name}.exp_avg_sq"] = first.cpu(), second.cpu()
        if self.worker.rank == 0:
            folder = (checkpoint.best_folder if best else checkpoint.step_folder)(record.step)
            tensors = {checkpoint.WEIGHTS: weights} | ({} if best else {checkpoint.OPTIMIZER: moments})
            checkpoint.write(self.storage, folder, record, tensors)
            checkpoint.prune(self.storage, "best" if best else "step", 1 if best else self.config.checkpoint.keep)
        self.worker.wait()

    def batches(self) -> Iterator[StepBatch]:
        """The steps that are left."""
        for batch in self.stream:
            yield batch
            if batch.step + 1 >= self.config.steps:
                return


def train(config: PretrainConfig, worker: Worker) -> None:
    """Run one worker to `config.steps`, or to where the run diverges, which its records then say.

    Every rank calls it.
    """
    torch.set_num_threads(config.workers.threads)
    training = Training(config, worker)
    record = training.record
    if record.step >= config.steps:
        return
    metrics = Metrics(training.storage, record.step) if worker.rank == 0 else None
    interval = Interval()
    waiting_since = time.perf_counter()
    for batch in training.batches():
        interval.waited_seconds += time.perf_counter() - waiting_since
        gradient = training.step(batch.step, batch.items, interval)
        done = batch.step + 1
        if not math.isfinite(gradient):  # the same number on every rank; what was saved before stays good
            if metrics:
                metrics.add({"kind": "diverged", "step": done})
            return
        due = {every: done % every == 0 or done == config.steps for every in _intervals(config)}

        if due[config.log_every] or due[config.checkpoint.every]:
            facts = {"lr": learning_rate(batch.step, config.steps, config.optim), "gradient": gradient}
            entry = interval.record(worker)
            if metrics:
                metrics.add({"kind": "train", "step": done} | entry | facts)
        if due[config.validation.every] and config.validation.splits:
            losses = training.validate()
            loss = overall(losses)
            best = math.isfinite(loss) and (record.best_loss is None or loss < record.best_loss)
            record = dataclasses.replace(record, validation_loss=loss, best_loss=loss if best else record.best_loss)
            if best:
                training.save(dataclasses.replace(record, step=done), best=True)
            if metrics:
                metrics.add({"kind": "validation", "step": done, "loss": loss, "losses": losses, "best": best})
        if due[config.checkpoint.every]:
            training.save(dataclasses.replace(record, step=done), best=False)
        if interval.told:
            interval = Interval()  # which counts neither validation nor saving
        waiting_since = time.perf_counter()


def _intervals(config: PretrainConfig) -> tuple[int, ...]:
    return config.log_every, config.validation.every, config.checkpoint.every
