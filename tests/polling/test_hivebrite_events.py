"""What is planned on Hivebrite, and who comes, read without a network."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from services.ingest.platforms.hivebrite import read
from services.ingest.platforms.polled import PollSettings
from shared.contracts.member_events import Attended, Planned, Registered
from tests.polling.hivebrite_records import SECRETS, Hivebrite, coming, event
from tests.polling.reading import RoundMade, make_round

LATELY = dict.fromkeys(
    ("members", "posts", "comments", "all-comments", "events", "subscriptions", "removals"), timedelta(hours=1)
)
SITE = PollSettings(site="https://harbour.example/")
A_DAY = 24 * 60


def made(hivebrite: Hivebrite, before: RoundMade | None = None, settings: PollSettings = SITE) -> RoundMade:
    """Make a round; after ``before``, one that goes on with what that kept."""
    marks = before.marks if before is not None else {}
    return make_round(read, hivebrite.answer, settings, marks=marks, until=LATELY)


def planned(found: RoundMade) -> list[Planned]:
    return [fact.data for fact in found.facts if isinstance(fact.data, Planned)]


def registered(found: RoundMade) -> list[tuple[str, str, bool]]:
    told = (fact.data for fact in found.facts)
    return [(one.gathering, one.member.id, one.declined) for one in told if isinstance(one, Registered)]


def test_an_event_that_is_ahead_is_planned_where_it_is_published_and_open() -> None:
    found = made(
        Hivebrite(
            events=[
                event(8, A_DAY),
                event(9, A_DAY, published_at=None),
                event(10, A_DAY, topic_ids=[2]),
                event(11, A_DAY, cancelled=True),
                event(12, -90),
            ]
        )
    )
    plan = found.only(Planned)
    assert (plan.gathering, plan.title, plan.member.bot) == ("8", "Welcome call", True)
    assert plan.ends_at - plan.starts_at == timedelta(hours=1)
    assert (plan.url, plan.audience) == ("https://harbour.example/networks/events/8", "public")
    listed = made(Hivebrite(events=[event(10, A_DAY, topic_ids=[2])]), settings=PollSettings(private=("2",)))
    assert listed.only(Planned).audience == "private"


def test_what_is_cancelled_taken_back_or_deleted_is_called_off_and_what_did_not_change_is_not_told_again() -> None:
    hivebrite = Hivebrite(events=[event(number, A_DAY) for number in (8, 9, 10, 11)])
    first = made(hivebrite)
    assert len(planned(first)) == 4
    hivebrite.events = [
        event(8, A_DAY, cancelled=True),
        event(9, A_DAY, published_at=None),
        {**hivebrite.events[3], "updated_at": "2026-01-01T00:00:00Z"},
    ]
    second = made(hivebrite, first)
    assert {plan.gathering: plan.called_off for plan in planned(second)} == {"8": True, "9": True, "10": True}
    marks = RoundMade(marks={**first.marks, **second.marks})
    assert planned(made(hivebrite, marks)) == []


def test_a_record_that_is_not_understood_calls_nothing_off() -> None:
    first = made(Hivebrite(events=[event(8, A_DAY)]))
    found = made(Hivebrite(events=[event(8, A_DAY, start_date="soon")]), first)
    assert planned(found) == []
    assert len(found.odd) == 1


def test_who_has_a_ticket_or_answered_registers_or_declines() -> None:
    hivebrite = Hivebrite(
        events=[event(8, A_DAY)],
        attendees=[coming(8, 1, ticket_id=3), coming(8, 2, ticket_id=4, status="cancelled"), coming(8, None)],
        rsvp=[
            coming(8, 3, status="attending"),
            coming(8, 4, status="not going"),
            coming(8, 5, status="maybe"),
            coming(8, 6, status="perhaps"),
            coming(99, 7, status="attending"),
        ],
    )
    found = made(hivebrite)
    assert registered(found) == [("8", "1", False), ("8", "2", True), ("8", "3", False), ("8", "4", True)]
    assert found.odd == ["attendance: 'perhaps' is not known to mean that somebody came"]


def test_who_registered_before_the_event_was_read_is_found_and_then_only_who_does_so_since() -> None:
    hivebrite = Hivebrite(events=[event(8, A_DAY, created_at="2026-01-01T00:00:00Z")], rsvp=[])
    hivebrite.rsvp = [coming(8, 1, -3_000, status="yes")]
    first = made(hivebrite)
    assert registered(first) == [("8", "1", False)]
    hivebrite.rsvp.append(coming(8, 2, -5, status="yes"))
    second = made(hivebrite, first)
    assert registered(second) == [("8", "2", False)]
    assert second.marks == {}


def test_a_list_of_guests_that_is_refused_is_read_from_the_beginning_when_it_can_be_had() -> None:
    hivebrite = Hivebrite(events=[event(8, A_DAY)], rsvp=[coming(8, 1, -3_000, status="yes")])

    def refusing(path: str, params: dict[str, str]) -> Any:
        return 403 if path.endswith("/rsvp") else hivebrite.answer(path, params)

    first = make_round(read, refusing, SITE, until=LATELY)
    assert (registered(first), "events" in first.read) == ([], False)
    assert registered(made(hivebrite, first)) == [("8", "1", False)]


def test_who_changes_their_mind_is_told_each_time() -> None:
    told: list[str] = []
    for minutes, says in ((-9, "yes"), (-8, "no"), (-7, "yes")):
        hivebrite = Hivebrite(events=[event(8, A_DAY)], rsvp=[coming(8, 1, minutes, status=says)])
        told += [fact.id for fact in made(hivebrite).facts if isinstance(fact.data, Registered)]
    assert len(set(told)) == 3


def test_who_registers_and_who_was_there_is_told_of_the_same_gathering() -> None:
    hivebrite = Hivebrite(events=[event(8, 61)], rsvp=[coming(8, 1, status="yes")])
    before = made(hivebrite)
    hivebrite.events = [event(8, -1)]
    after = made(hivebrite, before)
    assert before.only(Registered).gathering == before.only(Planned).gathering == after.only(Attended).gathering
    assert registered(after) == []


def test_nothing_private_to_a_person_enters() -> None:
    found = made(Hivebrite(events=[event(8, A_DAY)], rsvp=[coming(8, 1, status="yes")]))
    assert found.kinds() == ["Planned", "Registered"]
    written = msgspec.json.encode([fact.data for fact in found.facts]).decode()
    assert not [secret for secret in SECRETS if secret in written + found.marks["gatherings"]]
