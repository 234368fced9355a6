"""Telegram's updates. Payloads: core.telegram.org/bots/api, Update and the objects in it."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.platforms.reading import HookSettings, NotUnderstoodError, Reading
from services.ingest.platforms.telegram import read
from shared.contracts.member_events import Edited, Joined, Left, Moderated, Posted, Reacted, Updated
from tests.sources.reading import delivery, only_fact, taken, why_passed

CHAT = {"id": -1001234567890, "type": "supergroup", "title": "Acme help", "username": "acme_help"}
ADA = {"id": 42, "is_bot": False, "first_name": "Ada", "last_name": "L.", "username": "ada", "language_code": "en"}
MESSAGE = {"message_id": 7, "from": ADA, "chat": CHAT, "date": 1795335300, "text": "How do I begin?"}
CLOSED = {"id": -1009, "type": "supergroup", "title": "Team"}


def telegram(kind: str, of: dict[str, Any], settings: HookSettings | None = None) -> Reading:
    return read(delivery({"update_id": 1, kind: of}), settings or HookSettings())


def posted(message: dict[str, Any]) -> Posted:
    data = only_fact(telegram("message", message)).data
    assert isinstance(data, Posted)
    return data


def test_a_message_is_a_conversation_and_replies_go_on_with_it() -> None:
    fact = only_fact(telegram("message", MESSAGE))
    assert fact.id == "post:-1001234567890:7:1"
    first = posted(MESSAGE)
    assert (first.member.id, first.member.name, first.member.handle) == ("42", "Ada L.", "ada")
    assert (first.channel, first.audience, first.url) == ("Acme help", "public", "https://t.me/acme_help/7")
    reply = posted({**MESSAGE, "message_id": 8, "reply_to_message": MESSAGE, "message_thread_id": 7})
    assert (reply.conversation, reply.reply_to) == (first.conversation, first.message)
    assert (first.place, reply.place) == ("-1001234567890", None)
    further = {**MESSAGE, "message_id": 9, "reply_to_message": {**MESSAGE, "message_id": 8}, "message_thread_id": 7}
    assert posted(further).conversation == first.conversation


def test_in_a_forum_a_message_of_a_topic_answers_nobody() -> None:
    topic = {"message_thread_id": 3, "is_topic_message": True}
    began = {**MESSAGE, **topic, "reply_to_message": {"message_id": 3, "chat": CHAT, "date": 1}}
    assert posted(began).conversation == "-1001234567890:7"
    assert posted(began).reply_to is None
    assert posted(began).place == "-1001234567890:3"
    reply = {**MESSAGE, **topic, "message_id": 8, "reply_to_message": began}
    assert posted(reply).conversation == "-1001234567890:7"


def test_an_edit_is_known_by_its_time() -> None:
    fact = only_fact(telegram("edited_message", {**MESSAGE, "edit_date": 1795335400, "text": "Found it"}))
    assert isinstance(fact.data, Edited)
    assert (fact.id, fact.data.text) == ("edit:-1001234567890:7:1795335400", "Found it")


def test_only_new_reactions_are_told() -> None:
    old, new = {"type": "emoji", "emoji": "👍"}, {"type": "emoji", "emoji": "❤"}
    change = {"chat": CHAT, "message_id": 7, "user": ADA, "date": 1795335300}
    fact = only_fact(telegram("message_reaction", {**change, "old_reaction": [old], "new_reaction": [old, new]}))
    assert isinstance(fact.data, Reacted)
    assert (fact.data.reaction, fact.data.message) == ("❤", "-1001234567890:7")
    taken_back = {**change, "old_reaction": [old], "new_reaction": []}
    assert why_passed(telegram("message_reaction", taken_back)) == "of-no-concern"
    anonymous = {**change, "user": None, "old_reaction": [], "new_reaction": [new]}
    assert why_passed(telegram("message_reaction", anonymous)) == "no-member"


def changed(was: dict[str, Any], now: dict[str, Any]) -> Reading:
    change = {"chat": CHAT, "from": ADA, "date": 1795335300}
    change |= {"old_chat_member": {"user": ADA, **was}, "new_chat_member": {"user": ADA, **now}}
    return telegram("chat_member", change)


@pytest.mark.parametrize(
    ("was", "now", "kinds"),
    [
        ("left", "member", [Joined]),
        ("left", "administrator", [Joined]),
        ("member", "left", [Left]),
        ("member", "kicked", [Moderated, Left]),
        ("restricted", "kicked", [Moderated, Left]),
        ("left", "kicked", [Moderated]),
        ("left", "restricted", [Joined, Moderated]),
        ("member", "restricted", [Moderated]),
        ("administrator", "left", [Left, Updated]),
        ("member", "administrator", [Updated]),
        ("administrator", "member", [Updated]),
    ],
)
def test_a_change_of_standing_is_each_thing_that_it_is(was: str, now: str, kinds: list[type]) -> None:
    reading = changed({"status": was}, {"status": now})
    assert isinstance(reading, tuple)
    assert [type(fact.data) for fact in reading] == kinds
    assert len({fact.id for fact in reading}) == len(kinds)
    for fact in reading:
        taken(fact)
        assert "42" not in fact.id.partition(":")[2].split(":")
        assert fact.data.member.roles == (("administrator",) if now == "administrator" else ())


def test_who_is_banned_was_banned_and_who_is_restricted_may_be_away() -> None:
    reading = changed({"status": "member"}, {"status": "kicked"})
    assert isinstance(reading, tuple)
    assert isinstance(reading[0].data, Moderated)
    assert reading[0].data.action == "banned"
    away = only_fact(changed({"status": "left"}, {"status": "restricted", "is_member": False}))
    assert isinstance(away.data, Moderated)
    back = changed({"status": "restricted", "is_member": False}, {"status": "restricted", "is_member": True})
    assert isinstance(only_fact(back).data, Joined)
    assert why_passed(changed({"status": "kicked"}, {"status": "left"})) == "of-no-concern"
    assert why_passed(changed({"status": "restricted"}, {"status": "member"})) == "of-no-concern"
    assert why_passed(changed({"status": "administrator"}, {"status": "administrator"})) == "of-no-concern"


def test_direct_messages_are_dropped_at_the_door() -> None:
    private = {**MESSAGE, "chat": {"id": 42, "type": "private", "username": "ada"}}
    assert why_passed(telegram("message", private, HookSettings(private=("42",)))) == "direct-message"


def test_a_closed_group_is_taken_only_when_it_is_listed() -> None:
    closed = {**MESSAGE, "chat": CLOSED}
    assert why_passed(telegram("message", closed)) == "private-place"
    fact = only_fact(telegram("message", closed, HookSettings(private=("-1009",))))
    assert isinstance(fact.data, Posted)
    assert (fact.data.audience, fact.data.url) == ("private", "https://t.me/c/9/7")


def test_bots_are_marked_and_who_has_no_name_is_no_member() -> None:
    assert posted({**MESSAGE, "from": {**ADA, "is_bot": True}}).member.bot
    assert why_passed(telegram("message", {**MESSAGE, "sender_chat": CHAT})) == "no-member"


def test_what_says_nothing_is_passed_and_anything_else_is_said() -> None:
    assert why_passed(telegram("message", {**MESSAGE, "text": None, "new_chat_members": [ADA]})) == "of-no-concern"
    assert why_passed(telegram("poll", {"id": "1"})) == "of-no-concern"
    with pytest.raises(NotUnderstoodError):
        telegram("message", {"message_id": "seven"})
