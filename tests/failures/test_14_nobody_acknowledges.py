"""Failure 14: nobody acknowledges. A touch that nobody claims escalates until somebody does.

One partition in memory with a moved clock: the waiting is days long, the tests are not. At the end the whole, running.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notifier.availability import find, within_hours
from services.notifier.roster import CapacityGranted
from shared.contracts.policy import (
    EmergencyContact,
    Escalation,
    Hours,
    Leave,
    Limits,
    Policy,
    RoutinePatience,
    SoonPatience,
)
from shared.contracts.touch_facts import (
    TouchAssigned,
    TouchClaimed,
    TouchEscalated,
    TouchFact,
    TouchHeld,
    TouchPassedOn,
    TouchReminded,
)
from tests.end_to_end import harbour
from tests.end_to_end.running_system import started
from tests.notifier.partition import Partition
from tests.notifier.people import ALWAYS, MONDAY, OFFICE, WORKDAYS, at, need, policy, responder, who, withdrawn
from tests.waiting import until

MIRA, JONAS, YUKI = responder("mira"), responder("jonas"), responder("yuki")
VERA = responder("vera", segments=("nobody-is-in-it",))
"""The emergency contact: serves no segment that any touch here has."""
TO_VERA = EmergencyContact(responder="vera")
HOURS = timedelta(hours=1)
FRIDAY_AFTERNOON = datetime(2026, 11, 27, 16, 50, tzinfo=MONDAY.tzinfo)


def partition(held: Policy, now: datetime = MONDAY) -> Partition:
    made = Partition(now)
    made.adopt(held)
    made.fire_due()
    return made


def escalating(**changes: Any) -> Escalation:
    return Escalation(**{"emergency_contact": TO_VERA, **changes})


def told(made: Partition, touch: str = "t-1") -> list[tuple[str, str | None, float]]:
    """Return what became of the touch: kind, responder, hours since Monday, nine o'clock."""
    facts: Iterable[TouchFact] = (fact for fact in made.of(TouchFact) if fact.touch == touch)
    return [
        (
            type(fact).__name__.removeprefix("Touch"),
            getattr(fact, "responder", None),
            round((fact.at - MONDAY) / HOURS, 2),
        )
        for fact in facts
    ]


def test_reminded_passed_on_through_everyone_escalated_reminded_until_claimed_then_silent() -> None:
    made = partition(policy(MIRA, JONAS, YUKI, VERA, hours=ALWAYS, escalation=escalating()))
    made.tell(need(urgency="soon"))
    made.pass_time(at(24))
    first = [
        ("Assigned", "jonas", 0),
        ("Reminded", "jonas", 1),
        ("PassedOn", "jonas", 2),
        ("Assigned", "mira", 2),
        ("Reminded", "mira", 3),
        ("PassedOn", "mira", 4),
        ("Assigned", "yuki", 4),
        ("Reminded", "yuki", 5),
        ("Escalated", "vera", 6),
    ]
    again = [("Reminded", "vera", hour) for hour in (10, 14, 18, 22)]
    assert told(made) == first + again
    assert [fact.to for fact in made.of(TouchReminded)] == ["responder"] * 3 + ["emergency-contact"] * 4
    state = made.touch("t-1")
    assert (state.status, state.responder) == ("assigned", "yuki"), "exactly one state, and its last responder's"
    made.claim("t-1", "mira")
    assert made.touch("t-1").watch.escalated_at is None
    made.pass_time(at(24 * 30))
    assert told(made) == [*first, *again, ("Claimed", "mira", 24)]


def test_it_says_who_did_not_take_it_and_their_load_is_theirs_no_more() -> None:
    made = partition(policy(MIRA, JONAS, hours=ALWAYS, escalation=escalating(emergency_contact=None)))
    made.tell(need(care_load=3))
    made.pass_time(at(9))
    _, second = made.of(TouchAssigned)
    assert {one.responder: (one.chosen, one.why) for one in second.why} == {
        "mira": (True, "available, carries 0 of 20 care load: the least of those available"),
        "jonas": (False, "did not take it"),
    }
    loads = {one.responder: (one.care_load, one.touches, one.granted) for one in made.roster.loads}
    assert loads == {"jonas": (0, 0, 1), "mira": (3, 1, 1)}, "being asked counts to the day of both"


def test_it_is_passed_on_as_often_as_the_policy_says() -> None:
    made = partition(policy(MIRA, JONAS, YUKI, hours=ALWAYS, escalation=escalating(pass_on_at_most=1)))
    made.tell(need())
    made.pass_time(at(24 * 7))
    assert [fact.responder for fact in made.of(TouchPassedOn)] == ["jonas"]
    assert [fact.at for fact in made.of(TouchEscalated)] == [at(16)]


