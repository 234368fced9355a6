"""Discourse's webhooks to member events. Pure.

Forms: app/serializers/web_hook_*_serializer.rb of discourse/discourse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from services.ingest.platforms.discourse import (
    Post,
    User,
    audience_in,
    change_fact,
    deletion_fact,
    joined_fact,
    kept_out,
    link_to,
    member_of,
    post_fact,
    posted,
    solved_fact,
)
from services.ingest.platforms.facts import (
    Fact,
    edit_id,
    edit_of,
    member_fact_id,
    moderation_id,
    reaction_id,
    stamp,
)
from services.ingest.platforms.reading import (
    NO_CONCERN,
    Delivery,
    HookSettings,
    Passed,
    Reading,
    decoded,
    header,
)
from shared.contracts.member_events import Left, Member, Moderated, Reacted, Updated

SAMPLE: Final = (
    {"content-type": "application/json", "x-discourse-event-type": "post", "x-discourse-event": "post_created"},
    (
        b'{"post":{"id":1,"topic_id":1,"post_number":1,"user_id":1,"username":"sam","topic_title":"A sample",'
        b'"raw":"Does this arrive?","category_id":1,"created_at":"2026-11-22T08:15:00.000Z"}}'
    ),
)
_APPROVED: Final = 1
"""The status of a reviewable whose flags the moderators agreed with."""


class _Like(Struct, frozen=True, kw_only=True):
    post: Post
    user: User


class _Reviewable(Struct, frozen=True, kw_only=True):
    id: int
    type: str
    status: int | None = None
    post_id: int | None = None
    target_created_by_id: int | None = None
    category_id: int | None = None
    topic_id: int | None = None


class _OfPost(Struct, frozen=True, kw_only=True):
    post: Post


class _OfSolved(Struct, frozen=True, kw_only=True):
    solved: Post


class _OfLike(Struct, frozen=True, kw_only=True):
    like: _Like


class _OfUser(Struct, frozen=True, kw_only=True):
    user: User


class _OfReviewable(Struct, frozen=True, kw_only=True):
    reviewable: _Reviewable


def read(delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    if header(delivery, "x-discourse-event-type") == "ping":
        return NO_CONCERN
    reader = _READERS.get(header(delivery, "x-discourse-event"))
    return NO_CONCERN if reader is None else reader(delivery, settings)


def _of_post(delivery: Delivery, settings: HookSettings, act: Callable[[Post, HookSettings], Fact]) -> Reading:
    post = decoded(delivery.body, _OfPost).post
    return kept_out(post, settings) or (act(post, settings),)


def _post_created(delivery: Delivery, settings: HookSettings) -> Reading:
    return _of_post(delivery, settings, post_fact)


def _post_edited(delivery: Delivery, settings: HookSettings) -> Reading:
    return _of_post(delivery, settings, change_fact)


def _post_recovered(delivery: Delivery, settings: HookSettings) -> Reading:
    """What stands there now is its text. When it came back is not told: to recover a post does not date it anew."""

    def recovered(post: Post, settings: HookSettings) -> Fact:
        now, at = posted(post, settings), delivery.arrived
        return Fact(id=edit_id(now.message, f"recovered-{stamp(at)}"), time=at, data=edit_of(now, recovered=True))

    return _of_post(delivery, settings, recovered)


def _post_destroyed(delivery: Delivery, settings: HookSettings) -> Reading:
    """When it was is not told."""
    return _of_post(delivery, settings, lambda post, _settings: deletion_fact(post, delivery.arrived))


def _liked(delivery: Delivery, settings: HookSettings) -> Reading:
    like = decoded(delivery.body, _OfLike).like
    if kept := kept_out(like.post, settings):
        return kept
    message, member = str(like.post.id), member_of(like.user)
    data = Reacted(
        member=member,
        conversation=str(like.post.topic_id),
        message=message,
        reaction="like",
        url=link_to(like.post, settings),
    )
    return (Fact(id=reaction_id(message, member.id, "like"), time=delivery.arrived, data=data),)


def _solved(delivery: Delivery, settings: HookSettings) -> Reading:
    post = decoded(delivery.body, _OfSolved).solved
    return kept_out(post, settings) or (solved_fact(post, settings, delivery.arrived),)


def _user_created(delivery: Delivery, _settings: HookSettings) -> Reading:
    """A staged account was made for somebody who wrote an e-mail, and has not joined."""
    user = decoded(delivery.body, _OfUser).user
    return Passed(why="no-member") if user.staged else (joined_fact(user, user.created_at or delivery.arrived),)


def _user_updated(delivery: Delivery, _settings: HookSettings) -> Reading:
    """Nothing in a profile says when it changed: one that is sent again is another fact, which changes nothing."""
    user = decoded(delivery.body, _OfUser).user
    data = Updated(member=member_of(user))
    fact_id = member_fact_id("updated", data.member.id, stamp(delivery.arrived))
    return (Fact(id=fact_id, time=delivery.arrived, data=data, address=user.email),)


def _user_destroyed(delivery: Delivery, _settings: HookSettings) -> Reading:
    data = Left(member=member_of(decoded(delivery.body, _OfUser).user))
    return (Fact(id=member_fact_id("left", data.member.id, "1"), time=delivery.arrived, data=data),)


def _reviewed(delivery: Delivery, settings: HookSettings) -> Reading:
    """Moderators agreed with what was flagged. It is named only in a listed place: personal messages are in none."""
    found = decoded(delivery.body, _OfReviewable).reviewable
    if found.status != _APPROVED or not found.type.startswith("ReviewableFlagged"):
        return NO_CONCERN
    if found.target_created_by_id is None:
        return Passed(why="no-member")
    author = found.target_created_by_id
    told = found.category_id is not None and audience_in(found.category_id, settings) is not None
    data = Moderated(
        member=Member(id=str(author), bot=author < 0),
        action="flag agreed",
        conversation=str(found.topic_id) if told and found.topic_id is not None else None,
        message=str(found.post_id) if told and found.post_id is not None else None,
    )
    fact_id = moderation_id(f"reviewable/{found.id}", data.action, str(found.status))
    return (Fact(id=fact_id, time=delivery.arrived, data=data),)


_READERS: Final[dict[str, Callable[[Delivery, HookSettings], Reading]]] = {
    "post_created": _post_created,
    "post_edited": _post_edited,
    "post_recovered": _post_recovered,
    "post_destroyed": _post_destroyed,
    "post_liked": _liked,
    "accepted_solution": _solved,
    "user_created": _user_created,
    "user_updated": _user_updated,
    "user_destroyed": _user_destroyed,
    "reviewable_transitioned_to": _reviewed,
}
