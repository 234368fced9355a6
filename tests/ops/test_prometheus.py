"""Every rule and every panel asks a real Prometheus something, and the really running services answer it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.watched_system import CONFIGURATION, TRACE, Watched, watched
from tests.prometheus_names import Asked, asked
from tests.waiting import until

pytestmark = pytest.mark.ops("prometheus")

ALERTMANAGER = CONFIGURATION.parent / "alertmanager/alertmanager.yml"


def check(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_takes_the_rules_and_the_configurations(tmp_path: Path) -> None:
    assert "SUCCESS" in check("promtool", "check", "rules", str(CONFIGURATION / "rules.yml"))
    place = shutil.copytree(CONFIGURATION, tmp_path / "prometheus")
    (place / "data").mkdir()
    (place / "data/prometheus-targets.json").write_text("[]")
    for name in ("prometheus.yml", "beside-up.yml"):
        assert "WARNING" not in check("promtool", "check", "config", str(place / name))


def test_amtool_takes_the_alertmanagers_configuration() -> None:
    check("amtool", "check-config", str(ALERTMANAGER))


def test_alerts_fire_when_they_should_and_only_then() -> None:
    check("promtool", "test", "rules", str(Path(__file__).with_name("rules_test.yml")))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("watched")) as both:
        yield both


def test_every_rule_and_every_panel_gets_an_answer(running: Watched) -> None:
    def unanswered() -> list[Asked]:
        running.live()
        return [one for one in asked() if running.value(without_bounds(one)).highest is None]

    until(lambda: not unanswered(), seconds=120, what="an answer to every query")


def without_bounds(one: Asked) -> str:
    """Return the query; of an alert without the bounds, for while all is well nothing is beyond them."""
    return re.sub(r" (>|==) [\d.]+( \* [\d.]+)?", "", one.expr) if one.alert else one.expr


def test_prometheus_says_itself_that_no_rule_fails(running: Watched) -> None:
    def rules() -> list[tuple[str, str, str]]:
        groups = running.ask("rules")["groups"]
        return [
            (rule["name"], rule["health"], rule.get("lastError", "")) for group in groups for rule in group["rules"]
        ]

    until(lambda: all(health != "unknown" for _, health, _ in rules()), what="every rule to be evaluated")
    assert [rule for rule in rules() if rule[1] != "ok"] == []


def test_urgent_touches_that_nobody_acknowledged_wake_somebody(running: Watched) -> None:
    def firing() -> set[str]:
        running.live()
        return {alert["labels"]["alertname"] for alert in running.ask("alerts")["alerts"] if alert["state"] == "firing"}

    until(lambda: "WarmlineUrgentPromisesBurnFast" in firing(), seconds=60, what="the alert")


def test_beside_the_times_stands_a_trace(running: Watched) -> None:
    def traces() -> set[str]:
        found = running.ask("query_exemplars", query="warmline_touch_step_seconds_bucket", start="0", end="99999999999")
        return {example["labels"]["trace_id"] for series in found for example in series["exemplars"]}

    until(lambda: TRACE in traces(), seconds=60, what="the example")


def test_labels_are_few_and_name_no_member(running: Watched) -> None:
    series = running.ask("series", **{"match[]": '{job=~"warmline-.+"}'})
    assert len(series) < 5_000
    values = {value for one in series for name, value in one.items() if name not in {"__name__", "le"}}
    told = [value for value in values if re.match(r"(ask|new|trace)\d|m-|t-|c-|post:|join:", value, re.IGNORECASE)]
    assert told == []