def test_somebody_alone_is_reminded_and_then_it_shows() -> None:
    """Nobody else, no emergency contact: the banner, and a reminder now and then to the one there is."""
    made = partition(policy(MIRA))
    made.tell(need())
    made.pass_time(at(24 * 3))
    assert told(made) == [
        ("Assigned", "mira", 0),
        ("Reminded", "mira", 4),
        ("Escalated", None, 8),
        ("Reminded", "mira", 32),
        ("Reminded", "mira", 56),
    ], "in her working hours only"
    made.settle("t-1", "mira")
    made.pass_time(at(24 * 30))
    assert len(told(made)) == 6


def test_only_working_hours_count_and_a_night_takes_nothing_from_anybody() -> None:
    """Eight working hours end where the day ends: the others are away then, and it moves on in the morning."""
    made = partition(policy(MIRA, JONAS, escalation=escalating()), at(2))
    made.tell(need())
    made.pass_time(at(25.9))
    assert told(made) == [("Assigned", "jonas", 2), ("Reminded", "jonas", 6)]
    made.pass_time(at(72))
    assert told(made)[2:4] == [("PassedOn", "jonas", 26), ("Assigned", "mira", 26)]
    early = partition(policy(MIRA, JONAS, escalation=escalating()))
    early.tell(need())
    early.pass_time(at(24))
    assert told(early)[-2:] == [("PassedOn", "jonas", 24), ("Assigned", "mira", 24)], "at nine, when mira is there"


def test_what_is_urgent_does_not_wait_for_a_weekend() -> None:
    duty = responder("duty", hours=ALWAYS, limits=Limits(touches=1))
    made = partition(policy(MIRA, duty, escalation=escalating()), FRIDAY_AFTERNOON)
    made.tell(need("t-0"))  # takes duty's only place
    assert made.touch("t-0").responder == "duty"
    made.tell(need(urgency="urgent"))
    assert made.touch("t-1").responder == "mira"
    made.pass_time(FRIDAY_AFTERNOON + 2 * HOURS)
    (escalated,) = made.of(TouchEscalated)
    assert escalated.at == FRIDAY_AFTERNOON + HOURS, "half an hour hers, half an hour because nobody else had room"
    made.settle("t-0", "duty")
    made.pass_time(FRIDAY_AFTERNOON + 3 * HOURS)
    assert made.touch("t-1").responder == "duty", "who has room takes it over, though it has escalated"


def test_a_held_touch_shows_when_it_is_held_too_long_and_limits_hold_all_the_same() -> None:
    small = Limits(touches=1)
    made = partition(policy(MIRA, VERA, hours=ALWAYS, limits=small, escalation=escalating()))
    made.tell(need("t-0"))
    made.claim("t-0", "mira")
    made.tell(need("t-1", urgency="soon"))
    made.pass_time(at(9))
    assert told(made) == [("Held", None, 0), ("Escalated", "vera", 4), ("Reminded", "vera", 8)]
    (escalated,) = made.of(TouchEscalated)
    assert escalated.cause == "held-too-long"
    assert made.roster.load_of("mira").touches == 1
    made.settle("t-0", "mira")
    made.pass_time(at(9.1))
    state = made.touch("t-1")
    assert (state.status, state.responder) == ("assigned", "mira")
    assert state.watch.escalated_at is not None, "until somebody claims it"
    made.claim("t-1", "mira")
    made.pass_time(at(24 * 9))
    assert told(made)[-1] == ("Claimed", "mira", 9.1)


@pytest.mark.parametrize("urgency", ["urgent", "soon", "routine", "whatever-comes"])
def test_a_night_is_no_alarm_unless_it_is_urgent(urgency: str) -> None:
    made = partition(policy(MIRA, escalation=escalating()), at(9))
    made.tell(need(urgency=urgency))
    made.pass_time(at(23.9))
    assert [fact.hold for fact in made.of(TouchHeld)] == ["outside-hours"]
    assert len(made.of(TouchEscalated)) == (urgency == "urgent")
    made.pass_time(at(24.1))
    assert made.touch("t-1").status == "assigned"


def test_what_nobody_serves_shows_too() -> None:
    made = partition(policy(VERA, hours=ALWAYS, escalation=escalating()))
    made.tell(need())
    made.pass_time(at(17))
    assert told(made) == [("Held", None, 0), ("Escalated", "vera", 16)]


