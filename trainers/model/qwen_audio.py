"""Qwen-Audio: the audio encoder's vectors spliced into a causal language model that writes tags and text.

Axes: B rows, S positions, W width of the language model, L labels, P positions that audio fills, K clips.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast, get_args

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import AutoModelForCausalLM, DynamicCache, PreTrainedModel, Qwen2Config, Qwen2ForCausalLM
from transformers.initialization import no_init_weights

from shards.config import ConfigError
from trainers.batch import Batch
from trainers.loss import LossConfig, label_losses
from trainers.model.encoder import AudioEncoder, EncoderConfig, sinusoids
from trainers.model.tag_rows import TagRows, TimeRows
from trainers.model.weights import is_qwen, load_qwen, load_whisper
from trainers.tokens import Tokenizer

TIME_STEP = 0.01  # seconds from one time token to the next
CONV_STEP = 0.02  # seconds from one conv frame, and so one encoder position, to the next


@dataclass(frozen=True)
class LanguageConfig:
    """The language model: any pretrained causal one, or a Qwen2-like one of the shape below with random weights.

    Qwen-7B is of that shape: its weights are read under other names, and the shape must be stated.
    """

    pretrained: str = ""  # a folder, or a name on the Hugging Face hub
    vocabulary: int = 257  # rows of the base embedding
    width: int = 192
    layers: int = 4
    heads: int = 4
    kv_heads: int = 4
    mlp: int = 512
    norm_eps: float = 1e-6
    rope_base: float = 10_000.0
    max_positions: int = 8192

    def __post_init__(self) -> None:
        if min(self.heads, self.kv_heads) < 1 or self.width % self.heads or self.heads % self.kv_heads:
            raise ConfigError(
                f"model.language: width={self.width} must be a multiple of heads={self.heads}, "
                f"and that of kv_heads={self.kv_heads}"
            )


@dataclass(frozen=True)
class ModelConfig:
    """The whole model."""

    audio: EncoderConfig = field(default_factory=EncoderConfig)
    language: LanguageConfig = field(default_factory=LanguageConfig)
    tokenizer: str = "bytes"  # or a folder, or a name on the hub
    base_size: int = 0  # ids before the tags'; 0: as many as the tokenizer has
    vocabulary: str = "released"  # which tags: "released" or "extended"
    freeze_llm: bool = True  # stage one: only the audio encoder and the tag rows learn
    time_rows: str = "smooth"  # how time tokens begin: random, smooth or shared (trainers/model/tag_rows.py)

    def __post_init__(self) -> None:
        if self.time_rows not in get_args(TimeRows):
            raise ConfigError(f"model.time_rows={self.time_rows}: expected {', '.join(get_args(TimeRows))}")


class QwenAudio(nn.Module):
    """Audio encoder, language model and tag rows.

    Attributes:
        audio: the encoder, projection and markers.
        llm: any Hugging Face causal language model.
        tag_input, tag_output: embedding and head rows of the tags.
        autocast: multiply in bfloat16 in `forward`, whatever the weights' type.
    """

    def __init__(
        self,
        audio: EncoderConfig,
        llm: PreTrainedModel,
        base_size: int,
        tags: int,
        times: tuple[int, int],
        freeze_llm: bool = True,
        time_rows: TimeRows = "smooth",
        loss: LossConfig | None = None,
    ) -> None:
        super().__init__()
        embedding = cast(nn.Embedding, llm.get_input_embeddings())
        rows, width = embedding.weight.shape
        if rows < base_size:
            raise ConfigError(f"the language model has {rows} embedding rows, its tokenizer {base_size} ids")
        self.base_size = base_size
        self.loss = loss or LossConfig()
        self.times = times
        self.autocast = False
        self.audio = AudioEncoder(audio, width)
        self.llm = llm
        # What is new begins as loud as the base model's own, so that it is heard from the first step.
        features = sinusoids(times[1] - times[0], audio.width, step=TIME_STEP / CONV_STEP)
        spread_in, spread_out = _spread(embedding.weight), _spread(llm.get_output_embeddings().weight)
        self.tag_input = TagRows(tags, width, spread_in, times, time_rows, features)
        self.tag_output = TagRows(tags, width, spread_out, times, time_rows, features)
        nn.init.normal_(self.audio.markers.weight, std=_spread(embedding.weight))
        if freeze_llm:
            self.llm.requires_grad_(False)

    def embed(self, tokens: Tensor) -> Tensor:
        """Vectors of ids of any shape: (…) -> (…, W)."""
        base = self.llm.get_input_embeddings()(tokens.clamp(max=self.base_size - 1))
        tags = self.tag_input((tokens - self.base_size).clamp(min=0), "embed")
        return torch.where((tokens < self.base_size)[..., None], base, tags.to(base.dtype))

    def score(self, hidden: Tensor) -> Tensor:
        """Scores of all ids, base then tags: (…, W) -> (…, base_size + tags)."""
        base = self.llm.get_output_embeddings()(hidden)[..., : self.base_size]
        return torch.cat([base, self.tag_output(hidden, "score").to(base.dtype)], dim=-1)

    def splice(self, batch: Batch) -> Tensor:
        """(B, S, W) input of the language model: token vectors, and each clip's frames between its markers."""
        vectors = self.embed(batch.tokens)
        frames_KNW = self.audio(*self._clips(batch))
        frames = frames_KNW.flatten(0, 1)[batch.pooled_index]
        source = torch.cat([self.audio.markers.weight, frames])[batch.audio_source].to(vectors.dtype)
        flat = vectors.flatten(0, 1)
        if not len(batch.audio_index):
            # Every rank's every parameter takes part in every step, or their gradients would not meet.
            return vectors + 0.0 * (frames_KNW.sum() + self.audio.markers.weight.sum()).to(vectors.dtype)
        return flat.index_copy(0, batch.audio_index, source).view_as(vectors)

    def _clips(self, batch: Batch) -> tuple[Tensor, Tensor, bool]:
        if len(batch.conv_frames):
            return batch.mel, batch.conv_frames, batch.uniform
        return batch.mel.new_zeros(1, self.audio.conv1.in_channels, 4), batch.conv_frames.new_full((1,), 2), True

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Loss of a batch.

        Returns:
            The sum over labels of what is minimised, with its graph; and the cross entropy of each label (L,) in nats,
            without.
        """
        with self._arithmetic(batch.tokens.device.type):
            # Padding is on the right and attention causal: no position that counts sees any.
            hidden = self.llm.base_model(inputs_embeds=self.splice(batch), use_cache=False).last_hidden_state
            # Only positions that predict a label reach the head: full logits would cost more than the encoder.
            at_labels = hidden.flatten(0, 1)[batch.label_index]
            times = (self.base_size + self.times[0], self.base_size + self.times[1])
            return label_losses(self.score, at_labels, batch.labels, times, self.loss)

    @contextlib.contextmanager
    def _arithmetic(self, device: str) -> Iterator[None]:
        """Multiply float32 weights in bfloat16, if that is wanted."""
        with contextlib.ExitStack() as stack:
            if self.autocast:
                stack.enter_context(torch.autocast(device, torch.bfloat16))
                if device == "cpu":
                    # The fused kernel's backward pass is several times slower there, in bfloat16, than plain products.
                    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)
                    stack.enter_context(sdpa_kernel(SDPBackend.MATH))
            yield

    @torch.inference_mode()
    def generate(self, batch: Batch, max_new_tokens: int, tokenizer: Tokenizer) -> list[str]:
        """Greedy continuations, in the batch's order: text with tags, without the end token.

        A row's text does not depend on its companions (up to ties within rounding), and has at least one token.
        """
        device = batch.tokens.device
        rows, width = batch.tokens.shape
        cache = DynamicCache(config=self.llm.config)
        hidden = self.llm.base_model(
            inputs_embeds=self.splice(batch), past_key_values=cache, use_cache=True
        ).last_hidden_state
        last = hidden[torch.arange(rows, device=device), batch.lengths - 1]
        # The cache keeps the padding after short prompts; it is hidden from what comes later.
        visible = torch.arange(width, device=device) < batch.lengths[:, None]
        written: list[list[int]] = [[] for _ in range(rows)]
        active = torch.arange(rows, device=device)
        position = batch.lengths.clone()
        for place in range(max_new_tokens):
            scores = self.score(last)
            if place == 0:  # as the published evaluation has it
                scores[:, tokenizer.end_id] = -torch.inf
            chosen = scores.argmax(dim=-1)
            for row, token in zip(active.tolist(), chosen.tolist(), strict=True):
                written[row].append(token)
            going = (chosen != tokenizer.end_id).nonzero().flatten()
            if not len(going):
                break
            if len(going) < len(active):
                cache.batch_select_indices(going)
                chosen, active, visible, position = chosen[going], active[going], visible[going], position[going]
            visible = torch.cat([visible, visible.new_ones(len(active), 1)], dim=1)
            last = self.llm.base_model(
                inputs_embeds=self.embed(chosen[:, None]),
                attention_mask=visible.long(),
                position_ids=position[:, None],
                past_key_values=cache,
                use_cache=True,
            ).last_hidden_state[:, -1]
            position = position + 1
        return [tokenizer.decode(ids) for ids in written]


def build_language_model(config: LanguageConfig, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The causal language model a configuration names, on the default device.

    Raises:
        ConfigError: `pretrained` cannot be loaded.
    """
    if config.pretrained and not is_qwen(config.pretrained):
        try:
            return AutoModelForCausalLM.from_pretrained(config.pretrained, dtype=dtype)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(f"model.language.pretrained={config.pretrained}: cannot be loaded ({reason})") from error
    shape = Qwen2Config(
        vocab_size=config.vocabulary,
        hidden_size=config.width,
        intermediate_size=config.mlp,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads,
        rms_norm_eps=config.norm_eps,
        rope_parameters={"rope_type": "default", "rope_theta": config.rope_base},
        max_position_embeddings=config.max_positions,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=None,
        dtype=dtype,
    )
    with no_init_weights():
        llm = Qwen2ForCausalLM(shape)
    nn.Module.to(llm, dtype=dtype)
    if config.pretrained:
        load_qwen(llm, config.pretrained)
    else:
        _begin(llm)
    return llm


