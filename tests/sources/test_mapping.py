"""JSON of any shape by a mapping. The payloads are made up: every platform has its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.ingest.platforms.generic import read
from services.ingest.platforms.mapping import MappingError, check
from services.ingest.platforms.reading import EventRule, HookSettings, NotUnderstoodError, Reading
from shared.contracts.member_events import Attended, Posted, Surveyed
from tests.sources.reading import ARRIVED, assert_taken, delivery, only_fact, why_passed

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


def mapped(payload: Any, *rules: dict[str, Any]) -> Reading:
    mapping = msgspec.convert(rules, tuple[EventRule, ...])
    check(mapping)
    return read(delivery(payload), HookSettings(mapping=mapping))


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
        assert_taken(fact)
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
    with pytest.raises(NotUnderstoodError) as caught:
        mapped(PAYLOAD, by_mail)
    assert "example.org" not in str(caught.value)
    named = {"id": "data.author.id", "name": "data.author.email"}
    fact = only_fact(mapped(PAYLOAD, {**COMMENT, "fields": {**COMMENT["fields"], "member": named}}))  # type: ignore[dict-item]
    assert fact.data.member.name is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"data": {**PAYLOAD["data"], "id": None}}, "mapping[0], message: is required: add it"),  # type: ignore[dict-item]
        ({"data": {**PAYLOAD["data"], "created": "yesterday"}}, "mapping[0].time finds neither"),  # type: ignore[dict-item]
        ({"data": {**PAYLOAD["data"], "body": ["a"]}}, "mapping[0], text: must be text, not an array"),  # type: ignore[dict-item]
    ],
)
def test_what_is_not_found_is_said(change: dict[str, Any], why: str) -> None:
    with pytest.raises(NotUnderstoodError) as caught:
        mapped({**PAYLOAD, **change}, COMMENT)
    assert str(caught.value).startswith(why)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"kind": "shouted", "fields": {}}, "[0].kind: the kinds are attended"),
        ({"kind": "joined", "fields": {}}, "[0].fields.member.id: is required"),
        (
            {"kind": "joined", "fields": {"member": {"id": "id"}, "text": "x"}},
            "[0].fields.text: joined has member",
        ),
        ({"kind": "joined", "fields": {"member": {"id": "data["}}}, "[0].fields.member.id: "),
        ({"kind": "joined", "fields": {"member": {"id": "id"}}, "when": "&&"}, "[0].when: "),
    ],
)
def test_a_rule_that_can_give_nothing_is_refused(rule: dict[str, Any], why: str) -> None:
    with pytest.raises(MappingError) as caught:
        check([msgspec.convert(rule, EventRule)])
    assert str(caught.value).startswith(why)
