"""Pages: hostile text stays text, pictures are what decoders expect, curves are where their points are."""

import base64
import io
import itertools
import re
import struct
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from trainers.metrics.timestamps import Unit
from trainers.pages.chart import Line, line_chart, running_mean, sparkline, thin, ticks
from trainers.pages.clip import figure, player, png
from trainers.pages.html import Html, document, element, foreign, join, table, tagged

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
    words = [Unit(text, 0.1, 0.9)]
    page = document(
        text, element("p", text, title=text), foreign(text), tagged(text), table([text], [[text]]),
        line_chart(text, [Line(text, [(0, 1), (1, 2)]), Line("b" + text, [(0, 1)])]), figure(clip, words, words),
    )  # fmt: skip
    plain = document(
        "t", element("p", "t", title="t"), foreign("t"), element("bdi"), table(["t"], [["t"]]),
        line_chart("t", [Line("t", [(0, 1), (1, 2)]), Line("bt", [(0, 1)])]),
        figure(clip, [Unit("t", 0.1, 0.9)], [Unit("t", 0.1, 0.9)]),
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
    page = document("title", line_chart("loss", [Line("a", [(0, 1), (5, 2)])]))
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
    picture = figure(np.zeros(32_000, dtype=np.int16), [Unit("one", 0.5, 1.0)])
    box = re.search(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', picture)
    width = float(re.search(r'<svg width="(\d+)"', picture).group(1))
    assert float(box.group(1)) / width == pytest.approx(0.25, abs=0.01)
    assert float(box.group(2)) / width == pytest.approx(0.25, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_ticks_enclose_the_values_evenly(low, span):
    marks = ticks(low, low + span)
    steps = [b - a for a, b in itertools.pairwise(marks)]
    slack = 1e-6 * max(1.0, abs(low), span)
    assert marks[0] <= low + slack and marks[-1] >= low + span - slack
    assert 2 <= len(marks) <= 9
    assert max(steps) == pytest.approx(min(steps), rel=1e-3)


def test_curves_without_points_or_with_bad_ones():
    assert "nothing recorded" in line_chart("loss", [Line("a", [])])
    chart = line_chart("loss", [Line("a", [(0, float("nan")), (1, 2.0), (2, float("inf"))])])
    assert "nan" not in chart and "inf" not in chart


def test_running_mean_and_thinning_keep_the_ends():
    points = [(float(x), float(x % 2)) for x in range(2000)]
    assert all(abs(y - 0.5) < 0.02 for _, y in running_mean(points))
    assert (thin(points)[0], thin(points)[-1], len(thin(points))) == (points[0], points[-1], 600)
    assert running_mean([]) == []


def test_sparkline():
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1]) == "█▇▆▅▄▃▂▁"
    assert sparkline([]) == ""
    assert sparkline([1.0, float("nan")]) == "▁"
    assert len(sparkline(list(range(1000)), width=30)) == 30
