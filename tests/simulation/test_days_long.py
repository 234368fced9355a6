"""Faults that last for days, in no time: outages, sleep, wrong clocks, and the day on which the clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from unittest.mock import ANY

import pytest

from shared.contracts.commands import ClaimTouch, SettleTouch
from shared.contracts.policy import EmergencyContact, Escalation, Hours
from shared.contracts.touch_facts import TouchFact
from tests.simulation import community
from tests.simulation.life import DAYS, HOURS, MINUTES, Life, living, welcomes
from tests.simulation.watching import touches
from tests.simulation.world import NOTIFIER

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
OFFICE = Hours(timezone="Europe/Berlin", days=dict.fromkeys(WEEK, ("09:00-17:00",)))


@pytest.fixture
def life() -> Iterator[Life]:
    with living() as made:
        yield made


def test_triages_database_is_away_for_three_days_and_no_answered_question_calls_anybody(life: Life) -> None:
    life.ask("ada", "c-1")
    life.ask("bea", "c-2")
    life.world.tables["triage"].away = True
    life.pass_time(1 * HOURS)
    life.post("cleo", "c-1", "Like this.")
    life.pass_time(3 * DAYS)
    assert life.raised() == 0
    assert life.queue() == {
        ("unanswered", "bea", "assigned"),
        *welcomes("ada", "bea", "cleo"),
    }
    assert life.raised() == 4


def test_notifiers_database_is_away_for_three_days(life: Life) -> None:
    life.join("ada")
    life.world.tables["notifier"].away = True
    life.pass_time(3 * DAYS)
    assert (life.raised(), life.touches()) == (1, [])
    assert life.queue() == {("welcome", "ada", "assigned")}


def test_nats_is_away_for_three_days_and_senders_come_back(life: Life) -> None:
    life.ask("ada", "c-1")
    life.world.bus.away = True
    life.pass_time(1 * HOURS)
    life.post("cleo", "c-1", "Like this.")
    life.pass_time(3 * DAYS)
    assert life.raised() == 0
    assert life.queue() == welcomes("ada", "cleo")


@pytest.mark.parametrize("crossings", range(1, 7))
@pytest.mark.parametrize("name", ["triage", "notifier"])
def test_an_owner_sleeps_for_five_days_at_any_of_its_calls(life: Life, name: str, crossings: int) -> None:
    life.join("ada")
    (sleeper,) = life.world.of(name)
    sleeper.stop_in = crossings
    life.ask("ada", "c-1")
    life.pass_time(9 * HOURS)
    life.world.start(name)
    life.ask("bea", "c-2")
    life.post("hanna", "c-1", "Like this.")
    life.pass_time(5 * DAYS)
    sleeper.resume()
    life.world.idle()
    life.line.nothing_is_wrong()
    assert life.queue() == {("welcome", "bea", "assigned"), ("unanswered", "bea", "assigned")}


@pytest.fixture
def office(life: Life, monkeypatch: pytest.MonkeyPatch) -> Life:
    """A team that works from nine to five in Berlin, on the Friday before the clocks change."""
    policy: Any = community.care_policy(community.responder("mira"), hours=OFFICE)
    life.pass_time(datetime(2026, 3, 27, 14, 0, tzinfo=UTC) - life.world.time)
    life.line._say(community.adopted("office", life.world.time, policy))
    return life


@pytest.mark.parametrize("outage", [False, True])
def test_the_clocks_change_in_between(office: Life, outage: bool) -> None:
    """A question on Friday at 15:00 has two hours of Friday's and is due on Monday at 11:00, which is 09:00 UTC."""
    office.ask("ada", "c-1")
    office.world.tables["triage"].away = outage
    office.pass_time(datetime(2026, 3, 30, 8, 59, tzinfo=UTC) - office.world.time)
    office.world.tables["triage"].away = False
    assert office.raised() == 0
    office.world.start("triage")
    office.pass_time(2 * MINUTES)
    (need,) = [state.need for state in office.touches() if state.need]
    assert need.raised_at.replace(microsecond=0) == datetime(2026, 3, 30, 9, 0, tzinfo=UTC)
    assert [state.responder for state in office.touches()] == ["mira"]


