"""Writes every dashboard as Grafana reads it: ``python -m infra.observability.dashboards``."""

from __future__ import annotations

from infra.observability.dashboards.boards import BOARDS, FOLDER
from infra.observability.dashboards.grafana import grafana_json


def main() -> None:
    """Write them where Grafana's provisioning finds them."""
    for board in BOARDS:
        (FOLDER / f"{board.name}.json").write_text(grafana_json(board), encoding="utf-8")


if __name__ == "__main__":
    main()
