"""Slack's Events API. Payloads: docs.slack.dev/reference/events/{message,reaction_added,team_join,user_change}."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.ingest.platforms.reading import HookSettings, NotUnderstoodError, Reading, Reply
from services.ingest.platforms.slack import Channel, Workspace, facts_of
from services.ingest.platforms.slack_events import read
from shared.contracts.member_events import Deleted, Edited, Joined, Left, Posted, Reacted, Updated
from tests.sources.reading import delivery, only_fact, why_passed

MESSAGE = {
    "type": "message",
    "channel": "C123ABC456",
    "channel_type": "channel",
    "user": "U123ABC456",
    "text": "How do I begin, <@U9>?",
    "ts": "1795335300.000100",
    "event_ts": "1795335300.000100",
}
USER = {
    "id": "U123ABC456",
    "name": "ada",
    "is_admin": True,
    "is_bot": False,
    "deleted": False,
    "updated": 1795335400,
    "profile": {"display_name": "Ada", "email": "ada@example.org", "phone": "+1 555 0100"},
}
SITE = HookSettings(site="https://acme.slack.com")


def slack(event: dict[str, Any], settings: HookSettings = SITE) -> Reading:
    envelope = {"token": "t", "team_id": "T1", "api_app_id": "A1", "type": "event_callback", "event_id": "Ev1"}
    return read(delivery({**envelope, "event_time": 1795335300, "event": event}), settings)


def test_a_message_opens_a_thread_and_its_replies_are_in_it() -> None:
    fact = only_fact(slack(MESSAGE))
    assert isinstance(fact.data, Posted)
    assert (fact.id, fact.data.audience) == ("post:C123ABC456:1795335300.000100:1", "members")
    assert fact.data.mentions == ("U9",)
    assert fact.data.url == "https://acme.slack.com/archives/C123ABC456/p1795335300000100"
    answer = {**MESSAGE, "ts": "1795335400.000200", "thread_ts": MESSAGE["ts"]}
    reply = only_fact(slack(answer))
    assert isinstance(reply.data, Posted)
    assert reply.data.conversation == fact.data.conversation == reply.data.reply_to
    assert (fact.data.place, reply.data.place) == ("C123ABC456", None)


def test_an_export_gives_the_same_events() -> None:
    """One fact, one identity: an export's message holds neither channel nor its type, and all that became of it."""
    stamp, at = "1795335400.000200", {"channel": "C123ABC456", "channel_type": "channel"}
    written = {"type": "message", "user": "U7", "text": "So.", "ts": stamp, "thread_ts": MESSAGE["ts"]}
    now = {**written, "text": "So it is.", "edited": {"user": "U7", "ts": "1795335500.000000"}}
    item = {"type": "message", "channel": "C123ABC456", "ts": stamp}
    told = [
        {**written, **at},
        {"type": "message", "subtype": "message_changed", "ts": "1795335500.000300", **at, "message": now},
        {"type": "reaction_added", "user": "U9", "reaction": "heart", "item": item, "event_ts": "1795335600.0"},
    ]
    settings = HookSettings(site=SITE.site, public=("C123ABC456",))
    posted, edited, reacted = (only_fact(slack(event, settings)) for event in told)
    exported = {**now, "reactions": [{"name": "heart", "count": 1, "users": ["U9"]}]}
    channel, workspace = Channel(id="C123ABC456"), Workspace(members={}, url=SITE.site)
    by_export = list(facts_of(exported, channel, workspace))
    assert [fact.id for fact in by_export] == [posted.id, edited.id, reacted.id]
    assert by_export[1] == edited
    assert isinstance(posted.data, Posted)
    assert by_export[0].data == replace(posted.data, text="So it is.")


