"""tchop: the records of its GraphQL API to member events. Pure.

Forms: the schema that tchop publishes with its n8n nodes (github.com/tchopio/n8n-tchop). Whatever is assumed of it is
told in docs/sources/tchop.md. A card is a conversation; comments answer in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec import Struct, field

from services.ingest.platforms.facts import (
    Fact,
    edit_id,
    edit_of,
    link,
    member_fact_id,
    name_of,
    post_id,
    stamp,
    text_of,
)
from services.ingest.platforms.html_text import text_of_html
from services.ingest.platforms.reading import Time
from shared.contracts.member_events import Joined, Member, Posted, Updated
from shared.contracts.names import Audience, digest

_MOST_NAMED: Final = 100


class User(Struct, frozen=True, kw_only=True, rename="camel"):
    """An author."""

    id: int
    screen_name: str | None = None


class Named(Struct, frozen=True, kw_only=True):
    """A tag."""

    name: str


class Access(Struct, frozen=True, kw_only=True):
    """A channel that a user has access to, and as what."""

    role: str


class Account(User, frozen=True, kw_only=True, rename="camel"):
    """A user of the organisation."""

    registered_at: Time
    role_id: str | None = None
    is_staff: bool = False
    subscription: str | None = None
    organisation_tags: tuple[Named | None, ...] = ()
    accessed_channels: tuple[Access | None, ...] = ()


class Point(Struct, frozen=True, kw_only=True):
    """A point of a list."""

    content: str = ""


class BlockData(Struct, frozen=True, kw_only=True):
    """What stands in a block, where it is text."""

    text: str | None = None
    points: tuple[Point | None, ...] = ()


class Block(Struct, frozen=True, kw_only=True):
    """A part of a post."""

    data: BlockData = field(default_factory=BlockData)


class Content(Struct, frozen=True, kw_only=True, rename="camel"):
    """What stands on a card, whichever kind it is; a picture alone has no text."""

    title: str | None = None
    headline: str | None = None
    sub_headline: str | None = None
    abstract: str | None = None
    text: str | None = None
    content_blocks: tuple[Block | None, ...] = ()


class Options(Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a comment makes a card new again."""

    should_update_posted_time_by_comments: bool = False


class Card(Struct, frozen=True, kw_only=True, rename="camel"):
    """A card of a mix. ``user`` is its author, whom tchop does not always know."""

    id: int
    story_id: int
    created_at: Time
    posted_at: Time
    updated_at: Time
    content: Content
    options: Options = field(default_factory=Options)
    user: User | None = None
    mentioned_users: tuple[User | None, ...] = ()


class Comment(Struct, frozen=True, kw_only=True, rename="camel"):
    """A comment on a card, or an answer to the comment ``parent_id``."""

    id: int
    story_id: int
    story_card_id: int
    created_at: Time
    content: str = ""
    content_updated_at: Time | None = None
    parent_id: int | None = None
    author: User | None = None


class Channel(Struct, frozen=True, kw_only=True):
    """A channel of the organisation."""

    id: int
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel whose events are taken; links begin with ``site``."""

    channel: Channel
    audience: Audience
    site: str | None

    def card(self, story: int, card: int) -> str | None:
        """Return the address of a card."""
        return link(self.site and f"{self.site}/apps/posts/{self.channel.id}/{story}/{card}")


def joined(account: Account) -> Fact:
    """Return that a user registered."""
    who = _member(account)
    fact_id = member_fact_id("joined", who.id, stamp(account.registered_at))
    return Fact(id=fact_id, time=account.registered_at, data=Joined(member=who))


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a user is, and what stands for it: as long as ``state`` is the same, nothing about the user has changed."""

    state: str
    fact: Fact


def described(account: Account, now: datetime) -> Described:
    """Return what a user is now; nothing tells since when, so that it may be told once a day."""
    roles = (account.role_id, *(each.role for each in account.accessed_channels if each), _staff(account))
    tags = (account.subscription, *(tag.name for tag in account.organisation_tags if tag))
    who = _member(account, roles=_named(roles))
    data = Updated(member=who, tags=_named(tags))
    state = digest(who.name or "", *data.member.roles, "", *data.tags)
    fact_id = member_fact_id("updated", who.id, f"{now:%Y-%m-%d}-{state}")
    return Described(state=state, fact=Fact(id=fact_id, time=now, data=data))


def posted_at(card: Card) -> datetime:
    """Return when a card was posted; one that each comment makes new was when it was made."""
    return card.created_at if card.options.should_update_posted_time_by_comments else card.posted_at


def of_card(card: Card, place: Place) -> list[Fact]:
    """Return a card, and that it was changed; nothing of one whose author tchop does not know."""
    if card.user is None:
        return []
    message = str(card.id)
    data = Posted(
        member=_member(card.user),
        conversation=message,
        message=message,
        text=text_of(_text(card.content)),
        channel=name_of(place.channel.name),
        audience=place.audience,
        mentions=tuple(str(user.id) for user in card.mentioned_users if user)[:_MOST_NAMED],
        url=place.card(card.story_id, card.id),
    )
    return _versions(data, posted_at(card), card.updated_at)


def of_comment(comment: Comment, place: Place) -> list[Fact]:
    """Return a comment, and that it was edited; nothing of one whose author tchop does not know."""
    if comment.author is None:
        return []
    conversation, parent = str(comment.story_card_id), comment.parent_id
    data = Posted(
        member=_member(comment.author),
        conversation=conversation,
        message=_comment_message(comment.id),
        text=text_of(text_of_html(comment.content)),
        reply_to=conversation if parent is None else _comment_message(parent),
        channel=name_of(place.channel.name),
        audience=place.audience,
        url=place.card(comment.story_id, comment.story_card_id),
    )
    return _versions(data, comment.created_at, comment.content_updated_at)


def _comment_message(comment: int) -> str:
    """Cards and comments are numbered apart."""
    return f"comment/{comment}"


def _versions(posted: Posted, at: datetime, changed: datetime | None) -> list[Fact]:
    """Return a message as it was posted and, when it was changed since, as an edit."""
    facts = [Fact(id=post_id(posted.message), time=at, data=posted)]
    if changed is not None and changed > at:
        facts.append(Fact(id=edit_id(posted.message, stamp(changed)), time=changed, data=edit_of(posted)))
    return facts


def _text(content: Content) -> str:
    blocks = [text for block in content.content_blocks if block for text in _texts(block.data)]
    parts = (content.title, content.headline, content.sub_headline, content.abstract, content.text, *blocks)
    return "\n".join(dict.fromkeys(text for part in parts if part and (text := text_of_html(part))))


def _texts(data: BlockData) -> list[str]:
    return [*([data.text] if data.text else []), *(point.content for point in data.points if point)]


def _member(user: User, *, roles: tuple[str, ...] = ()) -> Member:
    return Member(id=str(user.id), name=name_of(user.screen_name), roles=roles)


def _staff(account: Account) -> str | None:
    return "STAFF" if account.is_staff else None


def _named(names: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for name in names if (label := name_of(name))))[:_MOST_NAMED]
