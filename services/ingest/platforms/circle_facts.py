"""Circle: the records of its Admin API v2 to member events. Pure.

Forms: https://api.circle.so/apis/admin-api and the examples of its endpoints. Whatever is assumed of them is told in
docs/sources/circle.md. A post is a conversation; comments answer in it. Other fields of the records are never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from services.ingest.platforms.facts import (
    Fact,
    attendance_id,
    edit_id,
    edit_of,
    link,
    member_fact_id,
    name_of,
    post_id,
    stamp,
    text_of,
)
from services.ingest.platforms.gatherings import NOBODY, end_of, registered
from services.ingest.platforms.html_text import text_of_html
from services.ingest.platforms.reading import Time, time_in
from shared.contracts.member_events import Attended, Joined, Member, Planned, Posted, Updated
from shared.contracts.names import Audience

SAYS_YES, SAYS_NO = "yes", "no"
_MOST_TAGS: Final = 100

Spaces = Mapping[int, Audience]
"""The spaces whose events are taken, by id."""


class Body(Struct, frozen=True, kw_only=True):
    """A text as HTML."""

    body: str | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


class Post(Struct, frozen=True, kw_only=True):
    """A post. ``user_id`` is its author."""

    id: int
    space_id: int
    user_id: int
    created_at: Time
    published_at: Time | None = None
    user_name: str | None = None
    name: str | None = None
    status: str = "published"
    body: Body | None = None
    space_name: str | None = None
    url: str | None = None


class User(Struct, frozen=True, kw_only=True):
    """The author of a comment."""

    id: int
    name: str | None = None


class Place(Struct, frozen=True, kw_only=True):
    """A post or a space that is named."""

    id: int
    name: str | None = None


class Comment(Struct, frozen=True, kw_only=True):
    """A comment."""

    id: int
    created_at: Time
    user: User
    post: Place
    space: Place
    parent_comment_id: int | None = None
    body: Body | None = None
    url: str | None = None


class Space(Struct, frozen=True, kw_only=True):
    """A space; private unless Circle says otherwise."""

    id: int
    name: str | None = None
    is_private: bool = True


class Tag(Struct, frozen=True, kw_only=True):
    """A tag of a member."""

    name: str


class Membership(Struct, frozen=True, kw_only=True):
    """``id`` is that of the membership; posts and comments name the member by ``user_id``."""

    id: int
    user_id: int
    created_at: Time
    updated_at: Time
    profile_confirmed_at: Time | None = None
    name: str | None = None
    member_tags: tuple[Tag, ...] = ()
    profile_url: str | None = None
    email: str | None = None


class Event(Struct, frozen=True, kw_only=True):
    """An event."""

    id: int
    starts_at: Time
    name: str | None = None
    ends_at: Time | None = None
    space: Place | None = None
    space_id: int | None = None
    url: str | None = None
    user_id: object = None
    location_type: object = None
    in_person_location: object = None
    virtual_location_url: object = None

    @property
    def host(self) -> Member:
        """Whose event it is, where Circle tells."""
        return _member(self.user_id, None) if isinstance(self.user_id, int) else NOBODY

    @property
    def where(self) -> str | None:
        """The address or the link at which people meet."""
        virtual = self.location_type == "virtual"
        place = self.virtual_location_url if virtual else self.in_person_location
        return name_of(place) if isinstance(place, str) else None

    @property
    def over_at(self) -> datetime:
        """When it is over, as far as Circle says."""
        return self.ends_at or self.starts_at


class Attendee(Struct, frozen=True, kw_only=True):
    """Somebody who was invited, named by the membership."""

    community_member_id: int | None = None
    member_name: str | None = None
    rsvp_status: str | None = None
    rsvp_date: object = None

    @property
    def replied_at(self) -> datetime | None:
        """When they said whether they come, where Circle tells."""
        return time_in(self.rsvp_date)


def joined(member: Membership, at: datetime) -> Fact:
    """Return that a member came."""
    who = _member(member.user_id, member.name, member.member_tags)
    return Fact(
        id=member_fact_id("joined", who.id, "1"),
        time=at,
        data=Joined(member=who, url=link(member.profile_url)),
        address=member.email,
    )


def described(member: Membership) -> Fact:
    """Return what a member is now; Circle's tags are roles, too, for it names no others."""
    who = _member(member.user_id, member.name, member.member_tags)
    fact_id = member_fact_id("updated", who.id, stamp(member.updated_at))
    return Fact(id=fact_id, time=member.updated_at, data=Updated(member=who, tags=who.roles), address=member.email)


