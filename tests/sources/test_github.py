"""GitHub's webhooks. Payloads: docs.github.com/en/webhooks/webhook-events-and-payloads, shortened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.ingest.platforms.github_events import read
from services.ingest.platforms.reading import HookSettings, NotUnderstoodError, Reading
from shared.contracts.member_events import Cancelled, Deleted, Edited, Joined, Left, Member, Moderated, Posted, Solved
from tests.sources.reading import ARRIVED, delivery, only_fact, why_passed

OCTOCAT = {"login": "octocat", "id": 583231, "type": "User", "site_admin": False, "email": "octocat@github.example"}
HUBOT = {"login": "hubot[bot]", "id": 480938, "type": "Bot"}
REPOSITORY = {"id": 186853002, "full_name": "octocat/Hello-World", "private": False}
ISSUE = {
    "id": 444500041,
    "number": 1,
    "html_url": "https://github.com/octocat/Hello-World/issues/1",
    "title": "Spelling error in the README file",
    "body": "It looks like you misspelled 'commit'.",
    "user": OCTOCAT,
    "author_association": "CONTRIBUTOR",
    "created_at": "2019-05-15T15:20:18Z",
    "updated_at": "2019-05-15T15:20:27Z",
    "closed_at": None,
}
PULL = {**ISSUE, "id": 279147437, "number": 2, "html_url": "https://github.com/octocat/Hello-World/pull/2"}
DISCUSSION = {**ISSUE, "id": 3299614, "number": 4, "html_url": "https://github.com/octocat/Hello-World/discussions/4"}
COMMENT = {
    "id": 492700400,
    "html_url": "https://github.com/octocat/Hello-World/issues/1#issuecomment-492700400",
    "user": {"login": "ada", "id": 7, "type": "User"},
    "body": "You are totally right!",
    "author_association": "NONE",
    "created_at": "2019-05-15T15:21:01Z",
    "updated_at": "2019-05-15T15:25:00Z",
}


def github(kind: str, payload: dict[str, Any], settings: HookSettings | None = None, **more: Any) -> Reading:
    whole = {"repository": REPOSITORY, "sender": OCTOCAT, **payload, **more}
    headers = {"x_github_event": kind, "x_github_delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
    return read(delivery(whole, **headers), settings or HookSettings())


@pytest.mark.parametrize(
    ("association", "roles"),
    [
        ("OWNER", ("owner",)),
        ("MEMBER", ("member",)),
        ("COLLABORATOR", ("collaborator",)),
        ("CONTRIBUTOR", ()),
        ("FIRST_TIME_CONTRIBUTOR", ()),
        ("NONE", ()),
        (None, ()),
    ],
)
def test_who_has_no_standing_in_a_repository_keeps_that_of_another(
    association: str | None, roles: tuple[str, ...]
) -> None:
    issue = {**ISSUE, "author_association": association}
    assert only_fact(github("issues", {"action": "opened", "issue": issue})).data.member.roles == roles


def test_an_issue_opens_a_conversation() -> None:
    fact = only_fact(github("issues", {"action": "opened", "issue": ISSUE}))
    assert (fact.id, fact.time) == ("post:186853002/1:1", datetime(2019, 5, 15, 15, 20, 18, tzinfo=UTC))
    assert isinstance(fact.data, Posted)
    assert fact.data.text == "Spelling error in the README file\n\nIt looks like you misspelled 'commit'."
    assert (fact.data.conversation, fact.data.channel) == ("186853002/1", "octocat/Hello-World")
    assert (fact.data.member.id, fact.data.member.handle) == ("583231", "octocat")
    assert (fact.data.member.roles, fact.data.member.bot) == ((), False)
    assert (fact.data.audience, fact.data.url) == ("public", ISSUE["html_url"])


@pytest.mark.parametrize(
    ("kind", "parent", "message"),
    [
        ("issue_comment", {"issue": ISSUE}, "issue_comment/492700400"),
        ("pull_request_review_comment", {"pull_request": PULL}, "pull_request_review_comment/492700400"),
        ("discussion_comment", {"discussion": DISCUSSION}, "discussion_comment/492700400"),
    ],
)
def test_a_comment_answers_in_its_conversation(kind: str, parent: dict[str, Any], message: str) -> None:
    fact = only_fact(github(kind, {"action": "created", "comment": COMMENT, **parent}))
    assert isinstance(fact.data, Posted)
    assert (fact.id, fact.data.message) == (f"post:{message}:1", message)
    [opening] = parent.values()
    assert fact.data.conversation == f"186853002/{opening['number']}"


def test_an_answer_to_a_comment_says_so() -> None:
    answer = {**COMMENT, "parent_id": 544078}
    fact = only_fact(github("discussion_comment", {"action": "created", "comment": answer, "discussion": DISCUSSION}))
    assert isinstance(fact.data, Posted)
    assert fact.data.reply_to == "discussion_comment/544078"


def test_a_review_is_a_post_when_it_says_something() -> None:
    review = {"id": 237895671, "user": OCTOCAT, "body": "Well done", "submitted_at": "2019-05-15T15:20:38Z"}
    fact = only_fact(github("pull_request_review", {"action": "submitted", "review": review, "pull_request": PULL}))
    assert fact.id == "post:pull_request_review/237895671:1"
    silent = {"action": "submitted", "review": {**review, "body": None}, "pull_request": PULL}
    assert why_passed(github("pull_request_review", silent)) == "of-no-concern"


def test_edits_are_told_apart_by_their_time_and_deletions_are_one() -> None:
    edit = {"action": "edited", "comment": COMMENT, "issue": ISSUE, "changes": {"body": {"from": "You're right"}}}
    edited = only_fact(github("issue_comment", edit))
    assert edited.id == "edit:issue_comment/492700400:1557933900000"
    assert isinstance(edited.data, Edited)
    assert edited.data.text == "You are totally right!"
    deleted = only_fact(github("issue_comment", {"action": "deleted", "comment": COMMENT, "issue": ISSUE}))
    assert (deleted.id, deleted.time) == ("delete:issue_comment/492700400:1", ARRIVED)
    assert isinstance(deleted.data, Deleted)
    assert deleted.data.member.id == "7"


def test_what_is_closed_as_done_answered_or_merged_is_solved() -> None:
    closed = {**ISSUE, "closed_at": "2019-05-16T08:00:00Z", "state_reason": "completed"}
    done = only_fact(github("issues", {"action": "closed", "issue": closed}))
    assert isinstance(done.data, Solved)
    assert done.data.conversation == "186853002/1"
    declined = {**closed, "state_reason": "not_planned"}
    assert why_passed(github("issues", {"action": "closed", "issue": declined})) == "of-no-concern"
    assert done.data.contributor is None
    chosen = {**DISCUSSION, "answer_chosen_at": "2021-03-30T19:17:18.000-04:00"}
    answered = only_fact(github("discussion", {"action": "answered", "discussion": chosen, "answer": COMMENT}))
    assert isinstance(answered.data, Solved)
    assert (answered.data.message, answered.time.tzinfo) == ("discussion_comment/492700400", answered.time.tzinfo)


MERGED = {**PULL, "closed_at": "2019-05-16T08:00:00Z", "merged_at": "2019-05-16T08:00:00Z"}


def test_a_merged_pull_request_is_a_contribution_of_its_author_whoever_merged_it() -> None:
    fact = only_fact(github("pull_request", {"action": "closed", "pull_request": MERGED}, sender=COMMENT["user"]))
    assert fact.data == Solved(
        member=Member(id="7", handle="ada"),
        conversation="186853002/2",
        url="https://github.com/octocat/Hello-World/pull/2",
        contributor="583231",
    )
    unmerged = {**MERGED, "merged_at": None}
    assert why_passed(github("pull_request", {"action": "closed", "pull_request": unmerged})) == "of-no-concern"


@pytest.mark.parametrize("author", [None, HUBOT])
def test_nobody_contributed_what_a_bot_wrote_or_an_account_that_is_gone(author: Any) -> None:
    fact = only_fact(github("pull_request", {"action": "closed", "pull_request": {**MERGED, "user": author}}))
    assert isinstance(fact.data, Solved)
    assert fact.data.contributor is None


def test_members_come_go_and_are_blocked() -> None:
    membership = {"membership": {"user": OCTOCAT, "role": "member"}}
    joined = only_fact(github("organization", {"action": "member_added", **membership}))
    assert isinstance(joined.data, Joined)
    assert "583231" not in joined.id
    assert isinstance(only_fact(github("organization", {"action": "member_removed", **membership})).data, Left)
    blocked = only_fact(github("org_block", {"action": "blocked", "blocked_user": OCTOCAT}))
    assert isinstance(blocked.data, Moderated)
    locked = only_fact(github("issues", {"action": "locked", "issue": {**ISSUE, "active_lock_reason": "too heated"}}))
    assert isinstance(locked.data, Moderated)
    assert (locked.data.action, locked.data.conversation) == ("locked: too heated", "186853002/1")
    ended = {"node_id": "S_kw", "sponsor": OCTOCAT, "tier": {"name": "$5 a month"}}
    cancelled = only_fact(github("sponsorship", {"action": "cancelled", "sponsorship": ended}))
    assert isinstance(cancelled.data, Cancelled)
    assert cancelled.data.plan == "$5 a month"


def test_a_bot_is_marked() -> None:
    fact = only_fact(github("issues", {"action": "opened", "issue": {**ISSUE, "user": HUBOT}}))
    assert fact.data.member.bot


def test_a_private_repository_is_taken_only_when_it_is_listed() -> None:
    payload = {"action": "opened", "issue": ISSUE, "repository": {**REPOSITORY, "private": True}}
    assert why_passed(github("issues", payload)) == "private-place"
    fact = only_fact(github("issues", payload, HookSettings(private=("octocat/Hello-World",))))
    assert isinstance(fact.data, Posted)
    assert fact.data.audience == "private"


def test_no_address_of_a_person_enters() -> None:
    assert "@github.example" not in repr(github("issues", {"action": "opened", "issue": ISSUE}))


@pytest.mark.parametrize("kind", ["ping", "push", "star", "workflow_run", "unheard-of"])
def test_what_concerns_nobody_is_passed(kind: str) -> None:
    assert why_passed(github(kind, {"action": "created"})) == "of-no-concern"


def test_a_lost_account_is_no_member() -> None:
    assert why_passed(github("issues", {"action": "opened", "issue": {**ISSUE, "user": None}})) == "no-member"


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"action": "opened"}, "issue is missing"),
        ({"action": "opened", "issue": {"id": "x"}}, "issue.id: must be a whole number, not text"),
        ({"action": "opened", "issue": ISSUE, "repository": None}, "repository is missing"),
    ],
)
def test_what_is_not_understood_says_where(payload: dict[str, Any], why: str) -> None:
    with pytest.raises(NotUnderstoodError) as caught:
        github("issues", payload)
    assert str(caught.value) == why
