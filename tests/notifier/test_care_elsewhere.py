"""Care that was given where no source reports it counts as one touch of a day, once, in whichever order it is told."""

from __future__ import annotations

from typing import Any

import pytest

from services.notifier.roster import CareCounted
from shared.contracts.policy import Hours, Limits
from tests.notifier.partition import Partition
from tests.notifier.people import (
    OFFICE,
    at,
    by_care,
    care,
    met,
    need,
    policy,
    reason,
    responder,
    revised,
    who,
)
from tests.notifier.standing import JONAS, MIRA, load, partition

ONE_A_DAY = Limits(touches_per_day=1)


def had(made: Partition, name: str = "mira") -> int:
    return made.roster.load_of(name).granted


def tell(made: Partition, *messages: Any, backwards: bool) -> None:
    for message in reversed(messages) if backwards else messages:
        made.tell(message)


EITHER_FIRST = pytest.mark.parametrize("backwards", [False, True], ids=["care first", "its end first"])


def test_care_that_meets_nothing_counts_to_the_day_and_is_carried_no_more() -> None:
    made = partition(policy(MIRA, limits=ONE_A_DAY))
    made.tell(care())
    assert (had(made), load(made, "mira")) == (1, (0, 0))
    made.tell(need(member=who("bea")))
    assert made.touch("t-1").hold == "over-limit"
    made.pass_time(at(24))
    assert made.touch("t-1").responder == "mira"


@EITHER_FIRST
def test_care_that_meets_the_touch_of_whoever_gave_it_counts_with_that(*, backwards: bool) -> None:
    made = partition(policy(MIRA))
    made.tell(need())
    tell(made, care(), by_care(met(need(), "mira")), backwards=backwards)
    assert (made.touch("t-1").status, had(made), load(made, "mira")) == ("settled", 1, (0, 0))


@EITHER_FIRST
@pytest.mark.parametrize("ends", ["settled", "claimed"])
def test_care_that_meets_the_touch_of_another_counts_to_who_gave_it(ends: str, *, backwards: bool) -> None:
    made = partition(policy(MIRA, JONAS))
    made.tell(need())
    assert made.touch("t-1").responder == "jonas"
    if ends == "claimed":
        made.claim("t-1", "jonas")
    tell(made, care(), by_care(met(need(), "mira")), backwards=backwards)
    assert (made.touch("t-1").status, had(made), had(made, "jonas")) == (ends, 1, 1)


@EITHER_FIRST
def test_care_of_another_identity_of_the_person_counts_with_the_touch_that_it_met(*, backwards: bool) -> None:
    made = partition(policy(MIRA, limits=Limits(touches_per_day=2)))
    made.tell(need("t-1"))
    made.tell(need("t-2", member=who("bea")))
    made.tell(need("t-3", member=who("cleo")))
    tell(made, care(member="ada-elsewhere"), by_care(met(need("t-1"), "mira")), backwards=backwards)
    assert (had(made), made.touch("t-3").status) == (2, "held")
    made.tell(care(member="dora", number=2))
    assert had(made) == 3


@EITHER_FIRST
def test_care_that_meets_one_reason_of_ones_own_touch_leaves_the_day_as_it_was(*, backwards: bool) -> None:
    made = partition(policy(MIRA, limits=Limits(touches_per_day=2)))
    raised = need(reasons=(reason("welcome"), reason("by-hand")))
    made.tell(raised)
    other = need("t-2", member=who("bea"))
    tell(made, care(member="ada-elsewhere"), other, by_care(revised(raised, "welcome")), backwards=backwards)
    made.fire_due()
    assert [made.touch(touch).status for touch in ("t-1", "t-2")] == ["assigned", "assigned"]
    assert (had(made), load(made, "mira")) == (2, (4, 2))


@pytest.mark.parametrize(
    "reasons", [(), (reason("welcome"), reason("check-in", member=who("bea")))], ids=["one", "two"]
)
def test_care_for_whom_one_has_a_touch_that_stays_counts_with_that(reasons: tuple[Any, ...]) -> None:
    made = partition(policy(MIRA), line_length=2)
    for number in range(3):
        made.tell(need(f"t-{number}", member=who(f"other-{number}")))
    about = "bea" if reasons else "ada"
    made.tell(need("t-9", since=at(4), reasons=reasons))
    made.tell(care(member=about))
    assert had(made) == 4
    made.tell(care(member="nobody's", number=2))
    assert had(made) == 5


def test_a_touch_in_another_community_has_nothing_to_do_with_it() -> None:
    made = partition(policy(MIRA))
    made.tell(need(community="beta"))
    made.tell(care())
    assert had(made) == 2


def test_care_of_an_earlier_day_weighs_on_none_that_came_after() -> None:
    tokyo = Hours(timezone="Asia/Tokyo", days=OFFICE.days)
    made = partition(policy(responder("mira", hours=tokyo)))
    made.tell(care(when=at(0)))
    made.tell(care(number=2, when=at(-10)))
    """It was eight in the morning of the same day there."""
    assert had(made) == 2
    made.tell(care(number=3, when=at(-24)))
    assert [event.day for event in made.of(CareCounted)] == ["2026-11-23"] * 2
    made.tell(care(number=4, when=at(6)))
    assert (had(made), made.roster.load_of("mira").day) == (1, "2026-11-24")


def test_care_of_somebody_whom_the_policy_does_not_name_counts_to_nobody() -> None:
    made = partition(policy(MIRA))
    made.tell(care("jonas"))
    assert made.roster.loads == ()


def test_what_is_known_of_care_stays_small() -> None:
    made = partition(policy(MIRA, limits=Limits(touches_per_day=1000)))
    for number in range(200):
        made.tell(care(member=f"m-{number}", number=number))
    first = made.bytes_of("roster:harbour")
    for number in range(200, 400):
        made.tell(care(member=f"m-{number}", number=number))
    assert had(made) == 400
    assert made.bytes_of("roster:harbour") <= first + 8


def test_a_reply_on_a_platform_still_counts_by_the_touch_that_it_met() -> None:
    made = partition(policy(MIRA, JONAS))
    made.tell(need())
    made.claim("t-1", "jonas")
    made.release("t-1", "jonas")
    before = had(made, "jonas")
    made.tell(met(need(), "jonas"))
    assert had(made, "jonas") == before + 1
