"""The audio encoder: Whisper's, of variable length, pooled to 40 ms and projected to the language model's width.

Axes: B clips, F mel bins, T mel frames, C conv frames (20 ms), N pooled frames (40 ms), D encoder width, H heads,
W width of the language model.

A clip gives the same vectors alone and in any batch: mel frames after its end are zero (as the convolution's own
padding is), conv frames after its end are set to zero and hidden from attention, and pooled frames after its end
are dropped by the caller.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shards.config import ConfigError


@dataclass(frozen=True)
class EncoderConfig:
    """Shape of the audio encoder; the defaults are Whisper-large-v2's."""

    n_mels: int = 80
    width: int = 1280
    layers: int = 32
    heads: int = 20
    dropout: float = 0.0
    max_frames: int = 1500  # conv frames: 30 s
    position_scale: float = 1.0  # of the sinusoids; Whisper's weights know 1, little data learns sooner with less
    pretrained: str = ""  # a Whisper checkpoint to start from: a folder, or a name on the hub

    def __post_init__(self) -> None:
        if self.heads < 1 or self.width % self.heads or self.width % 2:
            raise ConfigError(f"model.audio: width={self.width} must be even, and a multiple of heads={self.heads}")


def sinusoids(length: int, width: int, step: float = 1.0) -> Tensor:
    """(length, width) fixed positions: sines, then cosines, of wavelengths from 2 pi to 10000 * 2 pi frames.

    Row n is that of frame `n * step`.
    """
    # In float32 throughout, as Whisper's were made: its weights know them with that rounding.
    rates = torch.exp(-math.log(10_000) / (width // 2 - 1) * torch.arange(width // 2))
    angles = torch.arange(length)[:, None] * step * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Attention(nn.Module):
    """Self-attention over all frames; the key projection has no bias, as in Whisper."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x_BCD: Tensor, mask_B11C: Tensor | None) -> Tensor:
        heads = (projection(x_BCD).unflatten(2, (self.heads, -1)) for projection in (self.query, self.key, self.value))
        query, key, value = (part.transpose(1, 2) for part in heads)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask_B11C)
        return self.out(attended.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """One pre-norm transformer layer."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp_in = nn.Linear(width, 4 * width)
        self.mlp_out = nn.Linear(4 * width, width)
        self.dropout = dropout

    def forward(self, x_BCD: Tensor, mask_B11C: Tensor | None) -> Tensor:
        x_BCD = x_BCD + self._drop(self.attention(self.attention_norm(x_BCD), mask_B11C))
        return x_BCD + self._drop(self.mlp_out(F.gelu(self.mlp_in(self.mlp_norm(x_BCD)))))

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training) if self.dropout else x


class AudioEncoder(nn.Module):
    """Mel frames to vectors the language model can read."""

    positions: Tensor

    def __init__(self, config: EncoderConfig, output_width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(config.n_mels, config.width, kernel_size=3, padding=1)
        self.conv2 = nn.Conv1d(config.width, config.width, kernel_size=3, stride=2, padding=1)
        for conv in (self.conv1, self.conv2):  # so that what is heard is as loud as where
            nn.init.kaiming_uniform_(conv.weight, nonlinearity="relu")
        positions = sinusoids(config.max_frames, config.width) * config.position_scale
        self.register_buffer("positions", positions, persistent=False)
        self.layers = nn.ModuleList(Layer(config.width, config.heads, config.dropout) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.projection = nn.Linear(config.width, output_width)
        # Row 0 opens a clip, row 1 closes it.
        self.markers = nn.Embedding(2, output_width)

    def encode(self, mel_BFT: Tensor, conv_frames_B: Tensor, uniform: bool = False) -> Tensor:
        """(B, C, D) frames after the last layer, before pooling; frames from `conv_frames_B` on mean nothing."""
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel_BFT)))).transpose(1, 2)
        frames = x.shape[1]
        x = x + self.positions[:frames].to(x.dtype)
        mask = None
        if not uniform:
            inside_BC = torch.arange(frames, device=x.device) < conv_frames_B[:, None]
            x = x * inside_BC[:, :, None]
            mask = inside_BC[:, None, None, :]
        for layer in self.layers:
            x = layer(x, mask)
        return x

    def forward(self, mel_BFT: Tensor, conv_frames_B: Tensor, uniform: bool = False) -> Tensor:
        """Encode clips.

        Args:
            mel_BFT: log-mel, zero from `2 * conv_frames_B` on.
            conv_frames_B: conv frames (20 ms) of each clip.
            uniform: all clips are equally long, so that nothing needs to be hidden.

        Returns:
            (B, C // 2, W); of clip b the first `conv_frames_B[b] // 2` count.
        """
        x = self.encode(mel_BFT, conv_frames_B, uniform)
        even = x[:, : x.shape[1] // 2 * 2]
        pooled_BND = even.unflatten(1, (-1, 2)).mean(dim=2)
        return self.projection(self.norm(pooled_BND))
