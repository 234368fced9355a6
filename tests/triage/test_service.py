from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.triage.care_facts import NeedRevised
from services.triage.needs import NeedMet
from services.triage.publications import PUBLIC
from services.triage.stream_ids import care_stream, community_of, conversation_stream
from shared.contracts.cloudevents import decode_publication
from shared.contracts.member_events import Deleted, Edited, Member, Reacted, Solved, Updated
from shared.contracts.names import member_key, touch_id
from shared.contracts.needs_touch import Evidence, MemberRef, NeedsTouch, TouchReason
from shared.contracts.policy import Identity, Responder, Segment
from shared.contracts.warmline_facts import ImportBegan, ImportEnded
from shared.event_store.codec import RecordedEvent
from tests.triage.making import LONG_AGO, at
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, HELPER, JONAS, MIRA, ROBOT, asked, care_policy, joined, posted

WELCOMED_OFF = {"enabled": False}


@pytest.fixture
def acme() -> Partition:
    return Partition(care_policy(), stored=LONG_AGO)


def reasons(partition: Partition) -> list[tuple[str, str]]:
    return sorted((need.reason, need.member.id) for need in partition.open)


def test_evidence_names_a_trace_only_where_the_header_says_that_it_is_recorded(acme: Partition) -> None:
    """Events of earlier builds hold traces that nobody recorded, and are folded to the same bytes as they were."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    acme.tell(asked(ADA, "m-1"), at(0), traceparent=trace)
    acme.tell(asked(BEA, "m-2", conversation="c-2"), at(0), traceparent=trace, headers={"traceparent": trace})
    acme.pass_time(at(5))
    assert {need.member.id: need.evidence[0].traceparent for need in acme.open} == {"ada": None, "bea": trace}


def test_of_very_many_questions_of_one_member_each_is_told_of_in_its_turn(acme: Partition) -> None:
    for number in range(12):
        acme.tell(asked(ADA, f"m-{number}", conversation=f"c-{number}"), at(number / 100))
    acme.pass_time(at(5))
    told: set[str] = set()
    for left in range(12, 0, -1):
        standing = [reason.conversation or "" for reason in acme.open if reason.reason == "unanswered"]
        assert len(standing) == min(left, 8)
        told.update(standing)
        acme.tell(posted(BEA, f"m-of-bea-{left}", conversation=standing[0]), at(6))
    assert len(told) == 12
    assert "unanswered" not in {reason.reason for reason in acme.open}


def test_whoever_waits_for_the_answer_is_in_memory_as_it_comes_in() -> None:
    acme = Partition(care_policy(), stored=LONG_AGO, cache_bytes=0)
    acme.tell_together([(asked(ADA, "m-1"), at(0))])
    acme.pass_time(at(5))
    acme.tell_together([(posted(BEA, f"m-{number}", conversation="c-2"), at(6)) for number in (2, 3)])
    acme.missed.clear()
    acme.tell_together([(posted(BEA, "m-4"), at(7))])
    assert "unanswered" not in {reason.reason for reason in acme.open}
    assert acme.missed == []


def test_a_touch_says_what_it_rests_on(acme: Partition) -> None:
    acme.tell(asked(ADA, "m-1"), at(0))
    acme.pass_time(at(5))
    ada = MemberRef(key=member_key(COMMUNITY, "discord", "ada"), platform="discord", id="ada")
    found = conversation_stream(COMMUNITY, "discord", "c-1")
    evidence = Evidence(source="/discord/guild", event="e-2", time=at(0))
    values = {"hours_since": 4.0, "answers_by_team": 0, "answers_by_peers": 0}
    thresholds = {"within_hours": 4.0, "answered_by": "anyone"}
    why = "soon, because of unanswered"
    reason = TouchReason(
        reason="unanswered",
        about=found,
        member=ada,
        segment="everyone",
        conversation="c-1",
        since=at(0),
        at=at(4),
        urgency="soon",
        care_load=2,
        evidence=(evidence,),
        rule="unanswered.v1",
        policy_version="v1",
        values=values,
        thresholds=thresholds,
        difference="an answer within 4 h",
        revision=1,
        importance=2.0,
        why=why,
    )
    stream = care_stream(COMMUNITY, ada)
    assert acme.touches == [
        NeedsTouch(
            touch=touch_id(COMMUNITY, stream, 1),
            revision=1,
            organisation="harbour",
            community="acme",
            segment="everyone",
            reason="unanswered",
            urgency="soon",
            care_load=2,
            member=ada,
            about=stream,
            conversation="c-1",
            since=at(0),
            raised_at=at(4),
            evidence=(evidence,),
            rule="unanswered.v1",
            policy_version="v1",
            values=values,
            thresholds=thresholds,
            reasons=(reason,),
            importance=2.0,
            why=why,
        )
    ]
    assert community_of(stream) == community_of(found) == COMMUNITY


def test_a_newcomer_who_asks_needs_one_touch_for_both(acme: Partition) -> None:
    acme.tell(asked(ADA, "m-1"), at(0))
    acme.pass_time(at(9))
    assert reasons(acme) == [("unanswered", "ada"), ("welcome", "ada")]
    (touch,) = acme.touches
    assert [(one.touch, one.revision, one.reason) for one in acme.raised] == [
        (touch.touch, 1, "unanswered"),
        (touch.touch, 2, "welcome"),
    ]
    assert (touch.rule, touch.thresholds, touch.conversation) == (
        "welcome.v1",
        {"within_hours": 8.0, "greeted_by": "team"},
        "c-1",
    )
    assert (touch.urgency, touch.care_load, touch.importance) == ("soon", 3, 2.5)
    assert touch.why == "soon, because of unanswered; also welcome"


def test_what_the_policy_says_makes_it_important(acme: Partition) -> None:
    acme.adopt(care_policy(segments=(Segment(name="vip", weight=3),), importance={"soon": 4}, welcome=WELCOMED_OFF))
    acme.tell(asked(ADA, "m-1"), at(0))
    acme.pass_time(at(5))
    assert [(one.importance, one.why) for one in acme.open] == [
        (12.0, "soon, because of unanswered; vip counts 3 times")
    ]


def test_a_settled_reason_rests_for_as_long_as_the_policy_says() -> None:
    acme = Partition(care_policy(unanswered={"cool_down_days": 2}, welcome=WELCOMED_OFF), stored=LONG_AGO)
    acme.tell(asked(ADA, "m-1"), at(0))
    acme.pass_time(at(5))
    acme.settle(acme.touches[0], at(6))
    acme.tell(asked(ADA, "m-2", conversation="c-2"), at(7))
    acme.pass_time(at(20))
    assert (len(acme.raised), acme.conversation("c-2").needs) == (1, ())
    acme.tell(asked(ADA, "m-3", conversation="c-3"), at(80))
    acme.pass_time(at(90))
    assert reasons(acme) == [("unanswered", "ada")]


class TestTeam:
    """Who is of the team is the policy's word: a role, a name, a responder's identity."""

    @pytest.mark.parametrize("member", [HELPER, JONAS, MIRA], ids=["role", "name", "responder"])
    def test_their_answer_meets_both_needs(self, acme: Partition, member: Member) -> None:
        acme.tell(asked(ADA, "m-1"), at(0))
        acme.pass_time(at(9))
        acme.tell(posted(member, "m-2"), at(10))
        assert acme.open == []
        assert {(gone.reason, gone.by and gone.by.id) for gone in acme.gone} == {
            ("unanswered", member.id),
            ("welcome", member.id),
        }
        assert [type(event) for event in acme.left[2:]] == [NeedRevised, NeedMet]

    @pytest.mark.parametrize("member", [HELPER, JONAS, MIRA], ids=["role", "name", "responder"])
    def test_they_need_no_welcome_and_no_answer(self, acme: Partition, member: Member) -> None:
        acme.tell(joined(member), at(0))
        acme.tell(asked(member, "m-1"), at(0))
        acme.look_at_everything()
        assert acme.raised == []

    def test_a_mention_of_theirs_is_a_greeting(self, acme: Partition) -> None:
        acme.tell(joined(ADA), at(0))
        acme.tell(posted(HELPER, "m-1", mentions=("ada", "hanna")), at(1))
        acme.look_at_everything()
        assert acme.raised == []

    @pytest.mark.parametrize("member", [BEA, Member(id="team", name="Team", handle="moderator", roles=("admin",))])
    def test_a_mention_by_anybody_else_is_none(self, acme: Partition, member: Member) -> None:
        acme.tell(joined(ADA), at(0))
        acme.tell(posted(member, "m-1", mentions=("ada",)), at(1))
        acme.pass_time(at(8))
        assert reasons(acme) == [("welcome", "ada")]

    def test_roles_hold_until_a_profile_says_otherwise(self, acme: Partition) -> None:
        acme.tell(joined(HELPER), at(0))
        silent = replace(HELPER, roles=())
        acme.tell(asked(ADA, "m-1"), at(1))
        acme.tell(posted(silent, "m-2"), at(2))
        acme.tell(Updated(member=silent), at(3))
        acme.tell(asked(BEA, "m-3", conversation="c-2"), at(4))
        acme.tell(posted(silent, "m-4", conversation="c-2"), at(5))
        acme.look_at_everything()
        assert reasons(acme) == [("welcome", "bea"), ("welcome", "hanna")]

    def test_by_the_policy_that_holds_at_the_look(self, acme: Partition) -> None:
        acme.tell(joined(ADA), at(0))
        acme.tell(asked(ADA, "m-1"), at(0))
        policy = care_policy()
        ada = Responder(name="ada", display_name="Ada", identities=(Identity(platform="discord", id="ada"),))
        acme.adopt(dataclasses.replace(policy, responders=(*policy.responders, ada)))
        acme.look_at_everything()
        assert acme.raised == []


class TestBots:
    """A bot is no newcomer, and nothing that it writes is an answer or a greeting, whatever its roles."""

    def test_they_raise_nothing(self, acme: Partition) -> None:
        acme.tell(joined(ROBOT), at(0))
        acme.tell(asked(ROBOT, "m-1"), at(1))
        acme.look_at_everything()
        assert acme.raised == []

    def test_they_answer_and_greet_nobody(self, acme: Partition) -> None:
        acme.tell(asked(ADA, "m-1"), at(0))
        acme.tell(posted(ROBOT, "m-2", mentions=("ada",)), at(1))
        acme.pass_time(at(9))
        assert reasons(acme) == [("unanswered", "ada"), ("welcome", "ada")]

    def test_also_when_only_an_earlier_event_said_so(self, acme: Partition) -> None:
        acme.tell(joined(ROBOT), at(0))
        acme.tell(asked(ADA, "m-1"), at(0))
        acme.tell(posted(replace(ROBOT, bot=False), "m-2", mentions=("ada",)), at(1))
        acme.pass_time(at(9))
        assert reasons(acme) == [("unanswered", "ada"), ("welcome", "ada")]


class TestSegments:
    SEGMENTS = (
        Segment(name="vip", tags=("vip",)),
        Segment(name="new-helpers", roles=("guide",), member_for_less_than_days=30),
        Segment(name="new", member_for_less_than_days=30),
        Segment(name="elsewhere", platforms=("zulip",)),
        Segment(name="old", member_for_at_least_days=90),
    )

    @pytest.fixture
    def acme(self) -> Partition:
        return Partition(care_policy(segments=self.SEGMENTS, welcome=WELCOMED_OFF), stored=LONG_AGO)

    @pytest.mark.parametrize(
        ("segment", "days", "member", "tags"),
        [
            ("new", 1, ADA, None),
            ("new-helpers", 1, replace(ADA, roles=("guide",)), None),
            ("vip", 1, replace(ADA, roles=("guide",)), ("vip",)),
            ("everyone", 31, ADA, None),
            ("old", 90, ADA, None),
            ("vip", 90, ADA, ("other", "vip")),
        ],
    )
    def test_the_first_that_matches(
        self, acme: Partition, segment: str, days: int, member: Member, tags: tuple[str, ...] | None
    ) -> None:
        acme.tell(joined(member), at(-24 * days))
        if tags:
            acme.tell(Updated(member=member, tags=tags), at(-1))
        acme.tell(asked(member, "m-1"), at(0))
        acme.pass_time(at(4))
        assert [need.segment for need in acme.open] == [segment]

    def test_as_of_when_it_is_looked_at(self, acme: Partition) -> None:
        acme.tell(ImportBegan(community=COMMUNITY, import_id="i"), at(0))
        acme.tell(joined(ADA), at(2 - 24 * 30))
        acme.tell(asked(ADA, "m-1"), at(-24))
        acme.tell(ImportEnded(community=COMMUNITY, import_id="i"), at(3))
        acme.look_at_everything()
        assert [need.segment for need in acme.raised] == ["everyone"]


REST = {"welcome": "unanswered", "unanswered": "welcome"}


class TestEnds:
    @pytest.fixture
    def asking(self, acme: Partition) -> Partition:
        acme.tell(asked(ADA, "m-1"), at(0))
        acme.tell(Reacted(member=ADA, conversation="c-9", message="m-9", reaction="eyes"), at(0.1))
        acme.pass_time(at(9))
        return acme

    @pytest.mark.parametrize(
        ("data", "cause", "reason"),
        [
            (posted(BEA, "m-2"), "answered by a peer", "unanswered"),
            (Solved(member=ADA, conversation="c-1"), "solved", "unanswered"),
            (Deleted(member=ADA, conversation="c-1", message="m-1"), "deleted", "unanswered"),
            (Edited(member=ADA, conversation="c-1", message="m-1", text="Done."), "no question any more", "unanswered"),
        ],
    )
    def test_withdrawn(self, asking: Partition, data: Any, cause: str, reason: str) -> None:
        asking.tell(data, at(10))
        assert [(gone.cause, gone.reason, gone.by) for gone in asking.gone] == [(cause, reason, None)]
        (touch,) = asking.touches
        assert [(one.reason, touch.revision) for one in touch.reasons] == [(REST[reason], 3)]
        asking.look_at_everything()
        assert [need.reason for need in asking.raised if need.member.id == "ada"] == ["unanswered", "welcome"]

    def test_a_reaction_is_no_answer(self, asking: Partition) -> None:
        asking.tell(Reacted(member=MIRA, conversation="c-1", message="m-1", reaction="eyes"), at(10))
        assert asking.gone == []

    def test_a_settled_touch_ends_it_for_good(self, asking: Partition) -> None:
        asking.settle(asking.touches[0], at(10))
        assert asking.open == []
        asking.tell(joined(ADA), at(11))
        asking.tell(posted(MIRA, "m-2"), at(12))
        asking.look_at_everything()
        assert (len(asking.raised), asking.gone) == (2, [])

    def test_what_leaves_carries_the_touch_and_its_revision(self, asking: Partition) -> None:
        asking.tell(posted(MIRA, "m-2"), at(10))
        ids = set()
        for event in asking.left:
            record = RecordedEvent(originator_id="any", originator_version=1, event=event)
            publication = PUBLIC[type(event)](record)
            data = decode_publication(publication.headers, publication.body)
            assert publication.subject == f"needs-touch.acme.everyone.{data.reason}"
            assert publication.headers["ce-id"] == f"{data.touch}:{data.revision}"
            ids.add(publication.headers["ce-id"])
        assert len(ids) == len(asking.left) == 4


def test_without_a_policy_nothing_is_folded(acme: Partition) -> None:
    with pytest.raises(RuntimeError, match="no policy was adopted for the community elsewhere"):
        acme.tell(joined(ADA), at(0), community="elsewhere")


def test_more_time_by_a_new_policy(acme: Partition) -> None:
    acme.tell(asked(ADA, "m-1"), at(0))
    acme.adopt(care_policy(unanswered={"within_hours": 20}, welcome=WELCOMED_OFF))
    acme.pass_time(at(19))
    assert acme.raised == []
    acme.pass_time(at(20))
    assert [(need.raised_at, need.thresholds["within_hours"]) for need in acme.raised] == [(at(20), 20.0)]


def test_a_day_that_is_closed_since_does_not_count(acme: Partition) -> None:
    acme.tell(asked(ADA, "m-1"), at(0))
    today = at(0).date().isoformat()
    policy = care_policy(welcome=WELCOMED_OFF)
    acme.adopt(dataclasses.replace(policy, hours=dataclasses.replace(policy.hours, closed=(today,))))
    begins_again = at(0).replace(hour=0, minute=0) + timedelta(days=1)
    acme.pass_time(begins_again + timedelta(hours=3))
    assert acme.raised == []
    acme.pass_time(begins_again + timedelta(hours=5))
    assert [need.raised_at for need in acme.raised] == [begins_again + timedelta(hours=4)]
