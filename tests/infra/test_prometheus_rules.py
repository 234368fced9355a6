"""The rules name only what is told and described, and each alert says what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "infra/observability/prometheus/rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
DESCRIBED = set(re.findall(r"`((?:warmline|http|messaging|db)_\w+)`", (ROOT / "docs/telemetry.md").read_text()))


def test_every_metric_that_a_rule_names_is_described() -> None:
    recorded = {rule["record"].split(":")[1] for rule in RULES if "record" in rule}
    for rule in RULES:
        for name in re.findall(r"\b(?:warmline|http|messaging|db)_\w+", rule["expr"]):
            assert name in recorded or re.sub("_(count|sum|bucket)$", "", name) in DESCRIBED, (rule, name)


def test_every_alert_leads_to_what_is_to_be_done() -> None:
    for rule in RULES:
        if "alert" in rule:
            page, _, anchor = rule["annotations"]["runbook"].partition("#")
            headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
            assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}, rule["alert"]
            assert rule["labels"]["severity"] in {"page", "ticket"}
