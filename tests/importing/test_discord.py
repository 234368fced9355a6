"""Exports written after JsonMessageWriter.cs in Tyrrrz/DiscordChatExporter."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.importing.discord import DiscordExport
from services.ingest.platforms.reading import HookSettings
from shared.contracts.member_events import Edited, Joined, Posted, Reacted
from tests.importing.exported import ReadExport
from tests.importing.exported import read as read_export

ADA = {"id": "11", "name": "ada", "nickname": "Ada B.", "isBot": False, "roles": [{"id": "1", "name": "helper"}]}
BO = {"id": "12", "name": "bo", "nickname": None, "isBot": False}


def message(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(1000 + number),
        "type": "Default",
        "timestamp": f"2026-11-20T08:{number:02}:00.123+00:00",
        "timestampEdited": None,
        "content": f"text {number}",
        "author": BO,
        "attachments": [],
        "reactions": [],
        "mentions": [],
    } | changes


def reply(number: int, answered: int, **changes: Any) -> dict[str, Any]:
    return message(number, type="Reply", reference={"messageId": str(1000 + answered), "channelId": "5"}, **changes)


def export(*messages: Any, **channel: Any) -> dict[str, Any]:
    of = {"id": "5", "type": "GuildTextChat", "categoryId": "4", "category": "Text", "name": "help"} | channel
    return {
        "guild": {"id": "3", "name": "Acme"},
        "channel": of,
        "messages": list(messages),
        "messageCount": len(messages),
    }


def read(*exports: Any, public: tuple[str, ...] = ("*",), private: tuple[str, ...] = ()) -> ReadExport:
    settings = HookSettings(public=public, private=private)
    return read_export(DiscordExport(settings=settings), {f"{n}.json": each for n, each in enumerate(exports, start=1)})


def test_a_message_becomes_a_post() -> None:
    (found,) = read(export(message(1, author=ADA, mentions=[BO, BO]))).found
    assert (found.place, found.fact.id) == ("item 1", "post:1001:1")
    assert found.fact.time.isoformat() == "2026-11-20T08:01:00.123000+00:00"
    post = found.fact.data
    assert isinstance(post, Posted)
    assert (post.member.id, post.member.name, post.member.handle) == ("11", "Ada B.", "ada")
    assert (post.member.roles, post.member.bot, post.mentions) == (("helper",), False, ("12",))
    assert (post.conversation, post.channel, post.audience) == ("1001", "help", "members")
    assert post.url == "https://discord.com/channels/3/5/1001"


def test_replies_and_threads_share_the_conversation_of_what_they_answer() -> None:
    result = read(
        export(message(1), reply(2, 1), reply(3, 2), message(4), reply(5, 999)),
        export(message(6), reply(7, 6), id="1001", type="GuildPublicThread", categoryId="5"),
    )
    assert [post.conversation for post in result.data] == ["1001", "1001", "1001", "1004", "1999", "1001", "1001"]
    assert [post.reply_to for post in result.data] == [None, "1001", "1002", None, "1999", None, "1006"]
    assert [post.place for post in result.data] == ["5"] * 5 + [None] * 2


def test_replies_find_their_conversation_across_pieces() -> None:
    chain = [
        message(1),
        *(reply(number, number - 1, timestamp="2026-11-20T09:00:00+00:00") for number in range(2, 1200)),
    ]
    result = read(export(*chain))
    assert {post.conversation for post in result.data} == {"1001"}
    assert [each.place for each in result.found] == [f"item {number}" for number in range(1, 1200)]


def test_replies_find_their_conversation_across_files() -> None:
    result = read(export(message(1), reply(2, 1)), export(reply(3, 2)))
    assert [post.conversation for post in result.data] == ["1001", "1001", "1001"]


def test_what_was_passed_on_from_elsewhere_is_no_reply() -> None:
    elsewhere = {"messageId": "77", "channelId": "9"}
    result = read(export(message(1, reference=elsewhere), reply(2, 1)))
    assert [post.conversation for post in result.data] == ["1001", "1001"]


def test_edits_and_reactions_are_facts_of_their_own() -> None:
    changed = message(
        1,
        timestampEdited="2026-11-20T09:00:00+00:00",
        reactions=[{"emoji": {"id": "", "name": "👍", "code": "thumbsup"}, "count": 2, "users": [ADA]}, {"emoji": {}}],
    )
    _, edited, reacted = read(export(changed)).facts
    assert isinstance(edited.data, Edited)
    assert edited.id == "edit:1001:1795165200000"
    assert isinstance(reacted.data, Reacted)
    assert (reacted.data.reaction, reacted.data.member.id) == ("👍", "11")
    assert "11" not in reacted.id.split(":")[2:]


def test_a_post_of_a_forum_begins_with_its_title() -> None:
    result = read(export(message(1), message(2), id="1001", type="GuildPublicThread", name="How?", categoryId="5"))
    assert [post.text for post in result.data] == ["How?\n\ntext 1", "text 2"]


def test_joining_and_bots() -> None:
    joined, post = read(
        export(message(1, type="GuildMemberJoin"), message(2, author=ADA | {"isBot": True}, type="20"))
    ).data
    assert isinstance(joined, Joined)
    assert post.member.bot


@pytest.mark.parametrize(
    ("channel", "public", "private", "audience"),
    [
        ({}, ("5",), (), "members"),
        ({}, ("4",), (), "members"),
        ({}, ("6",), (), None),
        ({}, ("*",), ("5",), "private"),
        ({}, ("6",), ("4",), "private"),
        ({"type": "GuildPublicThread", "id": "7", "categoryId": "5"}, ("5",), (), "members"),
        ({"type": "GuildPrivateThread", "id": "7", "categoryId": "5"}, ("*",), ("5",), None),
        ({"type": "GuildPrivateThread", "id": "7", "categoryId": "5"}, (), ("7",), "private"),
    ],
)
def test_only_listed_places_are_taken(
    channel: dict[str, str], public: tuple[str, ...], private: tuple[str, ...], audience: str | None
) -> None:
    result = read(export(message(1), **channel), public=public, private=private)
    assert [post.audience for post in result.data] == ([audience] if audience else [])
    assert list(result.why.values()) == ([] if audience else ["a channel that neither --public nor --private names"])


@pytest.mark.parametrize("kind", ["DirectTextChat", "DirectGroupTextChat"])
def test_direct_messages_are_never_taken(kind: str) -> None:
    assert read(export(message(1), type=kind), private=("5",)).why == {
        "1.json": "direct messages, which are never taken"
    }


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("text", "body: must be an object, not text"),
        (message(1, type="ChannelPinnedMessage"), "a ChannelPinnedMessage is no word of a member"),
        (message(1, author=None), "author: must be an object"),
        (message(1, timestamp="soon"), "timestamp: "),
    ],
)
def test_what_is_no_fact_is_skipped_with_its_place_and_the_rest_is_read(item: Any, why: str) -> None:
    result = read(export(item, message(2)))
    assert result.why["1.json, item 1"].startswith(why)
    assert len(result.found) == 1


def test_a_text_that_is_no_utf8_is_skipped() -> None:
    body = json.dumps(export(message(1, content="here"), message(2))).encode().replace(b"here", b"\xff")
    result = read(body)
    assert result.why == {"1.json, item 1": "the text is not UTF-8"}
    assert len(result.found) == 1


@pytest.mark.parametrize(
    ("body", "why"), [("{", "not JSON: "), ("{}", "not of DiscordChatExporter: guild: is required")]
)
def test_another_file_is_named_as_such(body: str, why: str) -> None:
    assert read(body).why["1.json"].startswith(why)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*message(1), "id", "messageId"]), inner),
)


@given(st.lists(json_values))
def test_no_json_crashes_the_reader(values: list[Any]) -> None:
    read(export(*values))
