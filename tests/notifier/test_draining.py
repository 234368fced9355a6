"""What is held is given as soon as somebody can take it."""

from __future__ import annotations

from datetime import timedelta

from shared.batch_consumer import SETTLED_IN_CLUSTER
from shared.contracts.policy import Leave, Limits
from tests.notifier.people import ALWAYS, MONDAY, at, need, policy, responder
from tests.notifier.standing import MIRA, assigned, partition


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
