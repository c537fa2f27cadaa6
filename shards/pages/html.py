"""HTML that cannot be broken by what it shows: every text is escaped, unless it is HTML made here."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = Html | str | int | float | None
# What no parser takes as text, and what could not be written as UTF-8.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

# Nothing is fetched and nothing runs, whatever a transcript says.
POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"

LIGHT = """--page: #fbfbfa; --card: #fff; --ink: #1c1e21; --soft: #646a73; --line: #e2e4e8;
  --good: #1a7f4b; --bad: #b3382c; --c0: #2b6cb0; --c1: #c05621; --c2: #2f855a; --c3: #805ad5; --c4: #b7791f;
  --c5: #c53074; --c6: #2c7a7b; --c7: #718096; --gold: #1a7f4b; --guess: #c05621;"""
DARK = """--page: #16181b; --card: #1e2125; --ink: #e6e8eb; --soft: #9aa1ab; --line: #343840;
  --good: #56c58b; --bad: #f08478; --c0: #63a4e8; --c1: #f0935a; --c2: #6cc594; --c3: #b39af0; --c4: #e0b050;
  --c5: #f07fae; --c6: #5cc4c4; --c7: #a0a8b4; --gold: #6cc594; --guess: #f0935a;"""
# As the reader's machine has it, unless the page is told by data-theme on its root.
STYLE = (
    f"""
:root {{ color-scheme: light dark; {LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
:root[data-theme=light] {{ color-scheme: light; {LIGHT} }}
:root[data-theme=dark] {{ color-scheme: dark; {DARK} }}
"""
    + """
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1120px; padding: 28px 24px 64px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px } h2 { font-size: 19px; margin: 40px 0 10px }
h3 { font-size: 15px; margin: 22px 0 8px }
p { margin: 6px 0 } .soft { color: var(--soft) } .small { font-size: 13px }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin: 18px 0 }
.tile, figure, pre, table { background: var(--card); border: 1px solid var(--line) }
.tile { border-radius: 8px; padding: 10px 16px; min-width: 104px }
.tile b { display: block; font-size: 21px; font-weight: 600; line-height: 1.25 }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: 14px }
th, td { text-align: left; padding: 5px 10px; border-bottom: 1px solid var(--line); vertical-align: top }
th { color: var(--soft); font-weight: 500; white-space: nowrap } tr:last-child td { border-bottom: 0 }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.met { color: var(--good); font-weight: 600 } .missed { color: var(--bad); font-weight: 600 }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 14px }
figure { margin: 0; border-radius: 8px; padding: 12px 14px }
figcaption { font-size: 14px; margin-bottom: 6px } svg { display: block; width: 100%; height: auto }
svg text { font: 11px system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif; fill: var(--soft) }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 12.5px; color: var(--soft); margin-top: 6px }
.legend i { display: inline-block; width: 14px; height: 3px; margin-right: 5px; vertical-align: middle }
.sample { margin: 0 0 14px }
.sample audio { width: 100%; max-width: 420px; height: 34px; display: block; margin: 4px 0 }
.clip { overflow-x: auto; margin: 6px 0 } .clip svg { max-width: none; width: auto }
.sample td { overflow-wrap: anywhere } .sample table { border: 0 }
.sample .wide { flex: 1 1 420px } .sample th:first-child { width: 40% }
.sides { display: flex; flex-wrap: wrap; gap: 4px 20px; align-items: flex-start } .sides > div { min-width: 0 }
.sides > div:first-child { max-width: 100% } .prompt { font-size: 11.5px; line-height: 1.35; }
code, pre { font: 12.5px/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace }
pre { border-radius: 8px; padding: 12px; overflow-x: auto }
.tag { color: var(--soft) } details { margin: 8px 0 } summary { cursor: pointer }
"""
)


def element(name: str, /, *children: Content, **attributes: Content) -> Html:
    """One element. Children that are not `Html` are escaped; None is left out.

    A `_` at the end of an attribute's name is dropped (`class_`), others become `-`.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_clean(str(value)), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in ("meta", "br", "image", "rect", "line", "path", "circle"):
        return Html(f"<{name}{written}>" if name in ("meta", "br") else f"<{name}{written}/>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: Content) -> Html:
    """Children one after the other, escaped where they are text."""
    return Html("".join(_inner(child) for child in children))


def _inner(child: Content) -> str:
    if child is None:
        return ""
    return str(child) if isinstance(child, Html) else escape(_clean(str(child)), quote=False)


def _clean(text: str) -> str:
    return UNPRINTABLE.sub("\ufffd", text)


def foreign(text: str, class_: str | None = None) -> Html:
    """Text from a corpus or a model: isolated, so that its writing direction ends with it."""
    return element("bdi", text, class_=class_)


def tagged(text: str) -> Html:
    """A text with tags, the tags set apart."""
    parts = re.split(r"(<\|[^|<>]*\|>)", text)
    return element(
        "bdi",
        *(element("span", part, class_="tag") if place % 2 else part for place, part in enumerate(parts)),
    )


def table(head: Sequence[str], rows: Sequence[Sequence[Content]], numbers: Sequence[int] = ()) -> Html:
    """A table; the columns whose places are in `numbers` are set flush right."""

    def cell(kind: str, place: int, content: Content) -> Html:
        return element(kind, content, class_="number" if place in numbers else None)

    top = element("tr", *(cell("th", place, title) for place, title in enumerate(head)))
    body = (element("tr", *(cell("td", place, content) for place, content in enumerate(row))) for row in rows)
    return element("div", element("table", element("thead", top), element("tbody", *body)), class_="wide")


def document(
    title: str,
    *body: Content,
    policy: str = POLICY,
    style: str = "",
    script: str | None = None,
    theme: str | None = None,
) -> str:
    """A whole page.

    Args:
        policy: what it may load and run; by default it needs nothing but itself.
        style: rules beyond `STYLE`.
        script: the address of a script.
        theme: "light" or "dark"; None is what the reader's machine prefers.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        Html(f"<style>{STYLE}{style}</style>"),
        None if script is None else element("script", src=script, defer=""),
    )
    return f"<!doctype html>\n{element('html', head, element('body', *body), lang='en', data_theme=theme)}\n"


def write_page(path: Path, text: str) -> Path:
    """Write a page, whole or not at all; gives its absolute path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(text.encode("utf-8", "replace"))
        temporary.replace(path)
    except OSError as error:
        error.filename = str(path)  # what the user asked for, not the name it had until it was whole
        raise
    finally:
        temporary.unlink(missing_ok=True)
    return path.resolve()
