"""Charts as SVG, drawn here: no script, no style of their own, readable in any light. Pure.

Each has a title that says what it shows. Lines differ by their dashes and by the name at their end, never by
colour alone. The figures belong behind the picture, in a table: see ``ui.chart``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 640, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 26
MOST_LABELS = 7  # below the chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line: its name and a value for each label; None where nothing is known."""

    name: str
    values: Sequence[float | None]


def line(series: Sequence[Series], labels: Sequence[str], *, title: str, unit: str = "") -> Markup:
    """Return a chart of one to four lines over the same labels."""
    top = _nice_top(max((value for each in series for value in each.values if value is not None), default=0))
    parts = [_grid(top, unit), _labels(labels)]
    names_at: list[tuple[float, int, str]] = []
    for number, each in enumerate(series):
        points = [
            (_x(place, len(labels)), _y(value, top), value)
            for place, value in enumerate(each.values)
            if value is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        parts.append(Markup('<polyline class="line line-{}" points="{}"/>').format(number, path))
        if points:
            x, y, _ = points[-1]
            parts.append(
                Markup('<circle class="dot dot-{}" cx="{:.1f}" cy="{:.1f}" r="3.5"/>').format(number, x, y)
            )
            names_at.append((y, number, each.name))
    if len(series) > 1:
        parts += _names(names_at)
    return _svg(parts, title)


def bars(values: Sequence[float], labels: Sequence[str], *, title: str, unit: str = "") -> Markup:
    """Return a chart of one bar for each label."""
    top = _nice_top(max(values, default=0))
    room = (WIDTH - _LEFT - _RIGHT) / max(1, len(values))
    wide = min(room * 0.7, 48)
    drawn = [
        Markup(
            '<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
        ).format(
            _LEFT + room * (place + 0.5) - wide / 2,
            _y(value, top),
            wide,
            HEIGHT - _BOTTOM - _y(value, top),
            f"{label}: {_number(value)}{unit}",
        )
        for place, (value, label) in enumerate(zip(values, labels, strict=True))
    ]
    return _svg([_grid(top, unit), *drawn, _labels(labels, in_the_middle=True)], title)


def _svg(parts: Sequence[Markup], title: str) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>'
    ).format(WIDTH, HEIGHT, title, title, Markup("").join(parts))


def _grid(top: float, unit: str) -> Markup:
    lines = []
    for part in (0, 0.5, 1):
        y = _y(top * part, top)
        lines.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
                _LEFT, WIDTH - _RIGHT, y, y
            )
        )
        lines.append(
            Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                _LEFT - 6, y + 4, f"{_number(top * part)}{unit}"
            )
        )
    return Markup("").join(lines)


def _labels(labels: Sequence[str], *, in_the_middle: bool = False) -> Markup:
    every = max(1, math.ceil(len(labels) / MOST_LABELS))
    drawn = []
    for place in range(0, len(labels), every):
        x = _x(place, len(labels))
        if in_the_middle:
            x = _LEFT + (WIDTH - _LEFT - _RIGHT) / len(labels) * (place + 0.5)
        anchor = (
            "middle" if in_the_middle or 0 < place < len(labels) - 1 else "start" if place == 0 else "end"
        )
        drawn.append(
            Markup('<text x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(
                x, HEIGHT - 8, anchor, labels[place]
            )
        )
    return Markup("").join(drawn)


def _names(names_at: Sequence[tuple[float, int, str]]) -> list[Markup]:
    drawn, above = [], 0.0
    for y, number, name in sorted(names_at):
        above = max(y - 8, above + 14, 10)  # none covers another
        drawn.append(
            Markup('<text class="name-{}" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                number, WIDTH - _RIGHT - 6, above, name
            )
        )
    return drawn


def _x(place: int, count: int) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * (place / (count - 1) if count > 1 else 0.5)


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value / top if top else 0)


def _nice_top(most: float) -> float:
    """Return a round number that nothing reaches beyond."""
    if most <= 0:
        return 1
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= most)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
