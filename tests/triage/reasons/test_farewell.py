from __future__ import annotations

import pytest

from shared.contracts.member_events import Cancelled, Joined, Left, Moderated, Renewed
from tests.triage.partition import Partition
from tests.triage.people import ADA, MIRA, asked, care_policy, posted
from tests.triage.reasons.days import LONG_BEFORE, acme, asked_for, on, others, reasons, there

OFTEN = range(-20, 0, 2)


@pytest.mark.parametrize(("event", "went"), [(Left(member=ADA), "left"), (Cancelled(member=ADA), "cancelled")])
def test_who_came_often_goes(event: Left | Cancelled, went: str) -> None:
    partition = acme()
    there(partition, ADA, OFTEN)
    partition.tell(event, on(0))
    partition.pass_time(on(0, 9))
    need = asked_for(partition, ADA, "farewell")
    assert need is not None
    assert need.values == {"went": went, "active_days": 10, "member_for_days": 20.0}
    partition.look_at_everything()
    assert reasons(partition, ADA) == ["farewell"]


def test_who_was_hardly_there_goes_unnoticed() -> None:
    partition = acme()
    there(partition, ADA, [-3, -2])
    partition.tell(Left(member=ADA), on(0))
    partition.look_at_everything()
    assert partition.raised == []


def test_who_was_banned_did_not_go_by_themselves() -> None:
    partition = acme()
    there(partition, ADA, OFTEN)
    partition.tell(Moderated(member=ADA, action="banned"), on(0))
    partition.tell(Left(member=ADA), on(0, 0.1))
    partition.look_at_everything()
    assert partition.raised == []


def test_who_is_there_again_needs_none() -> None:
    for after in (0.2, 2):
        partition = acme()
        there(partition, ADA, OFTEN)
        partition.tell(Left(member=ADA), on(-0.5))
        partition.pass_time(on(after))
        there(partition, ADA, [after])
        assert "farewell" not in reasons(partition, ADA)
    assert ("farewell", "there again") in [(gone.reason, gone.cause) for gone in partition.gone]


@pytest.mark.parametrize("back", [Joined(member=ADA), Renewed(member=ADA)])
@pytest.mark.parametrize("late", [False, True])
def test_who_joins_again_or_renews_is_back(back: Joined | Renewed, late: bool) -> None:
    partition = acme()
    there(partition, ADA, OFTEN)
    events = [(Cancelled(member=ADA), on(0)), (back, on(0, 1))]
    for event, time in reversed(events) if late else events:
        partition.tell(event, time)
    partition.look_at_everything()
    assert partition.raised == []


def test_a_word_of_farewell_is_not_needed_for_who_comes_back() -> None:
    partition = acme()
    there(partition, ADA, OFTEN)
    partition.tell(Left(member=ADA), on(0))
    partition.pass_time(on(0, 9))
    assert reasons(partition, ADA) == ["farewell"]
    partition.tell(Joined(member=ADA), on(0, 10))
    assert reasons(partition, ADA) == []


def test_a_word_of_the_team_is_one() -> None:
    partition = acme()
    there(partition, ADA, OFTEN)
    partition.tell(Left(member=ADA), on(0))
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(0, 1))
    partition.look_at_everything()
    assert partition.raised == []


def test_all_else_is_withdrawn_when_a_member_goes() -> None:
    partition = acme()
    there(partition, ADA, OFTEN)
    others(partition, range(20))
    partition.pass_time(on(20))
    assert reasons(partition, ADA) == ["fading"]
    partition.tell(Left(member=ADA), on(20, 1))
    partition.pass_time(on(21))
    assert reasons(partition, ADA) == ["farewell"]


def test_a_question_of_who_left_is_not_asked_about() -> None:
    partition = Partition(care_policy(), stored=LONG_BEFORE)
    partition.tell(asked(ADA, "m-1"), on(0))
    partition.tell(Left(member=ADA), on(0, 1))
    partition.pass_time(on(2))
    assert "unanswered" not in reasons(partition, ADA)
