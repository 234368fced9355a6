"""The rules and dashboards name only what is described, and each alert says what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.audit.alarm_kinds import ALARM_KINDS
from tests.prometheus_names import OWN, RECORDED, RULES, asked, metrics_in

ROOT = Path(__file__).parents[2]
DESCRIBED = set(re.findall(r"`((?:warmline|http|messaging|db|process)_\w+)`", (ROOT / "docs/telemetry.md").read_text()))


def test_the_metrics_of_an_expression() -> None:
    expr = 'histogram_quantile(0.95, sum by (le, a_b) (rate(x_bucket{a="y_z"}[1h]))) / 0.05 or 0 * job:q:rate5m > 1e3'
    assert metrics_in(expr) == {"x_bucket", "job:q:rate5m"}


@pytest.mark.parametrize("query", asked(), ids=lambda query: query.where)
def test_every_metric_that_a_query_names_is_described(query) -> None:
    for name in metrics_in(query.expr) - RECORDED - OWN:
        assert re.sub("_(count|sum|bucket)$", "", name) in DESCRIBED, name


def test_every_alert_leads_to_what_is_to_be_done() -> None:
    for rule in RULES:
        if "alert" in rule:
            page, _, anchor = rule["annotations"]["runbook"].partition("#")
            headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
            assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}, rule["alert"]
            assert rule["labels"]["severity"] in {"page", "ticket"}


def test_alarms_that_wait_for_the_morning_are_alarms_and_every_other_wakes_somebody() -> None:
    said = {rule["alert"]: rule["expr"] for rule in RULES if "alert" in rule}
    morning = re.findall('alarm=~"([^"]+)"', said["WarmlineAlarmForTheMorning"])
    others = re.findall('alarm!~"([^"]+)"', said["WarmlineAlarm"])
    assert morning == others
    assert set(morning[0].split("|")) <= {kind.name for kind in ALARM_KINDS}


def test_a_page_of_what_to_do_is_about_an_alert_that_there_is() -> None:
    headings = re.findall(r"^## (Warmline\w+)$", (ROOT / "docs/operations/alerts.md").read_text(), re.MULTILINE)
    assert set(headings) <= {rule["alert"] for rule in RULES if "alert" in rule}