def _begin(llm: Qwen2ForCausalLM) -> None:
    """Random weights with which a small model learns within minutes.

    Every product keeps the loudness of what it is given, each of the 2 L branches adds 1 / sqrt(2 L) of it, and the
    embeddings are as loud as the projected audio. (The usual 0.02 everywhere suits widths of thousands.)
    """
    branches = 2 * len(llm.model.layers)
    for name, weight in llm.named_parameters():
        if name.endswith("norm.weight"):
            nn.init.ones_(weight)
        elif weight.ndim == 1:
            nn.init.zeros_(weight)
        elif name.endswith(("o_proj.weight", "down_proj.weight")):
            nn.init.normal_(weight, std=(branches * weight.shape[1]) ** -0.5)
        elif name.endswith("proj.weight"):
            nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
        else:
            nn.init.normal_(weight, std=0.5 if "embed" in name else 0.02)


def _spread(weight: Tensor) -> float:
    """The standard deviation of a matrix's numbers."""
    return 0.02 if weight.is_meta else float(weight.detach().float().std())


def build_model(
    config: ModelConfig, tokenizer: Tokenizer, loss: LossConfig | None = None, dtype: torch.dtype = torch.float32
) -> QwenAudio:
    """The model of a configuration, its language model in `dtype`, with random or pretrained weights.

    Raises:
        ConfigError: pretrained weights that cannot be loaded, or are of another shape.
    """
    model = QwenAudio(
        config.audio,
        build_language_model(config.language, dtype),
        base_size=tokenizer.base_size,
        tags=tokenizer.size - tokenizer.base_size,
        times=(tokenizer.first_time_id - tokenizer.base_size, tokenizer.last_time_id - tokenizer.base_size + 1),
        freeze_llm=config.freeze_llm,
        time_rows=config.time_rows,  # type: ignore[arg-type]
        loss=loss,
    )
    if config.audio.pretrained:
        load_whisper(model.audio, config.audio.pretrained)
    return model


def parameter_counts(model: QwenAudio) -> dict[str, tuple[int, int]]:
    """(all, trainable) parameters of each part."""
    parts: dict[str, Sequence[nn.Module]] = {
        "audio tower": [model.audio],
        "language model": [model.llm],
        "tag rows": [model.tag_input, model.tag_output],
    }
    counts = {}
    for name, modules in parts.items():
        parameters = [parameter for module in modules for parameter in module.parameters()]
        counts[name] = (
            sum(parameter.numel() for parameter in parameters),
            sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        )
    return counts
