"""The settings of a pretraining run, one dataclass per subject; `trainers/configs/*.yaml` hold values."""

from __future__ import annotations

from dataclasses import dataclass, field

from omegaconf import MISSING

from shards.config import ConfigError
from shards.stream.config import StreamConfig
from trainers.evaluation.config import EvaluateConfig, ReportConfig
from trainers.features import MAX_SECONDS, SpecAugmentConfig
from trainers.loss import LossConfig
from trainers.model.qwen_audio import ModelConfig
from trainers.optim import OptimConfig

PRECISIONS = ("auto", "float32", "autocast", "bfloat16")


@dataclass(frozen=True)
class ValidationConfig:
    """The held-out loss: on which samples, and how often."""

    splits: tuple[str, ...] = ()  # e.g. ("librispeech/dev-clean",); none: no validation
    every: int = 500  # steps
    samples_per_task: int = 64  # of each split: the first ones in the index, whose order is that of a hash


@dataclass(frozen=True)
class CheckpointConfig:
    """When the state of the run is written down, and how much of it is kept."""

    every: int = 500  # steps
    keep: int = 2  # of the latest; the best by validation is kept besides


@dataclass(frozen=True)
class WorkersConfig:
    """The processes that train together."""

    count: int = 1  # must divide data.lanes
    cores: float = 1.0  # of each, as Ray counts them
    threads: int = 1  # of each, for arithmetic
    gpus: int = 0  # of each: 0 or 1
    restarts: int = 2  # after a worker died: all go on from the last checkpoint


@dataclass(frozen=True)
class PretrainConfig:
    """A pretraining run."""

    name: str = MISSING  # the run's folder below `output`
    output: str = "runs"  # a folder all workers see, or an s3:// URL
    steps: int = 1000
    seed: int = 0
    # float32; bfloat16: weights in bfloat16 beside float32 master weights, for GPUs; autocast: float32 weights,
    # multiplied in bfloat16; auto: bfloat16 on GPUs, autocast on CPUs that multiply it fast, else float32.
    precision: str = "auto"
    zero_stage: int = 1  # what DeepSpeed shards: 0 nothing, 1 optimizer state, 2 and gradients, 3 and weights
    micro_batch_positions: int = 16_000  # positions in the language model, padding included, in memory at once
    log_every: int = 10  # steps
    dry_run: bool = False  # build the model without memory, print its parameter counts, and stop
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    augment: SpecAugmentConfig = field(default_factory=SpecAugmentConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    data: StreamConfig = MISSING
    validation: ValidationConfig = field(default_factory=ValidationConfig)
    checkpoint: CheckpointConfig = field(default_factory=CheckpointConfig)
    workers: WorkersConfig = field(default_factory=WorkersConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)  # of `trainers/evaluate.py`
    report: ReportConfig = field(default_factory=ReportConfig)  # of `trainers/report.py`

    def __post_init__(self) -> None:
        if not self.name.strip(".") or "/" in self.name:
            raise ConfigError(f"name={self.name}: expected the name of a folder below output={self.output}")
        if self.precision not in PRECISIONS:
            raise ConfigError(f"precision={self.precision}: expected {', '.join(PRECISIONS)}")
        if self.zero_stage not in (0, 1, 2, 3):
            raise ConfigError(f"zero_stage={self.zero_stage}: expected 0, 1, 2 or 3")
        if self.precision == "bfloat16" and self.zero_stage == 0:
            raise ConfigError("precision=bfloat16 needs zero_stage=1 or more, which keeps the master weights")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed={self.seed}: expected 0 to {2**32 - 1}")
        if self.data.max_seconds > MAX_SECONDS:
            raise ConfigError(f"data.max_seconds={self.data.max_seconds:g}: the encoder takes {MAX_SECONDS:g} s")
        for split in self.validation.splits:
            if len(split.split("/")) != 2 or not all(split.split("/")):
                raise ConfigError(f"validation.splits: '{split}' is not of the form dataset/split")
        if self.workers.gpus not in (0, 1):
            raise ConfigError(f"workers.gpus={self.workers.gpus}: expected 0 or 1, and one worker for each GPU")
        if self.workers.cores <= 0 or self.workers.restarts < 0:
            raise ConfigError("workers: expected cores above 0, and 0 restarts or more")
        for key, value in (
            ("steps", self.steps),
            ("micro_batch_positions", self.micro_batch_positions),
            ("log_every", self.log_every),
            ("validation.every", self.validation.every),
            ("validation.samples_per_task", self.validation.samples_per_task),
            ("loss.chunk", self.loss.chunk),
            ("checkpoint.every", self.checkpoint.every),
            ("checkpoint.keep", self.checkpoint.keep),
            ("workers.count", self.workers.count),
            ("workers.threads", self.workers.threads),
        ):
            if value < 1:
                raise ConfigError(f"{key}={value}: expected 1 or more")

    @property
    def run_url(self) -> str:
        """The run's folder."""
        return f"{self.output.rstrip('/')}/{self.name}"


# What may differ between the sittings of one run: it changes where and how fast, not what is learned.
FREE_KEYS = (
    *("output", "log_every", "dry_run", "checkpoint", "workers", "micro_batch_positions", "loss.chunk"),
    *("data.shards", "data.storage_options", "data.threads", "data.prefetch"),
    *("data.pins", "data.benchmark_pins"),  # compared by the stream
    *("evaluate", "report"),
)