def test_the_emergency_contact_is_told_within_their_hours_and_never_about_themselves() -> None:
    vera = responder("vera", segments=VERA.segments, hours=OFFICE)
    made = partition(policy(MIRA, vera, hours=ALWAYS, escalation=escalating()), at(7))
    made.tell(need(urgency="soon"))
    made.pass_time(at(24 * 2))
    assert [(fact.responder, fact.at) for fact in made.of(TouchReminded)][1:] == [
        ("vera", at(28)),
        ("vera", at(32)),
    ], "it escalated at six in the evening; she is told again after four hours of hers"
    about = partition(policy(MIRA, VERA, hours=ALWAYS, escalation=escalating()))
    about.tell(need(urgency="soon", member=who("vera")))
    about.pass_time(at(24))
    assert {fact.responder for fact in about.of(TouchReminded)} == {"mira"}
    assert [fact.responder for fact in about.of(TouchEscalated)] == [None]


def test_an_address_is_told_in_the_organisations_hours_and_of_urgent_ones_at_any() -> None:
    address = EmergencyContact(email="on-call@example.org", email_verified=True)
    reminded = {}
    for urgency in ("soon", "urgent"):
        made = partition(policy(MIRA, escalation=escalating(emergency_contact=address)), at(7.5))
        made.tell(need(urgency=urgency))
        made.pass_time(at(30))
        reminded[urgency] = [fact for fact in made.of(TouchReminded) if fact.to == "emergency-contact"]
    assert {fact.responder for fact in reminded["soon"] + reminded["urgent"]} == {None}
    assert [fact.at for fact in reminded["soon"]] == [at(29.5)]
    assert len(reminded["urgent"]) > 18


def test_who_goes_on_leave_does_not_put_it_to_sleep() -> None:
    made = partition(policy(MIRA, JONAS, hours=ALWAYS, escalation=escalating()))
    made.tell(need())
    assert made.touch("t-1").responder == "jonas"
    away = responder("jonas", leave=(Leave(first="2026-11-23", last="2026-12-24"),))
    made.adopt(policy(MIRA, away, hours=ALWAYS, escalation=escalating()))
    made.pass_time(at(9))
    assert made.touch("t-1").responder == "mira"


def test_a_look_goes_by_the_policy_of_its_moment() -> None:
    made = partition(policy(MIRA, JONAS, hours=ALWAYS))
    made.tell(need())
    patient = Escalation(routine=RoutinePatience(acknowledge_within_hours=40.0))
    made.adopt(policy(MIRA, JONAS, hours=ALWAYS, escalation=patient))
    made.pass_time(at(19))
    assert told(made) == [("Assigned", "jonas", 0)]
    made.pass_time(at(41))
    assert told(made)[1:3] == [("Reminded", "jonas", 20), ("PassedOn", "jonas", 40)]


def test_a_policy_that_shortens_the_wait_of_what_is_held_counts_at_once() -> None:
    made = partition(policy(hours=ALWAYS))
    made.tell(need(urgency="soon"))
    hasty = Escalation(soon=SoonPatience(held_at_most_hours=0.5))
    made.adopt(policy(hours=ALWAYS, escalation=hasty))
    made.pass_time(at(1))
    assert [fact.at for fact in made.of(TouchEscalated)] == [at(0.5)]


def test_what_becomes_urgent_is_told_at_once_and_not_waited_for_as_long() -> None:
    made = partition(policy(MIRA, JONAS, hours=ALWAYS))
    made.tell(need())
    made.pass_time(at(0.1))
    made.tell(need(revision=2, urgency="urgent"))
    made.pass_time(at(1))
    assert told(made)[:3] == [("Assigned", "jonas", 0), ("Reminded", "jonas", 0.1), ("PassedOn", "jonas", 0.35)]


def test_an_outage_leaves_the_reminded_time_to_act() -> None:
    """What was due while Warmline was away is a reminder first, and the rest of the time begins with it."""
    made = partition(policy(MIRA, JONAS, hours=ALWAYS, escalation=escalating()))
    made.tell(need())
    made.now = at(48)
    made.pass_time(at(48))
    assert told(made) == [("Assigned", "jonas", 0), ("Reminded", "jonas", 48)]
    made.pass_time(at(52))
    assert told(made)[2:] == [("PassedOn", "jonas", 52), ("Assigned", "mira", 52)]


def test_reminders_do_not_refuse_the_one_who_claims_at_last() -> None:
    made = partition(policy(MIRA, hours=ALWAYS, escalation=escalating()))
    made.tell(need())
    seen = made.touch("t-1").revision
    made.pass_time(at(24 * 2))
    assert made.touch("t-1").revision > seen + 2
    made.claim("t-1", "mira", seen)
    assert [fact.responder for fact in made.of(TouchClaimed)] == ["mira"]


def test_a_need_that_ends_ends_the_escalation() -> None:
    made = partition(policy(MIRA, hours=ALWAYS, escalation=escalating()))
    made.tell(need())
    made.pass_time(at(24))
    assert made.of(TouchEscalated)
    made.tell(withdrawn(need(), made.now))
    facts = len(told(made))
    made.pass_time(at(24 * 9))
    assert len(told(made)) == facts


