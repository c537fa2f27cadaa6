"""Labels as the model is to write them."""

from __future__ import annotations

from pipelines.labels.names import label_text
from pipelines.sources.esc50 import CATEGORIES


def test_labels() -> None:
    assert label_text("sec", "crackling_fire") == "crackling fire"
    assert label_text("mic", "synth_lead") == "synth lead"
    assert label_text("did", "DR6") == label_text("did", "dr6") == "New York City"
    assert len(CATEGORIES) == 50 == len({label_text("sec", category) for category in CATEGORIES})
