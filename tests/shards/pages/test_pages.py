"""Pages: hostile text stays text, pictures are what decoders expect."""

import base64
import io
import re
import struct
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from shards.pages.clip import figure, player, png
from shards.pages.html import Html, document, element, foreign, join, table, tagged
from shards.pages.mel import log_mel
from shards.sample import SampleWord
from trainers.features import log_mel as features

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><b>",
    "&lt;b&gt;",
    "a\u202eb\u0000\ud800",
    "<|en|><script>",
    "]]><!--",
)


class Outline(HTMLParser):
    """Every element and attribute of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_an_element(text):
    clip = np.zeros(16_000, dtype=np.int16)
    words = [SampleWord(text, 0.1, 0.9)]
    page = document(
        text, element("p", text, title=text), foreign(text), tagged(text), table([text], [[text]]),
        figure(clip, words, words),
    )  # fmt: skip
    plain = document(
        "t", element("p", "t", title="t"), foreign("t"), element("bdi"), table(["t"], [["t"]]),
        figure(clip, [SampleWord("t", 0.1, 0.9)], [SampleWord("t", 0.1, 0.9)]),
    )  # fmt: skip
    got, expected = Outline(page), Outline(plain)
    spans = sum(part.startswith("<|") for part in re.split(r"(<\|[^|<>]*\|>)", text))
    assert [name for name in got.elements if name != "span"] == [name for name in expected.elements if name != "span"]
    assert got.elements.count("span") == expected.elements.count("span") + spans
    assert set(got.attributes) <= set(expected.attributes) | {"class"}
    page.encode("utf-8")


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_children_and_attributes_come_back_as_they_were(child, value):
    printable = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\r]")
    child, value = printable.sub("", child), printable.sub("", value)
    parsed = Outline(element("p", child, title=value))
    assert parsed.text == child
    assert parsed.elements == ["p"]


def test_html_is_joined_and_text_escaped():
    assert join(Html("<b>"), "<b>", None, 3) == "<b>&lt;b&gt;3"


def test_a_page_needs_nothing_else():
    page = document("title", figure(np.zeros(16_000, dtype=np.int16)))
    assert "http:" not in page and "https:" not in page and "<script" not in page and "url(" not in page
    assert "prefers-color-scheme: dark" in page
    assert "default-src 'none'" in Outline(page).text or "default-src &#x27;none&#x27;" in page


def test_png_decodes_to_its_pixels():
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    data = png(pixels, palette)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + size]
        assert struct.unpack(">I", data[place + 8 + size : place + 12 + size])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        place += 12 + size
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (4, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(3, 5)
    assert (rows[:, 1:] == pixels).all() and not rows[:, 0].any()
    assert chunks[b"PLTE"] == palette.tobytes()


def test_the_player_carries_the_clip():
    clip = (np.random.default_rng(0).normal(size=4000) * 9000).astype(np.int16)
    data = re.search(r"data:audio/flac;base64,([^\"]+)", player(clip)).group(1)
    decoded, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="int16")
    assert rate == 16_000
    assert (decoded == clip).all()


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 16_000, 40 * 16_000])
def test_a_picture_of_any_length(samples):
    noise = (np.random.default_rng(1).normal(size=samples) * 500).astype(np.int16)
    assert ("too short" in figure(noise)) == (samples < 400)


def test_words_stand_at_their_times():
    picture = figure(np.zeros(32_000, dtype=np.int16), [SampleWord("one", 0.5, 1.0)])
    box = re.search(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', picture)
    width = float(re.search(r'<svg width="(\d+)"', picture).group(1))
    assert float(box.group(1)) / width == pytest.approx(0.25, abs=0.01)
    assert float(box.group(2)) / width == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("samples", [400, 12_345, 16_000, 29 * 16_000])
def test_the_picture_is_what_the_encoder_is_given(samples):
    noise = (np.random.default_rng(2).normal(size=samples) * np.linspace(1, 9000, samples)).astype(np.int16)
    assert np.abs(log_mel(noise) - features(noise).numpy()).max() < 1e-4
