"""The page around the sections of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from twin.config.plant import Title

STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5d6b7a; --line: #dfe5ea; --back: #ffffff; --card: #f7f9fb; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7edf3; --soft: #9fb0c0; --line: #33414e; --back: #141b22; --card: #1b242d; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1060px; padding: 28px 24px 60px; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", "Noto Sans SC", sans-serif; }
h1 { font-size: 26px; margin: 0 0 2px; }
h1 small, h2 small { color: var(--soft); font-weight: 400; font-size: .68em; margin-left: .5em; }
h2 { font-size: 19px; margin: 38px 0 8px; border-bottom: 1px solid var(--line); padding-bottom: 4px; }
p { margin: 6px 0; } .soft { color: var(--soft); }
.cards { display: flex; flex-wrap: wrap; gap: 10px; margin: 16px 0 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px 14px;
  min-width: 120px; }
.card b { display: block; font-size: 19px; font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: 13px; }
.grid { display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px; }
svg { max-width: 100%; height: auto; display: block; }
svg text { font: 12px system-ui, "Noto Sans", "Noto Sans SC", sans-serif; fill: var(--soft); }
svg .axis, svg .label { fill: var(--ink); } svg .grid { stroke: var(--line); stroke-width: 1; }
svg .whisker { stroke-width: 1.6; } svg .curve { fill: none; stroke-width: 1.8; }
svg .faint { fill: none; stroke-width: 1; opacity: .45; } svg .mark { stroke: #b23a56; stroke-dasharray: 5 4; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 5px 12px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; } th.l, td.l { text-align: left; }
tr.best td { font-weight: 650; } tr.base td { background: var(--card); }
.yes::before { content: "\\25B2\\00A0"; color: #2a8a5b; } .less::before { content: "\\25BC\\00A0"; color: #b23a56; }
"""


def section(en: str, zh: str, body: str, note: str = "") -> str:
    """One section with its heading in both languages."""
    said = f'<p class="soft">{escape(note)}</p>' if note else ""
    return f"<section><h2>{escape(en)}<small>{escape(zh)}</small></h2>{said}{body}</section>"


def cards(pairs: Iterable[tuple[str, str]]) -> str:
    """Main figures with their names."""
    return '<div class="cards">' + "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{escape(name)}</span></div>' for name, value in pairs
    ) + "</div>"  # fmt: skip


def table(head: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], left: int = 1) -> str:
    """A table; each row has a class of its own, the first columns are text."""

    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(f"<{tag}{' class=l' if i < left else ''}>{value}</{tag}>" for i, value in enumerate(values))

    body = "".join(f'<tr class="{kind}">{cells("td", values)}</tr>' for kind, values in rows)
    return f'<div class="scroll"><table><tr>{cells("th", [escape(name) for name in head])}</tr>{body}</table></div>'


def charts(pictures: Iterable[str]) -> str:
    """Pictures beside each other."""
    return '<div class="grid">' + "".join(f"<figure>{picture}</figure>" for picture in pictures) + "</div>"


def page(title: Title, description: str, sections: Iterable[str]) -> str:
    """The whole page."""
    head = f'<h1>{escape(title.en)}<small>{escape(title.zh)}</small></h1><p class="soft">{escape(description)}</p>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title.en)}</title>'
        f"<style>{STYLE}</style></head><body>{head}{''.join(sections)}</body></html>"
    )
