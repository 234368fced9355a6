"""Identities that are one person: one touch for all of them while they are linked, and each its own again after."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.care_state import CareState
from services.triage.member_state import MemberState
from services.triage.stream_ids import identity, member_stream
from shared.contracts.member_events import Joined, Member, Reacted, Solved, Surveyed
from shared.contracts.needs_touch import NeedsTouch
from shared.contracts.policy import Identity
from shared.contracts.policy_rules import CheckInRule, FadingRule, LowSurveyRule
from shared.contracts.warmline_facts import (
    MOST_LINKED,
    CareLogged,
    ContactDeclined,
    LinkTold,
    MemberLinked,
    MemberUnlinked,
    ToneOptOut,
    TouchAsked,
)
from tests.triage.making import LONG_AGO, at
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, CLEO, JONAS, asked, care_policy, posted

NOBODY_WELCOMED = {"enabled": False}
DAY = 24


@pytest.fixture
def acme() -> Partition:
    return Partition(care_policy(welcome=NOBODY_WELCOMED), stored=LONG_AGO)


def told(form: type[LinkTold], one: Member, other: Member, platform: str = "discord") -> LinkTold:
    return form(
        community=COMMUNITY,
        member=Identity(platform="discord", id=one.id),
        other=Identity(platform=platform, id=other.id),
        why="They told me.",
        responder="mira",
    )


def link(partition: Partition, one: Member, other: Member, hours: float) -> None:
    partition.tell(told(MemberLinked, one, other), at(hours))


def unlink(partition: Partition, one: Member, other: Member, hours: float) -> None:
    partition.tell(told(MemberUnlinked, one, other), at(hours))


def ask_for(partition: Partition, member: Member, hours: float) -> None:
    about = Identity(platform="discord", id=member.id)
    partition.tell(
        TouchAsked(community=COMMUNITY, member=about, responder="mira", why="Ill.", urgency="soon"), at(hours)
    )


def holds(touch: NeedsTouch) -> list[tuple[str, str]]:
    return sorted((one.reason, one.member.id) for one in touch.reasons)


def open_touches(partition: Partition) -> list[list[tuple[str, str]]]:
    return sorted(holds(touch) for touch in partition.touches)


@pytest.mark.parametrize("linked_at", [0, 3, 6])
def test_whatever_is_found_of_either_is_one_touch_whenever_they_were_linked(acme: Partition, linked_at: int) -> None:
    for hour in range(8):
        if hour == linked_at:
            link(acme, BEA, ADA, hour)
        if hour == 1:
            acme.tell(asked(ADA, "m-1"), at(1))
        if hour == 2:
            ask_for(acme, BEA, 2)
    acme.pass_time(at(8))
    assert open_touches(acme) == [[("by-hand", "bea"), ("unanswered", "ada")]]


def test_of_two_open_touches_the_one_goes_on_that_waits_longer_and_the_other_says_why_it_ends(acme: Partition) -> None:
    ask_for(acme, BEA, 1)
    ask_for(acme, ADA, 2)
    first, second = sorted(acme.touches, key=lambda touch: touch.since)
    link(acme, ADA, BEA, 3)
    (goes_on,) = acme.touches
    assert (goes_on.touch, goes_on.raised_at) == (first.touch, at(3))
    (end,) = [event.end for event in acme.left if hasattr(event, "end")]
    assert (end.touch, end.cause) == (second.touch, "goes on in the touch of an identity of the same person")


def test_unlinked_each_has_their_own_touch_again_and_an_answer_ends_what_it_answers(acme: Partition) -> None:
    link(acme, ADA, BEA, 0)
    acme.tell(asked(ADA, "m-1"), at(1))
    acme.tell(asked(BEA, "m-2", conversation="c-2"), at(1))
    acme.pass_time(at(6))
    assert open_touches(acme) == [[("unanswered", "ada"), ("unanswered", "bea")]]
    unlink(acme, BEA, ADA, 7)
    assert open_touches(acme) == [[("unanswered", "ada")], [("unanswered", "bea")]]
    acme.tell(posted(CLEO, "m-3", conversation="c-2"), at(8))
    assert open_touches(acme) == [[("unanswered", "ada")]]


def test_chains_and_cycles_are_one_person_until_nothing_links_them(acme: Partition) -> None:
    for number, (one, other) in enumerate([(ADA, BEA), (BEA, CLEO), (CLEO, ADA)]):
        link(acme, one, other, number / 10)
    for member in (ADA, BEA, CLEO):
        ask_for(acme, member, 1)
    assert len(acme.touches) == 1
    unlink(acme, ADA, BEA, 2)
    assert len(acme.touches) == 1
    unlink(acme, ADA, CLEO, 3)
    assert open_touches(acme) == [[("by-hand", "ada")], [("by-hand", "bea"), ("by-hand", "cleo")]]


def test_a_person_has_so_many_identities_at_most(acme: Partition) -> None:
    crowd = [Member(id=f"m{number}") for number in range(MOST_LINKED + 1)]
    for number, member in enumerate(crowd[1:]):
        link(acme, crowd[0], member, number / 100)
    for member in crowd:
        ask_for(acme, member, 1)
    assert len(acme.touches) == 2
    assert [("by-hand", crowd[-1].id)] in open_touches(acme)


def test_what_was_settled_of_one_rests_for_the_other_and_is_not_remembered_once_unlinked(acme: Partition) -> None:
    rested = care_policy(welcome=NOBODY_WELCOMED, unanswered={"cool_down_days": 7})
    acme.adopt(rested)
    link(acme, ADA, BEA, 0)
    acme.tell(asked(ADA, "m-1"), at(0))
    acme.pass_time(at(5))
    acme.settle(acme.touches[0], at(6))
    acme.tell(asked(BEA, "m-2", conversation="c-2"), at(7))
    acme.pass_time(at(12))
    assert acme.touches == []
    unlink(acme, ADA, BEA, 13)
    acme.tell(asked(BEA, "m-3", conversation="c-3"), at(14))
    acme.tell(asked(ADA, "m-4", conversation="c-4"), at(14))
    acme.pass_time(at(19))
    assert open_touches(acme) == [[("unanswered", "bea")]]


def test_what_was_settled_of_another_identity_counts_as_settled_of_it_later(acme: Partition) -> None:
    acme.adopt(care_policy(welcome=NOBODY_WELCOMED, unanswered={"cool_down_days": 7}))
    link(acme, ADA, BEA, 0)
    ask_for(acme, ADA, 0)
    acme.tell(asked(BEA, "m-1"), at(0))
    acme.pass_time(at(5))
    acme.settle(acme.touches[0], at(6))
    unlink(acme, ADA, BEA, 7)
    acme.tell(asked(BEA, "m-2", conversation="c-2"), at(8))
    acme.tell(asked(ADA, "m-3", conversation="c-3"), at(8))
    acme.pass_time(at(13))
    assert open_touches(acme) == [[("unanswered", "ada")]]


SILENCE = FadingRule(enabled=True, min_active_days=3, at_least_days=5, assumed_gap_days=1)


@pytest.mark.parametrize("linked", [True, False])
def test_who_is_there_under_another_name_is_not_missed_before_they_fall_silent_there_too(linked: bool) -> None:
    acme = Partition(care_policy(welcome=NOBODY_WELCOMED, fading=SILENCE), stored=LONG_AGO)
    missed: dict[int, list[tuple[str, str]]] = {}
    for day in range(22):
        there = [CLEO, *([ADA] if day < 4 else []), *([BEA] if day in (4, 7, 10) else [])]
        for member in there:
            acme.tell(Reacted(member=member, conversation="c-1", message="m-1", reaction="+1"), at(day * DAY))
        if linked and day == 3:
            link(acme, ADA, BEA, day * DAY + 1)
        missed[day] = [(one.member.id, one.evidence[0].time) for one in acme.open if one.reason == "fading"]
    last = at(10 * DAY)
    assert missed[10] == ([] if linked else [("ada", at(3 * DAY))])
    assert {time for _, time in missed[21]} == ({last} if linked else {at(3 * DAY), last})


def test_a_word_to_one_meets_what_stands_of_the_other_but_is_remembered_of_the_one_alone(acme: Partition) -> None:
    acme.adopt(care_policy(welcome=NOBODY_WELCOMED, low_survey=LowSurveyRule(enabled=True, at_most=4)))
    link(acme, ADA, BEA, 0)
    acme.tell(Surveyed(member=BEA, survey="s", score=1), at(0))
    acme.pass_time(at(3 * DAY))
    assert open_touches(acme) == [[("low-survey", "bea")]]
    acme.tell(
        CareLogged(community=COMMUNITY, member=Identity(platform="discord", id="ada"), responder="mira", way="call"),
        at(3 * DAY + 1),
    )
    assert acme.touches == []
    assert (acme.member("ada").contact.time, acme.member("bea").contact) == (at(3 * DAY + 1), None)


@pytest.mark.parametrize(("linked", "welcomed"), [(True, []), (False, ["bea"])])
def test_who_is_new_on_one_platform_and_known_on_another_is_no_newcomer(linked: bool, welcomed: list[str]) -> None:
    acme = Partition(care_policy(welcome={"settling_in_days": 0}), stored=LONG_AGO)
    acme.tell(Joined(member=ADA), at(-100 * DAY))
    acme.tell(posted(JONAS, "m-0", mentions=("ada",)), at(-100 * DAY + 1))
    acme.tell(Joined(member=BEA), at(0))
    if linked:
        link(acme, BEA, ADA, 1)
    acme.pass_time(at(2 * DAY))
    assert [one.member.id for one in acme.open if one.reason == "welcome"] == welcomed


def test_who_was_never_seen_can_be_linked_and_is_of_the_person_when_they_come(acme: Partition) -> None:
    acme.tell(told(MemberLinked, ADA, Member(id="e-1"), platform="email"), at(0))
    acme.tell(asked(Member(id="e-1"), "m-1"), at(1), platform="email")
    ask_for(acme, ADA, 2)
    acme.pass_time(at(6))
    assert open_touches(acme) == [[("by-hand", "ada"), ("unanswered", "e-1")]]


def test_who_asked_not_to_be_contacted_is_left_alone_under_every_name_once_linked(acme: Partition) -> None:
    whom = Identity(platform="discord", id="ada")
    acme.tell(ContactDeclined(community=COMMUNITY, member=whom, responder="mira", until=None), at(0))
    acme.tell(asked(BEA, "m-1"), at(1))
    acme.pass_time(at(6))
    assert open_touches(acme) == [[("unanswered", "bea")]]
    link(acme, ADA, BEA, 7)
    assert acme.touches == []


MEMBERS = st.sampled_from([ADA, BEA, CLEO])
PAIRS = st.sampled_from([(ADA, BEA), (BEA, CLEO), (CLEO, ADA)])
NUMBERS = st.integers(0, 5)


@st.composite
def deeds(draw: st.DrawFn) -> Any:
    number = draw(NUMBERS)
    member = draw(MEMBERS)
    match draw(st.sampled_from(["asks", "asks", "answers", "solved", "by hand"])):
        case "asks":
            return asked(member, f"m-{number}", conversation=f"c-{number}")
        case "answers":
            return posted(member, f"answer-{number}", conversation=f"c-{number}")
        case "solved":
            return Solved(member=member, conversation=f"c-{number}", message=None)
        case _:
            about = Identity(platform="discord", id=member.id)
            return TouchAsked(community=COMMUNITY, member=about, responder="mira", why="Ill.", urgency="soon")


LINKS = st.builds(lambda pair, form: told(form, *pair), PAIRS, st.sampled_from([MemberLinked, MemberUnlinked]))
NOTHING = ToneOptOut(community=COMMUNITY, member=Identity(platform="discord", id="zoe"), opted_out=False)
POLICY = care_policy(welcome=NOBODY_WELCOMED, check_in=CheckInRule(enabled=False))


@settings(max_examples=40)
@given(st.lists(st.one_of(deeds(), deeds(), LINKS), min_size=5, max_size=25), st.lists(deeds(), max_size=8))
def test_after_unlinking_all_is_as_if_they_had_never_been_linked(before: list[Any], after: list[Any]) -> None:
    """In between a person has one touch, which holds all that was found of any of their identities."""
    linked, never, together = (Partition(POLICY, stored=LONG_AGO) for _ in range(3))
    apart = [told(MemberUnlinked, *pair) for pair in ((ADA, BEA), (BEA, CLEO), (CLEO, ADA))]
    line = [(event, at(hour)) for hour, event in enumerate([*before, *apart, *after])]
    for event, time in line:
        linked.tell(event, time)
        assert_one_touch_each(linked)
        never.tell(NOTHING if isinstance(event, LinkTold) else event, time)
    together.tell_together(line)
    for partition in (linked, never, together):
        partition.pass_time(at(len(line) + DAY))
    assert told_of(linked) == told_of(never) == told_of(together)
    assert facts_of(linked) == facts_of(never)


def assert_one_touch_each(partition: Partition) -> None:
    people = {}
    for member in (ADA, BEA, CLEO):
        ref, stream = identity(COMMUNITY, "discord", member.id)
        people[ref.key] = frozenset({ref.key} | reached(partition, stream))
    touches = partition.touches
    assert len({people[one.member.key] for touch in touches for one in touch.reasons[:1]}) == len(touches)
    assert all(len({people[one.member.key] for one in touch.reasons}) == 1 for touch in touches)


def reached(partition: Partition, stream: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    for one in partition.state(stream).links:
        if one.key not in known:
            known = reached(partition, member_stream(COMMUNITY, one.key), known | {one.key})
    return known


def told_of(partition: Partition) -> Any:
    """The open touches, but for which revisions and how often they were told."""
    return sorted(
        sorted((one.reason, one.about, one.since, one.at, one.evidence) for one in touch.reasons)
        for touch in partition.touches
    )


def facts_of(partition: Partition) -> dict[str, Any]:
    """All that is known but of touches, whose number tells of what was raised meanwhile."""
    states = {stream: partition.state(stream) for stream in partition.states}
    known = {stream: state for stream, state in states.items() if not isinstance(state, CareState)}
    return {stream: state for stream, state in known.items() if state != MemberState()}
