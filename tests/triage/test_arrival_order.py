"""Whatever order the same events arrive in, the same people end up in the queue, for the same reasons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.channel import REMARKS_KEPT
from services.triage.voices import PEERS_KEPT, Post, Voices
from shared.contracts.member_events import (
    Deleted,
    Edited,
    Joined,
    Left,
    Member,
    MemberEventData,
    Posted,
    Solved,
    Updated,
)
from shared.contracts.policy import Policy, Segment
from tests.triage.making import LONG_AGO, MONDAY, at, seen_at, who
from tests.triage.partition import Partition
from tests.triage.people import ADA, BEA, CLEO, HELPER, MIRA, ROBOT, care_policy

ARRIVAL = at(3 * 24)
"""All of it is stored when each deadline is past, and nothing is forgotten yet."""

POLICIES = [
    care_policy(
        welcome={"settling_in_days": 1, "greeted_by": by},
        unanswered={"answered_by": by},
        segments=(Segment(name="vip", tags=("vip",)), Segment(name="new", member_for_less_than_days=3)),
    )
    for by in ("anyone", "team")
]
PEOPLE = st.sampled_from([ADA, BEA, CLEO, HELPER, MIRA, ROBOT])
PEERS = st.sampled_from([ADA, BEA, CLEO])
CONVERSATIONS = st.sampled_from(["c-1", "c-2"])
TEXTS = st.sampled_from(["How do I start?", "Hello."])
MESSAGES = st.integers(0, 9).map(lambda number: f"m-{number}")


@st.composite
def posts(draw: st.DrawFn) -> Posted:
    return Posted(
        member=draw(PEOPLE),
        conversation=draw(CONVERSATIONS),
        message=draw(MESSAGES),
        text=draw(TEXTS),
        mentions=tuple(draw(st.lists(PEERS.map(lambda member: member.id), max_size=1))),
    )


EVENTS: st.SearchStrategy[MemberEventData] = st.one_of(
    posts(),
    posts(),
    posts(),
    st.builds(Joined, member=PEOPLE),
    st.builds(Left, member=PEERS),
    st.builds(Solved, member=PEERS, conversation=CONVERSATIONS),
    st.builds(Updated, member=PEERS, tags=st.sampled_from([(), ("vip",)])),
)
HISTORIES = st.lists(st.tuples(st.integers(0, 60).map(at), EVENTS), min_size=1, max_size=12).map(
    # What happens to one person or one message happens at one time.
    lambda told: [(time + timedelta(seconds=number), data) for number, (time, data) in enumerate(told)]
)


def queue(policy: Policy, told: list[tuple[Any, MemberEventData]]) -> list[tuple[str, str, str, str]]:
    partition = Partition(policy, stored=LONG_AGO)
    for time, data in told:
        partition.tell(data, time, stored=ARRIVAL)
    partition.look_at_everything()
    return sorted(
        (touch.touch, need.reason, need.member.id, need.segment)
        for touch in partition.touches
        for need in touch.reasons
    )


@settings(deadline=None, max_examples=150)
@given(data=st.data(), policy=st.sampled_from(POLICIES), told=HISTORIES)
def test_the_queue_does_not_depend_on_it(data: st.DataObject, policy: Policy, told: list[Any]) -> None:
    shuffled = data.draw(st.permutations(told))
    assert queue(policy, shuffled) == queue(policy, sorted(told, key=lambda one: one[0]))


@st.composite
def talk(draw: st.DrawFn) -> list[tuple[Any, MemberEventData]]:
    """Messages of a channel outside of threads, each a conversation of its own."""
    minutes = draw(st.lists(st.integers(0, 40), min_size=1, max_size=REMARKS_KEPT, unique=True))
    return [
        (
            at(minute / 60),
            Posted(
                member=draw(PEOPLE),
                conversation=f"m-{minute}",
                message=f"m-{minute}",
                text=draw(TEXTS),
                mentions=tuple(draw(st.lists(PEERS.map(lambda member: member.id), max_size=1))),
                place="7",
            ),
        )
        for minute in sorted(minutes)
    ]


@settings(deadline=None, max_examples=100)
@given(data=st.data(), policy=st.sampled_from(POLICIES), told=talk())
def test_nor_does_it_where_people_answer_beside_threads(data: st.DataObject, policy: Policy, told: list[Any]) -> None:
    assert queue(policy, data.draw(st.permutations(told))) == queue(policy, told)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_nor_does_a_deletion_that_comes_first(data: st.DataObject) -> None:
    told = [
        (at(0), Posted(member=ADA, conversation="c-1", message="m-1", text="How do I start?")),
        (at(1), Deleted(member=ADA, conversation="c-1", message="m-1")),
        (at(2), Posted(member=ADA, conversation="c-1", message="m-2", text="Never mind.")),
    ]
    first_two = data.draw(st.permutations(told[:2]))
    assert queue(POLICIES[0], [*first_two, told[2]]) == queue(POLICIES[0], told)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), gone_again=st.booleans())
def test_nor_does_it_when_a_question_is_deleted_and_recovered(data: st.DataObject, gone_again: bool) -> None:
    asked = Posted(member=ADA, conversation="c-1", message="m-1", text="How do I start?")
    gone = Deleted(member=ADA, conversation="c-1", message="m-1")
    back = Edited(member=ADA, conversation="c-1", message="m-1", text="How do I start?", recovered=True)
    told: list[tuple[Any, MemberEventData]] = [(at(0), asked), (at(1), gone), (at(2), back)]
    if gone_again:
        told.append((at(3), gone))
    found = queue(POLICIES[0], data.draw(st.permutations(told)))
    assert found == queue(POLICIES[0], told)
    assert any(reason == "unanswered" for _, reason, _, _ in found) is not gone_again


@settings(deadline=None, max_examples=60)
@given(data=st.data(), change=st.sampled_from(["edited", "deleted", "edited into a question"]))
def test_nor_does_it_when_an_answer_is_known_before_the_post_and_what_became_of_it(
    data: st.DataObject, change: str
) -> None:
    asks, text = "How do I start?", "Hello."
    first, later = (text, asks) if change == "edited into a question" else (asks, text)
    gone = Deleted(member=ADA, conversation="c-1", message="m-1")
    told: list[tuple[Any, MemberEventData]] = [
        (at(0), Posted(member=ADA, conversation="c-1", message="m-1", text=first)),
        (at(1), Posted(member=BEA, conversation="c-1", message="m-2", text="Me, too.")),
        (at(2), gone if change == "deleted" else Edited(member=ADA, conversation="c-1", message="m-1", text=later)),
        (at(3), Edited(member=BEA, conversation="c-1", message="m-2", text="Me, neither.")),
    ]
    shuffled = data.draw(st.permutations(told))
    assert queue(POLICIES[1], shuffled) == queue(POLICIES[1], told)


def test_nor_does_it_matter_that_a_later_post_was_looked_at_and_withdrawn() -> None:
    asked = (at(0), Posted(member=ADA, conversation="c-1", message="m-1", text="How do I start?"))
    again = (at(1), Posted(member=ADA, conversation="c-1", message="m-2", text="How do I start?"))
    gone = (at(6), Deleted(member=ADA, conversation="c-1", message="m-2"))
    partition = Partition(POLICIES[0], stored=LONG_AGO)
    partition.tell(again[1], again[0])
    partition.pass_time(at(5.5))  # it is looked at, and somebody is called
    assert [need.reason for need in partition.open] == ["unanswered"]
    partition.tell(gone[1], gone[0])
    partition.tell(asked[1], asked[0], stored=at(7))
    partition.look_at_everything()
    found = [(need.reason, need.member.id) for need in partition.open if need.reason == "unanswered"]
    assert found == [
        (reason, member) for _, reason, member, _ in queue(POLICIES[0], [asked, again, gone]) if reason == "unanswered"
    ]
    assert found == [("unanswered", "ada")]


VOICES = st.lists(
    st.builds(
        lambda number, hours, team: Post(
            member=who(f"p-{number}"), evidence=seen_at(hours), message=f"m-{hours}", asks=False, team=team
        ),
        st.integers(0, 6),
        st.integers(0, 30),
        st.booleans(),
    ),
    max_size=15,
    unique_by=lambda post: post.evidence.time,
)


@settings(deadline=None)
@given(data=st.data(), said=VOICES)
def test_the_voices_kept_of_a_conversation_are_the_same(data: st.DataObject, said: list[Post]) -> None:
    def heard(order: list[Post]) -> Voices:
        voices = Voices()
        for post in order:
            voices = voices.hear(post)
        return voices

    assert heard(data.draw(st.permutations(said))) == heard(said)


def test_a_crowd_is_remembered_in_part() -> None:
    voices = Voices()
    for number in range(3 * PEERS_KEPT):
        post = Post(member=who(f"p-{number}"), evidence=seen_at(number), message="m", asks=False, team=False)
        voices = voices.hear(post)
        if number == PEERS_KEPT:
            voices = voices.greet((who("p-3"),))
    kept = [voice.member.id for voice in voices.peers]
    assert kept[:2] == ["p-0", "p-1"]
    assert kept[2:] == [f"p-{number}" for number in range(2 * PEERS_KEPT + 2, 3 * PEERS_KEPT)]
    assert at(0) == MONDAY


def test_members_are_told_apart_by_more_than_their_names() -> None:
    told = [
        (at(0), Joined(member=Member(id="ada", name="Same"))),
        (at(0), Joined(member=Member(id="bea", name="Same"))),
    ]
    assert len(queue(POLICIES[0], told)) == 2
