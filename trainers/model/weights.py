"""Released weights under this project's names: Whisper's encoder, and Qwen-7B as a Qwen2-like model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from shards.config import ConfigError

_WHISPER_NAMES = (
    ("self_attn.q_proj", "attention.query"),
    ("self_attn.k_proj", "attention.key"),
    ("self_attn.v_proj", "attention.value"),
    ("self_attn.out_proj", "attention.out"),
    ("self_attn_layer_norm", "attention_norm"),
    ("final_layer_norm", "mlp_norm"),
    ("fc1", "mlp_in"),
    ("fc2", "mlp_out"),
)

# In Qwen-7B the second matrix gates the first, against what the numbers suggest.
_QWEN_NAMES = (
    ("attn.c_proj", "self_attn.o_proj"),
    ("mlp.c_proj", "mlp.down_proj"),
    ("mlp.w1", "mlp.up_proj"),
    ("mlp.w2", "mlp.gate_proj"),
    ("ln_1", "input_layernorm"),
    ("ln_2", "post_attention_layernorm"),
)
_QWEN_LAYER = re.compile(r"transformer\.h\.(\d+)\.(.+)")


def whisper_encoder_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of a Hugging Face `WhisperEncoder`, renamed for `AudioEncoder`; its fixed positions are left out."""
    renamed = {}
    for name, tensor in weights.items():
        if name.startswith("embed_positions"):
            continue
        for theirs, ours in _WHISPER_NAMES:
            name = name.replace(f".{theirs}.", f".{ours}.")
        renamed[re.sub(r"^layer_norm\.", "norm.", name)] = tensor
    return renamed


def load_whisper(encoder: nn.Module, source: str) -> None:
    """Set convolutions, layers and norm of `encoder` to those of a Whisper checkpoint; the projection stays as it is.

    Raises:
        ConfigError: `source` cannot be loaded, or is of another size.
    """
    from transformers import WhisperModel

    try:
        whisper = WhisperModel.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise ConfigError(f"model.audio.pretrained={source}: cannot be loaded ({_first_line(error)})") from error
    try:
        rest = encoder.load_state_dict(whisper_encoder_weights(whisper.encoder.state_dict()), strict=False)
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip()
        raise ConfigError(f"model.audio.pretrained={source}: not of model.audio's shape ({reason})") from error
    missing = [name for name in rest.missing_keys if not name.startswith(("projection.", "markers."))]
    if missing or rest.unexpected_keys:
        raise ConfigError(
            f"model.audio.pretrained={source}: not of model.audio's shape "
            f"({len(missing)} tensors missing, {len(rest.unexpected_keys)} too many)"
        )


def qwen_weights(name: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    """One tensor of Qwen-7B under the names it has in a Qwen2-like model: the fused projection becomes three."""
    layer = _QWEN_LAYER.fullmatch(name)
    if not layer:
        yield (
            {"transformer.wte.weight": "model.embed_tokens.weight", "transformer.ln_f.weight": "model.norm.weight"}.get(
                name, name
            ),
            tensor,
        )
        return
    prefix, rest = f"model.layers.{layer[1]}.", layer[2]
    if rest.startswith("attn.c_attn."):
        kind = rest.rpartition(".")[2]
        for projection, part in zip("qkv", tensor.chunk(3), strict=True):
            yield f"{prefix}self_attn.{projection}_proj.{kind}", part
        return
    for theirs, ours in _QWEN_NAMES:
        rest = re.sub(rf"^{re.escape(theirs)}\.", f"{ours}.", rest)
    yield prefix + rest, tensor


def is_qwen(source: str) -> bool:
    """Whether a folder or hub name holds the first Qwen, whose modelling code is not part of transformers."""
    return json.loads((_folder(source, ("config.json",)) / "config.json").read_text()).get("model_type") == "qwen"


def load_qwen(llm: nn.Module, source: str) -> None:
    """Set every parameter of a Qwen2-like model to those of Qwen-7B, read from its safetensors one by one.

    Of an embedding with more rows than `llm`'s (Qwen-Audio's), the first are taken; other parts are passed over.

    Raises:
        ConfigError: `source` cannot be loaded, or is of another size.
    """
    folder = _folder(source, ("*.safetensors", "config.json"))
    parameters = dict(llm.named_parameters())
    open_names = set(parameters)
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as tensors:
            for their_name in tensors.keys():  # noqa: SIM118, it is no dict
                if their_name.startswith("transformer.audio."):
                    continue
                for name, tensor in qwen_weights(their_name, tensors.get_tensor(their_name)):
                    if name not in parameters:
                        continue
                    own = parameters[name]
                    tensor = tensor[: len(own)] if name.endswith(("embed_tokens.weight", "lm_head.weight")) else tensor
                    if tensor.shape != own.shape:
                        shapes = f"{name} is {tuple(tensor.shape)}, not {tuple(own.shape)}"
                        raise ConfigError(
                            f"model.language.pretrained={source}: not of model.language's shape ({shapes})"
                        )
                    with torch.no_grad():
                        own.copy_(tensor)
                    open_names.discard(name)
    if open_names:
        raise ConfigError(
            f"model.language.pretrained={source}: {len(open_names)} tensors are missing, such as {min(open_names)}"
        )


def _folder(source: str, patterns: tuple[str, ...]) -> Path:
    """A folder here, or a copy of what is on the hub."""
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(source, allow_patterns=list(patterns)))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ConfigError(
            f"model.language.pretrained={source}: no such folder, and not on the hub ({_first_line(error)})"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
