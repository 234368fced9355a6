"""GitHub's webhooks, of a repository or an organisation, to member events. Pure.

Forms: https://docs.github.com/en/webhooks/webhook-events-and-payloads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from services.ingest.platforms.facts import (
    Fact,
    deletion_id,
    edit_id,
    edit_of,
    link,
    member_fact_id,
    moderation_id,
    name_of,
    post_id,
    solved_id,
    stamp,
)
from services.ingest.platforms.github import (
    Item,
    Repository,
    User,
    answering,
    conversation_of,
    member_of,
    message_of,
    opening,
)
from services.ingest.platforms.reading import (
    NO_CONCERN,
    Delivery,
    HookSettings,
    NotUnderstoodError,
    Passed,
    Reading,
    decoded,
    header,
)
from shared.contracts.member_events import Cancelled, Deleted, Joined, Left, MemberEventData, Moderated, Posted, Solved
from shared.contracts.names import Audience

SAMPLE: Final = (
    {"content-type": "application/json", "x-github-event": "issues", "x-github-delivery": "sample"},
    (
        b'{"action":"opened","issue":{"id":1,"number":1,"title":"A sample","body":"Does this arrive?","user":{"id":1,'
        b'"login":"octocat"},"created_at":"2026-11-22T08:15:00Z"},"repository":{"id":1,"full_name":"octocat/hello"}}'
    ),
)


class _Membership(Struct, frozen=True, kw_only=True):
    user: User
    role: str | None = None


class _Tier(Struct, frozen=True, kw_only=True):
    name: str | None = None


class _Sponsorship(Struct, frozen=True, kw_only=True):
    node_id: str
    sponsor: User | None = None
    tier: _Tier = _Tier()


class Event(Struct, frozen=True, kw_only=True):
    """A payload, as far as it is read."""

    action: str = ""
    changes: dict[str, Any] = {}
    repository: Repository | None = None
    sender: User | None = None
    issue: Item | None = None
    pull_request: Item | None = None
    discussion: Item | None = None
    comment: Item | None = None
    review: Item | None = None
    answer: Item | None = None
    membership: _Membership | None = None
    blocked_user: User | None = None
    sponsorship: _Sponsorship | None = None


def read(delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    kind = header(delivery, "x-github-event")
    return meaning(kind, decoded(delivery.body, Event), delivery, settings) if concerns(kind) else NO_CONCERN


def concerns(kind: str) -> bool:
    """Tell whether events of that kind, by the name of their webhook, may tell something of a member."""
    return kind in _READERS


def meaning(kind: str, event: Event, delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what an event of that kind, by the name of its webhook, means; raises NotUnderstoodError."""
    if not concerns(kind):
        return NO_CONCERN
    private = event.repository is not None and event.repository.private
    if private and event.repository is not None and event.repository.full_name not in settings.private:
        return Passed(why="private-place")
    return _READERS[kind](event, delivery, "private" if private else "public")


def _issue(event: Event, delivery: Delivery, audience: Audience) -> Reading:
    item = _needed(event.issue, "issue")
    if event.action == "closed":
        return _solved(event, item) if item.state_reason == "completed" else NO_CONCERN
    if event.action == "locked":
        return _locked(event, item)
    return _written(event, delivery, item, opening(item, _repository(event), audience), ("opened",))


def _pull_request(event: Event, delivery: Delivery, audience: Audience) -> Reading:
    item = _needed(event.pull_request, "pull_request")
    if event.action == "closed":
        return _solved(event, item, contributor=item.user) if item.merged_at else NO_CONCERN
    if event.action == "locked":
        return _locked(event, item)
    return _written(event, delivery, item, opening(item, _repository(event), audience), ("opened",))


def _discussion(event: Event, delivery: Delivery, audience: Audience) -> Reading:
    item = _needed(event.discussion, "discussion")
    if event.action == "answered":
        return _answered(event, item)
    if event.action == "locked":
        return _locked(event, item)
    return _written(event, delivery, item, opening(item, _repository(event), audience), ("created",))


def _comment(kind: str, parent: str) -> Callable[[Event, Delivery, Audience], Reading]:
    def read_comment(event: Event, delivery: Delivery, audience: Audience) -> Reading:
        item = _needed(event.review if kind == "pull_request_review" else event.comment, "comment")
        under = _needed(getattr(event, parent), parent)
        if kind == "pull_request_review" and not item.body:
            return NO_CONCERN  # its comments come by themselves
        post = answering(kind, item, under, _repository(event), audience)
        return _written(event, delivery, item, post, ("created", "submitted"))

    return read_comment


def _organization(event: Event, delivery: Delivery, _audience: Audience) -> Reading:
    if event.action not in {"member_added", "member_removed"}:
        return NO_CONCERN
    user = _needed(event.membership, "membership").user
    joined = event.action == "member_added"
    data: MemberEventData = Joined(member=member_of(user)) if joined else Left(member=member_of(user))
    return (_untimed("joined" if joined else "left", str(user.id), data, delivery),)


