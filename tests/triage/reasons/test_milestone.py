from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest
from msgspec.structs import replace

from services.triage.reasons.milestone import years
from shared.contracts.member_events import Attended, Member, Solved, Updated
from shared.contracts.policy_rules import MilestoneRule
from tests.triage.making import at
from tests.triage.partition import Partition
from tests.triage.people import ADA, BEA, HELPER, MIRA, ROBOT, care_policy, joined, posted
from tests.triage.reasons.days import QUIET, acme, asked_for, on, reasons, there


class TestFirstGathering:
    def test_of_two_the_earlier_whichever_is_told_first(self) -> None:
        for days in ((0, 0.2), (0.2, 0)):
            partition = acme(milestone=MilestoneRule(first_gathering=True))
            for day in days:
                partition.tell(Attended(member=ADA, gathering="call"), on(day), stored=on(0.2))
            partition.look_at_everything()
            assert [(need.evidence[0].time, need.values) for need in partition.raised] == [
                (on(0), {"milestone": "first-gathering"})
            ]

    def test_nor_where_the_policy_does_not_ask_for_it(self) -> None:
        partition = acme()
        partition.tell(Attended(member=ADA, gathering="call"), on(0))
        partition.look_at_everything()
        assert partition.raised == []


class TestFirstPost:
    """Of somebody who had joined some time before; whoever is new is welcomed."""

    def test_of_who_joined_before(self) -> None:
        partition = acme(milestone=MilestoneRule(first_post=True))
        partition.tell(joined(ADA), on(-30))
        there(partition, ADA, [0, 1])
        partition.look_at_everything()
        need = asked_for(partition, ADA, "milestone")
        assert need is not None
        assert (need.evidence[0].time, need.values) == (on(0), {"milestone": "first-post"})
        assert len(partition.raised) == 1

    def test_not_of_a_newcomer_nor_a_later_one(self) -> None:
        partition = acme(milestone=MilestoneRule(first_post=True))
        partition.tell(joined(ADA), on(-30))
        there(partition, ADA, [-30, 0])
        partition.look_at_everything()
        assert partition.raised == []

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_the_earliest_counts_in_any_order(self, order: tuple[int, ...]) -> None:
        partition = acme(milestone=MilestoneRule(first_post=True))
        told = (
            (posted(ADA, "m-1"), on(0, 1)),
            (Attended(member=ADA, gathering="call"), on(0)),
            (posted(ADA, "m-2"), on(1)),
        )
        partition.tell(joined(ADA), on(-30))
        for which in order:
            partition.tell(*told[which], stored=on(1))
        partition.look_at_everything()
        assert [(need.reason, need.evidence[0].time) for need in partition.raised] == [("milestone", on(0, 1))]

    def test_nor_where_the_policy_does_not_ask_for_it(self) -> None:
        partition = acme()
        partition.tell(joined(ADA), on(-30))
        there(partition, ADA, [0])
        partition.look_at_everything()
        assert partition.raised == []


class TestAcceptedAnswer:
    """The first of a member's answers that solved something."""

    ASKED, ANSWERED = posted(BEA, "m-1"), posted(ADA, "m-2")
    ACCEPTED = Solved(member=BEA, conversation="c-1", message="m-2")

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_in_any_order(self, order: tuple[int, ...]) -> None:
        partition = acme()
        told = (self.ASKED, self.ANSWERED, self.ACCEPTED)
        for which in order:
            partition.tell(told[which], on(0, which), stored=on(0, 3))
        partition.look_at_everything()
        assert [(need.member.id, need.values) for need in partition.raised] == [
            ("ada", {"milestone": "accepted-answer"})
        ]

    def test_only_the_first(self) -> None:
        partition = acme()
        for day in (0, 3):
            partition.tell(posted(BEA, f"ask-{day}", conversation=f"c-{day}"), on(day))
            partition.tell(posted(ADA, f"answer-{day}", conversation=f"c-{day}"), on(day, 1))
            solved = Solved(member=BEA, conversation=f"c-{day}", message=f"answer-{day}")
            partition.tell(solved, on(day, 2))
            partition.pass_time(on(day + 1))
        assert len(partition.raised) == 1

    def test_not_one_s_own_nor_the_team_s(self) -> None:
        partition = acme()
        for member in (BEA, MIRA):
            conversation = f"c-{member.id}"
            partition.tell(posted(BEA, "m-1", conversation=conversation), on(0))
            partition.tell(posted(member, "m-2", conversation=conversation), on(0, 1))
            partition.tell(Solved(member=BEA, conversation=conversation, message="m-2"), on(0, 2))
        partition.look_at_everything()
        assert partition.raised == []


