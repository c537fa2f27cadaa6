"""Amounts as bars: a share done, a list of bars with their values, a histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shards.pages.html import Content, Html, element, foreign, join

MOST_BARS = 24  # the rest are added up
WIDTH, HEIGHT = 560, 170
LEFT, BOTTOM, TOP = 8, 30, 16

BAR_STYLE = """
.progress { display: flex; align-items: center; gap: 9px; min-width: 180px }
.progress > i { flex: 1; height: 9px; border-radius: 5px; background: var(--line); overflow: hidden; display: block }
.progress > i > b { display: block; height: 100%; background: var(--c0) } .progress.whole > i > b { background: var(--good) }
.progress > span { font-variant-numeric: tabular-nums; white-space: nowrap; min-width: 62px; text-align: right }
.bars { display: grid; grid-template-columns: minmax(60px, max-content) 1fr max-content; gap: 4px 10px; font-size: 13.5px;
  align-items: center }
.bars.beside { grid-template-columns: minmax(60px, max-content) 1fr max-content max-content }
.bars > i { display: block; height: 13px; border-radius: 3px; background: var(--c0); min-width: 1px }
.bars > b, .bars > em { text-align: right; font-weight: 400; font-style: normal; font-variant-numeric: tabular-nums }
.bars > em { color: var(--soft); padding-left: 8px }
.bars > span { overflow-wrap: anywhere; max-width: 250px; line-height: 1.25 }
.bars > span small { color: var(--soft); font-size: 12px }
"""  # noqa: E501


def progress_bar(done: int, planned: int | None) -> Html:
    """Shards done of those planned."""
    if planned is None:
        return element("div", element("i"), element("span", f"{done:,}/?"), class_="progress")
    share = min(1.0, done / planned) if planned else 1.0
    bar = element("i", element("b", style=f"width: {100 * share:.1f}%"))
    kind = "progress whole" if done >= planned else "progress"
    label = f"{done:,} of {planned:,} shards"
    return element("div", bar, element("span", f"{done:,}/{planned:,}"), class_=kind, title=label, aria_label=label)


def bars(
    rows: Sequence[tuple[str, float, str]],
    titles: Mapping[str, str] | None = None,
    beside: tuple[str, Mapping[str, str]] | None = None,
) -> Html:
    """A bar for each (name, amount, value as text), in the given order.

    Args:
        titles: what a name stands for, in words.
        beside: a title, and by name what to set beside the values.
    """
    if not rows:
        return element("p", "none yet", class_="soft")
    shown = list(rows[:MOST_BARS])
    most = max(amount for _, amount, _ in shown) or 1.0
    cells: list[Content] = []
    if beside:
        cells += [element("span"), element("s"), element("b", "here", class_="soft"), element("em", beside[0])]
    for name, amount, value in shown:
        words = element("small", (titles or {})[name]) if name in (titles or {}) else None
        cells.append(element("span", foreign(name), " " if words else None, words))
        cells.append(element("i", style=f"width: {100 * amount / most:.1f}%"))
        cells.append(element("b", value))
        if beside:
            cells.append(element("em", beside[1].get(name, "–")))
    more = len(rows) - len(shown)
    rest = element("p", f"and {more:,} more", class_="soft small") if more else None
    return join(element("div", *cells, class_="bars beside" if beside else "bars"), rest)


def length_histogram(lengths: Mapping[int, int], last: int) -> Html:
    """Samples by whole seconds; those of `last` seconds and longer are in one bin."""
    if not lengths:
        return element("p", "none yet", class_="soft")
    longest = min(max(lengths), last)
    width = next((width for width in (1, 2) if longest < 32 * width), 2)
    bins = [0] * (longest // width + 1)
    for seconds, count in lengths.items():
        bins[min(seconds, last) // width] += count
    step, most = (WIDTH - 2 * LEFT) / len(bins), max(bins) or 1
    floor = HEIGHT - BOTTOM
    parts: list[Html] = []
    for place, count in enumerate(bins):
        height = (floor - TOP) * count / most
        low, high = place * width, (place + 1) * width
        said = f"{low} s and longer" if low >= last else f"{low}–{high} s"
        box = element(
            "rect", x=round(LEFT + place * step + 0.5, 1), y=round(floor - max(height, 1 if count else 0), 1),
            width=round(max(step - 1, 1), 1), height=round(max(height, 1 if count else 0), 1), rx=1.5, fill="var(--c0)",
        )  # fmt: skip
        parts.append(element("g", element("title", f"{said}: {count:,} samples"), box))
        if count == most:
            x = min(max(LEFT + (place + 0.5) * step, 24), WIDTH - 24)
            parts.append(element("text", f"{count:,}", x=round(x, 1), y=TOP - 5, text_anchor="middle"))
    parts.append(element("line", x1=LEFT, x2=WIDTH - LEFT, y1=floor, y2=floor, stroke="var(--line)"))
    label_step = next(some for some in (1, 2, 5, 10, 20) if len(bins) * width / some <= 14)
    for seconds in range(0, len(bins) * width + 1, label_step):
        x = LEFT + seconds / width * step
        anchor = "start" if seconds == 0 else "end" if x > WIDTH - 2 * LEFT else "middle"
        text = f"{seconds}+" if seconds >= last else str(seconds)
        parts.append(element("text", text, x=round(x, 1), y=floor + 14, text_anchor=anchor))
    parts.append(element("text", "seconds", x=WIDTH / 2, y=HEIGHT - 3, text_anchor="middle"))
    return element("svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label="samples by length")
