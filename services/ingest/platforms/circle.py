"""Circle: what is asked of its Admin API v2, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from services.ingest.platforms.asked import answered, records_of
from services.ingest.platforms.circle_facts import (
    Attendee,
    Comment,
    Event,
    Membership,
    Post,
    Space,
    attended,
    described,
    joined,
    of_comment,
    of_post,
    published,
)
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.listing import Listing, Page, Pages, pages
from services.ingest.platforms.polled import (
    Answer,
    Answered,
    Ask,
    Found,
    PollSettings,
    Read,
    ReadSoFar,
    Round,
    Step,
)
from services.ingest.platforms.reading import decoded
from shared.contracts.names import Audience

API: Final = "https://app.circle.so/api/admin/v2"
POSTS, COMMENTS, MEMBERS, ALL_MEMBERS, EVENTS = "posts", "comments", "members", "all-members", "events"
_PER_PAGE: Final = 100
_WHOLE: Final = timedelta(days=1)
"""How often every member is read: a list of members does not tell which of them changed."""
_LONGEST_EVENT: Final = timedelta(days=7)
_MOST_KNOWN: Final = 10_000
_EVER: Final = datetime.min.replace(tzinfo=UTC)

Record = TypeVar("Record")


class _List(Struct, frozen=True, kw_only=True):
    records: tuple[msgspec.Raw, ...]
    has_next_page: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """``spaces`` are those whose events are taken, by id."""

    spaces: dict[int, Audience]
    known: dict[int, int] = field(default_factory=dict)
    """Users by the membership by which attendees are named."""


def read(settings: PollSettings, so_far: ReadSoFar, began: datetime) -> Round:
    """Ask for what is new."""
    spaces: list[Space] = []

    def take(page: Sequence[Space]) -> tuple[Fact, ...]:
        spaces.extend(page)
        return ()

    if not (yield from pages(_listing("/spaces", Space), so_far.first, take)):
        return
    taken = set(settings.private)
    places = _Places(
        spaces={
            space.id: "private" if space.is_private else "public"
            for space in spaces
            if not space.is_private or str(space.id) in taken
        }
    )
    whole = so_far.until.get(ALL_MEMBERS)
    everybody = whole is None or began - whole >= _WHOLE
    for collection, reading in (
        (ALL_MEMBERS, _all_members(so_far, places)) if everybody else (MEMBERS, _new_members(so_far, places)),
        (POSTS, _posts(so_far, places)),
        (COMMENTS, _comments(so_far, places)),
        (EVENTS, _events(so_far, places, began)),
    ):
        if (yield from reading):
            yield Read(collection=collection)
            if collection == ALL_MEMBERS:
                yield Read(collection=MEMBERS)


def _listing(
    path: str,
    form: type[Record],
    time: Callable[[Record], datetime] | None = None,
    params: Mapping[str, str] = MappingProxyType({}),
) -> Listing[Record]:
    def ask(page: int) -> Ask:
        return Ask(path=path, params={**params, "page": str(page), "per_page": str(_PER_PAGE)})

    return Listing(name=path, ask=ask, page=_page, size=_PER_PAGE, form=form, time=time)


def _page(answer: Answered) -> Page:
    found = decoded(answer.body, _List)
    return Page(records=found.records, more=found.has_next_page, count=found.count)


def _new_members(so_far: ReadSoFar, places: _Places) -> Pages:
    listing = _listing("/community_members", Membership, lambda member: member.created_at)
    return pages(listing, so_far.floor(MEMBERS), lambda page: _of_members(page, places))


def _all_members(so_far: ReadSoFar, places: _Places) -> Pages:
    """Read every member: who was invited long ago and came now, whose profile or tags changed.

    The first time everybody is described, for the policy may count members to the team by their tags.
    """
    since, never_read = so_far.floor(ALL_MEMBERS), ALL_MEMBERS not in so_far.until

    def facts(page: Sequence[Membership]) -> list[Fact]:
        joined = [fact for fact in _of_members(page, places) if fact.time >= since]
        return joined + [described(member) for member in page if never_read or member.updated_at >= since]

    return pages(_listing("/community_members", Membership), _EVER, facts)


def _of_members(page: Sequence[Membership], places: _Places) -> list[Fact]:
    for member in page:
        if len(places.known) < _MOST_KNOWN:
            places.known[member.id] = member.user_id
    return [joined(member, member.profile_confirmed_at) for member in page if member.profile_confirmed_at is not None]


def _posts(so_far: ReadSoFar, places: _Places) -> Pages:
    listing = _listing("/posts", Post, published, {"status": "published", "sort": "latest"})
    return pages(
        listing, so_far.floor(POSTS), lambda page: [fact for post in page for fact in of_post(post, places.spaces)]
    )


def _comments(so_far: ReadSoFar, places: _Places) -> Pages:
    listing = _listing("/comments", Comment, lambda comment: comment.created_at)
    return pages(
        listing, so_far.floor(COMMENTS), lambda page: [fact for one in page for fact in of_comment(one, places.spaces)]
    )


def _events(so_far: ReadSoFar, places: _Places, began: datetime) -> Pages:
    """Read events by their begin, and of those that ended since the last time who was to be there."""
    since = so_far.until.get(EVENTS, so_far.first)
    ended: list[Event] = []

    def take(page: Sequence[Event]) -> tuple[Fact, ...]:
        ended.extend(event for event in page if since < event.over_at <= began and _is_taken(event, places))
        return ()

    listing = _listing("/events", Event, lambda event: event.starts_at, {"sort": "start_date_desc"})
    if not (yield from pages(listing, since - _LONGEST_EVENT, take)):
        return False
    for event in ended:
        yield from _attendees(event, places)
    return True


def _is_taken(event: Event, places: _Places) -> bool:
    space = event.space.id if event.space else event.space_id
    return space in places.spaces


def _attendees(event: Event, places: _Places) -> Pages:
    attending: list[Attendee] = []

    def take(page: Sequence[Attendee]) -> tuple[Fact, ...]:
        attending.extend(page)
        return ()

    had = yield from pages(_listing("/event_attendees", Attendee, params={"event_id": str(event.id)}), _EVER, take)
    facts = []
    for one in attending:
        user = yield from _user(one, places)
        if user is not None:
            facts.append(attended(event, user, one))
    if facts:
        yield Found(facts=tuple(facts))
    return had


def _user(attendee: Attendee, places: _Places) -> Generator[Step, Answer, int | None]:
    member = attendee.community_member_id
    if member is None or attendee.rsvp_status != "yes":
        return None
    if member not in places.known:
        name = "/community_members/{id}"
        answer = yield from answered(name, Ask(path=f"/community_members/{member}"))
        if answer is None:
            return None
        found = yield from records_of(name, (msgspec.Raw(answer.body),), Membership)
        if not found:
            return None
        if len(places.known) >= _MOST_KNOWN:
            return found[0].user_id
        places.known[member] = found[0].user_id
    return places.known[member]
