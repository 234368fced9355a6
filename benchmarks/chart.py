"""Two charts of the results, as SVG that is readable on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.results import Results
from benchmarks.targets import TARGETS, Target

_WIDTH: Final = 860
_LINE: Final = 26
_TOP: Final = 56
_STYLE: Final = """
.page { fill: #ffffff; }
text { font: 13px system-ui, sans-serif; fill: #1f2933; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
.small { font-size: 11px; fill: #66727f; }
.title { font-size: 15px; font-weight: 600; }
.rule { stroke: #c9d1d9; }
.goal { stroke: #66727f; stroke-dasharray: 4 3; }
.aim { fill: #1a7f5a; } .floor { fill: #b7791f; } .missed { fill: #c0392b; } .bar { fill: #3b6ea5; }
@media (prefers-color-scheme: dark) {
  .page { fill: #14191f; } text { fill: #e6e9ec; stroke: #14191f; }
  .small { fill: #9aa6b2; } .rule { stroke: #3a444e; } .goal { stroke: #9aa6b2; }
  .aim { fill: #3fb68b; } .floor { fill: #e0a53d; } .missed { fill: #ef6b5c; } .bar { fill: #6fa3db; }
}
"""
_LEFT: Final = 412
_FLOOR_AT: Final = 520
_AIM_AT: Final = 690
_FARTHEST: Final = (-0.45, 1.4)
"""Beyond this a measure stands at the edge; 0 is its floor, and 1 its aim."""
_BARS_LEFT: Final = 250
_BARS_RIGHT: Final = 740


def targets_chart(results: Results) -> str:
    """Draw where each measure stands between its floor and its aim, on a logarithmic scale."""
    lines: list[str] = []
    bottom = _TOP + _LINE * len(TARGETS)
    for name, x in (("floor", _FLOOR_AT), ("aim", _AIM_AT)):
        lines.append(f'<line class="goal" x1="{x}" x2="{x}" y1="{_TOP - 12}" y2="{bottom}"/>')
        lines.append(f'<text class="small" x="{x}" y="{_TOP - 18}" text-anchor="middle">{name}</text>')
    for index, target in enumerate(TARGETS):
        lines += _target_line(results, target, _TOP + _LINE * index + 6)
    return _svg("Where each measure stands", bottom + 12, lines)


def _target_line(results: Results, target: Target, y: int) -> Iterator[str]:
    yield f'<text x="{_LEFT}" y="{y + 4}" text-anchor="end">{escape(target.title)}</text>'
    row = results.rows.get(target.row)
    value = None if row is None else row.figures.get(target.name)
    if value is None:
        yield f'<text class="small" x="{_LEFT + 14}" y="{y + 4}">not measured</text>'
        return
    x = _FLOOR_AT + _standing(target, value) * (_AIM_AT - _FLOOR_AT)
    yield f'<line class="rule" x1="{_LEFT + 14}" x2="{x:.0f}" y1="{y}" y2="{y}"/>'
    yield f'<circle class="{target.judge(value)}" cx="{x:.0f}" cy="{y}" r="6"/>'
    yield f'<text class="small" x="{x + 11:.0f}" y="{y + 4}">{value:,.3g} {escape(target.unit)}</text>'


def _standing(target: Target, value: float) -> float:
    if value <= 0:  # less than nothing: only what should be small can be that
        return _FARTHEST[1]
    position = math.log(value / target.floor) / math.log(target.aim / target.floor)
    return min(max(position, _FARTHEST[0]), _FARTHEST[1])


def rates_chart(results: Results) -> str:
    """Draw the events a second of every way of each row that compares some, on a logarithmic scale."""
    groups = [(row.row, row.contestants) for row in results.rows.values() if len(row.contestants) > 1]
    largest = max((one.rate for _, ways in groups for one in ways), default=10.0)
    decades = max(1, math.ceil(math.log10(largest)))
    lines: list[str] = []
    y = _TOP
    step = (_BARS_RIGHT - _BARS_LEFT) / decades
    for name, ways in groups:
        lines.append(f'<text class="small" x="16" y="{y + 4}">{escape(name.replace("_", " "))}</text>')
        y += _LINE - 4
        for one in ways:
            width = max(1.0, math.log10(max(one.rate, 1.0)) * step)
            lines.append(f'<text x="{_BARS_LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(one.name)}</text>')
            lines.append(f'<rect class="bar" x="{_BARS_LEFT}" y="{y - 7}" width="{width:.0f}" height="14" rx="2"/>')
            lines.append(f'<text class="small" x="{_BARS_LEFT + width + 8:.0f}" y="{y + 4}">{one.rate:,.0f}</text>')
            y += _LINE - 4
        y += 8
    for decade in range(decades + 1):
        x = _BARS_LEFT + decade * step
        lines.insert(0, f'<line class="rule" x1="{x:.0f}" x2="{x:.0f}" y1="{_TOP - 12}" y2="{y}"/>')
        lines.append(f'<text class="small" x="{x:.0f}" y="{_TOP - 18}" text-anchor="middle">{10**decade:,}</text>')
    return _svg("Events a second", y + 12, lines)


def _svg(title: str, height: float, lines: list[str]) -> str:
    box = f'viewBox="0 0 {_WIDTH} {height:.0f}" width="{_WIDTH}" role="img" aria-label="{escape(title)}"'
    head = f'<text class="title" x="16" y="24">{escape(title)}</text>'
    page = '<rect class="page" width="100%" height="100%" rx="6"/>'
    begin = [f'<svg xmlns="http://www.w3.org/2000/svg" {box}>', f"<style>{_STYLE}</style>", page, head]
    return "\n".join([*begin, *lines, "</svg>\n"])
