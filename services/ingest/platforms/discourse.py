"""Discourse: posts and profiles of a forum, from webhooks or its API, to member events. Pure.

Forms: the serializers of discourse/discourse, app/serializers/web_hook_*_serializer.rb. A topic is the conversation; a
post answers others by their number in the topic, of which a webhook does not tell the id.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from services.ingest.platforms.discourse_text import plain_text
from services.ingest.platforms.facts import (
    Fact,
    deletion_id,
    edit_id,
    edit_of,
    link,
    member_fact_id,
    name_of,
    post_id,
    solved_id,
    stamp,
    text_of,
)
from services.ingest.platforms.reading import EVERYWHERE, NO_CONCERN, HookSettings, Passed, Time
from shared.contracts.member_events import Deleted, Joined, Member, Posted, Solved
from shared.contracts.names import Audience

PLATFORM: Final = "discourse"
WHISPERS: Final = "whispers"
"""Stands in the list of private places for what the staff writes between the posts."""
_REGULAR, _MODERATOR_ACTION, _WHISPER = 1, 2, 4


class Post(Struct, frozen=True, kw_only=True):
    """A post as webhooks and the API show it. The deleted one of a deleted account has no ``user_id``.

    One that its author deleted is shown for a while yet, with a notice as its text.
    """

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
    user_deleted: bool = False


class Group(Struct, frozen=True, kw_only=True):
    """A group that a profile names."""

    name: str


class User(Struct, frozen=True, kw_only=True):
    """A profile. What else it holds is never read."""

    id: int
    username: str
    name: str | None = None
    created_at: Time | None = None
    moderator: bool = False
    admin: bool = False
    trust_level: int | None = None
    groups: tuple[Group, ...] = ()
    staged: bool = False
    email: str | None = None


def kept_out(post: Post, settings: HookSettings) -> Passed | None:
    """Return why nothing of ``post`` is taken; None when it may be."""
    if post.topic_archetype == "private_message":
        return Passed(why="direct-message")
    if _audience(post, settings) is None:
        return Passed(why="private-place")
    if post.post_type not in {_REGULAR, _MODERATOR_ACTION, _WHISPER}:
        return NO_CONCERN
    return None if post.user_id is not None else Passed(why="no-member")


def posted(post: Post, settings: HookSettings) -> Posted:
    """Return ``post`` as an event; the one that opens a topic begins with its title, a deleted one has no text."""
    title, raw = post.topic_title if post.post_number == 1 else None, plain_text(post.raw or "")
    return Posted(
        member=author_of(post),
        conversation=str(post.topic_id),
        message=str(post.id),
        text="" if post.user_deleted else text_of("\n\n".join(part for part in (title, raw) if part)),
        channel=name_of(post.category_slug),
        audience=_audience(post, settings) or "private",
        url=link_to(post, settings),
    )


def post_fact(post: Post, settings: HookSettings) -> Fact:
    """Return that ``post`` was written."""
    return Fact(id=post_id(str(post.id)), time=post.created_at, data=posted(post, settings))


def change_fact(post: Post, settings: HookSettings) -> Fact:
    """Return that ``post`` was changed to what it says now, or deleted by its author."""
    at = post.updated_at or post.created_at
    if post.user_deleted:
        return deletion_fact(post, at)
    now = posted(post, settings)
    return Fact(id=edit_id(now.message, stamp(at)), time=at, data=edit_of(now))


def deletion_fact(post: Post, at: datetime) -> Fact:
    """Return that ``post`` was deleted. As it may be recovered, and deleted again, the time is in the fact's id."""
    message = str(post.id)
    data = Deleted(member=author_of(post), conversation=str(post.topic_id), message=message)
    return Fact(id=deletion_id(message, stamp(at)), time=at, data=data)


def solved_fact(post: Post, settings: HookSettings, at: datetime) -> Fact:
    """Return that ``post`` is the accepted answer. Who marked it is not told: its author stands for them."""
    conversation, message = str(post.topic_id), str(post.id)
    data = Solved(member=author_of(post), conversation=conversation, message=message, url=link_to(post, settings))
    return Fact(id=solved_id(conversation, message), time=at, data=data)


def joined_fact(user: User, at: datetime) -> Fact:
    """Return that an account was opened."""
    data = Joined(member=member_of(user))
    return Fact(id=member_fact_id("joined", data.member.id, "1"), time=at, data=data, address=user.email)


def member_of(user: User) -> Member:
    """Return a profile as a member, by its number: user names can be changed."""
    return Member(
        id=str(user.id),
        name=name_of(user.name),
        handle=name_of(user.username),
        roles=_roles(user),
        bot=user.id < 0,
    )


def author_of(post: Post) -> Member:
    """Return who wrote ``post``, without roles: a post tells some of them only, and stated roles stand for all."""
    number = 0 if post.user_id is None else post.user_id
    return Member(id=str(number), name=name_of(post.name), handle=name_of(post.username), bot=number < 0)


def audience_in(category: int | None, settings: HookSettings) -> Audience | None:
    """Return who can read what stands in a category; None for one that nobody listed."""
    place = str(category)
    if place in settings.private:
        return "private"
    return "public" if place in settings.public or EVERYWHERE in settings.public else None


def link_to(post: Post, settings: HookSettings) -> str | None:
    """Return where ``post`` stands, for people; None without the forum's address."""
    if settings.site is None:
        return None
    return link(f"{settings.site.rstrip('/')}/t/{post.topic_slug or '-'}/{post.topic_id}/{post.post_number}")


def _audience(post: Post, settings: HookSettings) -> Audience | None:
    """Return who can read ``post``; None for a place that nobody listed: a webhook does not tell who may read it."""
    if post.post_type == _WHISPER:
        return "private" if WHISPERS in settings.private else None
    return audience_in(post.category_id, settings)


def _roles(of: User) -> tuple[str, ...]:
    named = {"admin": of.admin, "moderator": of.moderator, f"trust_level_{of.trust_level}": of.trust_level is not None}
    roles = [role for role, held in named.items() if held]
    return tuple(dict.fromkeys([*roles, *(group.name[:300] for group in of.groups if group.name)]))[:100]