class TestContribution:
    """The first of a member's contributions that was taken over, by whomever."""

    def merged(self, number: int, by: Member = BEA) -> Solved:
        return Solved(member=by, conversation=f"pull-{number}", contributor="ada")

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_in_any_order(self, order: tuple[int, ...]) -> None:
        partition = acme()
        told = (posted(ADA, "pull-1", conversation="pull-1"), self.merged(1), self.merged(2))
        for which in order:
            partition.tell(told[which], on(0, which), stored=on(0, 3))
        partition.look_at_everything()
        [need] = partition.raised
        assert (need.reason, need.member.id, need.values) == ("milestone", "ada", {"milestone": "first-contribution"})
        assert (need.since, need.thresholds) == (on(0, 1), {"within_hours": 8.0, "settling_in_days": 7.0})

    def test_only_the_first(self) -> None:
        partition = acme()
        for day in (0, 3):
            partition.tell(self.merged(day), on(day))
            partition.pass_time(on(day + 1))
        assert len(partition.raised) == 1

    def test_also_of_whom_nothing_else_is_known_and_who_merged_it_themselves(self) -> None:
        for by in (MIRA, ADA):
            partition = acme()
            partition.tell(self.merged(1, by), on(0))
            partition.look_at_everything()
            assert [need.member.id for need in partition.raised] == ["ada"]

    def test_not_of_the_team_nor_of_bots(self) -> None:
        partition = acme()
        for member in (MIRA, HELPER, ROBOT):
            partition.tell(posted(member, f"pull-{member.id}", conversation=f"pull-{member.id}"), on(0))
            solved = Solved(member=BEA, conversation=f"pull-{member.id}", contributor=member.id)
            partition.tell(solved, on(0, 1))
        partition.look_at_everything()
        assert partition.raised == []

    def test_not_where_the_community_is_hardly_known(self) -> None:
        partition = Partition(care_policy(**QUIET), stored=on(0))
        partition.tell(self.merged(1), on(1))
        partition.look_at_everything()
        assert partition.raised == []

    def test_a_word_of_the_team_is_enough(self) -> None:
        partition = acme()
        partition.tell(self.merged(1), on(0))
        partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(0, 1))
        partition.look_at_everything()
        assert partition.raised == []

    @pytest.mark.parametrize("rule", [MilestoneRule(contribution=False), MilestoneRule(enabled=False)])
    def test_nor_where_the_policy_does_not_ask_for_it(self, rule: MilestoneRule) -> None:
        partition = acme(milestone=rule)
        partition.tell(self.merged(1), on(0))
        partition.look_at_everything()
        assert partition.raised == []


class TestAnniversary:
    def test_of_who_is_there_around_the_day(self) -> None:
        partition = acme()
        there(partition, ADA, [-368, *range(-30, 0, 2)])
        partition.look_at_everything()
        milestone = [need for need in partition.raised if need.reason == "milestone"]
        assert [need.values for need in milestone] == [{"milestone": "anniversary", "years": 1}]

    def test_once_also_of_who_is_there_on_the_day_before_the_hour_at_which_they_came_first(self) -> None:
        partition = acme()
        there(partition, ADA, [-364.75, *range(-30, 0), -1 / 24])
        partition.pass_time(on(0, 7))
        assert [need.values.get("years") for need in partition.raised] == [1]
        partition.settle(partition.raised[0], on(0, 8))
        there(partition, ADA, [1, 2])
        partition.pass_time(on(5))
        assert len(partition.raised) == 1

    def test_not_of_who_was_hardly_there(self) -> None:
        partition = acme()
        there(partition, ADA, [-368, -2, -1])
        partition.look_at_everything()
        assert partition.raised == []

    def test_a_word_of_the_team_is_enough(self) -> None:
        partition = acme()
        there(partition, ADA, [-368, *range(-30, -2)])
        partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(-3, 1))
        partition.pass_time(on(5))
        assert partition.raised == []

    @pytest.mark.parametrize(
        ("first", "time", "expected"),
        [
            ((2024, 2, 29), (2025, 2, 27), 0),
            ((2024, 2, 29), (2025, 2, 28), 1),
            ((2024, 2, 29), (2028, 3, 1), 4),
            ((2023, 12, 30), (2026, 1, 2), 2),
            ((2024, 6, 1), (2025, 5, 31), 0),
        ],
    )
    def test_years(self, first: tuple[int, int, int], time: tuple[int, int, int], expected: int) -> None:
        assert years(datetime(*first, tzinfo=UTC), datetime(*time, tzinfo=UTC)) == expected


class TestRoleGained:
    RULE = MilestoneRule(roles=("mentor",))

    def test_one_that_the_policy_names(self) -> None:
        partition = acme(milestone=self.RULE)
        partition.tell(Updated(member=replace(ADA, roles=("member",))), at(0))
        partition.tell(Updated(member=replace(ADA, roles=("member", "mentor"))), at(1))
        partition.pass_time(at(10))
        need = asked_for(partition, ADA, "milestone")
        assert need is not None
        assert need.values == {"milestone": "role-gained", "role": "mentor"}

    def test_not_one_that_was_held_when_the_member_was_described_first(self) -> None:
        partition = acme(milestone=self.RULE)
        partition.tell(Updated(member=replace(ADA, roles=("mentor",))), at(0))
        partition.tell(Updated(member=replace(ADA, roles=("mentor", "member"))), at(1))
        partition.look_at_everything()
        assert partition.raised == []

    def test_nor_one_that_was_taken_away_again(self) -> None:
        partition = acme(milestone=self.RULE)
        for hours, roles in enumerate(((), ("mentor",), ())):
            partition.tell(Updated(member=replace(ADA, roles=roles)), at(hours))
        partition.look_at_everything()
        assert reasons(partition, ADA) == []
