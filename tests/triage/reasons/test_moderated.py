from __future__ import annotations

from shared.contracts.member_events import Left, Moderated
from shared.contracts.policy_rules import ModeratedRule
from tests.triage.partition import Partition
from tests.triage.people import ADA, MIRA, posted
from tests.triage.reasons.days import acme, asked_for, on, reasons, there


def silenced(**rules: ModeratedRule) -> Partition:
    """Ada, who was there on three days, is silenced on the Monday."""
    partition = acme(**rules)
    there(partition, ADA, [-9, -5, -1])
    partition.tell(Moderated(member=ADA, action="silenced"), on(0))
    return partition


def test_nobody_has_explained_it() -> None:
    partition = silenced()
    partition.pass_time(on(0, 5))
    need = asked_for(partition, ADA, "moderated")
    assert need is not None
    assert (need.urgency, need.values) == ("soon", {"action": "silenced", "active_days": 3})


def test_a_word_of_the_team_is_an_explanation() -> None:
    partition = silenced()
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(0, 1))
    partition.look_at_everything()
    assert partition.raised == []


def test_one_before_it_is_none() -> None:
    partition = acme()
    there(partition, ADA, [-9, -5, -1])
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(0, -1))
    partition.tell(Moderated(member=ADA, action="silenced"), on(0))
    partition.pass_time(on(1))
    assert reasons(partition, ADA) == ["moderated"]


def test_who_was_there_once_or_is_gone_waits_for_no_explanation() -> None:
    partition = acme()
    there(partition, ADA, [0])
    partition.tell(Moderated(member=ADA, action="removed"), on(0, 1))
    partition.look_at_everything()
    banned = silenced()
    banned.tell(Left(member=ADA), on(0, 1))
    banned.look_at_everything()
    assert (partition.raised, banned.raised) == ([], [])


def test_other_actions_than_those_that_are_named_are_passed() -> None:
    assert silenced(moderated=ModeratedRule(actions=("warned",))).member("ada").occasions.waiting == {}
