"""Line charts as SVG, and a curve in one line of a terminal."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shards.pages.html import Html, element

WIDTH, HEIGHT = 520, 250
LEFT, RIGHT, TOP, BOTTOM = 48, 20, 8, 34
COLOURS = 8
MOST_POINTS = 600  # per line: more cannot be seen
BARS = "▁▂▃▄▅▆▇█"
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its points in order of x; points that are not finite are left out."""

    name: str
    points: Sequence[Point]
    faint: bool = False
    marks: bool = False


def line_chart(title: str, lines: Sequence[Line], x_title: str = "step", y_title: str = "") -> Html:
    """A figure with one or more curves over a shared axis; says so if there is nothing to draw."""
    drawn = [Line(line.name, thin(_finite(line.points)), line.faint, line.marks) for line in lines]
    everything = [point for line in drawn for point in line.points]
    caption = element("figcaption", title)
    if not everything:
        return element("figure", caption, element("p", "nothing recorded", class_="soft"))
    x_ticks = ticks(min(x for x, _ in everything), max(x for x, _ in everything))
    y_ticks = ticks(min(y for _, y in everything), max(y for _, y in everything))

    def place(point: Point) -> Point:
        x = (point[0] - x_ticks[0]) / (x_ticks[-1] - x_ticks[0])
        y = (point[1] - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])
        return LEFT + x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM)

    parts: list[Html] = []
    for value in y_ticks:
        y = place((x_ticks[0], value))[1]
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=_round(y), y2=_round(y), stroke="var(--line)"))
        parts.append(element("text", number(value), x=LEFT - 6, y=_round(y + 4), text_anchor="end"))
    for value in x_ticks:
        x = place((value, y_ticks[0]))[0]
        parts.append(element("text", number(value), x=_round(x), y=HEIGHT - BOTTOM + 16, text_anchor="middle"))
    parts.append(element("text", x_title, x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 3, text_anchor="middle"))
    if y_title:
        parts.append(
            element("text", y_title, x=-(HEIGHT - BOTTOM) / 2, y=11, transform="rotate(-90)", text_anchor="middle")
        )
    # A line has the colour of the first one with its name: a faint curve goes with its mean.
    names = list(dict.fromkeys(line.name for line in drawn if line.points))
    colours = {name: f"var(--c{place % COLOURS})" for place, name in enumerate(names)}
    for line in drawn:
        if line.points:
            parts.append(_curve(line, [place(point) for point in line.points], colours[line.name]))
    svg = element("svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=title)
    return element("figure", caption, svg, _legend(colours))


def _curve(line: Line, points: Sequence[Point], colour: str) -> Html:
    path = "M" + "L".join(f"{_round(x)} {_round(y)}" for x, y in points)
    marks = (
        element("circle", cx=_round(x), cy=_round(y), r=2.2, fill=colour)
        for x, y in (points if line.marks or len(points) == 1 else ())
    )
    stroke = element(
        "path", d=path, fill="none", stroke=colour, stroke_width=1 if line.faint else 1.8,
        stroke_linejoin="round", opacity=0.35 if line.faint else None,
    )  # fmt: skip
    return element("g", element("title", line.name), stroke, *marks)


def _legend(colours: Mapping[str, str]) -> Html | None:
    if len(colours) < 2:
        return None
    entries = (element("span", element("i", style=f"background: {colour}"), name) for name, colour in colours.items())
    return element("div", *entries, class_="legend")


def ticks(low: float, high: float) -> list[float]:
    """Four to eight round values, evenly spaced, the outer ones at or beyond `low` and `high`."""
    if not high > low:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    rough = (high - low) / 5
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def number(value: float) -> str:
    """A tick's value in few characters: 12k, 0.25, 3e-05."""
    if value and (abs(value) < 1e-3 or abs(value) >= 1e7):
        return f"{value:.3g}"
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value:.4g}"


def running_mean(points: Sequence[Point], share: float = 0.03) -> list[Point]:
    """Each point's y averaged with its neighbours': a window of `share` of all points, at least 3."""
    points = _finite(points)
    reach = max(1, round(len(points) * share / 2))
    sums = [0.0]
    for _, y in points:
        sums.append(sums[-1] + y)
    smooth = []
    for place, (x, _) in enumerate(points):
        left, right = max(0, place - reach), min(len(points), place + reach + 1)
        smooth.append((x, (sums[right] - sums[left]) / (right - left)))
    return smooth


def thin(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """At most `most` of the points, evenly chosen, the first and last among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(place * (len(points) - 1) / (most - 1))] for place in range(most)]


def sparkline(values: Sequence[float], width: int = 48) -> str:
    """The curve in one line of block characters: each the mean of its share of the values."""
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return ""
    columns = min(width, len(values))
    edges = [round(place * len(values) / columns) for place in range(columns + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(edges)]
    low, high = min(means), max(means)
    span = high - low
    return "".join(BARS[min(7, int(8 * (value - low) / span)) if span else 0] for value in means)


def _finite(points: Sequence[Point]) -> list[Point]:
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]


def _round(value: float) -> float:
    return round(value, 1)
