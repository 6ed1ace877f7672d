"""Charts as SVG text: axes, points with intervals, lines, bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

Pair = tuple[float, float]
PALETTE = ("#2563a8", "#c2571a", "#2a8a5b", "#8a4fa3", "#b0892b", "#4a5a6a", "#b23a56", "#2a8a99")
"""Colours of series, told apart also by their marks and labels."""


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers that span a range.

    >>> ticks(0, 10)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    span = high - low
    raw = span / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return [float(f"{(first + i) * step:.10g}") for i in range(count)]


def figure(value: float) -> str:
    """A number in few characters.

    >>> figure(1234567.0), figure(0.25), figure(12000.0)
    ('1.23e+06', '0.25', '12000')
    """
    return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.3g}"


@dataclass
class Scale:
    """One axis: the range of its values and where they lie on the page.

    Args:
        low: Lowest value.
        high: Highest value.
        start: Place of the lowest.
        end: Place of the highest.
    """

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float, pad: float = 0.06) -> Scale:
        """An axis with room for some values."""
        finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
        low, high = min(finite), max(finite)
        room = (high - low) * pad or abs(high) * 0.05 or 1.0
        return cls(low - room, high + room, start, end)

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + min(max(share, -0.02), 1.02) * (self.end - self.start), 2)


@dataclass
class Chart:
    """A picture of some size, drawn from its parts.

    Args:
        width: Width in px.
        height: Height in px.
        x: Horizontal axis.
        y: Vertical axis.
        name: What it shows, for those who cannot see it.
    """

    width: int
    height: int
    x: Scale
    y: Scale
    name: str
    parts: list[str] = field(default_factory=list)

    def horizontal(self, title: str, labels: Sequence[tuple[float, str]] | None = None) -> None:
        """The axis below: round numbers, or labels at given values."""
        base = self.y.start
        marks = labels if labels is not None else [(value, figure(value)) for value in ticks(self.x.low, self.x.high)]
        for value, text in marks:
            at = self.x(value)
            self.line((at, base), (at, self.y.end), "grid")
            self.text(at, base + 16, text, "tick", "middle")
        self.text((self.x.start + self.x.end) / 2, self.height - 4, title, "axis", "middle")

    def vertical(self, title: str) -> None:
        """The axis at the left."""
        for value in ticks(self.y.low, self.y.high):
            at = self.y(value)
            self.line((self.x.start, at), (self.x.end, at), "grid")
            self.text(self.x.start - 6, at + 4, figure(value), "tick", "end")
        self.text(self.x.start, self.y.end - 10, title, "axis", "start")

    def line(self, start: Pair, end: Pair, kind: str, colour: str = "") -> None:
        """A line between two places of the page."""
        stroke = f' style="stroke:{colour}"' if colour else ""
        self.parts.append(f'<line class="{kind}" x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}"{stroke}/>')

    def text(self, x: float, y: float, text: str, kind: str, anchor: str) -> None:
        """Some words."""
        self.parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>')

    def dot(self, x: float, y: float, colour: str, said: str, size: float = 4.0) -> None:
        """A mark at values of both axes, with words that appear under the pointer; none where one is not known."""
        if not (math.isfinite(x) and math.isfinite(y)):
            return
        place = f'cx="{self.x(x)}" cy="{self.y(y)}" r="{size}"'
        self.parts.append(f'<circle {place} fill="{colour}"><title>{escape(said)}</title></circle>')

    def path(self, points: Sequence[Pair], colour: str, kind: str = "curve") -> None:
        """A line through values of both axes."""
        places = " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points if math.isfinite(x) and math.isfinite(y))
        self.parts.append(f'<polyline class="{kind}" points="{places}" style="stroke:{colour}"/>')

    def whisker(self, x: float, low: float, high: float, colour: str) -> None:
        """An upright interval."""
        at, top, bottom = self.x(x), self.y(high), self.y(low)
        self.line((at, top), (at, bottom), "whisker", colour)
        for end in (top, bottom):
            self.line((at - 4, end), (at + 4, end), "whisker", colour)

    def bar(self, y: float, low: float, high: float, colour: str) -> None:
        """A level interval."""
        at, left, right = self.y(y), self.x(low), self.x(high)
        self.line((left, at), (right, at), "whisker", colour)
        for end in (left, right):
            self.line((end, at - 4), (end, at + 4), "whisker", colour)

    def svg(self) -> str:
        """The picture."""
        return (
            f'<svg role="img" aria-label="{escape(self.name)}" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}">{"".join(self.parts)}</svg>'
        )


def blank(width: int, height: int, xs: Sequence[float], ys: Sequence[float], name: str, left: int = 62) -> Chart:
    """A chart with room for some values and its axes at the usual places."""
    return Chart(width, height, Scale.over(xs, left, width - 12), Scale.over(ys, height - 42, 26), name)
