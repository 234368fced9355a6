"""Faults that last for days, in no time: outages, sleep, wrong clocks, and the day on which the clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifier.touch import TouchState
from shared.contracts.member_events import Joined, Posted
from shared.contracts.policy import Hours
from tests.simulation import community
from tests.simulation.line_machine import Line
from tests.simulation.watching import touches
from tests.simulation.world import NOTIFIER, simulated

MINUTES, HOURS, DAYS = (timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days"))
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
OFFICE = Hours(timezone="Europe/Berlin", days=dict.fromkeys(WEEK, ("09:00-17:00",)))


class Life:
    """A line that is told what happens, and that is checked against the model when it is asked how it stands."""

    def __init__(self) -> None:
        self.line = Line()
        self.line.begin(policy=0, short_window=True)
        self.world = self.line.world
        self._messages = 0

    def join(self, who: str) -> None:
        self.line._say(self.line._event(Joined(member=community.MEMBERS[who]), 0))

    def post(self, who: str, conversation: str, text: str = "Hello.") -> None:
        self._messages += 1
        member = community.MEMBERS[who]
        data = Posted(member=member, conversation=conversation, message=f"p-{self._messages}", text=text)
        if not self.line._say(event := self.line._event(data, 0)):
            self.line.waiting.append([event])

    def ask(self, who: str, conversation: str) -> None:
        self.post(who, conversation, "How do I start?")

    def pass_time(self, duration: timedelta) -> None:
        self.world.pass_time(duration)
        self.line.nothing_is_wrong()

    def queue(self) -> set[tuple[str, str, str]]:
        """Return reason, member and status of what is open, once all faults are over and everything is checked."""
        self.line.rest()
        return {
            (state.need.reason, state.need.member.id, state.status)
            for state in self.touches()
            if state.need is not None and state.status not in {"settled", "withdrawn"}
        }

    def touches(self) -> list[TouchState]:
        return list(touches(self.world.tables["notifier"], NOTIFIER).values())

    def raised(self) -> int:
        return sum(event.topic == "triage.NeedRaised" for event in self.world.tables["triage"].events)


def welcomes(*people: str) -> set[tuple[str, str, str]]:
    return {("welcome", who, "assigned") for who in people}


@pytest.fixture
def life() -> Iterator[Life]:
    with simulated():
        made = Life()
        yield made
        made.world.close()


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


@pytest.mark.parametrize("hours", [-30, -3, 3, 30])
@pytest.mark.parametrize("whose", ["nats", "postgres", "process"])
def test_a_clock_jumps_and_comes_back(life: Life, whose: str, hours: int) -> None:
    life.ask("ada", "c-1")
    life.ask("bea", "c-2")
    life.line.jump(whose=whose, hours=hours)
    life.pass_time(10 * MINUTES)
    life.world.start("triage")
    life.world.start("notifier")
    life.post("cleo", "c-1", "Like this.")
    life.line.jump(whose=whose, hours=0)
    life.world.start("triage")
    life.world.start("notifier")
    life.pass_time(5 * HOURS)
    assert ("unanswered", "bea", "assigned") in life.queue()
    given = [state.need for state in life.touches() if state.need and state.status == "assigned"]
    assert "c-1" not in {need.conversation for need in given}


def test_a_wall_clock_that_runs_ahead_calls_nobody_early(life: Life) -> None:
    life.ask("ada", "c-1")
    for owner in life.world.owners:
        owner.skew = 30 * HOURS
    life.pass_time(3 * HOURS)
    assert life.raised() == 0
    life.post("cleo", "c-1", "Like this.")
    assert life.queue() == set()


def test_a_wall_clock_that_is_behind_calls_late_and_loses_nothing(life: Life) -> None:
    life.ask("ada", "c-1")
    for owner in life.world.owners:
        owner.skew = -6 * HOURS
    life.pass_time(9 * HOURS)
    assert life.raised() == 0
    life.pass_time(2 * HOURS)
    assert life.raised() == 2
    assert life.queue() == {("unanswered", "ada", "assigned"), *welcomes("ada")}


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
