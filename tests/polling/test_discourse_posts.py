"""Discourse's lists, read without a network. Forms: PostsController#latest and Admin::UsersController#index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.ingest.platforms.discourse_events import read as read_webhook
from services.ingest.platforms.discourse_posts import read
from services.ingest.platforms.polled import PollSettings
from services.ingest.platforms.reading import HookSettings
from shared.contracts.member_events import Edited, Joined, Posted, Solved
from tests.polling.reading import RoundMade, make_round
from tests.sources.reading import delivery, only_fact

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SITE = "https://forum.example"
SETTINGS = PollSettings(site=SITE, public=("5",), private=("7",))
SECRETS = ("ada@example.org", "192.0.2.7")


def at(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def post(number: int, ago: float, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": "Ada",
        "username": "ada",
        "created_at": at(ago),
        "updated_at": at(ago),
        "cooked": "<p>Who helps?</p>",
        "raw": "Who helps?",
        "post_number": 1,
        "post_type": 1,
        "topic_id": 11,
        "topic_slug": "where-do-i-begin",
        "topic_title": "Where do I begin?",
        "category_id": 5,
        "user_id": 3,
        "version": 1,
        "admin": False,
        **more,
    }


def user(number: int, ago: float, **more: Any) -> dict[str, Any]:
    whole = {"id": number, "username": f"user{number}", "name": "Someone", "created_at": at(ago), "trust_level": 0}
    return {**whole, "email": SECRETS[0], "ip_address": SECRETS[1], **more}


def round_over(posts: list[dict[str, Any]], users: tuple[dict[str, Any], ...] = (), **more: Any) -> RoundMade:
    def answer(path: str, params: dict[str, str]) -> Any:
        if path == "/admin/users/list/new.json":
            first = (int(params["page"]) - 1) * 100
            return sorted(users, key=lambda one: str(one["created_at"]), reverse=True)[first : first + 100]
        below = int(params.get("before", "999999"))
        seen = sorted((one for one in posts if one["id"] <= below), key=lambda one: int(one["id"]), reverse=True)
        return {"latest_posts": seen[:50]}

    return make_round(read, answer, more.pop("settings", SETTINGS), now=NOW, **more)


def test_a_post_by_the_list_is_the_one_that_the_webhook_brings() -> None:
    [fact] = round_over([post(21, 3)]).facts
    headers = {"x_discourse_event_type": "post", "x_discourse_event": "post_created"}
    hook = {**post(21, 3), "topic_archetype": "regular", "category_slug": None}
    assert fact == only_fact(read_webhook(delivery({"post": hook}, **headers), HookSettings(site=SITE, public=("5",))))
    assert isinstance(fact.data, Posted)
    assert fact.data.text == "Where do I begin?\n\nWho helps?"


def test_an_edit_is_the_one_that_the_webhook_brings() -> None:
    edited = post(21, 90, version=2, updated_at=at(2), raw="Otherwise")
    made = round_over([edited], until={"posts": timedelta(minutes=5)})
    [fact] = made.facts
    headers = {"x_discourse_event_type": "post", "x_discourse_event": "post_edited"}
    assert fact == only_fact(
        read_webhook(delivery({"post": edited}, **headers), HookSettings(site=SITE, public=("5",)))
    )
    assert made.only(Edited).text.endswith("Otherwise")


def test_an_accepted_answer_solves_its_topic() -> None:
    assert round_over([post(22, 3, post_number=2, accepted_answer=True)]).only(Solved).message == "22"


def test_only_listed_categories_are_taken_and_nothing_without_one() -> None:
    posts = [post(21, 3, category_id=6), post(22, 3, category_id=7), post(23, 3, category_id=None)]
    assert round_over(posts).only(Posted).audience == "private"
    everywhere = round_over(posts, settings=PollSettings(site=SITE, public=("*",)))
    assert {fact.id for fact in everywhere.facts} == {"post:21:1", "post:22:1"}


def test_reading_goes_back_to_what_is_known() -> None:
    posts = [post(number, 400 - number) for number in range(1, 400)]
    made = round_over(posts, until={"posts": timedelta(minutes=89.5), "members": timedelta()})
    assert len(made.facts) == 99
    assert [ask.params.get("before") for ask in made.asked if ask.path == "/posts.json"] == [None, "349", "299"]


def test_an_empty_window_of_ids_is_not_the_end() -> None:
    posts = [post(number, 3) for number in (1, 130)]
    made = round_over(posts)
    assert {fact.id for fact in made.facts} == {"post:1:1", "post:130:1"}

    def windows(path: str, params: dict[str, str]) -> Any:
        if path != "/posts.json":
            return []
        below = int(params.get("before", "130"))
        return {"latest_posts": [one for one in posts if below - 50 < int(one["id"]) <= below]}

    assert {fact.id for fact in make_round(read, windows, SETTINGS, now=NOW).facts} == {"post:1:1", "post:130:1"}


def test_thousands_of_posts_that_are_not_to_be_seen_are_passed_and_more_are_told() -> None:
    def round_back_to(lowest: int) -> RoundMade:
        def windows(path: str, params: dict[str, str]) -> Any:
            if path != "/posts.json":
                return []
            below = int(params.get("before", "20000"))
            return {"latest_posts": [post(one, 3) for one in (20_000, lowest) if below - 50 < one <= below]}

        return make_round(read, windows, SETTINGS, now=NOW)

    assert {fact.id for fact in round_back_to(15_000).facts} == {"post:20000:1", "post:15000:1"}
    farther = round_back_to(5)
    assert farther.read == {"members"}
    assert farther.odd == ["/posts.json: 10,000 ids on end bring nothing, older ones are not read"]


def test_who_opened_an_account_has_joined_and_their_address_stays_outside() -> None:
    made = round_over([], (user(8, 5), user(9, 6, staged=True), user(-1, 7), user(7, 60 * 48)))
    joined = made.only(Joined)
    assert (joined.member.id, joined.member.handle, joined.member.roles) == ("8", "user8", ())
    written = msgspec.json.encode([fact.data for fact in made.facts]).decode()
    assert not [secret for secret in SECRETS if secret in written]


def test_without_the_list_of_users_posts_are_read() -> None:
    made = make_round(
        read, lambda path, _params: {"latest_posts": [post(1, 3)]} if path == "/posts.json" else 404, SETTINGS, now=NOW
    )
    assert made.read == {"posts"}
    assert made.kinds() == ["Posted"]
    assert len(made.odd) == 1


@pytest.mark.parametrize("odd", [b"", b"[]", b'{"latest_posts":[1,{"id":"x"}]}', b'{"latest_posts":5}'])
def test_an_answer_of_another_form_breaks_nothing(odd: bytes) -> None:
    made = make_round(read, lambda _path, _params: odd, SETTINGS, now=NOW)
    assert made.facts == []
    assert made.odd
