"""Exports written after https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports and the message
events at https://docs.slack.dev/reference/events/message."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import encode as json_encode

from infra.importing.slack import SlackExport
from infra.operator_error import OperatorError
from services.ingest.platforms.mailing_list import member_id
from services.ingest.platforms.reading import Delivery, HookSettings
from services.ingest.platforms.slack_events import read as read_event
from services.ingest.platforms.told_address import keyed
from shared.contracts.member_events import Edited, Joined, Left, Posted, Reacted, Updated
from tests.importing.exported import ReadExport
from tests.importing.exported import read as read_export

INDEX = {
    "channels.json": [
        {"id": "C1", "name": "general", "is_general": True},
        {"id": "C2", "name": "help", "is_general": False},
    ],
    "groups.json": [{"id": "G1", "name": "board"}, {"id": "G2", "name": "hiring"}],
    "dms.json": [{"id": "D1", "members": ["U1", "U2"]}],
    "mpims.json": [{"id": "G9", "name": "mpdm-ada--bo--cleo-1", "members": ["U1", "U2", "U3"]}],
    "users.json": [
        {
            "id": "U1",
            "name": "ada",
            "is_owner": True,
            "is_admin": True,
            "profile": {"real_name": "Ada Byron", "display_name": ""},
        },
        {"id": "U2", "name": "bo", "profile": {"real_name": "Bo B", "display_name": "Bo"}},
        {"id": "U3", "name": "build", "is_bot": True, "profile": {"real_name": "Build"}},
        {"name": "without an id"},
    ],
}
DAY = "help/2026-11-20.json"
KEY = "k" * 32


def message(stamp: str, text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": "U2", "ts": stamp, "text": text} | more


def read(files: dict[str, Any], **options: Any) -> ReadExport:
    return read_export(SlackExport(key=KEY, **options), INDEX | files)


def test_a_message_becomes_a_post_with_a_link_back() -> None:
    result = read({DAY: [message("1763625600.000100")]}, site="https://acme.slack.com/")
    (found,) = result.found
    assert (found.place, found.fact.id) == ("item 1", "post:C2:1763625600.000100:1")
    assert found.fact.time.isoformat() == "2025-11-20T08:00:00.000100+00:00"
    post = found.fact.data
    assert isinstance(post, Posted)
    assert (post.member.id, post.member.name, post.member.handle, post.member.bot) == ("U2", "Bo", "bo", False)
    assert (post.conversation, post.message, post.reply_to) == ("C2:1763625600.000100", "C2:1763625600.000100", None)
    assert (post.channel, post.audience) == ("help", "members")
    assert post.url == "https://acme.slack.com/archives/C2/p1763625600000100"


def test_a_thread_is_one_conversation() -> None:
    question = message("1763625600.000100", thread_ts="1763625600.000100", reply_count=1)
    answer = message("1763625700.000200", user="U1", thread_ts="1763625600.000100")
    loud = message("1763625800.000200", user="U1", thread_ts="1763625600.000100", subtype="thread_broadcast")
    other = message("1763625900.000300")
    posts = read({DAY: [question, answer, loud, other]}, site="https://acme.slack.com").data
    assert [post.conversation for post in posts] == ["C2:1763625600.000100"] * 3 + ["C2:1763625900.000300"]
    assert [post.reply_to for post in posts] == [None, *["C2:1763625600.000100"] * 2, None]
    assert posts[1].url.endswith("/p1763625700000200?thread_ts=1763625600.000100&cid=C2")
    assert posts[1].member.roles == ("owner", "admin")


def test_edits_and_reactions_are_facts_of_their_own() -> None:
    changed = message(
        "1763625600.000100",
        "what stands there now",
        edited={"user": "U2", "ts": "1763629200.000000"},
        reactions=[{"name": "heart", "users": ["U1", "U9"], "count": 2}, {"name": "eyes", "count": 3}],
    )
    posted, edited, heart, other = read({DAY: [changed]}).facts
    assert isinstance(edited.data, Edited)
    assert (edited.id, edited.data.text) == ("edit:C2:1763625600.000100:1763629200.000000", "what stands there now")
    assert edited.time.isoformat() == "2025-11-20T09:00:00+00:00"
    assert isinstance(heart.data, Reacted)
    assert (heart.data.reaction, heart.data.message, heart.data.member.name) == (
        "heart",
        "C2:1763625600.000100",
        "Ada Byron",
    )
    assert isinstance(other.data, Reacted)
    assert other.data.member.id == "U9"
    assert len({posted.id, edited.id, heart.id, other.id}) == 4
    assert "U1" not in heart.id


@pytest.mark.parametrize(
    ("written", "text", "mentions"),
    [
        ("hi <@U1>, <@U7|grace> and <@U1>", "hi @Ada Byron, @grace and @Ada Byron", ("U1", "U7")),
        ("see <#C1|general> or <#C9>", "see #general or #C9", ()),
        ("<https://example.org/a?b=1&amp;c=2>", "https://example.org/a?b=1&c=2", ()),
        ("<https://example.org|the page>", "the page (https://example.org)", ()),
        ("<!here> <!subteam^S1|@team>", "@here @team", ()),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2, <mailto:a@example.org|a@example.org>", "1 < 2 && 3 > 2, a@example.org", ()),
        ("&amp;lt;", "&lt;", ()),
        ("a < b and c > d", "a < b and c > d", ()),
    ],
)
def test_formatting_becomes_what_a_person_would_have_typed(written: str, text: str, mentions: tuple[str, ...]) -> None:
    (post,) = read({DAY: [message("1763625600.1", written)]}).data
    assert (post.text, post.mentions) == (text, mentions)


def test_bots_are_marked() -> None:
    posts = read(
        {
            DAY: [
                message("1.1", user="U3"),
                message("2.1", user="USLACKBOT"),
                message("3.1", bot_id="B1"),
                {
                    "type": "message",
                    "subtype": "bot_message",
                    "bot_id": "B2",
                    "username": "deploys",
                    "ts": "4.1",
                    "text": "",
                },
            ]
        }
    ).data
    assert [(post.member.id, post.member.bot) for post in posts] == [
        ("U3", True),
        ("USLACKBOT", True),
        ("U2", True),
        ("B2", True),
    ]


def test_joining_the_general_channel_is_joining() -> None:
    joined = message("1.1", subtype="channel_join")
    left = message("2.1", subtype="channel_leave")
    result = read({"general/2026-11-20.json": [joined, left], DAY: [joined]})
    assert [type(data) for data in result.data] == [Joined, Left]
    assert result.why == {f"{DAY}, item 1": "a channel_join tells of a channel, not of the workspace"}


def test_private_channels_need_to_be_named_and_direct_messages_are_never_taken() -> None:
    files = {
        f"{folder}/2026-11-20.json": [message("1.1")]
        for folder in ("board", "hiring", "D1", "mpdm-ada--bo--cleo-1", "x")
    }
    result = read(files, private=frozenset(("board",)))
    (post,) = result.data
    assert (post.channel, post.audience) == ("board", "private")
    assert result.why == {
        "hiring/2026-11-20.json": "a private channel that --private does not name",
        "D1/2026-11-20.json": "direct messages, which are never taken",
        "mpdm-ada--bo--cleo-1/2026-11-20.json": "direct messages, which are never taken",
        "x/2026-11-20.json": "in a folder that is no channel of channels.json",
    }


def test_an_address_is_told_as_what_stands_for_its_owner_and_as_an_event_would() -> None:
    ada = {"id": "U1", "name": "ada", "updated": 1763625600, "profile": {"email": "Ada@example.org"}}
    users = [ada, ada | {"id": "U2", "deleted": True}, {"id": "U3"}, ada | {"id": "U4", "updated": None}, 7]
    result = read({"users.json": users, DAY: [message("1.1", user="U1")]})
    (told,) = (fact for fact in result.facts if isinstance(fact.data, Updated))
    assert (told.data.member.id, told.data.address) == ("U1", member_id("ada@example.org", KEY))
    assert result.why == {
        "users.json, item 4": "updated is missing",
        "users.json, item 5": "not a profile but another value",
    }
    assert not any(b"example" in json_encode(fact.data) + repr(fact).encode() for fact in result.facts)
    body = json_encode({"type": "event_callback", "event": {"type": "user_change", "user": ada}})
    live = read_event(Delivery(headers={}, body=body, arrived=told.time), HookSettings())
    assert isinstance(live, tuple)
    assert keyed(live[0], KEY) == told


def test_what_is_missing_is_named() -> None:
    with pytest.raises(OperatorError, match=r"no channels.json.*Give the whole export"):
        read_export(SlackExport(key=KEY), {DAY: []})
    with pytest.raises(OperatorError, match=r"no private channel bord\. It has: board, hiring\."):
        read({}, private=frozenset(("bord",)))
    with pytest.raises(OperatorError, match=r"users\.json cannot be read: not JSON"):
        read({"users.json": b"["})


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (7, "not a message but another value"),
        (message("soon"), "ts 'soon' is no time"),
        (message("nan"), "ts 'nan' is no time"),
        (message("9e99"), "ts '9e99' is no time"),
        ({"ts": "1.1", "text": "x"}, "user is missing"),
        ({"ts": "1.1", "user": "U1"}, "text is missing"),
        (message("1.1", subtype="channel_topic"), "a channel_topic is no word of a member"),
        (message("1.1", subtype=7), "subtype has the wrong type"),
        (message("1.1", edited={"ts": "x"}), "ts 'x' is no time"),
    ],
)
def test_what_is_no_fact_is_skipped_with_its_place_and_the_rest_is_read(item: Any, why: str) -> None:
    result = read({DAY: [item, message("2.1")]})
    assert result.why == {f"{DAY}, item 1": why}
    assert len(result.found) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["ts", "text", "user", "edited", "reactions", "users", "name", "subtype"]), inner
        )
    ),
)


@given(json_values, json_values)
def test_no_json_crashes_the_reader(value: Any, users: Any) -> None:
    try:
        read({DAY: value, "users.json": users})
    except OperatorError:
        return