def test_given_back_after_all_it_begins_anew() -> None:
    made = partition(policy(MIRA, JONAS, hours=ALWAYS, escalation=escalating()))
    made.tell(need())
    made.pass_time(at(16.5))
    assert made.of(TouchEscalated)
    made.claim("t-1", "jonas")
    made.release("t-1", "jonas")
    state = made.touch("t-1")
    assert (state.responder, state.not_taken, state.watch.escalated_at) == ("mira", (), None)


@pytest.mark.parametrize("seed_hours", [0.0, 7.5, 100.0])
def test_no_limit_and_no_hour_is_ever_broken_while_a_whole_team_keeps_silent(seed_hours: float) -> None:
    """Thirty touches of all urgencies, five people, a week and more, and nobody claims anything."""
    tokyo = Hours(timezone="Asia/Tokyo", days=dict.fromkeys(WORKDAYS, ("09:00-17:00",)))
    people = (
        MIRA,
        responder("jonas", limits=Limits(care_load=8, touches=3, touches_per_day=4)),
        responder("yuki", hours=tokyo),
        responder("noor", limits=Limits(touches=1)),
        VERA,
    )
    held = policy(*people, limits=Limits(care_load=30, touches=12, touches_per_day=14), escalation=escalating())
    made = partition(held, at(seed_hours))
    for number in range(30):
        made.tell(need(f"t-{number}", urgency=("routine", "soon", "urgent")[number % 3], care_load=1 + number % 4))
        made.pass_time(made.now + HOURS)
    made.pass_time(made.now + timedelta(days=7))
    assert made.of(TouchPassedOn)
    assert made.of(TouchHeld)
    carried: dict[str, dict[str, int]] = {}
    given: dict[tuple[str, str], int] = {}
    for event in made.events:
        limits = None
        if isinstance(event, CapacityGranted):
            mine = carried.setdefault(event.responder, {})
            mine[event.touch] = event.care_load
            given[event.responder, event.day] = given.get((event.responder, event.day), 0) + 1
            person = find(held, event.responder)
            assert person is not None
            limits = person.limits or held.limits
            assert sum(mine.values()) <= limits.care_load or len(mine) == 1
            assert len(mine) <= limits.touches
            assert given[event.responder, event.day] <= limits.touches_per_day
        elif isinstance(event, TouchAssigned):
            person = find(held, event.responder)
            assert person is not None
            assert within_hours(held, person, event.at)
        elif isinstance(event, TouchPassedOn):
            carried[event.responder].pop(event.touch)
    for number in range(30):
        state = made.touch(f"t-{number}")
        assert state.status in {"assigned", "held"}
        assert state.watch.escalated_at is not None, "a week on, no touch that waits is out of sight"
        assert state.watch.alarm_due is not None
        assert state.watch.alarm_due > made.now


HASTY = """
escalation:
  soon: {acknowledge_within_hours: 0.0008, held_at_most_hours: 0.0008, remind_again_after_hours: 0.0008}
  routine: {acknowledge_within_hours: 0.0008, held_at_most_hours: 0.0008, remind_again_after_hours: 0.0008}
  emergency_contact: {responder: mara}
"""


def test_the_whole_of_it_in_a_running_system(tmp_path: Path) -> None:
    """Three seconds instead of hours; the auditor and the checker find nothing amiss."""
    file = tmp_path / "policy.yaml"
    file.write_text(harbour.POLICY + HASTY, encoding="utf-8")
    with started(policy=file) as system:
        system.post([harbour.post("q1", "ada", timedelta(hours=3), "Who has a ladder?")])

        def told_again() -> dict[str, Any] | None:
            items = system.get("/api/v1/queue?escalated=true")["items"]
            if not items:
                return None
            story: dict[str, Any] = system.get(f"/api/v1/touches/{items[0]['id']}")
            told_of = [one for one in story["timeline"] if one["detail"].get("to") == "emergency-contact"]
            return story if len(told_of) >= 2 else None

        story = until(told_again, seconds=60, what="an escalation that is told of again")
        kinds = [one["kind"] for one in story["timeline"] if one["origin"] == "fact"]
        assert kinds[:7] == ["assigned", "reminded", "passed-on", "assigned", "reminded", "escalated", "reminded"]
        assert story["state"] == "assigned"
        by = story["responder"]["name"]
        answer = system.act(f"/api/v1/touches/{story['id']}/claim", responder=by, revision=story["revision"])
        assert answer.status_code == 200, answer.text
        assert story["id"] not in {one["id"] for one in system.get("/api/v1/queue?escalated=true")["items"]}
        until(lambda: system.command("status").returncode == 0, seconds=60, what="everything to be well")
        verified = system.command("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
