"""Circle: what is asked of its Admin API v2, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.ingest.platforms.circle_events import EVENTS, Known, events
from services.ingest.platforms.circle_facts import (
    Comment,
    Membership,
    Post,
    Space,
    described,
    joined,
    of_comment,
    of_post,
    published,
)
from services.ingest.platforms.circle_lists import listing_of
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.listing import EVER, Pages, all_of, pages
from services.ingest.platforms.polled import PollSettings, Read, ReadSoFar, Round

API: Final = "https://app.circle.so/api/admin/v2"
POSTS, COMMENTS, MEMBERS, ALL_MEMBERS = "posts", "comments", "members", "all-members"
_WHOLE: Final = timedelta(days=1)
"""How often every member is read: a list of members does not tell which of them changed."""


def read(settings: PollSettings, so_far: ReadSoFar, began: datetime) -> Round:
    """Ask for what is new."""
    spaces = yield from all_of(listing_of("/spaces", Space), so_far.first)
    if not spaces.was_had:
        return
    taken = set(settings.private)
    known = Known(
        spaces={
            space.id: "private" if space.is_private else "public"
            for space in spaces.records
            if not space.is_private or str(space.id) in taken
        }
    )
    whole = so_far.until.get(ALL_MEMBERS)
    everybody = whole is None or began - whole >= _WHOLE
    for collection, reading in (
        (ALL_MEMBERS, _all_members(so_far, known)) if everybody else (MEMBERS, _new_members(so_far, known)),
        (POSTS, _posts(so_far, known)),
        (COMMENTS, _comments(so_far, known)),
        (EVENTS, events(so_far, known, began, everybody=everybody)),
    ):
        if (yield from reading):
            yield Read(collection=collection)
            if collection == ALL_MEMBERS:
                yield Read(collection=MEMBERS)


def _new_members(so_far: ReadSoFar, known: Known) -> Pages:
    listing = listing_of("/community_members", Membership, lambda member: member.created_at)
    return pages(listing, so_far.floor(MEMBERS), lambda page: _of_members(page, known))


def _all_members(so_far: ReadSoFar, known: Known) -> Pages:
    """Read every member: who was invited long ago and came now, whose profile or tags changed.

    The first time everybody is described, for the policy may count members to the team by their tags.
    """
    since, never_read = so_far.floor(ALL_MEMBERS), ALL_MEMBERS not in so_far.until

    def facts(page: Sequence[Membership]) -> list[Fact]:
        joined = [fact for fact in _of_members(page, known) if fact.time >= since]
        return joined + [described(member) for member in page if never_read or member.updated_at >= since]

    return pages(listing_of("/community_members", Membership), EVER, facts)


def _of_members(page: Sequence[Membership], known: Known) -> list[Fact]:
    for member in page:
        known.know(member)
    return [joined(member, member.profile_confirmed_at) for member in page if member.profile_confirmed_at is not None]


def _posts(so_far: ReadSoFar, known: Known) -> Pages:
    listing = listing_of("/posts", Post, published, {"status": "published", "sort": "latest"})
    return pages(
        listing, so_far.floor(POSTS), lambda page: [fact for post in page for fact in of_post(post, known.spaces)]
    )


def _comments(so_far: ReadSoFar, known: Known) -> Pages:
    listing = listing_of("/comments", Comment, lambda comment: comment.created_at)
    return pages(
        listing, so_far.floor(COMMENTS), lambda page: [fact for one in page for fact in of_comment(one, known.spaces)]
    )
