"""Hivebrite: the records of its Admin API to member events. Pure.

A post is a conversation; comments answer in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

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
from services.ingest.platforms.hivebrite_records import Comment, Post, Removal, Subscription, User
from services.ingest.platforms.html_text import text_of_html
from shared.contracts.member_events import Cancelled, Joined, Left, Member, Posted, Renewed, Updated
from shared.contracts.names import Audience

_MOST_NAMED: Final = 100
_AT_ONCE: Final = timedelta(seconds=1)
"""What changes so soon is the platform's own doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A group whose events are taken, or the community's own feed."""

    name: str | None = None
    audience: Audience = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What records name by numbers. Links begin with ``site``; a place that is not in ``places`` is not taken."""

    site: str | None = None
    places: Mapping[int | None, Place] = field(default_factory=lambda: {None: Place()})
    roles: Mapping[int, str] = field(default_factory=dict)
    sub_networks: Mapping[int, str] = field(default_factory=dict)

    def url(self, path: str) -> str | None:
        """Return the address of a page."""
        return link(self.site and self.site + path)

    def feed(self, group: int | None) -> str | None:
        """Return where the posts of a group are."""
        return self.url("/feed" if group is None else f"/topics/{group}/feed")


def came_at(user: User) -> datetime | None:
    """Return when a user came, None for one who has not."""
    return user.confirmed_at or (user.created_at if user.is_active else None)


def of_user(user: User, network: Network) -> list[Fact]:
    """Return that a user came, and what the user is now."""
    roles = () if user.role_id is None else (network.roles.get(user.role_id, str(user.role_id)),)
    who = member_of(user.id, user.name or f"{user.firstname or ''} {user.lastname or ''}", roles)
    tags = tuple(network.sub_networks.get(each, str(each)) for each in user.sub_network_ids or ())[:_MOST_NAMED]
    updated = member_fact_id("updated", who.id, stamp(user.updated_at))
    facts = [Fact(id=updated, time=user.updated_at, data=Updated(member=who, tags=tags), address=user.email)]
    if (came := came_at(user)) is not None:
        data = Joined(member=who, url=network.url(f"/users/{user.id}"))
        facts.append(Fact(id=member_fact_id("joined", who.id, "1"), time=came, data=data, address=user.email))
    return facts


def published(post: Post) -> datetime:
    """Return when a post was to be seen."""
    return post.published_at or post.created_at


def of_post(post: Post, network: Network) -> list[Fact]:
    """Return a post, and that it was changed; nothing of one in a group that is not taken."""
    place = network.places.get(post.group_id)
    if place is None or post.draft or post.user_id is None:
        return []
    data = Posted(
        member=member_of(post.user_id),
        conversation=str(post.id),
        message=str(post.id),
        text=text_of(text_of_html(post.content or "")),
        channel=place.name,
        audience=place.audience,
        url=network.feed(post.group_id),
    )
    return _versions(data, published(post), post.updated_at)


def of_comment(comment: Comment, post: int, group: int | None, network: Network) -> list[Fact]:
    """Return a comment on a post and what is under it; nothing where the group is not taken."""
    place = network.places.get(group)
    if place is None:
        return []
    facts: list[Fact] = []
    for one, reply_to in _threaded(comment, str(post)):
        if one.user_id is None:
            continue
        data = Posted(
            member=member_of(one.user_id),
            conversation=str(post),
            message=_comment_message(one.id),
            text=text_of(text_of_html(one.content or "")),
            reply_to=reply_to,
            channel=place.name,
            audience=place.audience,
            url=network.feed(group),
        )
        facts += _versions(data, one.created_at, one.updated_at)
    return facts


def newest(comment: Comment) -> datetime:
    """Return when somebody wrote or changed a comment, or something under it, at last."""
    return max(one.updated_at or one.created_at for one, _ in _threaded(comment, ""))


def _threaded(comment: Comment, above: str) -> list[tuple[Comment, str]]:
    found = [(comment, above)]
    for one, _ in found:
        found += [(reply, _comment_message(one.id)) for reply in one.replies or () if reply]
    return found


def _comment_message(comment: int) -> str:
    """Posts and comments are numbered apart."""
    return f"comment/{comment}"


def _versions(posted: Posted, at: datetime, changed: datetime | None) -> list[Fact]:
    """Return a message as it was posted and, when it was changed since, as an edit."""
    facts = [Fact(id=post_id(posted.message), time=at, data=posted)]
    if changed is not None and changed - at > _AT_ONCE:
        facts.append(Fact(id=edit_id(posted.message, stamp(changed)), time=changed, data=edit_of(posted)))
    return facts


def of_subscription(subscription: Subscription) -> list[Fact]:
    """Return that a membership was cancelled, or renewed: how often is counted, the last time is that of the change."""
    if subscription.user_id is None:
        return []
    who, plan = member_of(subscription.user_id), subscription.membership_type_id
    named = None if plan is None else str(plan)
    if (ended := subscription.canceled_at) is not None:
        fact_id = member_fact_id("cancelled", who.id, f"{subscription.id}-{stamp(ended)}")
        return [Fact(id=fact_id, time=ended, data=Cancelled(member=who, plan=named))]
    times = (subscription.number_of_user_renewals or 0) + (subscription.number_of_admin_renewals or 0)
    if times <= 0:
        return []
    fact_id = member_fact_id("renewed", who.id, f"{subscription.id}-{times}")
    return [Fact(id=fact_id, time=subscription.updated_at, data=Renewed(member=who, plan=named))]


def of_removal(removal: Removal) -> list[Fact]:
    """Return that a user left, if it is a user that was deleted."""
    if removal.item_type != "User":
        return []
    who = member_of(removal.item_id)
    fact_id = member_fact_id("left", who.id, stamp(removal.created_at))
    return [Fact(id=fact_id, time=removal.created_at, data=Left(member=who))]


def member_of(user: int, name: str | None = None, roles: tuple[str, ...] = ()) -> Member:
    """Return a user as a member."""
    return Member(id=str(user), name=name_of(name), roles=roles)
