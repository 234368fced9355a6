"""What notifier leaves behind is never stuck, whatever happens; what it could not leave behind is found."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from msgspec import structs

from infra.audit.stuck import AFTER_A_DRAIN, AT_ONCE, Surroundings, Suspicion, suspicion
from services.notifier.roster import DRAIN
from services.notifier.streams import roster_stream, touch_stream
from services.notifier.touch import TouchState
from shared.contracts.policy import Limits
from shared.decider import Refused
from tests.notifier.partition import Partition
from tests.notifier.people import ALWAYS, MONDAY, ORGANISATION, at, need, policy, responder, withdrawn

NARROW = Limits(care_load=4, touches=2, touches_per_day=3)


def around(partition: Partition) -> Surroundings:
    return Surroundings(roster=partition.roster, policy=partition.policy, deadlines=frozenset(partition._deadlines))


def suspicions(partition: Partition) -> dict[str, Suspicion]:
    """Return what seems stuck, as the auditor sees the partition now."""
    found = {}
    for stream in partition._states:
        if stream.startswith("touch:"):
            seems = suspicion(stream, partition.touch(stream.removeprefix("touch:")), around(partition), partition.now)
            if seems is not None:
                found[stream] = seems
    return found


def with_one(**hours: object) -> tuple[Partition, TouchState]:
    """Return a partition with one responder and one touch."""
    partition = Partition(MONDAY)
    partition.adopt(policy(responder("mira"), **hours))
    partition.tell(need("t-1"))
    return partition, partition.touch("t-1")


@pytest.mark.parametrize("seed", range(12))
def test_no_sequence_of_needs_commands_and_hours_leaves_a_touch_that_seems_stuck(seed: int) -> None:
    draw = random.Random(seed)
    partition = Partition(MONDAY)
    partition.adopt(policy(responder("mira"), responder("jonas"), limits=NARROW))
    since: dict[str, datetime] = {}
    for number in range(60):
        touch = f"t-{draw.randrange(number + 1)}"
        who = draw.choice(["mira", "jonas"])
        with contextlib.suppress(Refused):
            match draw.choice(["need", "need", "claim", "release", "settle", "withdraw", "hours"]):
                case "need":
                    partition.tell(need(f"t-{number}"))
                case "claim":
                    partition.claim(touch, who)
                case "release":
                    partition.release(touch, who)
                case "settle":
                    partition.settle(touch, who)
                case "withdraw" if (raised := partition.touch(touch).need) is not None:
                    partition.tell(withdrawn(raised, partition.now))
                case "hours":
                    partition.pass_time(partition.now + timedelta(minutes=draw.randrange(1, 600)))
                case _:
                    pass
        partition.fire_due()
        seems = suspicions(partition)
        since = {stream: since.get(stream, partition.now) for stream in seems}
        for stream, one in seems.items():
            assert one.patience == AFTER_A_DRAIN, one
            assert partition.now - since[stream] < one.patience, one


def test_what_was_raised_and_offered_to_nobody_is_found_at_once() -> None:
    partition, touch = with_one(hours=ALWAYS)
    lost = structs.replace(touch, status="raised", responder=None)
    seems = suspicion(touch_stream("t-1"), lost, around(partition), MONDAY)
    assert seems == Suspicion(why="raised, and offered to nobody", patience=AT_ONCE)


def test_what_is_held_without_a_drain_is_found_at_once() -> None:
    partition = Partition(at(10))  # after hours
    partition.adopt(policy(responder("mira")))
    partition.tell(need("t-1"))
    touch = partition.touch("t-1")
    assert (touch.status, touch.hold) == ("held", "outside-hours")
    assert suspicions(partition) == {}
    lost = replace(around(partition), deadlines=around(partition).deadlines - {(roster_stream(ORGANISATION), DRAIN)})
    seems = suspicion(touch_stream("t-1"), touch, lost, partition.now)
    assert seems == Suspicion(why="held, and nothing will offer it again", patience=AT_ONCE)


def test_what_is_held_though_somebody_is_free_is_given_the_time_of_a_drain() -> None:
    partition = Partition(at(10))
    partition.adopt(policy(responder("mira")))
    partition.tell(need("t-1"))
    seems = suspicion(touch_stream("t-1"), partition.touch("t-1"), around(partition), at(25))
    assert seems is not None
    assert (seems.why, seems.patience) == ("held, though somebody could take it", AFTER_A_DRAIN)
    assert suspicion(touch_stream("t-1"), partition.touch("t-1"), around(partition), at(11)) is None


def test_what_nobody_serves_waits_for_another_policy_and_is_not_stuck() -> None:
    partition = Partition(MONDAY)
    partition.adopt(policy(responder("mira", segments=("vips",)), hours=ALWAYS))
    partition.tell(need("t-1"))
    assert partition.touch("t-1").hold == "no-responder"
    assert suspicions(partition) == {}


def test_what_is_assigned_to_somebody_unknown_is_given_the_time_of_a_drain() -> None:
    partition, touch = with_one(hours=ALWAYS)
    left = structs.replace(touch, responder="nils")
    seems = suspicion(touch_stream("t-1"), left, around(partition), MONDAY)
    assert seems is not None
    assert seems.why == "assigned to nils, who is no responder any more"


def test_what_is_assigned_and_looked_at_by_nobody_is_found_at_once() -> None:
    partition, touch = with_one(hours=ALWAYS)
    lost = structs.replace(touch, watch=structs.replace(touch.watch, look_due=None, alarm_due=None))
    seems = suspicion(touch_stream("t-1"), lost, around(partition), MONDAY)
    assert seems is not None
    assert (seems.why, seems.patience) == ("assigned, and no deadline is left at which anybody looks at it", AT_ONCE)


def test_a_deadline_that_its_state_asks_for_and_that_is_not_set_is_found_at_once() -> None:
    partition, touch = with_one(hours=ALWAYS)
    bare = replace(around(partition), deadlines=frozenset())
    seems = suspicion(touch_stream("t-1"), touch, bare, MONDAY)
    assert seems == Suspicion(why="assigned, and its deadline look is not set", patience=AT_ONCE)


def test_what_a_person_has_in_hand_or_what_has_ended_is_not_stuck() -> None:
    partition, _ = with_one(hours=ALWAYS)
    partition.claim("t-1", "mira")
    assert suspicions(partition) == {}
    partition.settle("t-1", "mira")
    assert suspicions(partition) == {}
    bare = Surroundings(roster=partition.roster, policy=partition.policy, deadlines=frozenset())
    assert suspicion(touch_stream("t-1"), partition.touch("t-1"), bare, MONDAY) is None
