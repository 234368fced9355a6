"""Hivebrite's lists, read without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.ingest.platforms.hivebrite import read
from services.ingest.platforms.hivebrite_facts import Network, of_comment
from services.ingest.platforms.hivebrite_records import Comment
from services.ingest.platforms.polled import PollSettings
from services.ingest.polling.formats import POLLED
from shared.contracts.member_events import Attended, Cancelled, Edited, Joined, Left, Posted, Renewed, Updated
from tests.polling.circle_records import at
from tests.polling.hivebrite_records import (
    SECRETS,
    Hivebrite,
    coming,
    comment,
    event,
    group,
    post,
    removal,
    subscription,
    user,
)
from tests.polling.reading import RoundMade, answered, make_round

ALL = {"members", "posts", "comments", "all-comments", "events", "subscriptions", "removals"}
LATELY = dict.fromkeys(ALL, timedelta(hours=1))
SITE = PollSettings(site="https://harbour.example/")


def made(hivebrite: Hivebrite, settings: PollSettings = SITE, **more: Any) -> RoundMade:
    return make_round(read, hivebrite.answer, settings, **more)


def test_a_post_is_a_conversation_in_its_group_or_in_the_communitys_own_feed() -> None:
    found = made(Hivebrite(posts=[post(5, -3), post(6, -4, where=None)]))
    told = {fact.data.message: fact.data for fact in found.facts if isinstance(fact.data, Posted)}
    assert (told["5"].text, told["5"].conversation, told["5"].member.id) == ("Where do I begin?", "5", "7")
    assert (told["5"].channel, told["5"].audience) == ("Group 1", "public")
    assert told["5"].url == "https://harbour.example/topics/1/feed"
    assert (told["6"].channel, told["6"].url) == (None, "https://harbour.example/feed")
    assert (found.read, found.odd) == (ALL, [])


def test_comments_and_what_is_under_them_answer_in_the_posts_conversation() -> None:
    under = comment(7, 6, -1, parent_type="Comment", replies=[comment(8, 7, -1)])
    posts, comments = [post(4, -600), post(5, -9_000)], [comment(6, 5, -2, replies=[under])]
    found = made(Hivebrite(posts=posts, comments=comments, per_page=1), until=LATELY)
    told = {fact.data.message: fact.data for fact in found.facts if isinstance(fact.data, Posted)}
    assert {(name, data.conversation, data.reply_to) for name, data in told.items()} == {
        ("comment/6", "5", "5"),
        ("comment/7", "5", "comment/6"),
        ("comment/8", "5", "comment/7"),
    }
    assert {data.channel for data in told.values()} == {"Group 1"}  # the post is looked up
    assert sum(ask.path == "/admin/v3/posts/5" for ask in found.asked) == 1


def test_an_answer_under_an_older_comment_comes_within_a_day() -> None:
    old = comment(6, 5, -5_000, replies=[comment(7, 6, -5)])
    newer = [comment(number, 5, -number * 40) for number in range(10, 30)]
    hivebrite = Hivebrite(posts=[post(5, -9_000)], comments=[old, *newer], per_page=5)
    assert "post:comment/7:1" not in {fact.id for fact in made(hivebrite, until=LATELY).facts}
    until = LATELY | {"all-comments": timedelta(hours=25)}
    assert "post:comment/7:1" in {fact.id for fact in made(hivebrite, until=until, first=timedelta(90)).facts}


def test_comments_on_anything_but_posts_are_passed_over() -> None:
    elsewhere = [comment(6, 5, -2, parent_type="Media::Album"), comment(7, 5, -2, parent_type=None)]
    found = made(Hivebrite(posts=[post(5, -9_000)], comments=elsewhere))
    assert (found.facts, found.odd) == ([], [])


def test_closed_groups_are_read_only_where_they_are_listed() -> None:
    hivebrite = Hivebrite(
        groups=[group(1), group(2, restricted_access=True), group(3, secret=True), {"id": 4, "name": "says nothing"}],
        posts=[post(number, -3, where=number) for number in (2, 3, 4, 99)],
        comments=[comment(60 + number, number, -2) for number in (2, 3, 4)],
        events=[event(8, -5, topic_ids=[3])],
        attendees=[coming(8, 1, participation_status="attended")],
    )
    assert made(hivebrite, until=LATELY).facts == []
    listed = msgspec.structs.replace(SITE, private=("3", "4"))
    found = made(hivebrite, listed, until=LATELY)
    assert found.kinds() == ["Attended", "Posted", "Posted", "Posted", "Posted"]
    assert {fact.data.audience for fact in found.facts if isinstance(fact.data, Posted)} == {"private"}


def test_what_is_not_to_be_seen_yet_is_not_taken() -> None:
    drafts = [post(5, -3, draft=True), post(6, 30), post(7, -3, by=None), post(8, -3, published_at=None)]
    assert [fact.id for fact in made(Hivebrite(posts=drafts)).facts] == ["post:8:1"]


def test_each_change_is_an_edit_once_also_one_that_is_taken_back() -> None:
    hivebrite = Hivebrite(posts=[post(5, -30, updated_at=at(-3))])
    first = made(hivebrite)
    assert first.only(Edited).text == "Where do I begin?"
    assert {fact.id for fact in made(hivebrite).facts} == {fact.id for fact in first.facts}
    hivebrite.posts[0]["updated_at"] = at(-1)
    assert len({fact.id for fact in made(hivebrite).facts} - {fact.id for fact in first.facts}) == 1


def test_a_post_that_is_dated_before_the_last_round_is_found_by_its_change() -> None:
    hivebrite = Hivebrite(posts=[post(5, -300, updated_at=at(-3)), post(6, -300)])
    assert "post:5:1" in {fact.id for fact in made(hivebrite, until=LATELY).facts}
    assert "post:6:1" not in {fact.id for fact in made(hivebrite, until=LATELY).facts}
    assert made(hivebrite, first=timedelta(hours=1), until=LATELY).kinds() == ["Edited"]


def test_a_user_who_was_imported_before_the_last_round_and_comes_now_joins() -> None:
    came = user(4, None, changed=-5, is_active=True, created_at=at(-300))
    assert made(Hivebrite(users=[came]), until=LATELY).kinds() == ["Joined", "Updated"]
    assert made(Hivebrite(users=[came]), first=timedelta(hours=1), until=LATELY).kinds() == ["Updated"]


def test_a_post_that_does_not_say_where_it_is_is_not_taken_for_everybodys() -> None:
    nowhere = post(5, -3)
    del nowhere["group_id"]
    found = made(Hivebrite(posts=[nowhere], comments=[comment(6, 5, -2)]))
    assert found.facts == []
    assert len(found.odd) == 2
    assert "group_id" in found.odd[0]


def test_users_join_when_they_confirm_and_everybody_is_described_once() -> None:
    hivebrite = Hivebrite(
        users=[
            user(1, -5),
            user(2),
            user(3, None),
            user(4, None, changed=-5, is_active=True, created_at=at(-5), name=None, role_id=9),
        ]
    )
    found = made(hivebrite)
    joined = {fact.data.member.id: fact.data for fact in found.facts if isinstance(fact.data, Joined)}
    assert set(joined) == {"1", "4"}
    assert (joined["1"].url, joined["4"].member.name) == ("https://harbour.example/users/1", "Member 4")
    described = {fact.data.member.id: fact.data for fact in found.facts if isinstance(fact.data, Updated)}
    assert set(described) == {"1", "2", "3", "4"}
    assert (described["1"].tags, described["1"].member.roles) == (("Berlin",), ("Mentor",))
    assert described["4"].member.roles == ("9",)  # a role that no list names
    later = made(hivebrite, until=LATELY)
    assert {fact.data.member.id for fact in later.facts} == {"1", "4"}


def test_who_is_marked_to_have_been_there_was_and_who_was_to_come_unless_marked_otherwise() -> None:
    hivebrite = Hivebrite(
        events=[event(8, -5), event(9, 60), event(10, -5, cancelled=True), event(11, -5, published_at=None)],
        attendees=[
            coming(8, 1, -60, participation_status="Checked in"),
            coming(8, 2, ticket_id=3),
            coming(8, 3, ticket_id=3, participation_status="no-show"),
            coming(8, None, participation_status="attended"),
            *(coming(number, 4, participation_status="attended") for number in (9, 10, 11, 12)),
        ],
        rsvp=[coming(8, 5, status="attending"), coming(8, 6, status="maybe"), coming(8, 7, status="no")],
    )
    found = made(hivebrite, until=LATELY)
    told = [fact.data for fact in found.facts if isinstance(fact.data, Attended)]
    assert sorted((data.gathering, data.member.id) for data in told) == [("8", "1"), ("8", "2"), ("8", "5")]
    assert (told[0].title, told[0].url) == ("Welcome call", "https://harbour.example/networks/events/8")
    assert found.odd == []


def test_who_is_marked_days_after_the_event_is_found() -> None:
    marked = [coming(8, 1, -5, participation_status="attended"), coming(7, 2, -5, participation_status="attended")]
    hivebrite = Hivebrite(events=[event(8, -5_000), event(7, -50_000)], attendees=marked)
    found = made(hivebrite, until=LATELY, first=timedelta(days=20))
    assert found.only(Attended).gathering == "8"  # the other ended before anything is taken
    [fact] = found.facts
    assert fact.time < datetime.now(UTC) - timedelta(days=3)


def test_a_word_that_is_not_known_is_told_and_counts_for_nothing() -> None:
    hivebrite = Hivebrite(
        events=[event(8, -5)], rsvp=[coming(8, 1, status="Tentative"), coming(8, 2, status="Ada said: perhaps")]
    )
    found = made(hivebrite, until=LATELY)
    assert found.facts == []
    assert found.odd == ["attendance: 'tentative' is not known to mean that somebody came"]


def test_memberships_are_renewed_and_cancelled() -> None:
    hivebrite = Hivebrite(
        subscriptions=[
            subscription(1, 21, -5, number_of_user_renewals=1, number_of_admin_renewals=1),
            subscription(2, 22, -5, number_of_user_renewals=1, canceled_at=at(-5)),
            subscription(3, 23, -5),
            subscription(4, 24, -5_000, number_of_user_renewals=1),
            subscription(5, 25, -5, canceled_at=at(9_000)),
        ]
    )
    found = made(hivebrite)
    renewed, cancelled = found.only(Renewed), found.only(Cancelled)
    assert (renewed.member.id, renewed.plan) == ("21", "2")
    assert (cancelled.member.id, cancelled.plan) == ("22", "2")


def test_who_is_deleted_has_left() -> None:
    gone = [removal("User", 1, -5), removal("Post", 2, -5), removal("User", 3, -9_000)]
    assert made(Hivebrite(removals=gone), until=LATELY).only(Left).member.id == "1"


@pytest.mark.parametrize("links", [False, True])
@pytest.mark.parametrize("many", [9, 10, 11])
def test_each_page_is_read_whether_links_are_given_or_not(many: int, *, links: bool) -> None:
    hivebrite = Hivebrite(users=[user(number) for number in range(many)], per_page=5, links=links)
    found = made(hivebrite)
    assert len(found.facts) == many
    assert (found.read, found.odd) == (ALL, [])
    assert all(ask.params["per_page"] == "100" for ask in found.asked)


def test_what_moves_to_an_earlier_page_while_it_is_read_is_found() -> None:
    hivebrite = Hivebrite(posts=[post(number, -number) for number in range(1, 31)], per_page=10)

    def answer(path: str, params: dict[str, str]) -> Any:
        found = hivebrite.answer(path, params)
        if path == "/admin/v3/posts" and params["page"] == "1" and len(hivebrite.posts) == 30:
            hivebrite.posts = hivebrite.posts[3:]  # the newest were deleted just after
        return found

    found = make_round(read, answer)
    assert {fact.id for fact in found.facts} == {f"post:{number}:1" for number in range(1, 31)}


@pytest.mark.parametrize("refused", sorted(ALL - {"comments", "all-comments"}))
def test_a_list_that_is_refused_keeps_the_others_from_nothing(refused: str) -> None:
    paths = {
        "members": "/admin/v1/users",
        "posts": "/admin/v3/posts",
        "events": "/admin/v2/network_events/rsvp",
        "subscriptions": "/admin/v3/memberships/subscriptions",
        "removals": "/admin/v1/versions/deleted",
    }
    hivebrite = Hivebrite()
    found = make_round(read, lambda path, params: 403 if path == paths[refused] else hivebrite.answer(path, params))
    assert found.read == ALL - {refused}
    assert found.odd == [f"{paths[refused]}: the platform answers 403; see whether the plan and the secret allow it"]


def test_comments_that_cannot_be_listed_and_names_that_cannot_be_had_are_told() -> None:
    hivebrite = Hivebrite(users=[user(1)], posts=[post(5, -3)])
    refused = {"/admin/v3/comments", "/admin/v1/roles", "/admin/v3/sub_networks"}
    found = make_round(read, lambda path, params: 404 if path in refused else hivebrite.answer(path, params))
    assert len(found.odd) == 3
    assert found.kinds() == ["Posted", "Updated"]
    assert found.only(Updated).member.roles == ("3",)
    found = make_round(read, lambda path, params: 403 if "topics" in path else hivebrite.answer(path, params))
    assert (found.read, found.facts) == (set(), [])


@pytest.mark.parametrize("odd", [{"user_id": "seven, said Ada"}, {"published_at": "soon"}, {"group_id": "a"}])
def test_one_odd_record_is_told_and_the_rest_is_read(odd: dict[str, Any]) -> None:
    found = made(Hivebrite(posts=[post(5, -3) | odd, post(6, -4)]))
    assert [fact.id for fact in found.facts] == ["post:6:1"]
    assert len(found.odd) == 1
    assert "Ada" not in found.odd[0]
    assert "posts" in found.read


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"{}",
        b"<html>",
        b"5",
        b'{"a":[],"b":[]}',
        b'{"users":5}',
        b'[1,null,"a",[]]',
        b'{"a":[1],"total_count":"x"}',
    ],
)
def test_an_answer_of_another_form_breaks_nothing(odd: bytes) -> None:
    hivebrite = Hivebrite()
    found = make_round(read, lambda path, params: hivebrite.answer(path, params) if "topics" in path else odd)
    assert found.facts == []
    assert found.odd
    assert make_round(read, lambda _path, _params: answered(odd)).facts == []


def test_a_time_at_either_end_of_the_calendar_ends_no_round() -> None:
    first, last = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-12:00"
    hivebrite = Hivebrite(
        events=[event(8, -5, created_at=first)],
        attendees=[coming(8, 1, participation_status="attended")],
        posts=[post(5, -9_000), post(6, -3, published_at=last, updated_at=last)],
        comments=[comment(6, 5, -2, created_at=first, updated_at=last, by=None), comment(7, 5, -2)],
    )
    found = made(hivebrite, until=LATELY)
    assert (found.kinds(), found.odd) == (["Attended", "Posted"], [])
    [posted] = of_comment(msgspec.convert(comment(7, 5, -2, created_at=last), Comment), 5, None, Network())
    assert posted.id == "post:comment/7:1"


def test_nothing_private_to_a_person_enters() -> None:
    found = made(
        Hivebrite(
            users=[user(1, -5)],
            posts=[post(5, -3)],
            comments=[comment(6, 5, -2)],
            events=[event(8, -5)],
            attendees=[coming(8, 1, participation_status="attended")],
            subscriptions=[subscription(1, 1, -5, canceled_at=at(-5))],
            removals=[removal("User", 9, -5)],
        )
    )
    assert found.kinds() == ["Attended", "Cancelled", "Joined", "Left", "Posted", "Posted", "Updated"]
    written = msgspec.json.encode([fact.data for fact in found.facts]).decode()
    assert not [secret for secret in SECRETS if secret in written]


def test_a_token_is_asked_for_with_the_newest_refresh_token_or_with_the_client_alone() -> None:
    grant = POLLED["hivebrite"].credential.grant
    assert grant is not None
    client = {"client-id": "uid", "client-secret": "hidden"}
    shown = {"client_id": "uid", "client_secret": "hidden"}
    assert grant.form(client, None) == {"grant_type": "client_credentials", "scope": "admin", **shown}
    refreshed = {"grant_type": "refresh_token", **shown}
    assert grant.form(client | {"refresh-token": "first"}, None) == {**refreshed, "refresh_token": "first"}
    assert grant.form(client | {"refresh-token": "first"}, "next") == {**refreshed, "refresh_token": "next"}
