"""Discourse: webhooks of a forum to member events. Pure.

Forms: the serializers of discourse/discourse, app/serializers/web_hook_*_serializer.rb. A topic is the conversation; a
post answers others by their number in the topic, of which a webhook does not tell the id.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

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
    reaction_id,
    solved_id,
    stamp,
    text_of,
)
from services.ingest.platforms.reading import EVERYWHERE, Delivery, HookSettings, Passed, Reading, Time, decoded, header
from shared.contracts.member_events import (
    Deleted,
    Joined,
    Left,
    Member,
    Moderated,
    Posted,
    Reacted,
    Solved,
    Updated,
)
from shared.contracts.names import Audience

PLATFORM: Final = "discourse"
SAMPLE: Final = (
    {"content-type": "application/json", "x-discourse-event-type": "post", "x-discourse-event": "post_created"},
    (
        b'{"post":{"id":1,"topic_id":1,"post_number":1,"user_id":1,"username":"sam","topic_title":"A sample",'
        b'"raw":"Does this arrive?","category_id":1,"created_at":"2026-11-22T08:15:00.000Z"}}'
    ),
)
WHISPERS: Final = "whispers"
"""Stands in the list of private places for what the staff writes between the posts."""
_NO_CONCERN: Final = Passed(why="of-no-concern")
_REGULAR, _MODERATOR_ACTION, _WHISPER = 1, 2, 4
_APPROVED: Final = 1
"""The status of a reviewable whose flags the moderators agreed with."""


class Post(Struct, frozen=True, kw_only=True):
    """A post as webhooks and the API show it. The deleted one of a deleted account has no ``user_id``."""

    id: int
    topic_id: int
    post_number: int
    created_at: Time
    user_id: int | None = None
    updated_at: Time | None = None
    username: str | None = None
    name: str | None = None
    post_type: int = _REGULAR
    raw: str | None = None
    topic_slug: str | None = None
    topic_title: str | None = None
    topic_archetype: str = "regular"
    category_id: int | None = None
    category_slug: str | None = None


class Group(Struct, frozen=True, kw_only=True):
    """A group that a profile names."""

    name: str


class User(Struct, frozen=True, kw_only=True):
    """A profile. What else it holds, such as addresses, is never read."""

    id: int
    username: str
    name: str | None = None
    created_at: Time | None = None
    moderator: bool = False
    admin: bool = False
    trust_level: int | None = None
    groups: tuple[Group, ...] = ()
    staged: bool = False


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
        return _NO_CONCERN
    reader = _READERS.get(header(delivery, "x-discourse-event"))
    return _NO_CONCERN if reader is None else reader(delivery, settings)


def kept_out(post: Post, settings: HookSettings) -> Passed | None:
    """Return why nothing of ``post`` is taken; None when it may be."""
    if post.topic_archetype == "private_message":
        return Passed(why="direct-message")
    if _audience(post, settings) is None:
        return Passed(why="private-place")
    if post.post_type not in {_REGULAR, _MODERATOR_ACTION, _WHISPER}:
        return _NO_CONCERN
    return None if post.user_id is not None else Passed(why="no-member")


def posted(post: Post, settings: HookSettings) -> Posted:
    """Return ``post`` as an event; the one that opens a topic begins with its title."""
    title = post.topic_title if post.post_number == 1 else None
    return Posted(
        member=_author(post),
        conversation=str(post.topic_id),
        message=str(post.id),
        text=text_of("\n\n".join(part for part in (title, post.raw) if part)),
        channel=name_of(post.category_slug),
        audience=_audience(post, settings) or "private",
        url=_link(post, settings),
    )


def post_fact(post: Post, settings: HookSettings) -> Fact:
    """Return that ``post`` was written."""
    return Fact(id=post_id(str(post.id)), time=post.created_at, data=posted(post, settings))


def edit_fact(post: Post, settings: HookSettings) -> Fact:
    """Return that ``post`` was changed to what it says now."""
    now = posted(post, settings)
    at = post.updated_at or post.created_at
    return Fact(id=edit_id(now.message, stamp(at)), time=at, data=edit_of(now))


def solved_fact(post: Post, settings: HookSettings, at: datetime) -> Fact:
    """Return that ``post`` is the accepted answer. Who marked it is not told: its author stands for them."""
    conversation, message = str(post.topic_id), str(post.id)
    data = Solved(member=_author(post), conversation=conversation, message=message, url=_link(post, settings))
    return Fact(id=solved_id(conversation, message), time=at, data=data)


def joined_fact(user: User, at: datetime) -> Fact:
    """Return that an account was opened."""
    data = Joined(member=member_of(user))
    return Fact(id=member_fact_id("joined", data.member.id, "1"), time=at, data=data)


def member_of(user: User) -> Member:
    """Return a profile as a member, by its number: user names can be changed."""
    return Member(
        id=str(user.id),
        name=name_of(user.name),
        handle=name_of(user.username),
        roles=_roles(user),
        bot=user.id < 0,
    )


def _author(post: Post) -> Member:
    """Return who wrote ``post``, without roles: a post tells some of them only, and stated roles stand for all."""
    number = 0 if post.user_id is None else post.user_id
    return Member(id=str(number), name=name_of(post.name), handle=name_of(post.username), bot=number < 0)


def _audience(post: Post, settings: HookSettings) -> Audience | None:
    """Return who can read ``post``; None for a place that nobody listed: a webhook does not tell who may read it."""
    if post.post_type == _WHISPER:
        return "private" if WHISPERS in settings.private else None
    return _audience_of(post.category_id, settings)


def _audience_of(category: int | None, settings: HookSettings) -> Audience | None:
    place = str(category)
    if place in settings.private:
        return "private"
    return "public" if place in settings.public or EVERYWHERE in settings.public else None


def _roles(of: User) -> tuple[str, ...]:
    named = {"admin": of.admin, "moderator": of.moderator, f"trust_level_{of.trust_level}": of.trust_level is not None}
    roles = [role for role, held in named.items() if held]
    return tuple(dict.fromkeys([*roles, *(group.name[:300] for group in of.groups if group.name)]))[:100]


def _of_post(delivery: Delivery, settings: HookSettings, act: Callable[[Post, HookSettings], Fact]) -> Reading:
    post = decoded(delivery.body, _OfPost).post
    return kept_out(post, settings) or (act(post, settings),)


def _post_created(delivery: Delivery, settings: HookSettings) -> Reading:
    return _of_post(delivery, settings, post_fact)


def _post_edited(delivery: Delivery, settings: HookSettings) -> Reading:
    return _of_post(delivery, settings, edit_fact)


def _post_recovered(delivery: Delivery, settings: HookSettings) -> Reading:
    """What stands there now is its text. When it came back is not told: to recover a post does not date it anew."""

    def recovered(post: Post, settings: HookSettings) -> Fact:
        now, at = posted(post, settings), delivery.arrived
        return Fact(id=edit_id(now.message, f"recovered-{stamp(at)}"), time=at, data=edit_of(now))

    return _of_post(delivery, settings, recovered)


def _post_destroyed(delivery: Delivery, settings: HookSettings) -> Reading:
    def destroyed(post: Post, _settings: HookSettings) -> Fact:
        message = str(post.id)
        data = Deleted(member=_author(post), conversation=str(post.topic_id), message=message)
        return Fact(id=deletion_id(message), time=delivery.arrived, data=data)

    return _of_post(delivery, settings, destroyed)


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
        url=_link(like.post, settings),
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
    member = data.member
    return (Fact(id=member_fact_id("updated", member.id, stamp(delivery.arrived)), time=delivery.arrived, data=data),)


def _user_destroyed(delivery: Delivery, _settings: HookSettings) -> Reading:
    data = Left(member=member_of(decoded(delivery.body, _OfUser).user))
    return (Fact(id=member_fact_id("left", data.member.id, "1"), time=delivery.arrived, data=data),)


def _reviewed(delivery: Delivery, settings: HookSettings) -> Reading:
    """Moderators agreed with what was flagged. It is named only in a listed place: personal messages are in none."""
    found = decoded(delivery.body, _OfReviewable).reviewable
    if found.status != _APPROVED or not found.type.startswith("ReviewableFlagged"):
        return _NO_CONCERN
    if found.target_created_by_id is None:
        return Passed(why="no-member")
    author = found.target_created_by_id
    told = found.category_id is not None and _audience_of(found.category_id, settings) is not None
    data = Moderated(
        member=Member(id=str(author), bot=author < 0),
        action="flag agreed",
        conversation=str(found.topic_id) if told and found.topic_id is not None else None,
        message=str(found.post_id) if told and found.post_id is not None else None,
    )
    fact_id = moderation_id(f"reviewable/{found.id}", data.action, str(found.status))
    return (Fact(id=fact_id, time=delivery.arrived, data=data),)


def _link(post: Post, settings: HookSettings) -> str | None:
    if settings.site is None:
        return None
    return link(f"{settings.site.rstrip('/')}/t/{post.topic_slug or '-'}/{post.topic_id}/{post.post_number}")


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
