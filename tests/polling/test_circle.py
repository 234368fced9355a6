"""Circle's lists, read without a network."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.ingest.platforms.circle import read
from services.ingest.platforms.polled import PollSettings
from shared.contracts.member_events import Attended, Edited, Joined, Posted, Updated
from tests.polling.circle_records import SECRETS, Circle, at, attendee, body, comment, event, member, post, space
from tests.polling.reading import make_round

ALL = {"members", "all-members", "posts", "comments", "events"}
LATELY = dict.fromkeys(ALL, timedelta(hours=1))


def test_a_post_is_a_conversation_and_its_title_the_first_line() -> None:
    made = make_round(read, Circle(posts=[post(5, -3)]).answer)
    posted = made.only(Posted)
    assert posted.text == "Where do I begin?\nI am new here.\nWho helps?"
    assert (posted.conversation, posted.message, posted.member.id, posted.audience) == ("5", "5", "7", "public")
    assert posted.url == "https://harbour.example/c/space-1/5"
    assert [fact.id for fact in made.facts] == ["post:5:1"]
    assert made.read == ALL


def test_a_comment_answers_in_the_posts_conversation_and_is_no_post_of_the_same_number() -> None:
    made = make_round(read, Circle(comments=[comment(5, 5, -2), comment(6, 5, -1, parent_comment_id=5)]).answer)
    first, second = sorted((fact.data for fact in made.facts), key=lambda data: data.message)
    assert isinstance(first, Posted)
    assert isinstance(second, Posted)
    assert (first.conversation, first.message, first.reply_to) == ("5", "comment/5", "5")
    assert (second.conversation, second.reply_to) == ("5", "comment/5")


def test_a_text_that_changed_is_an_edit_and_a_count_that_changed_is_none() -> None:
    changed = post(5, -30, updated_at=at(-1))
    assert make_round(read, Circle(posts=[changed]).answer).kinds() == ["Posted"]
    edited = changed | {"body": body("Now otherwise", at(-30), at(-2))}
    made = make_round(read, Circle(posts=[edited]).answer, until=LATELY)
    assert made.only(Edited).text.endswith("Now otherwise")


def test_private_spaces_are_read_only_where_they_are_listed() -> None:
    circle = Circle(
        posts=[post(5, -3, where=2)],
        comments=[comment(6, 5, -2, where=2), comment(7, 9, -2, where=99)],
        events=[event(8, -5, where=2)],
        attendees=[attendee(8, 1)],
        members=[member(1, -10_000)],
    )
    assert make_round(read, circle.answer, until=LATELY).facts == []
    made = make_round(read, circle.answer, PollSettings(private=("2",)), until=LATELY)
    assert made.kinds() == ["Attended", "Posted", "Posted"]
    assert {fact.data.audience for fact in made.facts if isinstance(fact.data, Posted)} == {"private"}


def test_members_join_when_they_confirm_and_everybody_is_described_once() -> None:
    circle = Circle(members=[member(1, -5, tags=("Team",)), member(2, -9_000), member(3, -6, confirmed=False)])
    made = make_round(read, circle.answer)
    assert made.only(Joined).member.id == "1"
    described = {fact.data.member.id: fact.data for fact in made.facts if isinstance(fact.data, Updated)}
    assert set(described) == {"1", "2", "3"}
    assert (described["1"].tags, described["1"].member.roles) == (("Team",), ("Team",))
    later = make_round(read, circle.answer, until={**LATELY, "all-members": timedelta(hours=2)})
    assert [type(fact.data) for fact in later.facts] == [Joined]
    assert "all-members" not in later.read


def test_who_was_invited_long_ago_and_comes_now_has_joined() -> None:
    late = member(1, -90_000) | {"profile_confirmed_at": at(-200)}
    newer = [member(number, -80_000) for number in range(2, 5)]
    circle = Circle(members=[late, *newer], per_page=2)
    until = {**LATELY, "all-members": timedelta(hours=25)}
    assert make_round(read, circle.answer, until=until, first=timedelta(days=90)).only(Joined).member.id == "1"


def test_who_said_yes_was_at_the_event_once_it_is_over() -> None:
    circle = Circle(
        members=[member(1, -10_000), member(2, -10_000)],
        events=[event(8, -5), event(9, 60), event(7, -90)],
        attendees=[attendee(8, 1), attendee(8, 2, "no"), attendee(8, 3), attendee(9, 1), attendee(7, 1)],
    )
    made = make_round(read, circle.answer, until=LATELY)
    attended = made.only(Attended)
    assert (attended.gathering, attended.member.id, attended.title) == ("8", "1", "Welcome call")
    assert made.odd == [
        "/community_members/{id}: the platform answers 404; see whether the plan and the secret allow it"
    ]
    assert made.read == ALL - {"all-members"} | {"gatherings"}


def test_reading_stops_at_what_is_known() -> None:
    circle = Circle(posts=[post(number, -number * 30) for number in range(1, 100)], per_page=10)
    made = make_round(read, circle.answer, until=LATELY)
    assert [fact.id for fact in made.facts] == ["post:1:1", "post:2:1"]
    assert sum(ask.path == "/posts" for ask in made.asked) == 1


def test_a_list_in_another_order_is_read_to_its_end() -> None:
    circle = Circle(comments=[comment(number, 5, -number * 30) for number in range(1, 30)], per_page=10)

    def oldest_first(path: str, params: dict[str, str]) -> Any:
        if path != "/comments":
            return circle.answer(path, params)
        turned = Circle(spaces=sorted(circle.comments, key=lambda one: str(one["created_at"])), per_page=10)
        return turned.answer("/spaces", params)

    made = make_round(read, oldest_first, until=LATELY)
    assert {fact.id for fact in made.facts} == {"post:comment/1:1", "post:comment/2:1"}


def test_what_moves_to_an_earlier_page_while_it_is_read_is_found() -> None:
    circle = Circle(posts=[post(number, -number) for number in range(1, 31)], per_page=10)

    def answer(path: str, params: dict[str, str]) -> Any:
        found = circle.answer(path, params)
        if path == "/posts" and params["page"] == "1" and len(circle.posts) == 30:
            circle.posts = circle.posts[3:]  # the newest were deleted just after
        return found

    made = make_round(read, answer)
    assert {fact.id for fact in made.facts} == {f"post:{number}:1" for number in range(1, 31)}


def test_a_list_whose_count_falls_again_and_again_is_left_to_the_next_round() -> None:
    circle = Circle(posts=[post(number, -number) for number in range(1, 41)], per_page=10)

    def answer(path: str, params: dict[str, str]) -> Any:
        found = circle.answer(path, params)
        if path == "/posts":
            found["count"] -= int(params["page"]) % 2
        return found

    made = make_round(read, answer)
    assert made.read == ALL - {"posts"}
    assert len(made.odd) == 1
    assert "again and again" in made.odd[0]


def test_a_list_that_is_refused_keeps_the_others_from_nothing() -> None:
    circle = Circle(posts=[post(5, -3)], comments=[comment(6, 5, -2)])
    made = make_round(read, lambda path, params: 404 if path == "/events" else circle.answer(path, params))
    assert made.read == ALL - {"events"}
    assert len(made.facts) == 2
    made = make_round(read, lambda path, params: 404 if path == "/spaces" else circle.answer(path, params))
    assert (made.read, made.facts) == (set(), [])


@pytest.mark.parametrize("odd", [{"user_id": "seven, said Ada"}, {"published_at": "soon"}, {"space_id": None}])
def test_one_odd_record_is_told_and_the_rest_is_read(odd: dict[str, Any]) -> None:
    made = make_round(read, Circle(posts=[post(5, -3) | odd, post(6, -4)]).answer)
    assert [fact.id for fact in made.facts] == ["post:6:1"]
    assert len(made.odd) == 1
    assert "Ada" not in made.odd[0]
    assert "posts" in made.read


@pytest.mark.parametrize("odd", [b"", b"[]", b"<html>", b'{"records": 5}', b'{"records":[1,null,"a",[]]}'])
def test_an_answer_of_another_form_breaks_nothing(odd: bytes) -> None:
    made = make_round(
        read, lambda path, _params: odd if path != "/spaces" else Circle().answer(path, {"page": "1", "per_page": "9"})
    )
    assert made.facts == []
    assert made.odd


def test_nothing_private_to_a_person_enters() -> None:
    circle = Circle(
        members=[member(1, -5)],
        posts=[post(5, -3)],
        comments=[comment(6, 5, -2)],
        events=[event(8, -5)],
        attendees=[attendee(8, 1)],
        spaces=[space(1)],
    )
    facts = make_round(read, circle.answer).facts
    assert len(facts) == 5
    written = msgspec.json.encode([fact.data for fact in facts]).decode()
    assert not [secret for secret in SECRETS if secret in written]
