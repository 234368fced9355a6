"""Mastodon's webhooks. Payloads: docs.joinmastodon.org/admin/webhooks, entities/Status, Admin_Account, Admin_Report."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.platforms.facts import Fact
from services.ingest.platforms.mastodon import FOLLOWERS, read
from services.ingest.platforms.reading import HookSettings, NotUnderstoodError, Reading
from shared.contracts.member_events import Edited, Joined, Moderated, Posted, Updated
from tests.sources.reading import delivery, only_fact, taken, why_passed

ACCOUNT = {
    "id": "123456789",
    "username": "bob",
    "acct": "bob",
    "display_name": "Bob",
    "bot": False,
    "created_at": "2023-07-13T00:00:00.000Z",
}
ADMIN_ACCOUNT = {
    "id": "123456789",
    "created_at": "2023-07-13T04:39:22.493Z",
    "email": "bob@emailservice.example",
    "ip": "192.0.2.34",
    "approved": True,
    "suspended": False,
    "silenced": False,
    "disabled": False,
    "invite_request": "I would love to be a member!",
    "ips": [{"ip": "198.51.100.54", "used_at": "2023-07-13T04:39:22.722Z"}],
    "account": ACCOUNT,
    "role": {"id": "3", "name": "Owner", "permissions": "1"},
}
STATUS = {
    "id": "111301083360371621",
    "created_at": "2023-10-26T11:29:13.000Z",
    "in_reply_to_id": None,
    "spoiler_text": "",
    "visibility": "public",
    "url": "https://social.example/@bob/111301083360371621",
    "edited_at": None,
    "content": '<p>How do I <span class="x">begin</span>?<br>Anyone?</p><p>A &amp; B</p>',
    "account": ACCOUNT,
    "mentions": [{"id": "101", "username": "eve", "acct": "eve"}],
}


def mastodon(event: str, of: dict[str, Any], settings: HookSettings | None = None) -> Reading:
    payload = {"event": event, "created_at": "2023-10-26T13:34:00.351Z", "object": of}
    return read(delivery(payload), settings or HookSettings())


def test_a_post_is_plain_text_and_an_answer_goes_on_with_what_it_answers() -> None:
    fact = only_fact(mastodon("status.created", STATUS))
    assert isinstance(fact.data, Posted)
    assert (fact.id, fact.data.text) == ("post:111301083360371621:1", "How do I begin?\nAnyone?\n\nA & B")
    assert (fact.data.mentions, fact.data.audience, fact.data.url) == (("101",), "public", STATUS["url"])
    answer = only_fact(mastodon("status.created", {**STATUS, "id": "2", "in_reply_to_id": STATUS["id"]}))
    assert isinstance(answer.data, Posted)
    assert answer.data.conversation == answer.data.reply_to == fact.data.conversation


def test_an_edit_is_known_by_its_time() -> None:
    fact = only_fact(mastodon("status.updated", {**STATUS, "edited_at": "2023-10-26T11:30:31.000Z"}))
    assert isinstance(fact.data, Edited)
    assert fact.id == "edit:111301083360371621:1698319831000"


def test_accounts_join_once_change_and_are_moderated() -> None:
    created, approved = (only_fact(mastodon(f"account.{what}", ADMIN_ACCOUNT)) for what in ("created", "approved"))
    assert isinstance(created.data, Joined)
    assert created.id == approved.id
    assert why_passed(mastodon("account.created", {**ADMIN_ACCOUNT, "approved": False})) == "of-no-concern"
    updated = only_fact(mastodon("account.updated", ADMIN_ACCOUNT))
    assert isinstance(updated.data, Updated)
    assert updated.data.member.roles == ("Owner",)
    report = {"id": "8437", "action_taken": True, "action_taken_at": "2023-10-26T13:40:00.000Z"}
    acted = only_fact(mastodon("report.updated", {**report, "target_account": ADMIN_ACCOUNT}))
    assert isinstance(acted.data, Moderated)
    open_report = {**report, "action_taken": False, "target_account": ADMIN_ACCOUNT}
    assert why_passed(mastodon("report.updated", open_report)) == "of-no-concern"
    assert why_passed(mastodon("report.created", open_report)) == "of-no-concern"


def test_a_silenced_account_still_changes_and_was_silenced_once() -> None:
    first, later = (changed_account(second, silenced=True) for second in (1, 2))
    assert [type(fact.data) for fact in first] == [Updated, Moderated]
    assert first[0].id != later[0].id
    assert first[1].id == later[1].id
    _, suspended, silenced = changed_account(3, silenced=True, suspended=True)
    assert isinstance(suspended.data, Moderated)
    assert suspended.data.action == "suspended"
    assert silenced.id == first[1].id != suspended.id


def changed_account(second: int, **state: bool) -> tuple[Fact, ...]:
    payload = {"event": "account.updated", "created_at": f"2023-10-26T13:34:0{second}.351Z"}
    facts = read(delivery({**payload, "object": {**ADMIN_ACCOUNT, **state}}), HookSettings())
    assert isinstance(facts, tuple)
    for fact in facts:
        taken(fact)
    return facts


def test_a_boost_is_no_post() -> None:
    boost = {**STATUS, "id": "9", "content": "", "reblog": {**STATUS, "reblog": None}}
    assert why_passed(mastodon("status.created", boost)) == "of-no-concern"
    assert isinstance(only_fact(mastodon("status.created", {**STATUS, "reblog": None})).data, Posted)


@pytest.mark.parametrize("what", ["created", "approved", "updated"])
def test_neither_addresses_nor_admin_fields_enter(what: str) -> None:
    said = repr(mastodon(f"account.{what}", ADMIN_ACCOUNT))
    for secret in ("emailservice", "192.0.2", "198.51.100", "love to be"):
        assert secret not in said


def test_direct_posts_are_dropped_and_those_for_followers_unless_listed() -> None:
    everything = HookSettings(private=(FOLLOWERS,), public=("*",))
    assert why_passed(mastodon("status.created", {**STATUS, "visibility": "direct"}, everything)) == "direct-message"
    assert why_passed(mastodon("status.created", {**STATUS, "visibility": "private"})) == "private-place"
    fact = only_fact(mastodon("status.created", {**STATUS, "visibility": "private"}, everything))
    assert isinstance(fact.data, Posted)
    assert fact.data.audience == "private"


def test_bots_are_marked_and_anything_else_is_said() -> None:
    assert only_fact(mastodon("status.created", {**STATUS, "account": {**ACCOUNT, "bot": True}})).data.member.bot
    with pytest.raises(NotUnderstoodError):
        mastodon("status.created", {"id": 5})
