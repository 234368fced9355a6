"""Deliveries to integrators, without a network: what is told, when it is tried again, when it is given up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace as replaced

from services.notifier.deliveries.event_form import SENSITIVE, structured
from services.notifier.deliveries.retrying import Answer, after
from shared.contracts.cloudevents import publication
from shared.contracts.policy import Integrator
from shared.retry_after import asked_pause
from tests.notifier.people import MONDAY, need, reason, revised, withdrawn

CRM = Integrator(name="crm", url="https://crm.example.org/", community="acme")
TRUSTED = replace(CRM, scopes=("sensitive",))


def told(event: object, integrator: Integrator) -> dict[str, object]:
    made = publication("any", event, event_id="t-1:1", source="/warmline/triage", time=MONDAY, extensions={})
    found: dict[str, object] = json.loads(structured(made.headers, event, integrator))  # type: ignore[arg-type]
    return found


def test_an_event_is_a_structured_cloudevent() -> None:
    found = told(need(), CRM)
    data = found.pop("data")
    assert found == {
        "specversion": "1.0",
        "id": "t-1:1",
        "source": "/warmline/triage",
        "type": "warmline.needs-touch.raised.v1",
        "time": "2026-11-23T09:00:00Z",
        "datacontenttype": "application/json",
    }
    assert isinstance(data, dict)
    assert (data["touch"], data["reason"]) == ("t-1", "welcome")


@pytest.mark.parametrize("reason", sorted(SENSITIVE))
def test_a_sensitive_reason_is_told_to_those_who_were_granted_it(reason: str) -> None:
    raised = need(reason=reason, rule=f"{reason}.v1", values={"score": 0.9}, thresholds={"score": 0.5})
    for event in (raised, withdrawn(raised)):
        assert reason in json.dumps(told(event, TRUSTED))
        kept_back = json.dumps(told(event, CRM))
        assert reason not in kept_back
        assert "0.9" not in kept_back
        assert "check-in" in kept_back


def test_nothing_sensitive_is_told_by_a_touch_that_it_joined_or_left() -> None:
    """Not in the reasons, the values, the words or the subject; the other reason is told as it is."""
    welcome = reason("welcome", values={"greetings": 0}, importance=1.0, why="routine, because of welcome")
    distress = reason(
        "distress",
        values={"score": 0.97},
        thresholds={"shown_from": 0.83},
        baseline={"usual_score": 0.11},
        difference="a calm word",
        strength=1.37,
        importance=8.0,
        why="urgent, because of distress",
    )
    joined = need(
        revision=2,
        reason="distress",
        rule="distress.v1",
        values={"score": 0.97},
        thresholds={"shown_from": 0.83},
        reasons=(distress, welcome),
        why="urgent, because of distress; also welcome",
    )
    later = replaced(joined, revision=3, reason="welcome", rule="welcome.v1", values={"greetings": 0}, thresholds={})
    for event in (joined, later, revised(later, "welcome"), revised(joined, "distress")):
        kept_back = json.dumps(told(event, CRM))
        for word in ("distress", "0.97", "0.83", "0.11", "1.37", "calm word"):
            assert word not in kept_back
        assert "check-in" in kept_back
        assert "distress" in json.dumps(told(event, TRUSTED))
    assert told(later, CRM)["data"]["reasons"][0]["values"] == {"greetings": 0}  # type: ignore[index]


def test_a_follow_up_does_not_tell_what_it_follows() -> None:
    after = reason("follow-up", values={"after": "distress"})
    event = need(reason="follow-up", values={"after": "distress"}, reasons=(after,))
    assert "distress" not in json.dumps(told(event, CRM))
    assert "distress" in json.dumps(told(event, TRUSTED))


DOWN = Answer(status=None, says="refused")
BUSY = Answer(status=503)
WRONG = Answer(status=400)


def test_waits_grow_to_a_bound_and_are_spread() -> None:
    waits = [
        after(DOWN, tries=tries, failing_for=timedelta(0), chance=1).wait.total_seconds() for tries in range(1, 12)
    ]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    assert after(DOWN, tries=3, failing_for=timedelta(0), chance=0).wait == timedelta(seconds=10)


def test_a_pause_that_is_asked_for_is_kept_within_bounds() -> None:
    def wait(asked: timedelta) -> timedelta:
        return after(replace(BUSY, pause=asked), tries=1, failing_for=timedelta(0), chance=1).wait

    assert wait(timedelta(seconds=90)) == timedelta(seconds=90)
    assert wait(timedelta(seconds=1)) == timedelta(seconds=5)
    assert wait(timedelta(days=400)) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("answer", "tries", "failing_days", "step"),
    [
        (BUSY, 500, 2.9, "again"),
        (BUSY, 500, 3, "pause-integrator"),
        (DOWN, 1, 3, "pause-integrator"),
        (Answer(status=410), 1, 0, "pause-integrator"),
        (WRONG, 4, 0, "again"),
        (WRONG, 5, 0, "give-up-event"),
        (Answer(status=301), 5, 0, "give-up-event"),
        (Answer(status=429), 50, 0, "again"),
        (Answer(status=408), 50, 0, "again"),
    ],
)
def test_nothing_is_tried_for_ever(answer: Answer, tries: int, failing_days: float, step: str) -> None:
    assert after(answer, tries=tries, failing_for=timedelta(days=failing_days), chance=0.5).step == step


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        (None, None),
        ("120", timedelta(seconds=120)),
        ("9" * 400, timedelta(seconds=10**6)),
        ("-3", None),
        ("soon", None),
        ("²", None),
        ("Mon, 23 Nov 2026 09:01:00 GMT", timedelta(minutes=1)),
        ("Mon, 23 Nov 2026 08:00:00 GMT", timedelta(0)),
        ("Mon, 23 Nov 2026 09:01:00 -0000", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 23 Nov 2026 99999999999999:00:00 GMT", None),
        ("Mon, 23 Nov 2026 09:01:00 +99999999999999999999", None),
    ],
)
def test_retry_after(header: str | None, pause: timedelta | None) -> None:
    assert asked_pause(header, datetime(2026, 11, 23, 9, tzinfo=UTC)) == pause