def _block(event: Event, delivery: Delivery, _audience: Audience) -> Reading:
    if event.action != "blocked":
        return NO_CONCERN
    user = _needed(event.blocked_user, "blocked_user")
    data = Moderated(member=member_of(user), action="blocked")
    return (_untimed("moderate", str(user.id), data, delivery),)


def _sponsor(event: Event, delivery: Delivery, _audience: Audience) -> Reading:
    sponsorship = _needed(event.sponsorship, "sponsorship")
    if event.action != "cancelled":
        return NO_CONCERN
    if sponsorship.sponsor is None:
        return Passed(why="no-member")
    data = Cancelled(member=member_of(sponsorship.sponsor), plan=name_of(sponsorship.tier.name))
    fact_id = member_fact_id("cancelled", str(sponsorship.sponsor.id), sponsorship.node_id)
    return (Fact(id=fact_id, time=delivery.arrived, data=data),)


def _written(event: Event, delivery: Delivery, item: Item, post: Posted | None, new: tuple[str, ...]) -> Reading:
    if event.action not in {*new, "edited", "deleted"}:
        return NO_CONCERN
    if post is None:
        return Passed(why="no-member")
    created = _needed(item.created_at or item.submitted_at, "created_at")
    changed = item.updated_at or created
    if event.action == "deleted":
        gone = Deleted(member=post.member, conversation=post.conversation, message=post.message)
        return (Fact(id=deletion_id(post.message), time=delivery.arrived, data=gone),)
    if event.action == "edited":
        if not {"body", "title"} & set(event.changes):
            return NO_CONCERN
        return (Fact(id=edit_id(post.message, stamp(changed)), time=changed, data=edit_of(post)),)
    return (Fact(id=post_id(post.message), time=created, data=post),)


def _solved(event: Event, item: Item, *, contributor: User | None = None) -> Reading:
    if event.sender is None:
        return Passed(why="no-member")
    conversation = conversation_of(_repository(event), _needed(item.number, "number"))
    closed = _needed(item.closed_at, "closed_at")
    author = member_of(contributor) if contributor is not None else None
    data = Solved(
        member=member_of(event.sender),
        conversation=conversation,
        url=link(item.html_url),
        contributor=author.id if author is not None and not author.bot else None,
    )
    return (Fact(id=solved_id(conversation, stamp(closed)), time=closed, data=data),)


def _answered(event: Event, item: Item) -> Reading:
    if event.sender is None:
        return Passed(why="no-member")
    conversation = conversation_of(_repository(event), _needed(item.number, "number"))
    chosen = _needed(item.answer_chosen_at, "discussion.answer_chosen_at")
    answer = message_of("discussion_comment", event.answer) if event.answer else None
    data = Solved(member=member_of(event.sender), conversation=conversation, message=answer, url=link(item.html_url))
    return (Fact(id=solved_id(conversation, stamp(chosen)), time=chosen, data=data),)


def _locked(event: Event, item: Item) -> Reading:
    if item.user is None:
        return Passed(why="no-member")
    conversation = conversation_of(_repository(event), _needed(item.number, "number"))
    at = _needed(item.updated_at, "updated_at")
    action = f"locked: {item.active_lock_reason}" if item.active_lock_reason else "locked"
    member = member_of(item.user, item.author_association)
    data = Moderated(member=member, action=action, conversation=conversation, url=link(item.html_url))
    return (Fact(id=moderation_id(conversation, "locked", stamp(at)), time=at, data=data),)


def _untimed(kind: str, member: str, data: MemberEventData, delivery: Delivery) -> Fact:
    """Return a fact whose payload says neither when it was nor which: GitHub redelivers under the same delivery id."""
    fact_id = member_fact_id(kind, member, header(delivery, "x-github-delivery"))
    return Fact(id=fact_id, time=delivery.arrived, data=data)


def _repository(event: Event) -> Repository:
    repository: Repository = _needed(event.repository, "repository")
    return repository


def _needed(value: Any, field: str) -> Any:
    if value is None:
        raise NotUnderstoodError(f"{field} is missing")
    return value


_READERS: Final[dict[str, Callable[[Event, Delivery, Audience], Reading]]] = {
    "issues": _issue,
    "issue_comment": _comment("issue_comment", "issue"),
    "pull_request": _pull_request,
    "pull_request_review": _comment("pull_request_review", "pull_request"),
    "pull_request_review_comment": _comment("pull_request_review_comment", "pull_request"),
    "discussion": _discussion,
    "discussion_comment": _comment("discussion_comment", "discussion"),
    "organization": _organization,
    "org_block": _block,
    "sponsorship": _sponsor,
}
