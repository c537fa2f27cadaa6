"""card.json: comes back as it was written; whatever is no card is named, and never shown as one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipelines import catalogue
from pipelines.card import card, write_card
from shards.card import Card, read_card
from shards.layout import card_path
from shards.schema import SCHEMA, ShardError
from shards.storage import Storage
from shards.verify import main as verify
from tests.shards.building import make_split

CARD = Card(
    dataset="demo", title="Demo: noise", home="https://example.org/demo", licence="CC0-1.0", commercial=True,
    attribution="A. Nobody: Noise. Nowhere 2020", tasks=("asr",), languages=("en",),
    splits=(("train", 6), ("test", None)), evaluation_splits=("test",), text_form="written", cut="whole", audio="FLAC",
    obtain="Make it.",
)  # fmt: skip


def test_what_a_source_declares_comes_back(tmp_path):
    storage = Storage(tmp_path)
    assert read_card(storage, "librispeech") is None
    for name, source in catalogue.sources().items():
        write_card(storage, source)
        found = read_card(storage, name)
        assert found == card(source) and found.splits == tuple(source.splits.items())
        written = (tmp_path / card_path(name)).stat()
        write_card(storage, source)
        assert (tmp_path / card_path(name)).stat().st_mtime_ns == written.st_mtime_ns


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (b"", "is damaged"), (b"{", "is damaged"), (b"[]", "is damaged"), (b"\xff", "is damaged"),
        (b"{}", "is damaged"), ({"schema": SCHEMA}, "is no card"), ({"schema": SCHEMA + 1}, "has schema"),
        ({"schema": "1"}, "'schema' is '1'"), ({"dataset": "other"}, "is that of other"),
        ({"title": 3}, "'title' is of the wrong type"), ({"splits": [["train", "6"]]}, "'splits' is of the wrong type"),
        ({"splits": {}}, "'splits' is of the wrong type"), ({"tasks": [None]}, "'tasks' is of the wrong type"),
        ({"commercial": "yes"}, "'commercial' is of the wrong type"),
    ],
)  # fmt: skip
def test_what_is_no_card_is_a_lie(tmp_path, capsys, damage, said):
    (tmp_path / "scratch").mkdir()
    out, storage = tmp_path / "out", Storage(tmp_path / "out")
    make_split(storage, tmp_path / "scratch", shards=1)
    storage.replace(card_path("demo"), CARD.encode())
    assert verify([str(out)]) == 0
    if isinstance(damage, dict):
        whole = {} if len(damage) == 1 and "schema" in damage else json.loads(CARD.encode())
        damage = json.dumps({**whole, **damage}).encode()
    storage.replace(card_path("demo"), damage)
    with pytest.raises(ShardError, match=said):
        read_card(storage, "demo")
    capsys.readouterr()
    assert verify([str(out)]) == 1
    lies = capsys.readouterr().out.splitlines()[:-1]
    assert len(lies) == 1 and lies[0].startswith(f"{out}/demo/card.json: ") and said in lies[0]


def test_a_lone_surrogate_is_refused_and_a_strange_text_kept(tmp_path):
    storage = Storage(tmp_path)
    strange = replace(CARD, title="</script>\u202e\x00 ☃")
    storage.replace(card_path("demo"), strange.encode())
    assert read_card(storage, "demo") == strange
    with pytest.raises((ShardError, UnicodeEncodeError)):
        replace(CARD, title="\ud800").encode()
