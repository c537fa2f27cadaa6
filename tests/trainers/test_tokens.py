"""Ids: tags where the release has them, text reversible, nothing in a text taken for a tag it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Pieces
from tokenizers import decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from shards.config import ConfigError
from tag_schema.vocabulary import AUDIO_TOKENS
from trainers.tokens import Tokenizer

BYTES = Tokenizer.bytes()
TAGS = [tag for tag in AUDIO_TOKENS if tag.startswith("<")]


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory) -> Tokenizer:
    """A byte-level tokenizer saved as released ones are, with a control token of its own."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = Pieces(models.BPE(vocab={piece: place for place, piece in enumerate(alphabet)}, merges=[]))
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    base = PreTrainedTokenizerFast(tokenizer_object=pieces, eos_token="<|endoftext|>")
    base.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    folder = tmp_path_factory.mktemp("tokenizer")
    base.save_pretrained(folder)
    return Tokenizer.pretrained(str(folder))


def test_ids_of_the_release():
    qwen = Tokenizer.placeholder(151_851)
    assert [qwen.tag_id(tag) for tag in ("<|en|>", "<|0.00|>", "<|30.00|>", "</audio>")] == [
        151_859,
        151_871,
        154_871,
        155_164,
    ]
    assert qwen.size == 155_165


def test_tiny_ids():
    assert (BYTES.end_id, BYTES.base_size, BYTES.size) == (256, 257, 257 + 3314)
    assert BYTES.tag_id(AUDIO_TOKENS[0]) == 257
    assert BYTES.encode("a<|en|>ü") == [97, BYTES.tag_id("<|en|>"), 0xC3, 0xBC]


@given(st.lists(st.one_of(st.sampled_from(TAGS), st.text(st.characters(exclude_categories=["Cs"]), max_size=9))))
def test_bytes_round_trip(parts):
    text = "".join(parts)
    ids = BYTES.encode(text)
    assert BYTES.decode(ids) == text
    assert BYTES.decode([*ids, BYTES.end_id, 5]) == text


@given(st.lists(st.one_of(st.sampled_from(TAGS), st.text(st.sampled_from("ab <|>é字"), max_size=9))))
def test_pretrained_round_trip(pretrained, parts):
    text = "".join(parts)
    assert pretrained.decode(pretrained.encode(text)) == text


def test_control_tokens_in_a_text_are_text(pretrained):
    for text in ("<|endoftext|>", "<|im_start|>", "<|nosuchtag|>"):
        ids = pretrained.encode(text)
        assert len(ids) == len(text)
        assert pretrained.end_id not in ids
        assert BYTES.encode(text) == list(text.encode())


def test_a_longer_base_moves_the_tags(pretrained, tmp_path):
    folder = pretrained.name
    moved = Tokenizer.pretrained(folder, base_size=300)
    assert moved.tag_id("<|en|>") - moved.tag_id(AUDIO_TOKENS[0]) == 8
    assert moved.tag_id(AUDIO_TOKENS[0]) == 300
    with pytest.raises(ConfigError, match="base_size=10"):
        Tokenizer.pretrained(folder, base_size=10)
    with pytest.raises(ConfigError, match="no tokenizer"):
        Tokenizer.pretrained(str(tmp_path / "nowhere"))


def test_half_a_character_is_marked_not_fatal():
    assert BYTES.decode([97, 0xC3]) == "a\ufffd"
    assert BYTES.decode([BYTES.size + 3]) == "\ufffd"


def test_unknown_vocabulary():
    with pytest.raises(ConfigError, match=r"model\.vocabulary"):
        Tokenizer.bytes("mine")
