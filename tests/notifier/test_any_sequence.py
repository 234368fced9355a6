"""Whatever happens in whatever order: nobody is overburdened, nothing is lost, and nothing waits without need."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.notifier.availability import is_about
from services.notifier.policy_in_force import PolicyTaken
from services.notifier.roster import CapacityGranted, CapacityGrown, CapacityReleased, CareCounted, CareOfTouch
from services.notifier.touch_state import OPEN, TouchState
from shared.contracts.needs_touch import NeedsTouch
from shared.contracts.policy import (
    EmergencyContact,
    Escalation,
    Hours,
    Leave,
    Limits,
    Policy,
    Responder,
    RoutinePatience,
    SoonPatience,
)
from shared.contracts.touch_facts import (
    TouchAssigned,
    TouchClaimed,
    TouchEscalated,
    TouchFact,
    TouchPassedOn,
    TouchReleased,
    TouchReminded,
    TouchSettled,
    TouchWithdrawn,
)
from shared.decider import Refused
from shared.working_hours import WorkingHours
from tests.notifier.partition import Partition
from tests.notifier.people import MONDAY, OFFICE, by_care, care, met, need, policy, responder, who, withdrawn

TOKYO = Hours(timezone="Asia/Tokyo", days={**OFFICE.days, "saturday": ("10:00-12:00", "13:00-15:00")})
MIRA = responder("mira", segments=("a",))
JONAS = responder("jonas", limits=Limits(care_load=8, touches=3, touches_per_day=4))
YUKI = responder("yuki", hours=TOKYO, communities=("acme",))
VERA = responder("vera", leave=(Leave(first="2026-11-24", last="2026-11-25"),), limits=Limits(touches=1))
SMALL = Limits(care_load=10, touches=4, touches_per_day=6)
TO_JONAS = EmergencyContact(responder="jonas")
TO_ADDRESS = EmergencyContact(email="on-call@example.org", email_verified=True)
HASTY = Escalation(
    soon=SoonPatience(acknowledge_within_hours=0.1, held_at_most_hours=0.2, remind_again_after_hours=0.5),
    routine=RoutinePatience(acknowledge_within_hours=1.0, held_at_most_hours=1.0, remind_again_after_hours=1.0),
    emergency_contact=TO_JONAS,
)
POLICIES = (
    policy(MIRA, JONAS, YUKI, VERA, limits=SMALL, escalation=HASTY),
    policy(JONAS, VERA, limits=SMALL, escalation=replace(HASTY, remind_at_share=1.0, emergency_contact=None)),
    policy(
        *(replace(MIRA, segments=()), YUKI),
        limits=replace(SMALL, care_load=5),
        escalation=Escalation(pass_on_at_most=0, emergency_contact=TO_ADDRESS),
    ),
    policy(replace(YUKI, communities=()), limits=SMALL),
    policy(),
)
NAMES = ("mira", "jonas", "yuki", "vera")


class Notifier(RuleBasedStateMachine):
    @initialize(long=st.booleans())
    def begin(self, long: bool) -> None:
        self.made = Partition(MONDAY, line_length=500 if long else 2)
        self.needs: dict[str, NeedsTouch] = {}
        self.checked = 0
        self.held: Policy | None = None
        self.carried: dict[str, dict[str, int]] = {}
        self.given: dict[tuple[str, str], int] = {}
        self.held_by: dict[str, str | None] = {}
        self.revisions: dict[str, int] = {}
        self.released: set[tuple[str, str, str]] = set()
        self.not_taken: dict[str, set[str]] = {}
        self.passing_on: set[str] = set()
        self.not_taken_on: set[tuple[str, str, str]] = set()
        self.escalated: set[str] = set()
        self.cares = 0
        self.cared: dict[tuple[str, str], str] = {}

    # What can happen

    @rule(
        segment=st.sampled_from("ab"),
        community=st.sampled_from(("acme", "beta")),
        care_load=st.integers(1, 6),
        member=st.sampled_from(("ada", "bea", *NAMES)),
        waited=st.integers(0, 50),
        urgency=st.sampled_from(("routine", "soon", "urgent")),
    )
    def raise_need(self, *, member: str, waited: int, **changes: Any) -> None:
        raised = need(
            f"t-{len(self.needs)}",
            **changes,
            member=who(member),
            since=self.made.now - timedelta(hours=waited),
        )
        self.needs[raised.touch] = raised
        self.made.tell(raised)

    @precondition(lambda self: self.needs)
    @rule(
        data=st.data(),
        care_load=st.integers(1, 6),
        segment=st.sampled_from("ab"),
        urgency=st.sampled_from(("routine", "soon", "urgent")),
    )
    def revise(self, data: Any, care_load: int, segment: str, urgency: str) -> None:
        raised = self.needs[self._any_touch(data)]
        changes = {"care_load": care_load, "segment": segment, "urgency": urgency}
        revised = msgspec.structs.replace(raised, revision=raised.revision + 1, **changes)
        self.needs[raised.touch] = revised
        self.made.tell(revised)

    @precondition(lambda self: self.needs)
    @rule(data=st.data())
    def withdraw(self, data: Any) -> None:
        self.made.tell(withdrawn(self.needs[self._any_touch(data)], self.made.now))

    @precondition(lambda self: self.needs)
    @rule(data=st.data(), by=st.sampled_from((*NAMES, "moderator")))
    def meet(self, data: Any, by: str) -> None:
        self.made.tell(met(self.needs[self._any_touch(data)], by, self.made.now))

    @rule(member=st.sampled_from(("ada", "bea", "cleo")), by=st.sampled_from(NAMES), earlier=st.integers(0, 30))
    def log_care(self, member: str, by: str, earlier: int) -> None:
        self.cares += 1
        when = self.made.now - timedelta(hours=earlier)
        self.made.tell(care(by, member, number=self.cares, when=when))

    @precondition(lambda self: self.needs and self.cares)
    @rule(data=st.data(), by=st.sampled_from(NAMES))
    def meet_elsewhere(self, data: Any, by: str) -> None:
        end = met(self.needs[self._any_touch(data)], by, self.made.now)
        number = data.draw(st.integers(max(1, self.cares - 2), self.cares))
        self.made.tell(by_care(end, by, number=number))

    @precondition(lambda self: self.needs)
    @rule(data=st.data(), verb=st.sampled_from(("claim", "release", "settle")), late=st.sampled_from((0, 0, 0, 1)))
    def command(self, data: Any, verb: str, late: int) -> None:
        touch = self._any_touch(data)
        state = self.made.touch(touch)
        by = data.draw(st.sampled_from((*NAMES, state.responder or "mira")))
        with suppress(Refused):
            getattr(self.made, verb)(touch, by, state.revision - late)
            assert state.revision - late >= state.seen_from
            assert not is_about(responder(by), self.needs[touch].member)

    @rule(chosen=st.sampled_from(POLICIES))
    def adopt(self, chosen: Policy) -> None:
        self.made.adopt(chosen)

    @rule(minutes=st.sampled_from((1, 10, 59, 61, 300, 900, 1500)))
    def pass_time(self, minutes: int) -> None:
        self.made.batched = False
        self.made.commit()
        self.made.pass_time(self.made.now + timedelta(minutes=minutes))

    @rule()
    def begin_a_batch(self) -> None:
        self.made.batched = True

    @rule()
    def end_a_batch(self) -> None:
        self.made.batched = False
        self.made.commit()

    # What must hold

    @invariant()
    def nothing_is_overburdened_or_lost(self) -> None:
        if not hasattr(self, "made"):
            return
        self._follow()
        if not self.made.batched:
            self._check_loads()
            self.made.pass_time_to_rest()
            self._follow()
            self._check_nothing_waits_without_need()

    def _check_loads(self) -> None:
        carried: dict[str, list[int]] = {}
        for touch in self.needs:
            state = self.made.touch(touch)
            assert state.status in {*OPEN, "settled", "withdrawn"}
            assert (state.status in {"assigned", "claimed"}) == (state.responder is not None and state.status in OPEN)
            assert state.status != "raised"
            if state.status in OPEN and state.responder is not None:
                carried.setdefault(state.responder, []).append(state.care_load)
        loads = {one.responder: (one.care_load, one.touches) for one in self.made.roster.loads if one.touches}
        assert loads == {name: (sum(weights), len(weights)) for name, weights in carried.items()}
        assert all(one.care_load == 0 for one in self.made.roster.loads if not one.touches)

    def _check_nothing_waits_without_need(self) -> None:
        held = self.made.policy
        states = {touch: self.made.touch(touch) for touch in self.needs}
        waiting = [state for state in states.values() if state.status == "held"]
        self._check_nothing_waits_unseen(list(states.values()), held)
        for state in waiting:
            takers = [one.name for one in held.responders if self._could_take(held, one, state)] if held else []
            assert takers == [], f"{takers} could take {state}"
        if any(state.hold != "no-responder" for state in waiting):
            due = self.made.roster.drain_due
            assert due is not None
            assert self.made.now < due <= self.made.now + timedelta(hours=1)
        names = {one.name for one in held.responders} if held else set()
        assert {state.responder for state in states.values() if state.status == "assigned"} <= names

    def _check_nothing_waits_unseen(self, states: list[TouchState], held: Policy | None) -> None:
        """What nobody has claimed is looked at again, and what became urgent in somebody's hands; all else is not."""
        for state in states:
            watch = state.watch
            if state.status in {"held", "assigned"}:
                assert state.need is not None
                assert (watch.escalated_at is not None) == (state.need.touch in self.escalated)
                waits = watch.escalated_at or state.status == "held" or watch.overdue_since
                asks = state.status == "assigned" and watch.overdue_since is None
                assert (watch.alarm_due is not None) == bool(waits)
                assert (watch.look_due is not None) >= asks
                assert all(due > self.made.now for due in (watch.look_due, watch.alarm_due) if due is not None)
            elif state.presses:
                assert watch.look_due is None
                assert watch.alarm_due is not None
                assert watch.alarm_due > self.made.now
            else:
                assert watch.look_due is None
                assert watch.reminded_at is not None or (watch.alarm_due, watch.escalated_at) == (None, None)

    def _could_take(self, held: Policy, one: Responder, state: TouchState) -> bool:
        assert state.need is not None
        hours, limits = WorkingHours.of(one.hours or held.hours), one.limits or held.limits
        day = self._day(held, one, self.made.now)
        load = self.made.roster.load_of(one.name)
        return (
            not is_about(one, state.need.member)
            and (not one.communities or state.need.community in one.communities)
            and (not one.segments or state.need.segment in one.segments)
            and hours.is_open(self.made.now)
            and not any(leave.first <= day <= leave.last for leave in one.leave)
            and (state.need.touch, one.name, day) not in self.released | self.not_taken_on
            and (not load.touches or load.care_load + state.need.care_load <= limits.care_load)
            and load.touches < limits.touches
            and self.given.get((one.name, day), 0) < limits.touches_per_day
        )

    def _follow(self) -> None:
        """Check every event that is new, in order."""
        for event in self.made.events[self.checked :]:
            people = {one.name: one for one in self.held.responders} if self.held else {}
            match event:
                case PolicyTaken():
                    self.held = event.policy
                case CapacityGranted():
                    self._grant(event, people, self.held)
                case CapacityGrown():
                    self.carried[event.responder][event.touch] += event.care_load
                    assert self.held is not None
                    limits = people[event.responder].limits or self.held.limits
                    mine = self.carried[event.responder]
                    assert sum(mine.values()) <= limits.care_load or len(mine) == 1
                case CapacityReleased():
                    assert self.carried[event.responder].pop(event.touch) == event.care_load
                case CareCounted():
                    assert (event.responder, event.care) not in self.cared
                    self.cared[event.responder, event.care] = event.day
                    self.given[event.responder, event.day] = self.given.get((event.responder, event.day), 0) + 1
                case CareOfTouch():
                    day = self.cared.pop((event.responder, event.care), None)
                    self.given[event.responder, day or ""] = self.given.get((event.responder, day or ""), 0) - 1
                case TouchFact():
                    self._fact(event, people, self.held)
        self.checked = len(self.made.events)

    def _grant(self, event: CapacityGranted, people: dict[str, Responder], held: Policy | None) -> None:
        mine = self.carried.setdefault(event.responder, {})
        assert event.touch not in mine
        mine[event.touch] = event.care_load
        given = self.given[event.responder, event.day] = self.given.get((event.responder, event.day), 0) + 1
        if not event.by_themselves and held:
            limits = people[event.responder].limits or held.limits
            assert sum(mine.values()) <= limits.care_load or len(mine) == 1
            assert len(mine) <= limits.touches
            assert given <= limits.touches_per_day

    def _fact(self, event: TouchFact, people: dict[str, Responder], held: Policy | None) -> None:
        self.revisions[event.touch] = self.revisions.get(event.touch, 0) + 1
        assert event.revision == self.revisions[event.touch]
        match event:
            case TouchAssigned():
                assert self.held_by.get(event.touch) is None, "taken out of somebody's hands"
                assert not is_about(people[event.responder], self.needs[event.touch].member)
                if held:
                    day = self._day(held, people[event.responder], event.at)
                    assert (event.touch, event.responder, day) not in self.released | self.not_taken_on
                    assert WorkingHours.of(people[event.responder].hours or held.hours).is_open(event.at)
                if event.touch in self.passing_on:
                    self.passing_on.remove(event.touch)
                    assert event.responder not in self.not_taken[event.touch]
            case TouchReminded() | TouchPassedOn() | TouchEscalated():
                self._while_unclaimed(event, people, held)
            case TouchClaimed():
                self.held_by[event.touch] = event.responder
                self.escalated.discard(event.touch)
                self.not_taken.pop(event.touch, None)
                self.not_taken_on = {one for one in self.not_taken_on if one[0] != event.touch}
            case TouchReleased():
                self.held_by[event.touch] = None
                if held:
                    self.released.add(
                        (event.touch, event.responder, self._day(held, people[event.responder], event.at))
                    )
            case TouchWithdrawn():
                assert self.held_by.get(event.touch) is None, "withdrawn under the hands"
                self.escalated.discard(event.touch)
            case TouchSettled():
                self.escalated.discard(event.touch)

    def _while_unclaimed(self, event: TouchFact, people: dict[str, Responder], held: Policy | None) -> None:
        told = isinstance(event, TouchReminded | TouchEscalated)
        urgent = told and self.needs[event.touch].urgency == "urgent"
        assert urgent or self.held_by.get(event.touch) is None, "in somebody's hands"
        match event:
            case TouchReminded():
                assert event.to == "responder" or event.touch in self.escalated
            case TouchPassedOn():
                self.passing_on.add(event.touch)
                self.not_taken.setdefault(event.touch, set()).add(event.responder)
                if held:
                    day = self._day(held, people[event.responder], event.at)
                    self.not_taken_on.add((event.touch, event.responder, day))
            case TouchEscalated():
                assert event.touch not in self.escalated
                self.escalated.add(event.touch)

    def _day(self, held: Policy, one: Responder, moment: datetime) -> str:
        return moment.astimezone(WorkingHours.of(one.hours or held.hours).zone).date().isoformat()

    def _any_touch(self, data: Any) -> str:
        return data.draw(st.sampled_from(sorted(self.needs)))


TestNotifier = Notifier.TestCase
TestNotifier.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