def test_an_edit_and_a_deletion_name_their_message() -> None:
    now = {**MESSAGE, "text": "Found it", "edited": {"user": "U123ABC456", "ts": "1795335500.000000"}}
    change = {"type": "message", "subtype": "message_changed", "hidden": True, "channel": "C123ABC456"}
    change |= {"channel_type": "channel", "ts": "1795335500.000300", "event_ts": "1795335500.000300"}
    edited = only_fact(slack({**change, "message": now, "previous_message": MESSAGE}))
    assert isinstance(edited.data, Edited)
    assert edited.id == "edit:C123ABC456:1795335300.000100:1795335500.000000"
    assert why_passed(slack({**change, "message": MESSAGE})) == "of-no-concern"  # a link unfolded
    gone = {**change, "subtype": "message_deleted", "previous_message": MESSAGE}
    deleted = only_fact(slack(gone))
    assert isinstance(deleted.data, Deleted)
    assert (deleted.data.message, deleted.data.member.id) == ("C123ABC456:1795335300.000100", "U123ABC456")
    tombstone = {**change, "message": {"subtype": "tombstone", "user": "USLACKBOT"}, "previous_message": MESSAGE}
    assert only_fact(slack(tombstone)).id == deleted.id


def test_members_join_change_and_leave_without_their_addresses() -> None:
    facts = [
        only_fact(slack({"type": "team_join", "user": USER, "event_ts": "1795335300.000000"})),
        only_fact(slack({"type": "user_change", "user": USER, "event_ts": "1795335300.000000"})),
        only_fact(slack({"type": "user_change", "user": {**USER, "deleted": True}, "event_ts": "1.0"})),
    ]
    assert [type(fact.data) for fact in facts] == [Joined, Updated, Left]
    assert facts[1].data.member.roles == ("admin",)
    assert "example.org" not in repr(facts)
    assert "555" not in repr(facts)


@pytest.mark.parametrize("kind", ["im", "mpim"])
def test_direct_messages_are_dropped_at_the_door(kind: str) -> None:
    message = {**MESSAGE, "channel": "G1", "channel_type": kind}
    assert why_passed(slack(message, HookSettings(private=("G1",), public=("*",)))) == "direct-message"


def test_private_channels_are_taken_only_when_they_are_listed() -> None:
    message = {**MESSAGE, "channel": "C9", "channel_type": "group"}
    assert why_passed(slack(message)) == "private-place"
    fact = only_fact(slack(message, HookSettings(private=("C9",))))
    assert isinstance(fact.data, Posted)
    assert fact.data.audience == "private"


def test_a_reaction_is_taken_where_its_channel_is_listed_by_id() -> None:
    item = {"type": "message", "channel": "C123ABC456", "ts": "1795335300.000100"}
    event = {"type": "reaction_added", "user": "U7", "reaction": "heart", "item": item, "event_ts": "1795335301.0"}
    assert why_passed(slack(event)) == "private-place"
    fact = only_fact(slack(event, HookSettings(public=("C123ABC456",))))
    assert isinstance(fact.data, Reacted)
    assert (fact.data.reaction, fact.data.message) == ("heart", "C123ABC456:1795335300.000100")
    assert why_passed(slack(event, HookSettings(public=("*",)))) == "private-place"
    direct = {**event, "item": {**item, "channel": "D1"}}
    assert why_passed(slack(direct, HookSettings(public=("D1",)))) == "direct-message"


def test_bots_are_marked_and_channel_news_is_no_word_of_a_member() -> None:
    assert only_fact(slack({**MESSAGE, "bot_id": "B1"})).data.member.bot
    assert only_fact(slack({**MESSAGE, "subtype": "bot_message", "bot_id": "B1", "user": None})).data.member.bot
    assert why_passed(slack({**MESSAGE, "subtype": "channel_topic"})) == "of-no-concern"
    assert why_passed(slack({"type": "app_home_opened", "user": "U1"})) == "of-no-concern"


def test_slack_is_answered_its_challenge() -> None:
    asked = {"token": "t", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}
    reading = read(delivery({**asked, "type": "url_verification"}), SITE)
    assert isinstance(reading, Reply)
    assert (reading.status, reading.body.decode()) == (200, asked["challenge"])


@pytest.mark.parametrize(
    "event",
    [
        {**MESSAGE, "ts": "yesterday"},
        {**MESSAGE, "user": 5},
        {"type": "team_join", "user": "U1"},
        {**MESSAGE, "subtype": "message_deleted"},
        {"type": "reaction_added", "item": None},
    ],
)
def test_what_is_not_understood_is_said(event: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstoodError):
        slack(event)


def test_what_slack_left_out_is_told() -> None:
    with pytest.raises(NotUnderstoodError):
        read(delivery({"type": "app_rate_limited", "minute_rate_limited": 1518467820}), SITE)
