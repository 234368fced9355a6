"""E-mail addresses that platforms tell with profiles: kept is what stands for the owner, everywhere the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.ingest.platforms import circle_facts, discourse_events, hivebrite_facts, mastodon, slack_events
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.hivebrite_records import User
from services.ingest.platforms.mailing_list import member_id
from services.ingest.platforms.reading import HookSettings
from services.ingest.platforms.zulip_events import Person, joined
from tests.polling import circle_records, hivebrite_records
from tests.sources.reading import EMAIL_KEY, delivery, taken

ADDRESS = "Ada@Example.org"
AT = "2026-11-22T08:00:00Z"


def slack(kind: str) -> Any:
    user = {"id": "U1", "name": "ada", "updated": 1763625600, "profile": {"email": ADDRESS}}
    event = {"type": kind, "event_ts": "1763625600.1", "user": user}
    return slack_events.read(delivery({"type": "event_callback", "event": event}), HookSettings())


def discourse(kind: str) -> Any:
    user = {"id": 7, "username": "ada", "created_at": AT, "email": ADDRESS, "secondary_emails": ["b@example.org"]}
    headers = {"x_discourse_event_type": "user", "x_discourse_event": kind}
    return discourse_events.read(delivery({"user": user}, **headers), HookSettings())


def on_mastodon(kind: str) -> Any:
    account = {"id": "7", "acct": "ada", "created_at": AT}
    found = {"account": account, "created_at": AT, "approved": True, "email": ADDRESS}
    return mastodon.read(delivery({"event": kind, "created_at": AT, "object": found}), HookSettings())


def circle() -> Any:
    member = msgspec.convert({**circle_records.member(7, -60), "email": ADDRESS}, circle_facts.Membership, strict=False)
    return circle_facts.joined(member, member.created_at), circle_facts.described(member)


def hivebrite() -> Any:
    user = msgspec.convert({**hivebrite_records.user(7), "email": ADDRESS}, User, strict=False)
    return tuple(hivebrite_facts.of_user(user, hivebrite_facts.Network()))


def zulip() -> Any:
    who = {"user_id": 7, "date_joined": AT, "email": "user7@zulip.example", "delivery_email": ADDRESS}
    return tuple(joined(msgspec.convert(who, Person, strict=False)))


def written(fact: Fact, key: str | None) -> Any:
    event = taken(fact, key).body
    assert b"@example" not in event.lower()
    assert "@example" not in repr(fact).lower()
    return msgspec.json.decode(event)["data"].get("address")


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(lambda: slack("team_join"), id="slack joined"),
        pytest.param(lambda: slack("user_change"), id="slack updated"),
        pytest.param(lambda: discourse("user_created"), id="discourse joined"),
        pytest.param(lambda: discourse("user_updated"), id="discourse updated"),
        pytest.param(lambda: on_mastodon("account.created"), id="mastodon joined"),
        pytest.param(lambda: on_mastodon("account.updated"), id="mastodon updated"),
        pytest.param(circle, id="circle"),
        pytest.param(hivebrite, id="hivebrite"),
        pytest.param(zulip, id="zulip"),
    ],
)
def test_the_hash_is_told_and_the_address_is_not(reading: Callable[[], Any]) -> None:
    facts = reading()
    assert isinstance(facts, tuple)
    assert facts
    for fact in facts:
        assert written(fact, EMAIL_KEY) == member_id("ada@example.org", EMAIL_KEY)
        assert written(fact, None) is None


@pytest.mark.parametrize("told", ["", "none", "ada@localhost", "two@example.org, three@example.org"])
def test_what_is_no_address_is_told_as_none(told: str) -> None:
    (fact,) = zulip()
    assert written(replace(fact, address=told), EMAIL_KEY) is None
