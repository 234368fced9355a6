"""The rules of the roster, and who is chosen."""

from __future__ import annotations

import pytest

from services.notifier.capacity import Candidate, Load
from services.notifier.choice import choose, has_room
from services.notifier.roster import (
    ROSTER,
    CapacityGranted,
    CapacityReleased,
    DrainArranged,
    Drained,
    FinishDrain,
    GrantCapacity,
    LookAgain,
    OfferAgain,
    ReleaseCapacity,
    RosterState,
)
from shared.contracts.policy import Limits
from shared.contracts.touch_facts import Hold
from shared.decider import Place
from tests.notifier.people import at
from tests.triage.spec import given

LIMITS = Limits(care_load=6, touches=3, touches_per_day=4)
MONDAY, TUESDAY = "2026-11-23", "2026-11-24"
PLACE = Place(rank=1.0, stream="touch:t-1")


def candidate(name: str, hold: Hold | None = None, *, day: str = MONDAY, limits: Limits = LIMITS) -> Candidate:
    why = f"{name} is {hold}" if hold else ""
    return Candidate(responder=name, display_name=name.title(), limits=limits, day=day, hold=hold, why=why)


def granted(touch: str, care_load: int = 2, *, day: str = MONDAY, by_themselves: bool = False) -> CapacityGranted:
    return CapacityGranted(touch=touch, responder="mira", care_load=care_load, day=day, by_themselves=by_themselves)


def released(touch: str, care_load: int = 2) -> CapacityReleased:
    return CapacityReleased(touch=touch, responder="mira", care_load=care_load)


def grant(touch: str = "t-9", care_load: int = 2, *, day: str = MONDAY, by_themselves: bool = False) -> GrantCapacity:
    taker = candidate("mira", day=day)
    return GrantCapacity(touch=touch, candidate=taker, care_load=care_load, by_themselves=by_themselves)


def test_capacity_is_granted_and_given_back() -> None:
    on = given(ROSTER).when(grant("t-1")).then(granted("t-1"))
    assert on.state.load_of("mira") == Load(responder="mira", care_load=2, touches=1, day=MONDAY, granted=1)
    release = ReleaseCapacity(touch="t-1", responder="mira", care_load=2)
    on = on.when(release).then(released("t-1"))
    assert on.state.load_of("mira") == Load(responder="mira", day=MONDAY, granted=1)


@pytest.mark.parametrize(
    "before",
    [
        (granted("t-1", 5),),
        (granted("t-1", 1), granted("t-2", 1), granted("t-3", 1)),
        tuple(event for touch in "abcd" for event in (granted(touch), released(touch))),
    ],
    ids=["care load", "touches", "touches today"],
)
def test_no_limit_is_exceeded_unless_they_take_it_themselves(before: tuple[object, ...]) -> None:
    on = given(ROSTER, *before)
    on.when(grant()).then_refused("over-limit")
    on.when(grant(by_themselves=True)).then(granted("t-9", by_themselves=True))


def test_a_new_day_has_a_new_count() -> None:
    on = given(ROSTER, *(event for touch in "abcd" for event in (granted(touch), released(touch))))
    on = on.when(grant(day=TUESDAY)).then(granted("t-9", day=TUESDAY))
    assert on.state.load_of("mira").granted == 1


# When what waits is offered again


def test_the_earliest_look_counts() -> None:
    on = given(ROSTER).when(LookAgain(due=at(2))).then(DrainArranged(due=at(2)))
    on.when(LookAgain(due=at(3))).then()
    on.when(LookAgain(due=at(1))).then(DrainArranged(due=at(1)))
    on.when(OfferAgain(at=at(1))).then(DrainArranged(due=at(1)))
    assert [(one.name, one.due) for one in on.deadlines] == [("drain", at(2))]
    assert on.when(FinishDrain(next_due=None)).then(Drained(next_due=None)).deadlines == ()


def test_a_change_while_the_line_is_looked_at_begins_at_its_head_again() -> None:
    on = given(ROSTER, Drained(next_due=at(1), reached=PLACE))
    on.when(LookAgain(due=at(2))).then()
    on = on.when(OfferAgain(at=at(2))).then(DrainArranged(due=at(1)))
    assert on.state.drain_reached is None
    on.when(OfferAgain(at=at(2))).then()


def test_a_new_policy_looks_at_what_nobody_served_to_the_end() -> None:
    on = given(ROSTER, DrainArranged(due=at(1)))
    on = on.when(OfferAgain(at=at(1), unserved=True)).then(DrainArranged(due=at(1), unserved=True))
    on.when(OfferAgain(at=at(1), unserved=True)).then()
    on = on.when(FinishDrain(next_due=at(1.1), reached=PLACE, complete=False)).happens()
    assert on.state.unserved
    assert on.when(FinishDrain(next_due=at(2), complete=False)).happens().state.unserved
    on = on.when(OfferAgain(at=at(2))).happens()
    assert on.state.unserved
    assert not on.when(FinishDrain(next_due=None)).happens().state.unserved


# Who is chosen


def loaded(**loads: tuple[int, int, int]) -> RosterState:
    return RosterState(
        loads=tuple(
            Load(responder=name, care_load=care_load, touches=touches, day=MONDAY, granted=today)
            for name, (care_load, touches, today) in loads.items()
        )
    )


@pytest.mark.parametrize(
    ("state", "chosen"),
    [
        (loaded(mira=(3, 1, 1), jonas=(2, 2, 2)), "jonas"),
        (loaded(mira=(2, 1, 3), jonas=(2, 2, 2)), "mira"),
        (loaded(mira=(2, 1, 2), jonas=(2, 1, 1)), "jonas"),
        (loaded(), "jonas"),
    ],
    ids=["least care load", "then fewest touches", "then fewest today", "then by name"],
)
def test_least_care_load_first(state: RosterState, chosen: str) -> None:
    choice = choose(state, (candidate("mira"), candidate("jonas")), 1)
    assert (choice.responder, choice.hold) == (chosen, None)
    assert (choice.why[0].responder, choice.why[0].chosen) == (chosen, True)


def test_the_strongest_reason_says_why_nobody_was_chosen() -> None:
    people = [
        candidate(name, hold)
        for name, hold in (("a", "no-responder"), ("b", "given-back"), ("c", "on-leave"), ("d", "outside-hours"))
    ]
    holds = [choose(RosterState(), tuple(people[:count]), 1).hold for count in range(5)]
    assert holds == ["no-responder", "no-responder", "given-back", "on-leave", "outside-hours"]
    full = candidate("mira", limits=Limits(care_load=1))
    choice = choose(loaded(mira=(1, 1, 1)), (*people, full), 2)
    assert (choice.responder, choice.hold) == (None, "over-limit")
    assert choice.why[-1].why == "at the limit: carries 1 of 1 care load, and this weighs 2"
    assert len(choice.why) == 5


def test_room_is_room_for_the_lightest() -> None:
    assert has_room(loaded(mira=(5, 2, 3)), candidate("mira"))
    assert not has_room(loaded(mira=(6, 2, 3)), candidate("mira"))
    assert not has_room(loaded(mira=(5, 2, 4)), candidate("mira"))
    assert not has_room(loaded(), candidate("mira", "on-leave"))
