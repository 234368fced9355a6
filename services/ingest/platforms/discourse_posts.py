"""Discourse: what its webhooks may have lost, from the lists of its API. Pure.

Forms: ``PostsController#latest`` and ``Admin::UsersController#index`` of discourse/discourse. What a list holds is read
as an export of the same forum is, so that it comes to the same facts as the webhooks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from services.ingest.platforms.asked import records_of, understood
from services.ingest.platforms.discourse import (
    Post,
    change_fact,
    joined_fact,
    kept_out,
    post_fact,
    solved_fact,
)
from services.ingest.platforms.discourse import User as Profile
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.listing import Listing, Page, Pages, pages
from services.ingest.platforms.polled import Answered, Ask, Found, Odd, PollSettings, Read, ReadSoFar, Round
from services.ingest.platforms.reading import HookSettings, Time, decoded

POSTS, MEMBERS = "posts", "members"
_WINDOW: Final = 50
"""How many ids Discourse looks at for one answer, in versions that count ids and not posts."""
_MOST_EMPTY: Final = 200
_USERS_PER_PAGE: Final = 100


class _Listed(Post, frozen=True, kw_only=True):
    version: int = 1
    accepted_answer: bool = False


class _Latest(Struct, frozen=True, kw_only=True):
    latest_posts: tuple[msgspec.Raw, ...]


class _User(Struct, frozen=True, kw_only=True):
    """An account as administrators see it; addresses and the like are never read."""

    id: int
    username: str
    created_at: Time
    name: str | None = None
    staged: bool = False


def read(settings: PollSettings, so_far: ReadSoFar, _began: datetime) -> Round:
    """Ask for what is new."""
    places = HookSettings(site=settings.site, public=settings.public, private=settings.private)
    if (yield from _posts(places, so_far.floor(POSTS))):
        yield Read(collection=POSTS)
    members = Listing(
        name="/admin/users/list/new.json",
        ask=lambda page: Ask(path="/admin/users/list/new.json", params={"order": "created", "page": str(page)}),
        page=_page_of_users,
        size=_USERS_PER_PAGE,
        form=_User,
        time=lambda user: user.created_at,
    )
    if (yield from pages(members, so_far.floor(MEMBERS), _joined)):
        yield Read(collection=MEMBERS)


def _posts(places: HookSettings, floor: datetime) -> Pages:
    """Read posts by falling number: until a whole page is older than ``floor``, or nothing more is seen."""
    before: int | None = None
    empty = 0
    while True:
        params = {} if before is None else {"before": str(before)}
        listed = yield from understood("/posts.json", Ask(path="/posts.json", params=params), _Latest)
        if listed is None:
            return False
        posts = yield from records_of("/posts.json", listed.latest_posts, _Listed)
        facts = tuple(fact for post in posts for fact in _of_post(post, places) if fact.time >= floor)
        if facts:
            yield Found(facts=facts)
        if posts and max(post.created_at for post in posts) < floor:
            return True
        empty = 0 if posts else empty + 1
        lowest = min((post.id for post in posts), default=None)
        before = lowest - 1 if lowest is not None else before - _WINDOW if before is not None else 0
        if before <= 0:
            return True
        if empty > _MOST_EMPTY:
            yield Odd(why=f"/posts.json: {_MOST_EMPTY * _WINDOW:,} ids on end bring nothing, older ones are not read")
            return False


def _of_post(post: _Listed, places: HookSettings) -> list[Fact]:
    """Return a post, and what became of it since; nothing where its category is missing, as in personal messages."""
    if post.category_id is None or not post.raw or kept_out(post, places) is not None:
        return []
    facts = [post_fact(post, places)]
    if post.version > 1:
        facts.append(change_fact(post, places))
    if post.accepted_answer:
        facts.append(solved_fact(post, places, post.created_at))
    return facts


def _page_of_users(answer: Answered) -> Page:
    records = decoded(answer.body, tuple[msgspec.Raw, ...])
    return Page(records=records, more=len(records) >= _USERS_PER_PAGE)


def _joined(users: Sequence[_User]) -> list[Fact]:
    """Return who came, without roles: the list tells no groups, and stated roles stand for all."""
    return [
        joined_fact(Profile(id=user.id, username=user.username, name=user.name), user.created_at)
        for user in users
        if not user.staged and user.id > 0
    ]
