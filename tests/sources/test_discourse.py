"""Discourse's webhooks. Payloads: app/serializers/web_hook_{post,user,like}_serializer.rb of discourse/discourse."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.ingest.platforms.discourse import WHISPERS
from services.ingest.platforms.discourse_events import read
from services.ingest.platforms.facts import stamp
from services.ingest.platforms.reading import EVERYWHERE, HookSettings, NotUnderstoodError, Reading
from shared.contracts.member_events import Deleted, Edited, Joined, Left, Moderated, Posted, Reacted, Solved, Updated
from tests.sources.reading import ARRIVED, delivery, only_fact, why_passed

OPEN = HookSettings(site="https://forum.example.org", public=("5",))
POST = {
    "id": 83,
    "name": "Sam",
    "username": "sam",
    "user_id": 12,
    "created_at": "2026-11-20T09:00:00.000Z",
    "updated_at": "2026-11-20T09:05:00.000Z",
    "raw": "How do I begin?",
    "cooked": "<p>How do I begin?</p>",
    "post_number": 1,
    "post_type": 1,
    "reply_to_post_number": None,
    "topic_id": 57,
    "topic_slug": "first-steps",
    "topic_title": "First steps",
    "topic_archetype": "regular",
    "category_id": 5,
    "category_slug": "help",
    "moderator": False,
    "admin": False,
    "staff": False,
    "trust_level": 1,
    "primary_group_name": "advocates",
}
USER = {
    "id": 12,
    "username": "sam",
    "name": "Sam",
    "email": "sam@example.org",
    "secondary_emails": ["other@example.org"],
    "created_at": "2026-11-01T09:00:00.000Z",
    "ip_address": "192.0.2.7",
    "registration_ip_address": "192.0.2.8",
    "moderator": True,
    "admin": False,
    "trust_level": 2,
    "groups": [{"id": 11, "name": "trust_level_1"}, {"id": 41, "name": "advocates"}],
}


def discourse(
    event: str, payload: dict[str, Any], settings: HookSettings = OPEN, *, arrived: datetime = ARRIVED
) -> Reading:
    [kind] = payload
    sent = delivery(payload, x_discourse_event_type=kind, x_discourse_event=event)
    return read(replace(sent, arrived=arrived), settings)


def test_the_first_post_of_a_topic_begins_with_its_title() -> None:
    fact = only_fact(discourse("post_created", {"post": POST}))
    assert fact.id == "post:83:1"
    assert isinstance(fact.data, Posted)
    assert (fact.data.text, fact.data.conversation) == ("First steps\n\nHow do I begin?", "57")
    assert (fact.data.channel, fact.data.audience) == ("help", "public")
    assert fact.data.url == "https://forum.example.org/t/first-steps/57/1"
    answer = only_fact(discourse("post_created", {"post": {**POST, "id": 84, "post_number": 2}}))
    assert isinstance(answer.data, Posted)
    assert (answer.data.text, answer.data.conversation) == ("How do I begin?", "57")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ('[quote="bo, post:1, topic:57"]\nWho knows?\nMe?\n[/quote]\n\nI do.', "> Who knows?\n> Me?\n\nI do."),
        ("So: [quote]a[quote]b[/quote]c[/quote] No.", "So:\n\n> a\n\n> b\n\n> c\n\nNo."),
        ("[quote]one[/quote]", "> one"),
        ("[quote]not closed", "[quote]not closed"),
        ("not open[/quote]", "not open[/quote]"),
        ("[/quote][quote]", "[/quote][quote]"),
        ("[quote][quote]inner[/quote] own", "[quote]\n\n> inner\n\nown"),
        ("  none\n", "  none\n"),
    ],
    ids=["lines", "in-one-another", "alone", "not-closed", "not-open", "the-wrong-way", "one-closed", "none"],
)
def test_what_a_post_quotes_stands_in_quoted_lines(raw: str, text: str) -> None:
    fact = only_fact(discourse("post_created", {"post": {**POST, "raw": raw, "post_number": 2}}))
    assert isinstance(fact.data, Posted)
    assert fact.data.text == text


def test_what_its_author_deleted_is_deleted_though_a_notice_stands_there_yet() -> None:
    left = {**POST, "raw": "(topic deleted by author)", "user_deleted": True}
    deleted = only_fact(discourse("post_edited", {"post": left}))
    assert isinstance(deleted.data, Deleted)
    assert (deleted.data.message, stamp(deleted.time)) == ("83", stamp(datetime.fromisoformat(POST["updated_at"])))


def test_an_edit_is_known_by_when_it_was_made_and_a_deletion_by_its_post() -> None:
    edited = only_fact(discourse("post_edited", {"post": POST}))
    again = only_fact(discourse("post_edited", {"post": {**POST, "updated_at": "2026-11-20T09:06:00.000Z"}}))
    assert (edited.id, again.id) == ("edit:83:1795165500000", "edit:83:1795165560000")
    assert isinstance(edited.data, Edited)
    deleted = only_fact(discourse("post_destroyed", {"post": POST}))
    assert (deleted.id, deleted.time) == (f"delete:83:{stamp(ARRIVED)}", ARRIVED)
    assert isinstance(deleted.data, Deleted)


def test_a_recovered_post_is_told_after_its_deletion_and_not_taken_for_an_edit_before() -> None:
    edited = only_fact(discourse("post_edited", {"post": POST}))
    recovered = only_fact(discourse("post_recovered", {"post": POST}))
    assert isinstance(recovered.data, Edited)
    assert recovered.id != edited.id
    assert recovered.data.recovered
    assert not edited.data.recovered
    assert recovered.time == ARRIVED


@pytest.mark.parametrize("event", ["post_destroyed", "post_recovered"])
def test_a_deletion_or_recovery_is_told_from_the_next(event: str) -> None:
    first, later = (
        only_fact(discourse(event, {"post": POST}, arrived=ARRIVED + timedelta(hours=hours))) for hours in (0, 1)
    )
    assert first.id != later.id


@pytest.mark.parametrize("event", ["post_created", "post_edited", "post_destroyed", "accepted_solution"])
def test_a_post_states_no_roles_for_it_knows_not_all_of_them(event: str) -> None:
    """What it states would be taken for all that its author has, groups of staff among them."""
    kind = "solved" if event == "accepted_solution" else "post"
    assert only_fact(discourse(event, {kind: POST})).data.member.roles == ()


def test_a_like_is_a_reaction_and_holds_no_member_in_its_id() -> None:
    like = {"like": {"post": POST, "user": {"id": 987654, "username": "ada", "name": "Ada"}}}
    fact = only_fact(discourse("post_liked", like))
    assert isinstance(fact.data, Reacted)
    assert (fact.data.member.id, fact.data.message, fact.data.reaction) == ("987654", "83", "like")
    assert "987654" not in fact.id
    assert "ada" not in fact.id


def test_an_accepted_answer_solves_its_topic() -> None:
    fact = only_fact(discourse("accepted_solution", {"solved": {**POST, "post_number": 3}}))
    assert isinstance(fact.data, Solved)
    assert (fact.data.conversation, fact.data.message) == ("57", "83")


def test_members_join_change_and_leave() -> None:
    joined = only_fact(discourse("user_created", {"user": USER}))
    assert isinstance(joined.data, Joined)
    assert joined.data.member.roles == ("moderator", "trust_level_2", "trust_level_1", "advocates")
    updated = only_fact(discourse("user_updated", {"user": USER}))
    assert isinstance(updated.data, Updated)
    assert isinstance(only_fact(discourse("user_destroyed", {"user": USER})).data, Left)
    assert why_passed(discourse("user_created", {"user": {**USER, "staged": True}})) == "no-member"


def test_a_flag_that_moderators_agreed_with_is_moderation() -> None:
    flag = {"id": 9, "type": "ReviewableFlaggedPost", "status": 1, "post_id": 83, "target_created_by_id": 12}
    flag |= {"topic_id": 57, "category_id": 5}
    fact = only_fact(discourse("reviewable_transitioned_to", {"reviewable": flag}))
    assert isinstance(fact.data, Moderated)
    assert (fact.data.member.id, fact.data.message, fact.data.conversation) == ("12", "83", "57")
    ignored = {"reviewable": {**flag, "status": 3}}
    assert why_passed(discourse("reviewable_transitioned_to", ignored)) == "of-no-concern"


@pytest.mark.parametrize(
    ("category", "settings"),
    [(None, HookSettings(public=(EVERYWHERE,), private=("None",))), (6, OPEN), (5, HookSettings())],
)
def test_a_flagged_message_and_a_post_of_a_closed_category_are_not_named(
    category: int | None, settings: HookSettings
) -> None:
    flag = {"id": 9, "type": "ReviewableFlaggedPost", "status": 1, "post_id": 83, "target_created_by_id": 12}
    flag |= {"topic_id": 57, "category_id": category}
    fact = only_fact(discourse("reviewable_transitioned_to", {"reviewable": flag}, settings))
    assert isinstance(fact.data, Moderated)
    assert (fact.data.member.id, fact.data.conversation, fact.data.message) == ("12", None, None)


@pytest.mark.parametrize("event", ["user_created", "user_updated", "user_destroyed"])
def test_neither_addresses_nor_admin_fields_enter(event: str) -> None:
    said = repr(discourse(event, {"user": USER}))
    assert "example.org" not in said
    assert "192.0.2" not in said


@pytest.mark.parametrize("event", ["post_created", "post_edited", "post_destroyed", "accepted_solution"])
def test_direct_messages_are_dropped_at_the_door(event: str) -> None:
    kind = "solved" if event == "accepted_solution" else "post"
    message = {**POST, "topic_archetype": "private_message", "category_id": None}
    everything = HookSettings(public=(EVERYWHERE,), private=("5", "None"))
    assert why_passed(discourse(event, {kind: message}, everything)) == "direct-message"


def test_a_category_is_public_or_private_only_where_it_is_listed() -> None:
    assert why_passed(discourse("post_created", {"post": {**POST, "category_id": 6}})) == "private-place"
    listed = only_fact(discourse("post_created", {"post": POST}, HookSettings(private=("5",), public=(EVERYWHERE,))))
    assert isinstance(listed.data, Posted)
    assert listed.data.audience == "private"
    whisper = {"post": {**POST, "post_type": 4}}
    assert why_passed(discourse("post_created", whisper)) == "private-place"
    heard = only_fact(discourse("post_created", whisper, HookSettings(private=(WHISPERS,))))
    assert isinstance(heard.data, Posted)
    assert heard.data.audience == "private"


def test_the_system_and_its_bots_are_no_people() -> None:
    assert only_fact(discourse("post_created", {"post": {**POST, "user_id": -1}})).data.member.bot


def test_small_actions_and_what_concerns_nobody_are_passed() -> None:
    assert why_passed(discourse("post_created", {"post": {**POST, "post_type": 3}})) == "of-no-concern"
    assert why_passed(discourse("topic_created", {"topic": {"id": 57}})) == "of-no-concern"
    assert why_passed(read(delivery({"ping": "OK"}, x_discourse_event_type="ping"), OPEN)) == "of-no-concern"


def test_half_an_emoji_spoils_no_post() -> None:
    body = b'{"post":{"id":1,"topic_id":1,"post_number":2,"user_id":1,"raw":"Hi \\ud83d","category_id":5,'
    body += b'"created_at":"2026-11-22T08:15:00Z"}}'
    fact = only_fact(read(delivery(body, x_discourse_event_type="post", x_discourse_event="post_created"), OPEN))
    assert isinstance(fact.data, Posted)
    assert fact.data.text == "Hi ?"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"post":{"id":1}}', b"{" * 10_000, b"[" * 100_000, b"\xff"])
def test_anything_else_is_not_understood(body: bytes) -> None:
    with pytest.raises(NotUnderstoodError):
        read(delivery(body, x_discourse_event_type="post", x_discourse_event="post_created"), OPEN)
