"""Hivebrite: what is asked of its Admin API, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.ingest.platforms.asked import answered, records_of
from services.ingest.platforms.facts import Fact, name_of
from services.ingest.platforms.hivebrite_events import EVENTS, events
from services.ingest.platforms.hivebrite_facts import (
    Network,
    Place,
    newest,
    of_comment,
    of_post,
    of_removal,
    of_subscription,
    of_user,
    published,
)
from services.ingest.platforms.hivebrite_lists import listing_of
from services.ingest.platforms.hivebrite_records import (
    Comment,
    Group,
    Post,
    Removal,
    Role,
    SubNetwork,
    Subscription,
    User,
)
from services.ingest.platforms.listing import EVER, Pages, all_of, pages
from services.ingest.platforms.polled import (
    Answer,
    Ask,
    Found,
    PollSettings,
    Read,
    ReadSoFar,
    Round,
    Step,
)
from shared.contracts.cloudevents import rfc3339
from shared.contracts.member_events import Updated

API: Final = "{site}/api"
TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 -- a path
MEMBERS, POSTS, COMMENTS, ALL_COMMENTS = "members", "posts", "comments", "all-comments"
SUBSCRIPTIONS, REMOVALS = "subscriptions", "removals"
_WHOLE: Final = timedelta(days=1)
"""How often every comment is read: what is written under an older one does not make that one new."""
_MOST_KNOWN: Final = 10_000
_ON_A_POST: Final = frozenset(("post", "feed_post"))


@dataclass(slots=True, kw_only=True)
class _Round:
    """What is known in a round; ``groups`` are the posts' own, by the post's number."""

    so_far: ReadSoFar
    began: datetime
    network: Network
    groups: dict[int, int | None] = field(default_factory=dict)

    def know(self, post: Post) -> None:
        if len(self.groups) < _MOST_KNOWN:
            self.groups[post.id] = post.group_id


def read(settings: PollSettings, so_far: ReadSoFar, began: datetime) -> Round:
    """Ask for what is new."""
    groups = yield from all_of(listing_of("/admin/v2/topics", Group))
    if not groups.was_had:
        return
    roles = yield from all_of(listing_of("/admin/v1/roles", Role))
    parts = yield from all_of(listing_of("/admin/v3/sub_networks", SubNetwork))
    network = Network(
        site=settings.site.rstrip("/") if settings.site else None,
        places=_places(groups.records, frozenset(settings.private)),
        roles={role.id: name for role in roles.records if (name := name_of(role.name))},
        sub_networks={part.id: title for part in parts.records if (title := name_of(part.title))},
    )
    this = _Round(so_far=so_far, began=began, network=network)
    whole = so_far.until.get(ALL_COMMENTS)
    everything = whole is None or began - whole >= _WHOLE
    for collections, reading in (
        ((MEMBERS,), _members(this)),
        ((POSTS,), _posts(this)),
        ((ALL_COMMENTS, COMMENTS), _comments(this, ALL_COMMENTS)) if everything else ((COMMENTS,), _comments(this)),
        ((EVENTS,), events(so_far, began, network)),
        ((SUBSCRIPTIONS,), _subscriptions(this)),
        ((REMOVALS,), _removals(this)),
    ):
        if (yield from reading):
            for collection in collections:
                yield Read(collection=collection)


def _places(groups: Sequence[Group], taken: frozenset[str]) -> dict[int | None, Place]:
    """Return the groups that are read, and the community's own feed."""
    places: dict[int | None, Place] = {None: Place()}
    for group in groups:
        closed = group.restricted_access or group.secret
        if not closed or str(group.id) in taken:
            places[group.id] = Place(name=name_of(group.name), audience="private" if closed else "public")
    return places


def _members(this: _Round) -> Pages:
    """Read who changed; the first time everybody, for the policy may count users to the team by their roles.

    Who was imported once and comes now is listed now, and dated then.
    """
    since, never_read = this.so_far.floor(MEMBERS), MEMBERS not in this.so_far.until

    def facts(page: Sequence[User]) -> list[Fact]:
        found = [fact for user in page for fact in of_user(user, this.network)]
        return [
            fact
            for fact in found
            if (never_read if isinstance(fact.data, Updated) else fact.time >= this.so_far.first) or fact.time >= since
        ]

    params = {"order": "id"} if never_read else {"order": "id", "updated_since": rfc3339(since)}
    return pages(listing_of("/admin/v1/users", User, params=params), EVER, facts)


def _posts(this: _Round) -> Pages:
    """Read posts; what was dated earlier than it was published is found by its change."""
    since = this.so_far.floor(POSTS)

    def facts(page: Sequence[Post]) -> list[Fact]:
        for post in page:
            this.know(post)
        seen = [post for post in page if published(post) <= this.began]
        return [
            fact for post in seen for fact in of_post(post, this.network) if max(fact.time, post.updated_at) >= since
        ]

    return pages(listing_of("/admin/v3/posts", Post, published), since, facts, oldest=this.so_far.first)


def _comments(this: _Round, collection: str = COMMENTS) -> Pages:
    """Read what is new of the comments on posts, or of all comments; the post tells in which group it is."""
    since, fresh = this.so_far.floor(collection), list[Comment]()

    def take(page: Sequence[Comment]) -> tuple[Fact, ...]:
        fresh.extend(one for one in page if _on_a_post(one) and newest(one) >= since)
        return ()

    time = None if collection == ALL_COMMENTS else lambda comment: comment.created_at
    had = yield from pages(listing_of("/admin/v3/comments", Comment, time), since, take)
    for comment in fresh:
        post = comment.parent_id
        if post is None or not (yield from _looked_up(post, this)):
            continue
        found = of_comment(comment, post, this.groups[post], this.network)
        if facts := tuple(fact for fact in found if fact.time >= since):
            yield Found(facts=facts)
    return had


def _on_a_post(comment: Comment) -> bool:
    return (comment.parent_type or "").rpartition("::")[2].lower() in _ON_A_POST


def _looked_up(post: int, this: _Round) -> Generator[Step, Answer, bool]:
    """Find out in which group a post is; return whether that is known."""
    if post in this.groups:
        return True
    name = "/admin/v3/posts/{id}"
    answer = yield from answered(name, Ask(path=f"/admin/v3/posts/{post}"))
    if answer is None:
        return False
    found = yield from records_of(name, (_unwrapped(answer.body),), Post)
    for one in found:
        this.groups[post] = one.group_id
    return bool(found)


def _unwrapped(body: bytes) -> msgspec.Raw:
    """Return the record, which may stand in a field of its kind."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return msgspec.Raw(body)
    return fields["post"] if len(fields) == 1 and "post" in fields else msgspec.Raw(body)


def _subscriptions(this: _Round) -> Pages:
    since = this.so_far.floor(SUBSCRIPTIONS)
    listing = listing_of("/admin/v3/memberships/subscriptions", Subscription, params={"updated_since": rfc3339(since)})

    def facts(page: Sequence[Subscription]) -> list[Fact]:
        return [fact for one in page for fact in of_subscription(one) if fact.time <= this.began]

    return pages(listing, since, facts)


def _removals(this: _Round) -> Pages:
    since = this.so_far.floor(REMOVALS)
    listing = listing_of("/admin/v1/versions/deleted", Removal, params={"deleted_since": rfc3339(since)})
    return pages(listing, since, lambda page: [fact for one in page for fact in of_removal(one)])
