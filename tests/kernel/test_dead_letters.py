from __future__ import annotations

import msgspec
import psycopg
import pytest

from shared.contracts.cloudevents import type_name
from shared.contracts.touch_facts import TouchClaimed
from shared.dead_letters import dead_letter, in_words
from shared.delivery import Message, decode
from tests.kernel.counter import START


def message(headers: dict[str, str], *, subject: str = "s", body: bytes = b"{}") -> Message:
    return Message(stream="TOUCH_FACTS", seq=1, stored=START, subject=subject, headers=headers, body=body)


def test_whatever_a_message_holds_its_dead_letter_can_be_stored() -> None:
    odd = "a\0b\udcff"
    letter = dead_letter(message({odd: odd, "traceparent": f"00-{odd}-1-01"}, subject=odd), ValueError(odd * 2000), 3)
    assert (letter.subject, letter.headers["a�b?"], letter.trace_id) == ("a�b?", "a�b?", "a�b?")
    assert letter.error.startswith("ValueError: a�b?a")
    assert len(letter.error) == 2000


@pytest.mark.parametrize("key", ["", "a\0", "\udcff", "x" * 401])
def test_an_identity_that_cannot_be_remembered_is_refused(key: str) -> None:
    claimed = TouchClaimed(touch="t", revision=1, organisation="a", community="c", at=START, responder="mira")
    headers = {"ce-type": type_name(claimed), "ce-id": key}
    assert decode(message(headers | {"ce-id": "good"}, body=msgspec.json.encode(claimed))).key == "good"
    with pytest.raises(msgspec.ValidationError, match="ce-id"):
        decode(message(headers, body=msgspec.json.encode(claimed)))


def test_an_error_of_the_database_is_told_without_what_it_holds(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TEMP TABLE one (id text PRIMARY KEY)")
        with pytest.raises(psycopg.errors.UniqueViolation) as raised:
            connection.execute("INSERT INTO one VALUES ('ada@example.org'), ('ada@example.org')")
    assert "ada@example.org" in str(raised.value)
    assert in_words(raised.value).startswith("UniqueViolation: duplicate key value")
    assert "ada" not in in_words(raised.value)
