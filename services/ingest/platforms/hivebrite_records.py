"""Hivebrite: the records of its Admin API, as far as they are read.

Forms: the API's description at api-docs.hivebrite.com. Whatever is assumed of it is told in docs/sources/hivebrite.md.
Other fields of the records are never read.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from services.ingest.platforms.reading import Time, time_in


class Group(Struct, frozen=True, kw_only=True):
    """A group (topic). It is not open to everybody unless Hivebrite says so."""

    id: int
    name: str | None = None
    restricted_access: bool = True
    secret: bool = True


class Role(Struct, frozen=True, kw_only=True):
    """A role that users have."""

    id: int
    name: str | None = None


class SubNetwork(Struct, frozen=True, kw_only=True):
    """A part of the community that users belong to."""

    id: int
    title: str | None = None


class User(Struct, frozen=True, kw_only=True):
    """A user; who has not confirmed was imported or invited, and has not come yet."""

    id: int
    created_at: Time
    updated_at: Time
    confirmed_at: Time | None = None
    is_active: bool = False
    name: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    role_id: int | None = None
    sub_network_ids: tuple[int, ...] | None = None
    email: str | None = None


class Post(Struct, frozen=True, kw_only=True):
    """A post in a group; in the community's own feed only where ``group_id`` says so, being null."""

    id: int
    group_id: int | None
    created_at: Time
    updated_at: Time
    user_id: int | None = None
    published_at: Time | None = None
    draft: bool = False
    content: str | None = None


class Comment(Struct, frozen=True, kw_only=True):
    """A comment; ``replies`` are under it."""

    id: int
    created_at: Time
    updated_at: Time | None = None
    user_id: int | None = None
    parent_type: str | None = None
    parent_id: int | None = None
    content: str | None = None
    replies: tuple[Comment | None, ...] | None = None


class Event(Struct, frozen=True, kw_only=True):
    """An event, in the groups ``topic_ids`` or for the whole community."""

    id: int
    created_at: Time
    start_date: Time
    end_date: Time | None = None
    title: str | None = None
    published_at: Time | None = None
    cancelled: bool | None = None
    topic_ids: tuple[int, ...] | None = None

    @property
    def over_at(self) -> datetime:
        """When it is over."""
        return self.end_date or self.start_date


class Coming(Struct, frozen=True, kw_only=True):
    """Who has a ticket for an event, or said whether to come; without ``user_id`` it is nobody of the community."""

    event_id: int
    user_id: int | None = None
    participation_status: str | None = None
    status: str | None = None
    ticket_id: int | None = None
    updated_at: object = None

    @property
    def replied_at(self) -> datetime | None:
        """When it was said or changed, where Hivebrite tells."""
        return time_in(self.updated_at)


class Subscription(Struct, frozen=True, kw_only=True):
    """A membership of a user that was bought or given."""

    id: int
    updated_at: Time
    user_id: int | None = None
    membership_type_id: int | None = None
    canceled_at: Time | None = None
    number_of_user_renewals: int | None = None
    number_of_admin_renewals: int | None = None


class Removal(Struct, frozen=True, kw_only=True):
    """Something that was deleted."""

    item_id: int
    item_type: str
    created_at: Time
