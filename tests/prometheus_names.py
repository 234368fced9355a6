"""What the rules and the dashboards ask a Prometheus, and which metrics that needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.observability.dashboards.boards import BOARDS

RULES_FILE = Path(__file__).parents[1] / "infra/observability/prometheus/rules.yml"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
RECORDED = frozenset(rule["record"] for rule in RULES if "record" in rule)
OWN = frozenset({"up"})
"""What a Prometheus tells by itself of each scrape."""
OF_PLATFORMS = ("warmline_webhooks_", "warmline_polls_")
"""How what is told only of a connected platform begins; the watched system of tests/ops has such."""
_WORDS = frozenset({"and", "or", "unless", "by", "without", "on", "ignoring", "bool", "offset"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query, and where it stands."""

    where: str
    expr: str
    alert: bool = False


def asked() -> list[Asked]:
    """Return the queries of all rules and panels."""
    rules = [
        Asked(where=rule.get("record") or rule["alert"], expr=rule["expr"], alert="alert" in rule) for rule in RULES
    ]
    panels = [
        Asked(where=f"{board.title}, {panel.title}", expr=query.expr)
        for board in BOARDS
        for row in board.rows
        for panel in row.panels
        for query in panel.queries
    ]
    return rules + panels


def metrics_in(expr: str) -> set[str]:
    """Return the metrics that ``expr`` selects."""
    bare = re.sub(r'"[^"]*"', "", expr)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", "", bare)
    names = re.findall(r"(?<![\w.])[A-Za-z_:][\w:]*(?!\w*\s*\()(?![\w:])", bare)
    return set(names) - _WORDS
