"""Text and tags to ids and back, for any base vocabulary.

A tag's id is the size of the base vocabulary plus the tag's place, so that ids agree with released checkpoints
when the base is Qwen's, and the tiny model can do with 256 bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from shards.config import ConfigError
from tag_schema.vocabulary import AUDIO_CLOSE, AUDIO_OPEN, AUDIO_PLACEHOLDER, END, TIME_TOKENS, vocabulary

_TAG_LIKE = re.compile(r"<\|[^|<>]+\|>|</?audio>")


class Tokenizer:
    """Encodes tagged text; only the tags of the vocabulary are special, all else is text.

    Attributes:
        base_size: ids of the base vocabulary; the tags follow.
        size: all ids.
        end_id: the id that ends a response.
        vocabulary: name of the tag vocabulary.
    """

    def __init__(
        self,
        name: str,
        base_size: int,
        end_id: int,
        encode_text: Callable[[str], list[int]],
        decode_text: Callable[[list[int]], str],
        tags: str = "released",
    ) -> None:
        self.name = name
        self.base_size = base_size
        self.end_id = end_id
        try:
            self._tags = vocabulary(tags).tokens
        except ValueError as error:
            raise ConfigError(f"model.vocabulary: {error}") from error
        self.vocabulary = tags
        self._ids = {tag: base_size + place for place, tag in enumerate(self._tags)}
        self._encode_text = encode_text
        self._decode_text = decode_text
        self.size = base_size + len(self._tags)
        self.audio_open_id = self._ids[AUDIO_OPEN]
        self.audio_close_id = self._ids[AUDIO_CLOSE]
        self.audio_placeholder_id = self._ids[AUDIO_PLACEHOLDER]
        self.first_time_id = self._ids[TIME_TOKENS[0]]
        self.last_time_id = self._ids[TIME_TOKENS[-1]]

    @classmethod
    def bytes(cls, tags: str = "released") -> Tokenizer:
        """256 bytes of UTF-8 and the end token (id 256); tags from id 257."""
        return cls(
            "bytes",
            base_size=257,
            end_id=256,
            encode_text=lambda text: list(text.encode()),
            decode_text=lambda ids: bytes(ids).decode(errors="replace"),
            tags=tags,
        )

    @classmethod
    def pretrained(cls, source: str, tags: str = "released", base_size: int = 0) -> Tokenizer:
        """The tokenizer of a released language model, in a local folder or on the Hugging Face hub.

        Args:
            base_size: ids before the tags', where they are more than the tokenizer's: Qwen-7B reserves 151,851.

        Raises:
            ConfigError: it cannot be loaded, has no end token, or has more ids than `base_size`.
        """
        from transformers import AutoTokenizer

        try:
            base = AutoTokenizer.from_pretrained(source)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(f"model.tokenizer={source}: no tokenizer can be loaded from there ({reason})") from error
        end_id = base.get_vocab().get(END, base.eos_token_id)
        if end_id is None:
            raise ConfigError(f"model.tokenizer={source}: it has neither {END} nor an end-of-sequence token")
        if 0 < base_size < len(base):
            raise ConfigError(f"model.base_size={base_size}: the tokenizer {source} has {len(base)} ids")
        return cls(
            source,
            base_size=base_size or len(base),
            end_id=int(end_id),
            # A transcript cannot inject the base model's control tokens: they are text here.
            encode_text=lambda text: base.encode(text, add_special_tokens=False, split_special_tokens=True),
            decode_text=lambda ids: str(base.decode(ids, clean_up_tokenization_spaces=False)),
            tags=tags,
        )

    @classmethod
    def placeholder(cls, base_size: int, tags: str = "released") -> Tokenizer:
        """A tokenizer that knows the tags alone: for questions about sizes and ids, without the base's files."""
        return cls("", base_size, 0, lambda text: [0] * len(text), lambda ids: "\ufffd" * len(ids), tags)

    @classmethod
    def named(cls, name: str, tags: str = "released", base_size: int = 0) -> Tokenizer:
        """The tokenizer a configuration names: "bytes", a folder, or a name on the hub."""
        if name != "bytes":
            return cls.pretrained(name, tags, base_size)
        tokenizer = cls.bytes(tags)
        if base_size not in (0, tokenizer.base_size):
            raise ConfigError(f"model.base_size={base_size}: model.tokenizer=bytes has {tokenizer.base_size} ids")
        return tokenizer

    def tag_id(self, tag: str) -> int:
        """The id of one tag.

        Raises:
            KeyError: not a tag of the vocabulary.
        """
        return self._ids[tag]

    def encode(self, text: str) -> list[int]:
        """Ids of tagged text; the end token is not added."""
        ids: list[int] = []
        start = 0
        for match in _TAG_LIKE.finditer(text):
            tag = self._ids.get(match.group())
            if tag is None:
                continue
            if match.start() > start:
                ids += self._encode_text(text[start : match.start()])
            ids.append(tag)
            start = match.end()
        if start < len(text):
            ids += self._encode_text(text[start:])
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Tagged text up to the first end token. Ids nobody named become U+FFFD."""
        pieces: list[str] = []
        run: list[int] = []
        for token in ids:
            if token == self.end_id:
                break
            if token < self.base_size:
                run.append(token)
                continue
            if run:
                pieces.append(self._decode_text(run))
                run = []
            pieces.append(self._tags[token - self.base_size] if token < self.size else "\ufffd")
        if run:
            pieces.append(self._decode_text(run))
        return "".join(pieces)
