"""docs/operations/dashboards.md: each panel, its query and what that gave. ``python -m tests.ops.dashboards_page``.

It needs what ``make test-ops OPS=prometheus`` installs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from infra.observability.dashboards.boards import BOARDS
from tests.ops.watched_system import Value, Watched, watched
from tests.waiting import until

PAGE: Final = Path(__file__).parents[2] / "docs/operations/dashboards.md"
_HEAD: Final = """\
# Dashboards

Four dashboards for Grafana. Compose's profile `observability` brings them with it; elsewhere let Grafana's provisioning
find [the files](../../infra/observability/grafana/dashboards), or import them by hand: each asks which Prometheus to
use. They are made from [infra/observability/dashboards](../../infra/observability/dashboards) by
`python -m infra.observability.dashboards`.

This page is written by `python -m tests.ops.dashboards_page`, from a run of Warmline under a little load with a
Prometheus beside it; *gave* is the highest value, and of how many lines where there are several. `make test-ops` asks
all of it anew. What the metrics mean stands in [telemetry](../telemetry.md).
"""


def page(value: Callable[[str], Value]) -> Iterator[str]:
    """Yield the lines; ``value`` asks for what a query gives."""
    yield _HEAD
    for board in BOARDS:
        yield f"## {board.title.removeprefix('Warmline: ')}\n\n{board.meaning}\n"
        for row in board.rows:
            yield f"### {row.title}\n\n| panel | query | gave |\n|---|---|---|"
            for panel in row.panels:
                for number, query in enumerate(panel.queries):
                    title = f"**{panel.title}**. {panel.meaning}" if number == 0 else ""
                    yield f"| {title} | {cell(query.expr)} | {said(value(query.expr), panel.unit)} |"
            yield ""


def cell(expr: str) -> str:
    """Return a query as it stands in a table."""
    return f"`{expr}`".replace("|", "\\|")


def said(value: Value, unit: str) -> str:
    """Return what a query gave, for people."""
    assert value.highest is not None
    number = f"{value.highest:,.0f}" if value.highest.is_integer() else f"{value.highest:,.3g}"
    if abs(value.highest) >= 1000:
        number = f"{value.highest:,.0f}"
    words = {"short": "", "cps": "/s", "reqps": "/s", "s": " s", "bytes": " B", "Bps": " B/s"}
    told = f"{value.highest:.1%}" if unit == "percentunit" else f"{number}{words[unit]}"
    return told if value.series == 1 else f"{told}, of {value.series}"


def write(running: Watched) -> None:
    """Let the system live until every panel has an answer, and write the page."""
    queries = [query.expr for board in BOARDS for row in board.rows for panel in row.panels for query in panel.queries]

    def answered() -> bool:
        running.live()
        return all(running.value(expr).highest is not None for expr in queries)

    until(answered, seconds=180, what="an answer to every panel")
    PAGE.write_text("\n".join(page(running.value)).rstrip("\n") + "\n", encoding="utf-8")


def main() -> None:
    """Start all, and write the page."""
    with tempfile.TemporaryDirectory() as folder, watched(Path(folder)) as running:
        write(running)


if __name__ == "__main__":
    main()
