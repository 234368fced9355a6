"""What a dashboard is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Shape(Enum):
    """How a panel shows what its queries give."""

    NUMBER = "number"
    LINES = "lines"
    STACKED = "stacked"
    HEAT = "heat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query of Prometheus; ``legend`` names a line of it, with the labels in ``{{}}``."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel; ``unit`` as Grafana names it. A number of ``warns`` or more is shown as a warning.

    ``width`` is in twenty-fourths of the page.
    """

    title: str
    meaning: str
    queries: tuple[Query, ...]
    unit: str = "short"
    shape: Shape = Shape.LINES
    width: int = 8
    warns: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard; ``name`` is that of its file and, after ``warmline-``, its identity in Grafana."""

    name: str
    title: str
    meaning: str
    rows: tuple[Row, ...]
    hours: int = 6


def number(
    title: str, meaning: str, expr: str, *, unit: str = "short", width: int = 4, warns: float | None = None
) -> Panel:
    """Return a panel that shows one number, with what it was before as a line behind it."""
    return Panel(
        title=title,
        meaning=meaning,
        queries=(Query(expr=expr),),
        unit=unit,
        shape=Shape.NUMBER,
        width=width,
        warns=warns,
    )


def lines(title: str, meaning: str, *queries: Query, unit: str = "short", width: int = 8) -> Panel:
    """Return a panel of lines."""
    return Panel(title=title, meaning=meaning, queries=queries, unit=unit, width=width)


def stacked(title: str, meaning: str, *queries: Query, unit: str = "short", width: int = 8) -> Panel:
    """Return a panel of areas that stand on one another."""
    return Panel(title=title, meaning=meaning, queries=queries, unit=unit, shape=Shape.STACKED, width=width)


def heat(title: str, meaning: str, expr: str, *, unit: str, width: int = 12) -> Panel:
    """Return a panel of a histogram over time; ``expr`` gives its buckets by ``le``."""
    query = Query(expr=expr, legend="{{le}}")
    return Panel(title=title, meaning=meaning, queries=(query,), unit=unit, shape=Shape.HEAT, width=width)
