from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from infra.demo.community import SOURCE
from infra.demo.people import CREW
from infra.demo.run import demo_policy
from infra.demo.story import Backstory, backstory, life
from infra.outgoing_event import OutgoingEvent, encode_event
from shared.contracts.member_events import Joined, Posted, Solved

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def before() -> Backstory:
    return backstory(START, seed=7)


def some_life(before: Backstory | None, *, seed: int = 7, start: datetime = START) -> list[OutgoingEvent]:
    return list(islice(life(start, seed=seed, before=before), 1_500))


def in_order(events: Iterable[OutgoingEvent]) -> bool:
    times = [event.time for event in events]
    return times == sorted(times)


def test_the_same_seed_and_start_give_the_same_story_and_another_seed_another(before: Backstory) -> None:
    assert backstory(START, seed=7) == before
    assert some_life(before) == some_life(before)
    assert backstory(START, seed=8).events != before.events
    assert some_life(before, seed=8) != some_life(before)


def test_a_backstory_told_later_has_the_same_ids_so_that_telling_it_twice_changes_nothing(before: Backstory) -> None:
    later = backstory(START + timedelta(hours=5), seed=7)
    assert [event.id for event in later.events] == [event.id for event in before.events]


def test_the_backstory_is_three_small_weeks_that_end_now(before: Backstory) -> None:
    assert 200 < len(before.events) < 900
    assert in_order(before.events)
    assert START - timedelta(days=21) <= before.events[0].time
    assert START - timedelta(hours=1) < before.events[-1].time < START


def test_of_today_some_questions_and_newcomers_are_open(before: Backstory) -> None:
    posts = [event.data for event in before.events if isinstance(event.data, Posted)]
    assert len(before.questions) == 4
    for question in before.questions:
        assert [post.message for post in posts if post.conversation == question.conversation] == [question.message]
        assert "?" in next(post.text for post in posts if post.message == question.message)
    greeted = {name for post in posts for name in post.mentions}
    assert len(before.arrivals) == 2
    for arrival in before.arrivals:
        assert arrival.person.id not in greeted
        assert any(isinstance(e.data, Joined) and e.data.member.id == arrival.person.id for e in before.events)


def test_ids_are_unique_through_all_parts_and_restarts(before: Backstory) -> None:
    events = [*before.events, *some_life(before), *some_life(None, start=START + timedelta(seconds=1))]
    assert len({event.id for event in events}) == len(events)
    assert {event.source for event in events} == {SOURCE}
    messages = [event.data.message for event in events if isinstance(event.data, Posted)]
    assert len(set(messages)) == len(messages)


def test_life_goes_on_every_few_seconds_in_order(before: Backstory) -> None:
    events = some_life(before)
    assert in_order(events)
    assert START <= events[0].time < START + timedelta(seconds=30)
    assert timedelta(seconds=2) < (events[-1].time - START) / len(events) < timedelta(seconds=10)


def test_some_needs_a_human_at_all_times_and_never_many(before: Backstory) -> None:
    policy = demo_policy()
    patience = timedelta(hours=policy.rules.unanswered.within_hours)
    waiting: dict[str, datetime] = {}
    overdue = []
    for event in [*before.events[-40:], *some_life(before)]:
        match event.data:
            case Posted(channel="help" | "stammtisch", reply_to=None) as post if (
                post.conversation == f"c-{post.message}"
            ):
                waiting[post.conversation] = event.time
            case Posted() as post:
                waiting.pop(post.conversation, None)
        overdue.append(sum(event.time - since > patience for since in waiting.values()))
    assert max(overdue) < 15
    assert sum(count > 0 for count in overdue) > len(overdue) * 0.8


def test_what_is_solved_was_asked_and_answered_before(before: Backstory) -> None:
    authors: dict[str, list[str]] = {}
    for event in before.events:
        if isinstance(event.data, Posted):
            authors.setdefault(event.data.conversation, []).append(event.data.member.id)
        if isinstance(event.data, Solved):
            assert authors[event.data.conversation][0] == event.data.member.id
            assert len(set(authors[event.data.conversation])) > 1


def test_texts_are_varied_and_whole(before: Backstory) -> None:
    texts = [event.data.text for event in [*before.events, *some_life(before)] if isinstance(event.data, Posted)]
    assert len(set(texts)) > 150
    assert not any("{" in text or "}" in text for text in texts)
    assert all(len(encode_event(event)) < 4_000 for event in before.events)


def test_the_policy_knows_the_people_of_the_story() -> None:
    policy = demo_policy()
    crew = {person.id for person in CREW}
    identities = {identity.id for responder in policy.responders for identity in responder.identities}
    assert identities <= crew
    assert policy.team.roles == CREW[0].member.roles
    assert len(policy.responders) == 3
