"""Imports raise no flood: what is long past raises nothing, what is open today does, once, at the end."""

from __future__ import annotations

import pytest

from shared.contracts.member_events import Member
from shared.contracts.warmline_facts import ImportBegan, ImportEnded
from tests.triage.making import LONG_AGO, at
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, CLEO, MIRA, asked, care_policy, posted

WELCOMED_OFF = {"enabled": False}


@pytest.fixture
def acme() -> Partition:
    return Partition(care_policy(), stored=LONG_AGO)


def reasons(partition: Partition) -> list[tuple[str, str]]:
    return sorted((need.reason, need.member.id) for need in partition.open)


class TestImports:
    def test_no_flood(self, acme: Partition) -> None:
        acme.tell(ImportBegan(community=COMMUNITY, import_id="i"), at(0))
        for number in range(50):
            long_ago = at(-24 * (400 - number))
            acme.tell(
                asked(Member(id=f"old-{number}"), f"m-{number}", conversation=f"c-{number}"), long_ago, stored=at(1)
            )
        acme.tell(asked(ADA, "m-ada", conversation="c-ada"), at(-24), stored=at(1))
        acme.tell(posted(MIRA, "m-mira", conversation="c-ada"), at(-23), stored=at(1))
        acme.tell(asked(BEA, "m-bea", conversation="c-bea"), at(-24), stored=at(1))
        acme.tell(asked(CLEO, "m-cleo", conversation="c-cleo"), at(1), stored=at(1))
        acme.pass_time(at(3))
        assert acme.raised == []
        acme.tell(ImportEnded(community=COMMUNITY, import_id="i"), at(3))
        acme.pass_time(at(4))
        assert reasons(acme) == [("unanswered", "bea"), ("welcome", "bea")]
        assert {need.at for need in acme.open} >= {at(3)}
        acme.look_at_everything()
        assert reasons(acme) == [("unanswered", "bea"), ("unanswered", "cleo"), ("welcome", "bea"), ("welcome", "cleo")]
        assert len(acme.raised) == 4

    def test_the_same_import_again_raises_nothing_again(self, acme: Partition) -> None:
        for hours in (0, 10):
            acme.tell(ImportBegan(community=COMMUNITY, import_id=f"i-{hours}"), at(hours))
            acme.tell(asked(BEA, "m-bea"), at(-24), stored=at(hours))
            acme.tell(ImportEnded(community=COMMUNITY, import_id=f"i-{hours}"), at(hours + 1))
        acme.look_at_everything()
        assert len(acme.raised) == 2

    def test_one_that_never_ends_lets_go_after_a_while(self, acme: Partition) -> None:
        acme.tell(ImportBegan(community=COMMUNITY, import_id="i"), at(0))
        acme.tell(asked(BEA, "m-bea"), at(0))
        acme.pass_time(at(11))
        assert acme.raised == []
        acme.pass_time(at(13))
        assert reasons(acme) == [("unanswered", "bea"), ("welcome", "bea")]

    def test_history_shows_who_is_no_newcomer(self) -> None:
        acme = Partition(care_policy(welcome={"settling_in_days": 7}, unanswered=WELCOMED_OFF), stored=at(0))
        acme.tell(posted(ADA, "m-1"), at(0))
        acme.tell(ImportBegan(community=COMMUNITY, import_id="i"), at(1))
        acme.tell(posted(ADA, "m-0"), at(-24 * 300), stored=at(1))
        acme.tell(posted(BEA, "m-2"), at(1))
        acme.tell(ImportEnded(community=COMMUNITY, import_id="i"), at(2))
        acme.look_at_everything()
        assert reasons(acme) == [("welcome", "bea")]