def _member(user: int, name: str | None, tags: Sequence[Tag] = ()) -> Member:
    names = dict.fromkeys(label for tag in tags if (label := name_of(tag.name)))
    return Member(id=str(user), name=name_of(name), roles=tuple(names)[:_MOST_TAGS])


def published(post: Post) -> datetime:
    """Return when a post was to be seen."""
    return post.published_at or post.created_at


def of_post(post: Post, spaces: Spaces) -> list[Fact]:
    """Return a post, and that it was edited; nothing of one in a space that is not taken."""
    audience = spaces.get(post.space_id)
    if audience is None or post.status != "published":
        return []
    message, written = str(post.id), post.body or Body()
    title, text = name_of(post.name), text_of_html(written.body or "")
    data = Posted(
        member=_member(post.user_id, post.user_name),
        conversation=message,
        message=message,
        text=text_of("\n".join(part for part in (title, text) if part)),
        channel=name_of(post.space_name),
        audience=audience,
        url=link(post.url),
    )
    return _versions(data, published(post), written)


def of_comment(comment: Comment, spaces: Spaces) -> list[Fact]:
    """Return a comment, and that it was edited; nothing of one in a space that is not taken."""
    audience = spaces.get(comment.space.id)
    if audience is None:
        return []
    conversation, parent = str(comment.post.id), comment.parent_comment_id
    written = comment.body or Body()
    data = Posted(
        member=_member(comment.user.id, comment.user.name),
        conversation=conversation,
        message=_comment_message(comment.id),
        text=text_of(text_of_html(written.body or "")),
        reply_to=conversation if parent is None else _comment_message(parent),
        channel=name_of(comment.space.name),
        audience=audience,
        url=link(comment.url),
    )
    return _versions(data, comment.created_at, written)


def _comment_message(comment: int) -> str:
    """Posts and comments are numbered apart."""
    return f"comment/{comment}"


def _versions(posted: Posted, at: datetime, written: Body) -> list[Fact]:
    """Return a message as it was posted and, when its text was changed since, as an edit."""
    facts = [Fact(id=post_id(posted.message), time=at, data=posted)]
    changed = written.updated_at
    if changed is not None and written.created_at is not None and changed > max(written.created_at, at):
        facts.append(Fact(id=edit_id(posted.message, stamp(changed)), time=changed, data=edit_of(posted)))
    return facts


def attended(event: Event, user: int, attendee: Attendee) -> Fact:
    """Return that a user was at an event."""
    data = Attended(
        member=_member(user, attendee.member_name),
        gathering=str(event.id),
        title=name_of(event.name),
        url=link(event.url),
    )
    return Fact(id=attendance_id(data.gathering, data.member.id), time=event.over_at, data=data)


def planned(event: Event, audience: Audience) -> Planned:
    """Return what is planned."""
    return Planned(
        member=event.host,
        gathering=str(event.id),
        starts_at=event.starts_at,
        ends_at=end_of(event.starts_at, event.ends_at),
        title=name_of(event.name),
        where=event.where,
        audience=audience,
        url=link(event.url),
    )


def replied(event: Event, user: int, attendee: Attendee, seen: datetime) -> Fact:
    """Return what a user said of coming to an event, which was ``seen`` then where Circle does not tell when."""
    at, status = attendee.replied_at, attendee.rsvp_status
    return registered(
        str(event.id),
        _member(user, attendee.member_name),
        at or seen,
        f"{status}-{stamp(at)}" if at is not None else f"{status}",
        declined=status == SAYS_NO,
    )
