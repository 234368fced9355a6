"""What becomes of touches: offered, held, drained, claimed, given back, met, ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.notifier.roster import CapacityGranted
from shared.batch_consumer import SETTLED_IN_CLUSTER
from shared.contracts.policy import Leave, Limits, Policy
from shared.contracts.touch_facts import TouchAnnotated, TouchAssigned, TouchHeld, TouchSettled
from shared.decider import Refused
from tests.notifier.partition import Partition
from tests.notifier.people import ALWAYS, MONDAY, OFFICE, at, met, need, policy, responder, who, withdrawn

MIRA, JONAS = responder("mira"), responder("jonas")


def partition(held: Policy | None = None, now: datetime = MONDAY, *, line_length: int = 500) -> Partition:
    made = Partition(now, line_length=line_length)
    made.adopt(held or policy(MIRA, JONAS))
    made.fire_due()
    return made


def assigned(made: Partition) -> dict[str, str]:
    """Return who was last assigned each touch that is assigned or claimed now."""
    touches = {event.touch for event in made.of(TouchAssigned)}
    states = {touch: made.touch(touch) for touch in sorted(touches)}
    return {touch: state.responder or "" for touch, state in states.items() if state.status in {"assigned", "claimed"}}


def load(made: Partition, name: str) -> tuple[int, int]:
    carried = made.roster.load_of(name)
    return carried.care_load, carried.touches


# Offering


def test_a_need_is_assigned_and_the_capacity_granted_in_one_transaction() -> None:
    made = partition()
    made.batched = True
    made.tell(need())
    made.commit()
    granted, given, _ = made.events[-3:]
    assert isinstance(granted, CapacityGranted)
    assert isinstance(given, TouchAssigned)
    assert (granted.touch, granted.responder, granted.care_load) == ("t-1", given.responder, 2)
    assert given.revision == 1


def test_who_carries_least_is_asked_first() -> None:
    made = partition()
    made.tell(need("t-1", care_load=5))
    made.tell(need("t-2", care_load=1))
    made.tell(need("t-3", care_load=1))
    assert assigned(made) == {"t-1": "jonas", "t-2": "mira", "t-3": "mira"}


def test_every_assignment_says_why_this_human_and_why_not_the_others() -> None:
    absent = responder("vera", leave=(Leave(first="2026-11-23", last="2026-11-27"),))
    made = partition(policy(MIRA, responder("noor", segments=("partners",)), absent))
    made.tell(need())
    (given,) = made.of(TouchAssigned)
    assert [(one.responder, one.chosen) for one in given.why] == [("mira", True), ("noor", False), ("vera", False)]
    assert given.why[1].why == "does not serve the segment everyone"
    assert given.why[2].why == "on leave until 2026-11-27"


def test_segment_and_community_are_kept_to() -> None:
    made = partition(
        policy(responder("noor", segments=("partners",)), responder("omar", communities=("harbour-town",)))
    )
    made.tell(need("t-1", segment="partners"))
    made.tell(need("t-2", community="harbour-town"))
    made.tell(need("t-3"))
    assert assigned(made) == {"t-1": "noor", "t-2": "omar"}
    assert made.touch("t-3").hold == "no-responder"


def test_nobody_is_assigned_a_touch_about_themselves_nor_may_claim_it() -> None:
    made = partition(policy(MIRA))
    made.tell(need(member=who("mira")))
    assert made.touch("t-1").status == "held"
    with pytest.raises(Refused, match="about you"):
        made.claim("t-1", "mira")
    made.adopt(policy(MIRA, JONAS))
    made.fire_due()
    assert assigned(made) == {"t-1": "jonas"}


@pytest.mark.parametrize(
    ("held", "hold"),
    [
        (policy(responder("mira", hours=replace(OFFICE, days={"tuesday": ("09:00-17:00",)}))), "outside-hours"),
        (policy(MIRA, limits=Limits(care_load=1)), "over-limit"),
        (policy(responder("mira", leave=(Leave(first="2026-11-23", last="2026-11-23"),))), "on-leave"),
        (policy(responder("mira", segments=("partners",))), "no-responder"),
        (policy(), "no-responder"),
    ],
)
def test_what_nobody_can_take_is_held_with_the_reason(held: Policy, hold: str) -> None:
    made = partition(held)
    made.tell(need())
    (fact,) = made.of(TouchHeld)
    assert (fact.hold, made.touch("t-1").status) == (hold, "held")
    assert len(fact.why) == len(held.responders)


def test_what_comes_before_any_policy_waits_for_it() -> None:
    made = Partition(MONDAY)
    made.tell(need())
    assert made.touch("t-1").hold == "no-responder"
    made.adopt(policy(MIRA))
    made.fire_due()
    assert assigned(made) == {"t-1": "mira"}


@pytest.mark.parametrize(
    "limits", [Limits(care_load=4), Limits(touches=2), Limits(touches_per_day=2)], ids=["load", "touches", "day"]
)
def test_the_machine_exceeds_no_limit(limits: Limits) -> None:
    made = partition(policy(MIRA, limits=limits))
    for number in range(5):
        made.tell(need(f"t-{number}"))
    assert len(assigned(made)) == 2
    assert {event.hold for event in made.of(TouchHeld)} == {"over-limit"}


# Draining


def test_what_waits_is_given_when_hours_begin() -> None:
    made = partition(policy(MIRA), now=at(-3))
    made.tell(need())
    assert made.touch("t-1").hold == "outside-hours"
    made.pass_time(at(-0.01))
    assert made.touch("t-1").status == "held"
    made.pass_time(at(0))
    assert made.touch("t-1").status == "assigned"


def test_what_waits_is_given_when_leave_ends_and_hours_begin() -> None:
    made = partition(policy(responder("mira", leave=(Leave(first="2026-11-23", last="2026-11-24"),))))
    made.tell(need())
    made.pass_time(at(47.9))
    assert made.touch("t-1").hold == "outside-hours"
    made.pass_time(at(48))
    assert made.touch("t-1").status == "assigned"


def test_what_waits_is_given_as_soon_as_capacity_frees_heaviest_and_oldest_first() -> None:
    made = partition(policy(MIRA, limits=Limits(touches=1)))
    made.tell(need("t-now"))
    made.tell(need("t-young", since=at(-1)))
    made.tell(need("t-old", since=at(-5)))
    made.tell(need("t-heavy", since=at(-1), care_load=8))
    order = []
    for _ in range(4):
        ((touch, _),) = assigned(made).items()
        order.append(touch)
        made.settle(touch, "mira")
        made.fire_due()
    assert order == ["t-now", "t-heavy", "t-old", "t-young"]


def test_what_waits_is_given_the_next_day_when_the_day_was_full() -> None:
    made = partition(policy(MIRA, limits=Limits(touches_per_day=1), hours=ALWAYS))
    made.tell(need("t-1"))
    made.tell(need("t-2"))
    made.pass_time(at(14.9))
    assert made.touch("t-2").status == "held"
    made.pass_time(at(16))
    assert made.touch("t-2").status == "assigned"


def test_what_waits_is_offered_by_a_new_policy() -> None:
    made = partition(policy(responder("mira", segments=("partners",))))
    made.tell(need())
    made.adopt(policy(MIRA))
    made.fire_due()
    assert assigned(made) == {"t-1": "mira"}


def test_what_waits_is_looked_at_every_hour_at_least() -> None:
    made = partition(policy(MIRA, limits=Limits(touches=1), hours=ALWAYS))
    made.tell(need("t-1"))
    made.tell(need("t-2"))
    for hour in range(1, 5):
        due = made.roster.drain_due
        assert due is not None
        assert due <= made.now + timedelta(hours=1)
        made.pass_time(at(hour))


def test_nothing_is_looked_at_when_nothing_waits_that_time_could_help() -> None:
    made = partition(policy(responder("mira", segments=("partners",))))
    made.tell(need("t-1"))
    made.tell(need("t-2", segment="partners"))
    made.fire_due()
    assert made.roster.drain_due is None


def test_a_drain_in_the_middle_of_a_batch_loses_nothing_that_the_batch_has_held() -> None:
    made = partition(policy(MIRA, limits=Limits(touches=1)))
    made.tell(need("t-1"))
    made.tell(need("t-2"))
    made.settle("t-1", "mira")
    made.now = made.roster.drain_due or MONDAY
    made.batched = True
    made.tell(need("t-3", care_load=9))
    made.now += timedelta(hours=2)
    made.tell(need("t-4"))
    made.commit()
    held = [touch for touch in ("t-2", "t-3", "t-4") if made.touch(touch).status == "held"]
    assert len(held) == 2
    assert made.roster.drain_due is not None
    for _ in range(3):
        ((touch, _),) = assigned(made).items()
        made.batched = False
        made.settle(touch, "mira")
        made.fire_due()
    assert {made.touch(touch).status for touch in ("t-2", "t-3", "t-4")} == {"settled"}


def test_a_long_line_of_what_nobody_has_room_for_hides_nothing_behind_it() -> None:
    ann, bo = responder("ann", segments=("a",), limits=Limits(touches=1)), responder("bo", segments=("b",))
    made = partition(policy(ann, bo), now=at(-3), line_length=3)
    for number in range(10):
        made.tell(need(f"a-{number}", segment="a", since=at(-100 + number)))
    for number in range(5):
        made.tell(need(f"b-{number}", segment="b", since=at(-4)))
    made.pass_time(at(0.001))
    assert [touch for touch in assigned(made) if touch.startswith("b")] == [f"b-{number}" for number in range(5)]
    assert [touch for touch in assigned(made) if touch.startswith("a")] == ["a-0"]
    assert made.roster.drain_reached is None


def test_a_new_policy_looks_at_a_long_line_of_what_nobody_served() -> None:
    made = partition(policy(responder("ann", segments=("a",))), line_length=3)
    for number in range(8):
        made.tell(need(f"t-{number}", since=at(-10 - number)))
    made.adopt(policy(MIRA, limits=Limits(touches=100)))
    made.pass_time(at(0.001))
    assert len(assigned(made)) == 8


def test_a_long_line_is_gone_through_at_once_where_the_wall_clock_is_believed_late() -> None:
    made = partition(policy(responder("ann", segments=("a",))), line_length=3)
    for number in range(8):
        made.tell(need(f"t-{number}", since=at(-10 - number)))
    made.adopt(policy(MIRA, limits=Limits(touches=100)))
    made.now += SETTLED_IN_CLUSTER + timedelta(seconds=1)
    made.fire_due(SETTLED_IN_CLUSTER)
    assert len(assigned(made)) == 8


def test_a_new_policy_forgets_none_of_a_long_line_when_nobody_works_just_then() -> None:
    made = partition(policy(responder("ann", segments=("a",))), now=at(-5), line_length=2)
    for number in range(5):
        made.tell(need(f"t-{number}", since=at(-10 + number)))
    made.adopt(policy(MIRA))
    made.pass_time(at(0.001))
    assert len(assigned(made)) == 5


def test_capacity_that_frees_while_a_long_line_is_looked_at_goes_to_its_head() -> None:
    made = partition(policy(MIRA, limits=Limits(touches=1)), line_length=2)
    made.tell(need("t-now"))
    for number in range(5):
        made.tell(need(f"t-{number}", since=at(-10 + number)))
    made.settle("t-now", "mira")
    made.fire_due()
    assert assigned(made) == {"t-0": "mira"}


def test_a_clock_behind_that_of_the_stream_does_not_lose_the_opening() -> None:
    made = partition(policy(MIRA), now=at(-3))
    made.tell(need())
    made.pass_time(at(-0.1))
    row = made._next_deadline()
    assert row is not None
    assert row.due == at(0)
    made.now = at(-0.001)  # the stream says it is nine, the wall that it is just before
    made._fire(row)
    made.commit()
    assert made.touch("t-1").status == "assigned"


# Commands


def test_claim_and_settle_by_whom_it_was_assigned_to() -> None:
    made = partition(policy(MIRA))
    made.tell(need())
    assert made.claim("t-1", "mira") == 2
    assert made.settle("t-1", "mira") == 3
    (fact,) = made.of(TouchSettled)
    assert (fact.responder, fact.outcome, fact.about) == ("mira", "reached", "member:t-1")
    assert load(made, "mira") == (0, 0)
    assert made.roster.load_of("mira").granted == 1


def test_a_claim_by_somebody_else_moves_the_load() -> None:
    made = partition()
    made.tell(need())
    assert assigned(made) == {"t-1": "jonas"}
    made.claim("t-1", "mira")
    assert (load(made, "jonas"), load(made, "mira")) == ((0, 0), (2, 1))


def test_a_claim_may_exceed_a_limit_as_nobody_but_the_human_decides_it() -> None:
    made = partition(policy(MIRA, limits=Limits(touches=1)))
    made.tell(need("t-1"))
    made.tell(need("t-2"))
    made.claim("t-2", "mira")
    assert load(made, "mira") == (4, 2)


def test_what_is_given_back_goes_to_somebody_else() -> None:
    made = partition()
    made.tell(need())
    made.release("t-1", "jonas")
    made.fire_due()
    assert assigned(made) == {"t-1": "mira"}
    assert (load(made, "jonas"), load(made, "mira")) == ((0, 0), (2, 1))


def test_what_is_given_back_by_everybody_comes_back_the_next_day_at_the_earliest() -> None:
    made = partition()
    made.tell(need())
    made.release("t-1", "jonas")
    made.release("t-1", "mira")
    assert made.touch("t-1").hold == "given-back"
    made.pass_time(at(23.9))
    assert made.touch("t-1").status == "held"
    made.pass_time(at(24))
    assert made.touch("t-1").status == "assigned"


def test_who_gave_it_back_may_still_claim_it() -> None:
    made = partition(policy(MIRA))
    made.tell(need())
    made.release("t-1", "mira")
    made.claim("t-1", "mira")
    assert load(made, "mira") == (2, 1)


def test_a_need_that_grew_after_it_was_granted_weighs_as_granted_until_it_ends() -> None:
    made = partition(policy(MIRA))
    made.tell(need())
    made.tell(need(revision=2, care_load=9))
    made.claim("t-1", "mira")
    assert load(made, "mira") == (2, 1)
    made.settle("t-1", "mira")
    assert load(made, "mira") == (0, 0)


def test_a_held_need_that_changes_is_offered_again() -> None:
    made = partition(policy(responder("mira", segments=("partners",))))
    made.tell(need())
    made.tell(need(revision=2, segment="partners"))
    assert assigned(made) == {"t-1": "mira"}


@pytest.mark.parametrize(
    ("act", "code", "words"),
    [
        (lambda made: made.claim("t-9", "mira"), "unknown-touch", "reload"),
        (lambda made: made.claim("t-1", "nobody"), "unknown-responder", "policy of harbour has no responder 'nobody'"),
        (lambda made: made.claim("t-1", "mira", 7), "stale-revision", "changed since you saw it"),
        (lambda made: made.settle("t-1", "jonas"), "not-allowed", "claim it first"),
        (lambda made: made.release("t-1", "jonas"), "not-allowed", "assigned to mira"),
        (lambda made: made.claim("t-2", "jonas"), "not-allowed", "claimed by mira"),
        (lambda made: made.claim("t-2", "mira"), "not-allowed", "in your hands already"),
        (lambda made: made.claim("t-3", "mira"), "already-ended", "settled already"),
        (lambda made: made.settle("t-3", "mira"), "already-ended", "settled already"),
    ],
)
def test_what_may_not_be_is_refused_in_words_that_help(act, code: str, words: str) -> None:
    made = partition(policy(MIRA, responder("jonas", segments=("partners",))))
    for number in (1, 2, 3):
        made.tell(need(f"t-{number}"))
    made.claim("t-2", "mira")
    made.settle("t-3", "mira")
    before = len(made.events)
    with pytest.raises(Refused) as refused:
        act(made)
    assert refused.value.code == code
    assert words in refused.value.detail
    assert len(made.events) == before


def test_a_touch_of_another_organisation_is_unknown() -> None:
    made = partition()
    made.tell(need(organisation="elsewhere"))
    with pytest.raises(Refused, match="no such touch"):
        made.claim("t-1", "mira")


# Ends


def test_a_withdrawn_need_frees_the_responder_once() -> None:
    made = partition(policy(MIRA))
    made.tell(need("t-1"))
    made.tell(need("t-2"))
    made.tell(withdrawn(need("t-1")))
    assert (made.touch("t-1").status, load(made, "mira")) == ("withdrawn", (2, 1))
    made.tell(met(need("t-1"), "mira"))
    assert load(made, "mira") == (2, 1)


def test_an_end_that_crosses_a_settlement_frees_nobody_twice() -> None:
    made = partition(policy(MIRA))
    made.tell(need("t-1"))
    made.tell(need("t-2"))
    made.settle("t-1", "mira")
    made.tell(withdrawn(need("t-1")))
    assert load(made, "mira") == (2, 1)


def test_a_claimed_touch_is_annotated_and_stays() -> None:
    made = partition()
    made.tell(need())
    made.claim("t-1", "mira")
    made.tell(withdrawn(need()))
    made.tell(met(need(), "jonas"))
    assert (made.touch("t-1").status, made.touch("t-1").responder) == ("claimed", "mira")
    assert [event.note for event in made.of(TouchAnnotated)] == [
        "the cause is gone: a peer answered",
        "jonas has answered on the platform",
    ]


@pytest.mark.parametrize(("end", "status"), [(withdrawn(need()), "withdrawn"), (met(need(), "jonas"), "settled")])
def test_what_is_given_back_after_its_need_ended_is_nobodys_any_more(end, status: str) -> None:
    made = partition()
    made.tell(need())
    made.claim("t-1", "mira")
    made.tell(end)
    revision = made.release("t-1", "mira")
    made.fire_due()
    assert (made.touch("t-1").status, made.touch("t-1").revision) == (status, revision)
    assert (load(made, "mira"), load(made, "jonas")) == ((0, 0), (0, 0))


def test_a_responders_own_reply_settles_what_they_claimed() -> None:
    made = partition()
    made.tell(need())
    made.claim("t-1", "mira")
    made.tell(met(need(), "mira"))
    (fact,) = made.of(TouchSettled)
    assert (fact.responder, fact.outcome) == ("mira", "replied-on-platform")
    assert load(made, "mira") == (0, 0)
    assert made.roster.load_of("mira").granted == 1


def test_a_reply_to_what_was_assigned_to_somebody_else_counts_to_the_day_of_who_replied() -> None:
    made = partition()
    made.tell(need())
    assert assigned(made) == {"t-1": "jonas"}
    made.tell(met(need(), "mira"))
    assert made.touch("t-1").status == "settled"
    assert (load(made, "jonas"), load(made, "mira")) == ((0, 0), (0, 0))
    assert made.roster.load_of("mira").granted == 1


def test_a_reply_by_somebody_of_the_team_who_is_no_responder_settles_too() -> None:
    made = partition(policy(MIRA))
    made.tell(need())
    made.tell(met(need(), "moderator"))
    (fact,) = made.of(TouchSettled)
    assert fact.responder is None
    assert load(made, "mira") == (0, 0)


# Who leaves


def test_what_is_assigned_to_who_left_the_roster_goes_to_others() -> None:
    made = partition(line_length=2)
    for number in range(6):
        made.tell(need(f"t-{number}"))
    made.adopt(policy(JONAS, limits=Limits(touches=5)))
    made.pass_time(at(0.001))
    states = [made.touch(f"t-{number}") for number in range(6)]
    assert [state.responder for state in states].count("jonas") == 5
    assert [state.hold for state in states].count("over-limit") == 1
    assert load(made, "mira") == (0, 0)


def test_what_is_in_the_hands_of_who_left_can_be_claimed_and_says_so() -> None:
    made = partition()
    made.tell(need())
    made.claim("t-1", "mira")
    made.adopt(policy(JONAS))
    made.fire_due()
    assert made.touch("t-1").responder == "mira"
    (note,) = made.of(TouchAnnotated)
    assert "mira is no longer among the responders" in note.note
    made.claim("t-1", "jonas")
    assert (made.touch("t-1").responder, load(made, "mira"), load(made, "jonas")) == ("jonas", (0, 0), (2, 1))


def test_the_same_policy_of_a_second_community_changes_nothing() -> None:
    made = partition()
    before = len(made.events)
    made._policies -= 1
    made.adopt(policy(MIRA, JONAS))
    assert len(made.events) == before


def test_the_policy_is_not_written_again_with_every_touch() -> None:
    many = [responder(f"responder-{number}", hours=ALWAYS) for number in range(30)]
    made = partition(policy(*many))
    made.tell(need())
    assert made.bytes_of("policy:harbour") > 5_000
    assert made.bytes_of("roster:harbour") < 500
