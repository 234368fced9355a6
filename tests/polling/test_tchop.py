"""tchop's lists, read without a network."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.ingest.platforms import tchop_queries
from services.ingest.platforms.polled import PollSettings
from services.ingest.platforms.tchop import read
from shared.contracts.member_events import Edited, Joined, Posted, Updated
from tests.polling.circle_records import at
from tests.polling.reading import RoundMade, make_round
from tests.polling.tchop_records import DOCUMENTED, SECRETS, Tchop, card, comment, user

OPEN = PollSettings(site="https://acme.tchop.io/", public=("1", "2"), private=("3",))
LATELY = {
    name: timedelta(hours=1)
    for name in (
        "members",
        "all-members",
        *(f"{each}/{number}" for each in ("cards", "comments") for number in (1, 2, 3)),
    )
}


def made(tchop: Tchop, settings: PollSettings = OPEN, **more: Any) -> RoundMade:
    return make_round(read, tchop.answer, settings, **more)


def test_a_card_is_a_conversation_and_leads_back_to_it() -> None:
    found = made(Tchop(cards={1: [card(5, -3, mentionedUsers=[{"id": 9}])]}))
    posted = found.only(Posted)
    assert (posted.conversation, posted.message, posted.member.id, posted.audience) == ("5", "5", "7", "public")
    assert (posted.text, posted.channel, posted.mentions) == ("Where do I begin?", "Harbour", ("9",))
    assert posted.url == "https://acme.tchop.io/apps/posts/1/31/5"
    assert found.read == set(LATELY)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"title": "New", "headline": "", "abstract": "All of it."}, "New\nAll of it."),
        ({"headline": "Up", "subHeadline": "and out", "text": "to <b>sea</b>"}, "Up\nand out\nto sea"),
        (
            {
                "title": "New",
                "headline": "New",
                "abstract": "",
                "contentBlocks": [
                    {"data": {"text": "First."}},
                    {"data": {}},
                    {"data": {"points": [{"content": "one"}, {"content": "two"}]}},
                ],
            },
            "New\nFirst.\none\ntwo",
        ),
        ({"__typename": "StoryCardPollContent"}, ""),
    ],
)
def test_each_kind_of_card_says_what_a_person_would_read(content: dict[str, Any], text: str) -> None:
    assert made(Tchop(cards={1: [card(5, -3, content=content)]})).only(Posted).text == text


def test_comments_answer_the_card_or_the_comment_above() -> None:
    comments = [comment(5, 5, -3), comment(6, 5, -2, parentId=5)]
    found = made(Tchop(comments={2: comments}))
    first, second = sorted((fact.data for fact in found.facts), key=lambda data: data.message)
    assert isinstance(first, Posted)
    assert isinstance(second, Posted)
    assert (first.conversation, first.message, first.reply_to) == ("5", "comment/5", "5")
    assert (second.conversation, second.reply_to) == ("5", "comment/5")


def test_what_was_changed_is_an_edit() -> None:
    changed = comment(6, 5, -30, contentUpdatedAt=at(-2), content="Now otherwise")
    found = made(Tchop(comments={1: [changed]}, cards={1: [card(5, -500, updatedAt=at(-3))]}), until=LATELY)
    assert sorted(fact.data.message for fact in found.facts if isinstance(fact.data, Edited)) == ["5", "comment/6"]
    assert len(found.facts) == 3  # and the comment itself, which is new


def test_a_card_that_a_comment_makes_new_again_is_as_old_as_it_is() -> None:
    bumped = card(5, -9_000, postedAt=at(-2), options={"shouldUpdatePostedTimeByComments": True})
    assert made(Tchop(cards={1: [bumped]}), until=LATELY).facts == []


def test_a_card_that_was_made_before_the_last_round_and_is_listed_now_is_told() -> None:
    bumped = card(5, -300, postedAt=at(-2), options={"shouldUpdatePostedTimeByComments": True})
    assert [fact.id for fact in made(Tchop(cards={1: [bumped]}), until=LATELY).facts] == ["post:5:1"]


def test_a_card_that_is_changed_back_is_told_again() -> None:
    tchop = Tchop(cards={1: [card(5, -50, updatedAt=at(-3))]})
    edits = {fact.id for fact in made(tchop).facts if isinstance(fact.data, Edited)}
    tchop.cards[1][0]["updatedAt"] = at(-1)
    assert edits.isdisjoint(fact.id for fact in made(tchop).facts if isinstance(fact.data, Edited))


def test_channels_are_read_as_the_operator_says_and_chats_never() -> None:
    tchop = Tchop(cards={number: [card(number, -3)] for number in (1, 2, 3)})
    audiences = {fact.data.audience for fact in made(tchop).facts if isinstance(fact.data, Posted)}
    assert audiences == {"public", "private"}
    assert made(tchop, PollSettings(public=("*",), private=("3",))).kinds() == ["Posted"] * 3
    assert [
        fact.data.message for fact in made(tchop, PollSettings(public=("2",))).facts if isinstance(fact.data, Posted)
    ] == ["2"]
    tchop.asked.clear()
    assert made(tchop, PollSettings()).facts == []
    assert tchop.asked == ["Channels", "Users"]


def test_users_join_when_they_register_and_everybody_is_described_with_role_and_tags() -> None:
    staff = user(
        1, -5, roleId="ORGANISATION_ADMIN", isStaff=True, organisationTags=[{"name": "Sailors"}], subscription="gold"
    )
    tchop = Tchop(users=[staff, user(2)])
    found = made(tchop)
    assert found.only(Joined).member.id == "1"
    described = {fact.data.member.id: fact.data for fact in found.facts if isinstance(fact.data, Updated)}
    assert described["1"].member.roles == ("ORGANISATION_ADMIN", "CHANNEL_READER", "STAFF")
    assert described["1"].tags == ("gold", "Sailors")
    assert set(described) == {"1", "2"}
    assert {fact.id for fact in made(tchop).facts} == {fact.id for fact in found.facts}
    a_day_later = {"until": LATELY | {"all-members": timedelta(hours=25)}}
    assert made(tchop, marks=found.marks, **a_day_later).kinds() == ["Joined"]
    tchop.users[1] |= {"roleId": "CHANNEL_ADMIN"}
    changed = made(tchop, marks=found.marks, **a_day_later)
    assert changed.only(Updated).member.id == "2"
    tchop.users[1] |= {"roleId": "CHANNEL_READER"}
    assert made(tchop, marks=changed.marks, **a_day_later).only(Updated).member.roles == ("CHANNEL_READER",)
    later = made(tchop, until=LATELY | {"all-members": timedelta(hours=2)})
    assert later.kinds() == ["Joined"]
    assert "all-members" not in later.read


def test_a_person_who_posts_by_a_program_is_no_bot_and_a_card_of_nobody_none() -> None:
    cards = [card(5, -3, apiClient={"type": "API_CLIENTS_EXTERNAL"})]
    assert not made(Tchop(cards={1: cards})).only(Posted).member.bot
    assert made(Tchop(cards={1: [card(5, -3, user=None)]})).facts == []


def test_a_feed_that_gets_shorter_while_it_is_read_loses_nothing() -> None:
    tchop = Tchop(cards={1: [card(number, -number) for number in range(1, 41)]})

    def answer(path: str, body: dict[str, Any]) -> Any:
        found = tchop.answer(path, body)
        if body["variables"].get("channel") == 1 and body["variables"]["page"] == 1 and len(tchop.cards[1]) == 40:
            tchop.cards[1] = tchop.cards[1][3:]
        return found

    found = make_round(read, answer, OPEN)
    assert {fact.id for fact in found.facts} == {f"post:{number}:1" for number in range(1, 41)}


def test_reading_stops_at_what_is_known() -> None:
    tchop = Tchop(cards={1: [card(number, -number * 30) for number in range(1, 100)]})
    assert [fact.id for fact in made(tchop, until=LATELY).facts] == ["post:1:1", "post:2:1"]
    assert tchop.asked.count("Cards") == 3  # one for each channel


def test_a_secret_that_is_not_taken_ends_the_round() -> None:
    denied = {"errors": [{"message": "no token abc", "extensions": {"code": "UNAUTHENTICATED"}}], "data": None}
    found = make_round(read, lambda _path, _body: denied, OPEN)
    assert (found.denied, found.read) == ("it answers UNAUTHENTICATED: it does not take the secrets", set())


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ({"errors": [{"message": "of Ada"}], "data": None}, "channels: tchop answers an error"),
        ({"errors": [{"extensions": {"code": "no name of Ada"}}]}, "channels: tchop answers an error"),
        ({"errors": [{"extensions": {"code": "TOO_DEEP"}}]}, "channels: tchop answers TOO_DEEP"),
        ({"data": {"another": []}}, "channels: tchop answers an error"),
        ({"data": {"channels": 5}}, "channels: body: must be an array, not a whole number"),
        (b"<html>", "channels: the body is no JSON"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_of_what_was_written(reply: Any, why: str) -> None:
    found = make_round(read, lambda _path, _body: reply, OPEN)
    assert found.odd == [why]
    assert found.read == set()


def test_one_feed_that_fails_keeps_the_others_from_nothing() -> None:
    tchop = Tchop(cards={1: [card(5, -3)]}, comments={1: [comment(6, 5, -2)]})

    def answer(path: str, body: dict[str, Any]) -> Any:
        if "query Cards" in body["query"]:
            return {"data": {"storyCardsChannelSearch": {"payload": None, "error": {"__typename": "UnknownError"}}}}
        return tchop.answer(path, body)

    found = make_round(read, answer, OPEN)
    assert found.odd == ["cards: tchop answers UnknownError"] * 3
    assert [fact.id for fact in found.facts] == ["post:comment/6:1"]
    assert found.read == {name for name in LATELY if not name.startswith("cards")}


def test_nothing_is_asked_that_the_schema_does_not_have_or_that_is_private() -> None:
    known = set(" ".join(DOCUMENTED.values()).split())
    for query in (tchop_queries.CHANNELS, tchop_queries.USERS, tchop_queries.CARDS, tchop_queries.COMMENTS):
        fields = re.sub(r"^\s*query \w+(\([^)]*\))?|\$\w+|\.\.\. on \w+", "", query)
        assert set(re.findall(r"\w+", fields)) <= known
        assert not re.search(r"\b(email|phone|bio|location|links|chat\w*|companyId)\b", query)
    tchop = Tchop(users=[user(1, -5)], cards={1: [card(5, -3)]}, comments={1: [comment(6, 5, -2)]})
    written = msgspec.json.encode([fact.data for fact in made(tchop).facts]).decode()
    assert not [secret for secret in SECRETS if secret in written]
