"""Posts written after https://docs.discourse.org and users after the columns of Discourse's user export."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import encode as json_encode

from infra.importing.discourse import DiscoursePosts
from services.ingest.platforms.discourse_events import read as read_delivery
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.mailing_list import member_id
from services.ingest.platforms.reading import Delivery, HookSettings
from shared.contracts.member_events import Deleted, Edited, Joined, Posted, Solved
from tests.importing.exported import ReadExport
from tests.importing.exported import read as read_export

KEY = "k" * 32
SETTINGS = HookSettings(site="https://forum.example.org", public=("5",), private=("9",))
USERS = (
    "id,name,username,email,title,created_at,trust_level,admin,moderator,ip_address,staged,group_names\n"
    '7,"Byron, Ada",ada,ada@example.org,,2026-01-02 08:15:00 UTC,2,false,true,192.0.2.7,false,helpers;staff\n'
    "8,,bo,bo@example.org,,2026-02-02 08:15:00 UTC,0,false,false,192.0.2.8,true,\n"
    "x,,cleo,,,2026-02-02 08:15:00 UTC,0,false,false,,false,\n"
)


def post(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": 100 + number,
        "name": "Ada Byron",
        "username": "ada",
        "created_at": "2026-11-20T08:15:00.000Z",
        "updated_at": "2026-11-20T08:15:00.000Z",
        "post_number": number,
        "post_type": 1,
        "topic_id": 42,
        "topic_slug": "how-to-reset",
        "topic_title": "How to reset?",
        "category_id": 5,
        "raw": f"text {number}",
        "version": 1,
        "moderator": False,
        "admin": False,
        "trust_level": 1,
        "user_id": 7,
    } | changes


def read(files: dict[str, Any]) -> ReadExport:
    return read_export(DiscoursePosts(key=KEY, settings=SETTINGS), files)


def by_webhook(kind: str, body: dict[str, Any]) -> Fact:
    delivery = Delivery(
        headers={"x-discourse-event-type": "post", "x-discourse-event": kind},
        body=json.dumps(body).encode(),
        arrived=datetime(2026, 11, 22, tzinfo=UTC),
    )
    facts = read_delivery(delivery, SETTINGS)
    assert isinstance(facts, tuple)
    return facts[0]


@pytest.mark.parametrize(
    "answer",
    [
        post(1),
        [post(1)],
        {"latest_posts": [post(1)]},
        {
            "title": "How to reset?",
            "category_id": 5,
            "archetype": "regular",
            "post_stream": {"posts": [{k: v for k, v in post(1).items() if k not in {"topic_title", "category_id"}}]},
        },
    ],
)
def test_every_answer_of_the_api_that_holds_posts_is_read(answer: Any) -> None:
    (fact,) = read({"posts/1.json": answer}).facts
    data = fact.data
    assert isinstance(data, Posted)
    assert (fact.id, data.conversation, data.message) == ("post:101:1", "42", "101")
    assert (data.text, data.audience) == ("How to reset?\n\ntext 1", "public")
    assert data.url == "https://forum.example.org/t/how-to-reset/42/1"
    assert (data.member.id, data.member.handle, data.member.roles) == ("7", "ada", ())


def test_the_same_post_by_webhook_is_the_same_event() -> None:
    changed = post(2, version=3, updated_at="2026-11-21T10:00:00.000Z", raw="now")
    posted, edited = read({"posts/2.json": changed}).facts
    assert posted == by_webhook("post_created", {"post": changed})
    assert edited == by_webhook("post_edited", {"post": changed})
    assert isinstance(edited.data, Edited)


def test_a_topic_that_its_author_deleted_has_no_text_and_is_deleted() -> None:
    left = post(1, raw="(topic deleted by author)", user_deleted=True, version=2, updated_at="2026-11-20T09:00:00.000Z")
    posted, deleted = read({"posts/1.json": left}).facts
    assert isinstance(posted.data, Posted)
    assert isinstance(deleted.data, Deleted)
    assert posted.data.text == ""
    assert (deleted.data.message, deleted.time.hour) == ("101", 9)
    assert deleted == by_webhook("post_edited", {"post": left})


def test_an_accepted_answer_solves_its_topic() -> None:
    _, solved = read({"posts/2.json": post(2, accepted_answer=True)}).facts
    assert isinstance(solved.data, Solved)
    assert solved.id == by_webhook("accepted_solution", {"solved": post(2)}).id


def test_without_raw_the_html_is_read() -> None:
    (data,) = read({"posts/2.json": post(2, raw=None, cooked="<p>one <b>two</b></p><p>three</p>")}).data
    assert data.text == "one two\n\nthree"


def test_places_that_nobody_listed_and_direct_messages_stay_out() -> None:
    result = read(
        {"posts.json": [post(1, category_id=6), post(2, topic_archetype="private_message"), post(3, category_id=9)]}
    )
    assert [data.audience for data in result.data] == ["private"]
    assert result.why == {
        "posts.json, item 1": "in a category that neither --public nor --private names",
        "posts.json, item 2": "a direct message, which is never taken",
    }


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("text", "body: must be an object, not text"),
        (post(1, id="x"), "id: must be a whole number, not text"),
        (post(1, created_at="soon"), "created_at: "),
        (post(1, user_id=None), "its account is gone"),
        (post(1, raw=None), "raw is missing"),
        (post(1, post_type=3), "a notice of the forum"),
    ],
)
def test_what_is_no_post_is_skipped_and_the_rest_is_read(item: Any, why: str) -> None:
    result = read({"posts.json": [item, post(2)]})
    assert result.why["posts.json, item 1"].startswith(why)
    assert len(result.facts) == 1


def test_users_have_joined_and_an_address_is_told_as_what_stands_for_its_owner() -> None:
    result = read({"user-list.csv": USERS})
    (fact,) = result.facts
    assert isinstance(fact.data, Joined)
    assert (fact.time.isoformat(), fact.data.member.name) == ("2026-01-02T08:15:00+00:00", "Byron, Ada")
    assert fact.data.member.roles == ("moderator", "trust_level_2", "helpers", "staff")
    assert fact.data.address == member_id("Ada@Example.org", KEY)
    told = json_encode(fact.data) + repr(fact).encode()
    assert b"@" not in told
    assert b"192.0.2" not in told
    assert fact.address is None
    assert result.why["user-list.csv, line 3"].startswith("a staged account")
    assert result.why["user-list.csv, line 4"] == "id: must be a whole number, not text"
    user = {"id": 7, "username": "ada", "created_at": "2026-01-02T08:15:00Z"}
    assert fact.id == by_webhook("user_created", {"user": user}).id


def test_another_table_is_named_as_such() -> None:
    assert read({"x.csv": "a,b\n1,2\n"}).why["x.csv"].startswith("no export of users")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*post(1), "post_stream", "latest_posts"]), inner),
)


@given(json_values, st.text())
def test_nothing_crashes_the_reader(value: Any, table: str) -> None:
    read({"posts.json": value, "users.csv": "id,username,created_at\n" + table.encode("utf-8", "replace").decode()})
