"""Emotions in the words of the benchmark."""

from __future__ import annotations

import pytest

from pipelines.labels.names import label_text

MELD = {"neutral", "joy", "surprise", "anger", "sadness", "disgust", "fear"}


@pytest.mark.parametrize(
    ("corpus", "codes", "lacking"),
    [("meld", sorted(MELD), set()),
     ("iemocap", ["ang", "hap", "exc", "sad", "neu", "fru", "fea", "sur", "dis", "oth"],
      {"excitement", "frustration", "other"}),
     ("cremad", ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"], set()),
     ("ravdess", ["neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"], {"calm"})],
)  # fmt: skip
def test_every_corpus_uses_one_vocabulary(corpus: str, codes: list[str], lacking: set[str]) -> None:
    words = {label_text("er", code) for code in codes}
    assert len(words) == len(codes) and words - MELD == lacking
