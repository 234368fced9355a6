"""JSON of any shape by a mapping. The payloads are made up: every platform has its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from services.ingest.envelope import MAX_EVENTS
from services.ingest.platforms.generic import read
from services.ingest.platforms.mapping import MappingError, check
from services.ingest.platforms.reading import EventRule, HookSettings, NotUnderstoodError, Partly, Reading
from shared.contracts.member_events import Attended, Planned, Posted, Registered, Surveyed
from tests.sources.reading import ARRIVED, delivery, only_fact, problems_of, taken, why_passed

COMMENT = {
    "kind": "posted",
    "when": "event == 'comment.created'",
    "time": "data.created",
    "fields": {
        "member": {"id": "data.author.id", "name": "data.author.name", "roles": "data.author.roles"},
        "conversation": "data.post_id",
        "message": "data.id",
        "text": "data.body",
        "audience": "'members'",
    },
}
VISIT = {
    "kind": "attended",
    "when": "event == 'event.ended'",
    "each": "data.attendees[?showed_up]",
    "fields": {"member": {"id": "id"}, "gathering": "gathering"},
}
PAYLOAD = {
    "event": "comment.created",
    "data": {
        "id": 501,
        "post_id": 17,
        "body": "How do I begin?",
        "created": "2026-11-22T08:15:00+01:00",
        "author": {"id": 7, "name": "Ada", "email": "ada@example.org", "roles": ["host"]},
    },
}


CALL = {
    "kind": "planned",
    "when": "event == 'call.scheduled'",
    "time": "data.updated",
    "fields": {
        "member": {"id": "data.host"},
        "gathering": "data.call",
        "title": "data.name",
        "starts_at": "data.begins",
        "ends_at": "data.ends",
        "where": "data.where",
        "called_off": "data.cancelled",
    },
}
COMING = {
    "kind": "registered",
    "when": "event == 'call.scheduled'",
    "time": "at",
    "each": "data.answers",
    "fields": {"member": {"id": "who"}, "gathering": "call", "declined": "!yes"},
}


def mapped(payload: Any, *rules: dict[str, Any]) -> Reading:
    mapping = msgspec.convert(rules, tuple[EventRule, ...])
    check(mapping)
    return read(delivery(payload), HookSettings(mapping=mapping))


def test_what_is_planned_and_who_comes_are_told_as_often_as_they_change() -> None:
    call = {"call": 9, "host": 7, "name": "Welcome call", "begins": 1795802400, "ends": "2026-11-27T20:00:00+01:00"}
    answer = {"who": 8, "call": 9, "yes": False, "at": "2026-11-22T08:15:00Z"}
    data = {**call, "where": "Room 7", "updated": "2026-11-21T08:15:00Z", "cancelled": None, "answers": [answer]}
    reading = mapped({"event": "call.scheduled", "data": data}, CALL, COMING)
    assert isinstance(reading, tuple)
    planned, said = reading
    assert isinstance(planned.data, Planned)
    assert isinstance(said.data, Registered)
    assert (planned.id, planned.data.starts_at) == ("plan:9:1795248900000", datetime(2026, 11, 27, 18, tzinfo=UTC))
    assert planned.data.ends_at == datetime(2026, 11, 27, 19, tzinfo=UTC)
    assert (planned.data.where, planned.data.called_off, planned.data.member.id) == ("Room 7", False, "7")
    assert (said.data.declined, said.data.gathering) == (True, "9")
    later = mapped({"event": "call.scheduled", "data": {**data, "updated": "2026-11-21T08:16:00Z"}}, CALL)
    assert only_fact(later).id != planned.id
    [problem] = problems_of(mapped({"event": "call.scheduled", "data": {**data, "begins": "Friday"}}, CALL))
    assert problem.startswith("mapping[0], starts_at: ")


def test_a_rule_makes_an_event_whose_id_is_the_facts() -> None:
    fact = only_fact(mapped(PAYLOAD, COMMENT, VISIT))
    assert (fact.id, fact.time) == ("post:501:1", datetime(2026, 11, 22, 7, 15, tzinfo=UTC))
    assert isinstance(fact.data, Posted)
    assert (fact.data.member.id, fact.data.member.roles, fact.data.conversation) == ("7", ("host",), "17")
    assert fact.data.audience == "members"


def test_each_item_of_a_list_is_an_event() -> None:
    attendees = [{"id": n, "gathering": "call", "showed_up": n != 2} for n in (1, 2, 3)]
    reading = mapped({"event": "event.ended", "data": {"attendees": attendees}}, COMMENT, VISIT)
    assert isinstance(reading, tuple)
    for fact in reading:
        taken(fact)
    assert [fact.data.member.id for fact in reading] == ["1", "3"]
    assert {type(fact.data) for fact in reading} == {Attended}
    assert {fact.time for fact in reading} == {ARRIVED}


def test_a_score_is_a_number_and_an_id_may_be_told() -> None:
    rule = {"kind": "surveyed", "id": "join(':', ['survey', answer])", "time": "at"}
    rule["fields"] = {"member": {"id": "who"}, "survey": "'nps'", "score": "score"}  # type: ignore[assignment]
    fact = only_fact(mapped({"answer": "x9", "at": 1795335300, "who": "u1", "score": 3}, rule))
    assert fact.id == "survey:x9"
    assert isinstance(fact.data, Surveyed)
    assert fact.data.score == 3


def test_what_no_rule_wants_is_passed() -> None:
    assert why_passed(mapped({"event": "like"}, COMMENT)) == "of-no-concern"


def test_an_address_is_no_id_and_no_name() -> None:
    by_mail = {**COMMENT, "fields": {**COMMENT["fields"], "member": {"id": "data.author.email"}}}  # type: ignore[dict-item]
    [problem] = problems_of(mapped(PAYLOAD, by_mail))
    assert problem == "mapping[0], member.id: is an e-mail address: map another id of the member"
    named = {"id": "data.author.id", "name": "data.author.email"}
    fact = only_fact(mapped(PAYLOAD, {**COMMENT, "fields": {**COMMENT["fields"], "member": named}}))  # type: ignore[dict-item]
    assert fact.data.member.name is None


def test_an_address_is_no_contributor() -> None:
    fields = {"member": {"id": "data.author.id"}, "conversation": "data.author.id", "contributor": "data.author.email"}
    merged: Any = {**COMMENT, "kind": "solved", "fields": fields}
    assert problems_of(mapped(PAYLOAD, merged)) == (
        "mapping[0], contributor: is an e-mail address: map another id of the member",
    )


@pytest.mark.parametrize("expression", ["data.author.email", "join(' ', ['visit', data.author.email])"])
def test_an_address_is_no_part_of_an_events_id(expression: str) -> None:
    assert problems_of(mapped(PAYLOAD, {**COMMENT, "id": expression})) == (
        "mapping[0].id finds an e-mail address: make it of something else",
    )


def test_what_is_wrong_with_an_item_costs_no_other() -> None:
    attendees = [{"id": n, "gathering": "call", "showed_up": True} for n in (1, None, 3, "bo@example.org")]
    reading = mapped({"event": "event.ended", "data": {"attendees": attendees}}, VISIT)
    assert problems_of(reading) == (
        "mapping[0], member.id: is required: add it",
        "mapping[0], member.id: is an e-mail address: map another id of the member",
    )
    assert isinstance(reading, Partly)
    assert [fact.data.member.id for fact in reading.facts] == ["1", "3"]


def test_what_is_wrong_with_a_rule_costs_no_other() -> None:
    broken = {**VISIT, "when": "`true`", "each": "data.id"}
    reading = mapped(PAYLOAD, broken, COMMENT)
    assert problems_of(reading) == ("mapping[0].each finds no list",)
    assert isinstance(reading, Partly)
    assert [fact.id for fact in reading.facts] == ["post:501:1"]


def test_a_delivery_holds_no_more_events_than_a_batch() -> None:
    def attended(people: int) -> Reading:
        attendees = [{"id": n, "gathering": "call", "showed_up": True} for n in range(people)]
        return mapped({"event": "event.ended", "data": {"attendees": attendees}}, VISIT, {**VISIT, "when": "other"})

    most = attended(MAX_EVENTS)
    assert isinstance(most, tuple)
    assert len(most) == MAX_EVENTS
    with pytest.raises(NotUnderstoodError, match=r"mapping\[0\] finds too much: 1000 events are taken at a time"):
        attended(MAX_EVENTS + 1)


def test_having_been_at_a_gathering_is_one_fact_however_often_it_is_told() -> None:
    def ids(gathering: str, arrived: datetime) -> list[str]:
        attendees = [{"id": n, "gathering": gathering, "showed_up": True} for n in (1, 2)]
        told = delivery({"event": "event.ended", "data": {"attendees": attendees}})
        reading = read(replace(told, arrived=arrived), HookSettings(mapping=(msgspec.convert(VISIT, EventRule),)))
        assert isinstance(reading, tuple)
        return [fact.id for fact in reading]

    first = ids("call", ARRIVED)
    assert ids("call", ARRIVED + timedelta(minutes=5)) == first
    assert len({*first, *ids("another", ARRIVED)}) == 4


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"data": {**PAYLOAD["data"], "id": None}}, "mapping[0], message: is required: add it"),  # type: ignore[dict-item]
        ({"data": {**PAYLOAD["data"], "created": "yesterday"}}, "mapping[0].time finds neither"),  # type: ignore[dict-item]
        ({"data": {**PAYLOAD["data"], "body": ["a"]}}, "mapping[0], text: must be text, not an array"),  # type: ignore[dict-item]
    ],
)
def test_what_is_not_found_is_said(change: dict[str, Any], why: str) -> None:
    [problem] = problems_of(mapped({**PAYLOAD, **change}, COMMENT))
    assert problem.startswith(why)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"kind": "shouted", "fields": {}}, "[0].kind: the kinds are attended"),
        ({"kind": "joined", "fields": {}}, "[0].fields.member.id: is required"),
        (
            {"kind": "joined", "fields": {"member": {"id": "id"}, "text": "x"}},
            "[0].fields.text: joined has accounts, address, member",
        ),
        ({"kind": "joined", "time": "at", "fields": {"member": {"id": "data["}}}, "[0].fields.member.id: "),
        ({"kind": "joined", "time": "at", "fields": {"member": {"id": "id"}}, "when": "&&"}, "[0].when: "),
        ({"kind": "joined", "fields": {"member": {"id": "id"}}}, "[0].time: joined needs time or id: else"),
        ({"kind": "edited", "fields": {"member": {"id": "id"}}}, "[0].time: edited needs time or id: else"),
    ],
)
def test_a_rule_that_can_give_nothing_is_refused(rule: dict[str, Any], why: str) -> None:
    with pytest.raises(MappingError) as caught:
        check([msgspec.convert(rule, EventRule)])
    assert str(caught.value).startswith(why)
