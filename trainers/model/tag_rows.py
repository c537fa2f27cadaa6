"""Embedding and head rows of the tags: a small trainable extension beside the base model's frozen matrices.

A tag can only be written, or understood, if its rows were trained; the base model's matrices must stay as they are in
stage one. So the tags have matrices of their own, and nothing of the base is ever marked trainable for their sake.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TimeRows = Literal["random", "smooth", "shared"]


class TagRows(nn.Module):
    """One row per tag, as an embedding or as a head.

    Args:
        tags: number of tags.
        width: of the language model.
        std: of the rows at the beginning.
        times: places of the first and after the last time token.
        time_rows: how time tokens begin, and what they share:
            "random": each on its own, as any other tag.
            "smooth": rows begin as a map of the features of their time, so that neighbours are alike, and go their own
                ways.
            "shared": on top of its own row, which begins at zero, each time has a learned map of its features; what is
                learned about one time then holds for its neighbours, which is what little data needs.
        features: (times, F), what a time is known by: the position that the encoder gives the frame at that time. So
            telling when something is heard is copying a position, which is linear, and not a conversion of units.
    """

    features: Tensor

    def __init__(
        self, tags: int, width: int, std: float, times: tuple[int, int], time_rows: TimeRows, features: Tensor
    ) -> None:
        super().__init__()
        self.times = times
        self.rows = nn.Parameter(torch.empty(tags, width))
        nn.init.normal_(self.rows, std=std)
        self.time_map: nn.Linear | None = None
        if time_rows == "random":
            return
        time_map = nn.Linear(features.shape[1], width, bias=False)
        nn.init.normal_(time_map.weight, std=std / math.sqrt(features.shape[1] / 2))
        with torch.no_grad():
            if time_rows == "smooth":
                self.rows[times[0] : times[1]] = time_map(features)
            else:
                self.rows[times[0] : times[1]] = 0.0
                self.time_map = time_map
                self.register_buffer("features", features, persistent=False)

    def _weight(self) -> Tensor:
        if self.time_map is None:
            return self.rows
        first, after = self.times
        shared = self.time_map(self.features.to(self.rows.dtype))
        return torch.cat([self.rows[:first], self.rows[first:after] + shared, self.rows[after:]])

    def forward(self, given: Tensor, mode: Literal["embed", "score"]) -> Tensor:
        """Vectors of tags (`embed`: places (…) -> (…, width)), or scores (`score`: hidden (…, width) -> (…, tags))."""
        weight = self._weight()
        return F.embedding(given, weight) if mode == "embed" else F.linear(given, weight)
