"""What is planned on Circle, and who comes, read without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.ingest.platforms.circle import read
from services.ingest.platforms.polled import PollSettings
from shared.contracts.member_events import Attended, Planned, Registered
from tests.polling.circle_records import SECRETS, Circle, at, attendee, event, member
from tests.polling.reading import RoundMade, make_round

LATELY = dict.fromkeys(("members", "all-members", "posts", "comments", "events"), timedelta(hours=1))
A_DAY, A_WEEK = 24 * 60, 7 * 24 * 60


def made(circle: Circle, before: RoundMade | None = None, **more: Any) -> RoundMade:
    """Make a round; after ``before``, one that goes on with what that kept."""
    marks = before.marks if before is not None else {}
    return make_round(read, circle.answer, marks=marks, until=more.pop("until", LATELY), **more)


def planned(found: RoundMade) -> list[Planned]:
    return [fact.data for fact in found.facts if isinstance(fact.data, Planned)]


def registered(found: RoundMade) -> list[tuple[str, str, bool]]:
    told = (fact.data for fact in found.facts)
    return [(one.gathering, one.member.id, one.declined) for one in told if isinstance(one, Registered)]


def test_an_event_that_is_ahead_is_planned_and_one_that_is_over_is_not() -> None:
    place = {"location_type": "in_person", "in_person_location": "Town hall", "user_id": 7}
    found = made(Circle(events=[event(9, A_DAY) | place, event(7, -90)]))
    plan = found.only(Planned)
    assert (plan.gathering, plan.title, plan.where, plan.member.id) == ("9", "Welcome call", "Town hall", "7")
    assert plan.ends_at - plan.starts_at == timedelta(hours=1)
    assert (plan.url, plan.audience, plan.called_off) == ("https://harbour.example/c/space-1/9", "public", False)


@pytest.mark.parametrize(
    ("place", "where"),
    [
        ({}, None),
        ({"location_type": "virtual", "virtual_location_url": "https://meet.example/a"}, "https://meet.example/a"),
        ({"in_person_location": {"street": "Long Lane"}, "user_id": "seven"}, None),
    ],
)
def test_a_place_that_is_not_told_or_told_otherwise_keeps_no_event_back(place: dict[str, Any], where: str) -> None:
    plan = made(Circle(events=[event(9, A_DAY) | place])).only(Planned)
    assert (plan.where, plan.member.bot) == (where, True)


def test_what_did_not_change_is_not_told_again() -> None:
    circle = Circle(events=[event(9, A_DAY)])
    first = made(circle)
    again = made(circle, first)
    assert (planned(again), again.marks) == ([], {})
    circle.events[0] |= {"name": "Farewell call"}
    assert made(circle, first).only(Planned).title == "Farewell call"


def test_what_is_no_longer_listed_is_called_off_unless_the_list_was_not_read_whole() -> None:
    circle = Circle(events=[event(9, A_DAY), event(10, 2 * A_DAY)])
    first = made(circle)
    circle.events.pop(0)
    gone = made(circle, first).only(Planned)
    assert (gone.gathering, gone.called_off) == ("9", True)
    circle.events.append(event(9, A_DAY) | {"starts_at": "soon"})
    assert planned(made(circle, first)) == []
    refused = make_round(
        read, lambda path, params: 403 if path == "/events" else circle.answer(path, params), marks=first.marks
    )
    assert planned(refused) == []


def test_an_event_in_a_private_space_is_planned_only_where_that_is_listed() -> None:
    circle = Circle(events=[event(9, A_DAY, where=2)], attendees=[attendee(9, 1)], members=[member(1, -9_000)])
    assert made(circle).facts == []
    found = made(circle, settings=PollSettings(private=("2",)))
    assert found.only(Planned).audience == "private"
    assert registered(found) == [("9", "1", False)]


def test_who_says_yes_or_no_is_told_with_when_they_said_so() -> None:
    circle = Circle(
        members=[member(number, -9_000) for number in range(1, 5)],
        events=[event(9, A_DAY)],
        attendees=[attendee(9, 1), attendee(9, 2, "no"), attendee(9, 3, "maybe"), attendee(9, 4, "invited")],
    )
    found = made(circle)
    assert registered(found) == [("9", "1", False), ("9", "2", True)]
    said = [fact.time for fact in found.facts if isinstance(fact.data, Registered)]
    now = datetime.now(UTC)
    assert all(timedelta(hours=9) < now - time < timedelta(hours=11) for time in said)


def test_who_comes_is_asked_every_six_hours_and_those_who_were_told_are_not_looked_up_again() -> None:
    members = [member(1, -9_000), member(2, -9_000), member(3, -8_000)]
    circle = Circle(members=members, events=[event(9, A_DAY)], attendees=[attendee(9, 1)], per_page=1)
    first = made(circle)
    circle.attendees.append(attendee(9, 2) | {"rsvp_date": at(1)})
    soon = made(circle, first)
    assert sum(ask.path == "/event_attendees" for ask in soon.asked) == 0
    mark = first.marks["gatherings"]
    written = msgspec.json.decode(mark)
    written["9"]["guests"] = (datetime.now(UTC) - timedelta(hours=7)).isoformat()
    later = made(circle, RoundMade(marks={"gatherings": msgspec.json.encode(written).decode()}))
    assert registered(later) == [("9", "2", False)]
    assert [ask.path for ask in later.asked if ask.path.startswith("/community_members/")] == [
        "/community_members/10002"
    ]


def test_who_changes_their_mind_is_told_each_time() -> None:
    circle = Circle(members=[member(1, -9_000)], events=[event(9, A_DAY)])
    told: list[str] = []
    for number, says in enumerate(("yes", "no", "yes")):
        circle.attendees = [attendee(9, 1, says) | {"rsvp_date": at(number - 10)}]
        told += [fact.id for fact in made(circle).facts if isinstance(fact.data, Registered)]
    assert len(set(told)) == 3


def test_an_answer_of_no_known_time_is_taken_when_first_read_and_with_all_members() -> None:
    circle = Circle(
        members=[member(1, -9_000), member(2, -9_000)],
        events=[event(9, A_DAY)],
        attendees=[attendee(9, 1) | {"rsvp_date": None}],
    )
    first = made(circle)
    assert registered(first) == [("9", "1", False)]
    circle.attendees.append(attendee(9, 2) | {"rsvp_date": "yesterday"})
    everybody = {**LATELY, "all-members": timedelta(hours=25)}
    assert ("9", "2", False) in registered(made(circle, first, until=everybody))


def test_who_comes_to_what_is_weeks_ahead_is_not_asked_yet() -> None:
    circle = Circle(members=[member(1, -9_000)], events=[event(9, 3 * A_WEEK)], attendees=[attendee(9, 1)])
    found = made(circle)
    assert (found.kinds(), sum(ask.path == "/event_attendees" for ask in found.asked)) == (["Planned"], 0)


def test_who_registers_and_who_was_there_is_told_of_the_same_gathering() -> None:
    circle = Circle(members=[member(1, -9_000)], events=[event(9, 61)], attendees=[attendee(9, 1)])
    before = made(circle)
    circle.events = [event(9, -1)]
    after = made(circle, before)
    assert before.only(Registered).gathering == before.only(Planned).gathering == after.only(Attended).gathering
    assert after.marks == {"gatherings": "{}"}


def test_nothing_private_to_a_person_enters() -> None:
    circle = Circle(
        members=[member(1, -9_000)],
        events=[event(9, A_DAY) | {"member_email": SECRETS[0], "body": SECRETS[2]}],
        attendees=[attendee(9, 1)],
    )
    found = made(circle)
    assert found.kinds() == ["Planned", "Registered"]
    written = msgspec.json.encode([fact.data for fact in found.facts]).decode() + found.marks["gatherings"]
    assert not [secret for secret in (*SECRETS, "Welcome call", "Member") if secret in found.marks["gatherings"]]
    assert not [secret for secret in SECRETS if secret in written]
