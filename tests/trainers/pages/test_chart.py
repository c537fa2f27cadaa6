"""Curves are where their points are."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shards.pages.html import document
from tests.shards.pages.test_pages import HOSTILE, Outline
from trainers.pages.chart import Line, line_chart, running_mean, sparkline, thin, ticks


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_an_element(text):
    page, plain = (line_chart(one, [Line(one, [(0, 1), (1, 2)]), Line("b" + one, [(0, 1)])]) for one in (text, "t"))
    assert Outline(page).elements == Outline(plain).elements
    assert Outline(page).attributes == Outline(plain).attributes


def test_a_page_with_a_chart_needs_nothing_else():
    page = document("title", line_chart("loss", [Line("a", [(0, 1), (5, 2)])]))
    assert "http:" not in page and "https:" not in page and "<script" not in page and "url(" not in page


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