def test_what_is_held_over_the_weekend_is_given_when_hours_begin_by_the_new_time(life: Life) -> None:
    """Triage calls at any hour; mira is there from nine in Berlin, which is 07:00 UTC from that weekend on."""
    mira = community.care_policy(community.responder("mira", hours=OFFICE))
    life.line._say(community.adopted("office", life.world.time, mira))
    life.pass_time(datetime(2026, 3, 28, 12, 0, tzinfo=UTC) - life.world.time)
    life.ask("ada", "c-1")
    life.pass_time(5 * HOURS)
    assert [state.hold for state in life.touches()] == ["outside-hours"]
    life.pass_time(datetime(2026, 3, 30, 6, 59, tzinfo=UTC) - life.world.time)
    assert {state.status for state in life.touches()} == {"held"}
    life.pass_time(2 * MINUTES)
    assert {state.status for state in life.touches()} == {"assigned"}


def told(life: Life, conversation: str) -> list[tuple[str, datetime]]:
    """Return what became of a question's touch, in order, and when."""
    codec, found = NOTIFIER.codec, []
    for stored in life.world.tables["notifier"].events:
        event = codec.to_domain_event(stored).event
        touch = getattr(event, "touch", None)
        state = touches(life.world.tables["notifier"], NOTIFIER).get(touch)
        if isinstance(event, TouchFact) and state and state.need and state.need.conversation == conversation:
            found.append((type(event).__name__.removeprefix("Touch"), event.at))
    return found


@pytest.mark.parametrize("outage", [None, "notifier", "nats"])
def test_nobody_acknowledges_for_a_week(life: Life, outage: str | None) -> None:
    """It goes round, escalates once, and is told again and again; an outage makes up for nothing that it missed."""
    contact = EmergencyContact(email="harbour@example.org", email_verified=True)
    people = (community.responder("mira"), community.responder("jonas"))
    asked = community.care_policy(*people, escalation=Escalation(emergency_contact=contact))
    life.line._say(community.adopted("patient", life.world.time, asked))
    life.ask("ada", "c-1")
    for hour in range(7 * 24):
        away = 48 <= hour < 120
        life.world.tables["notifier"].away = outage == "notifier" and away
        if outage == "nats":
            life.world.bus.away = away
            life.world.bus.come_back() if not away else None
        life.pass_time(1 * HOURS)
        life.world.start("notifier")
        life.world.start("triage")
    story = told(life, "c-1")
    kinds = [kind for kind, _ in story]
    assert kinds[:2] == ["Assigned", "Reminded"]
    assert (kinds.count("PassedOn"), kinds.count("Assigned"), kinds.count("Escalated")) == (1, 2, 1)
    again = [at for kind, at in story[kinds.index("Escalated") :] if kind in {"Escalated", "Reminded"}]
    pauses = [later - earlier for earlier, later in pairwise(again)]
    assert min(pauses) >= 4 * HOURS
    assert len(again) >= (30 if outage is None else 17)
    (touch,) = [touch for touch, state in life.line._touches().items() if state.need and state.need.conversation]
    for verb, by in (("claim", "mira"), ("settle", "mira")):
        form = {"claim": ClaimTouch, "settle": SettleTouch}[verb]
        revision = life.line._touches()[touch].revision
        more = {"outcome": "reached"} if verb == "settle" else {}
        ids = {"command_id": f"{verb}-late", "organisation": community.ORGANISATION}
        life.line._ask(form(**ids, touch=touch, responder=by, revision=revision, **more))
    life.pass_time(5 * DAYS)
    assert told(life, "c-1")[-2:] == [("Claimed", ANY), ("Settled", ANY)]
    assert ("unanswered", "ada", "settled") not in life.queue()
