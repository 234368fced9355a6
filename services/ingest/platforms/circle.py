"""Circle: what is asked of its Admin API v2, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Struct

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
from services.ingest.platforms.polled import (
    Answer,
    Answered,
    Ask,
    Found,
    Odd,
    PollSettings,
    Read,
    ReadSoFar,
    Refused,
    Round,
    Step,
)
from services.ingest.platforms.reading import NotUnderstoodError, decoded
from shared.contracts.names import Audience

API: Final = "https://app.circle.so/api/admin/v2"
POSTS, COMMENTS, MEMBERS, ALL_MEMBERS, EVENTS = "posts", "comments", "members", "all-members", "events"
_PER_PAGE: Final = 100
_WHOLE: Final = timedelta(days=1)
"""How often every member is read: a list of members does not tell which of them changed."""
_LONGEST_EVENT: Final = timedelta(days=7)
_MOST_KNOWN: Final = 10_000
_MOST_TURNS: Final = 20
"""How often a list is read again from an earlier page because it got shorter, before it is left to the next round."""

Record = TypeVar("Record")
Pages = Generator[Step, Answer, bool]


class _List(Struct, frozen=True, kw_only=True):
    records: tuple[msgspec.Raw, ...]
    has_next_page: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing(Generic[Record]):
    """A list that is read page by page, newest first where Circle gives it so.

    ``time`` is what it is ordered by. Without ``stops``, it is read to its end.
    """

    path: str
    params: dict[str, str]
    form: type[Record]
    time: Callable[[Record], datetime]
    stops: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """``spaces`` are those whose events are taken, by id."""

    spaces: dict[int, Audience]
    known: dict[int, int] = field(default_factory=dict)
    """Users by the membership by which attendees are named."""


def read(settings: PollSettings, so_far: ReadSoFar, began: datetime) -> Round:
    """Ask for what is new."""
    spaces: list[Space] = []
    listing = _Listing(path="/spaces", params={}, form=Space, time=lambda _space: began, stops=False)

    def take(page: Sequence[Space]) -> tuple[Fact, ...]:
        spaces.extend(page)
        return ()

    if not (yield from _pages(listing, so_far.first, take)):
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
    for collection, pages in (
        (ALL_MEMBERS, _all_members(so_far, places)) if everybody else (MEMBERS, _new_members(so_far, places)),
        (POSTS, _posts(so_far, places)),
        (COMMENTS, _comments(so_far, places)),
        (EVENTS, _events(so_far, places, began)),
    ):
        if (yield from pages):
            yield Read(collection=collection)
            if collection == ALL_MEMBERS:
                yield Read(collection=MEMBERS)


def _pages(listing: _Listing[Record], floor: datetime, take: Callable[[Sequence[Record]], Sequence[Fact]]) -> Pages:
    """Read a list until all that follows is from before ``floor``; returns whether it was had.

    Where it is not in the order that is expected, it is read to its end. When it got shorter meanwhile, what follows
    has moved to pages that were read already, and those are read again.
    """
    page, count, ordered, last, turns = 1, 0, True, None, 0
    while True:
        params = {**listing.params, "page": str(page), "per_page": str(_PER_PAGE)}
        answer = yield Ask(path=listing.path, params=params)
        if not isinstance(answer, Answered):
            yield Odd(why=_refusal(listing.path, answer))
            return False
        try:
            found = decoded(answer.body, _List)
        except NotUnderstoodError as error:
            yield Odd(why=f"{listing.path}: {error}")
            return False
        records = yield from _records(listing.path, found.records, listing.form)
        facts = tuple(fact for fact in take(records) if fact.time >= floor)
        if facts:
            yield Found(facts=facts)
        times = [listing.time(record) for record in records]
        ordered = ordered and times == sorted(times, reverse=True) and (last is None or not times or times[0] <= last)
        last = times[-1] if times else last
        if not found.has_next_page or (listing.stops and ordered and times and times[-1] < floor):
            return True
        gone = count - found.count
        turns += gone > 0
        if turns > _MOST_TURNS:
            yield Odd(why=f"{listing.path}: its count falls again and again while it is read; the next round reads on")
            return False
        page = max(1, page - 1 - gone // _PER_PAGE) if gone > 0 else page + 1
        last, count = (None if gone > 0 else last), found.count


def _records(path: str, raw: Sequence[msgspec.Raw], form: type[Record]) -> Generator[Step, Answer, list[Record]]:
    records = []
    for one in raw:
        try:
            records.append(decoded(bytes(one), form))
        except NotUnderstoodError as error:
            yield Odd(why=f"{path}: {error}")
    return records


def _new_members(so_far: ReadSoFar, places: _Places) -> Pages:
    listing = _Listing(path="/community_members", params={}, form=Membership, time=lambda member: member.created_at)
    return _pages(listing, so_far.floor(MEMBERS), lambda page: _of_members(page, places))


def _all_members(so_far: ReadSoFar, places: _Places) -> Pages:
    """Read every member: who was invited long ago and came now, whose profile or tags changed.

    The first time everybody is described, for the policy may count members to the team by their tags.
    """
    listing = _Listing(
        path="/community_members", params={}, form=Membership, time=lambda member: member.created_at, stops=False
    )
    since, never_read = so_far.floor(ALL_MEMBERS), ALL_MEMBERS not in so_far.until

    def facts(page: Sequence[Membership]) -> list[Fact]:
        joined = [fact for fact in _of_members(page, places) if fact.time >= since]
        return joined + [described(member) for member in page if never_read or member.updated_at >= since]

    return _pages(listing, datetime.min.replace(tzinfo=UTC), facts)


def _of_members(page: Sequence[Membership], places: _Places) -> list[Fact]:
    for member in page:
        if len(places.known) < _MOST_KNOWN:
            places.known[member.id] = member.user_id
    return [joined(member, member.profile_confirmed_at) for member in page if member.profile_confirmed_at is not None]


def _posts(so_far: ReadSoFar, places: _Places) -> Pages:
    listing = _Listing(path="/posts", params={"status": "published", "sort": "latest"}, form=Post, time=published)
    return _pages(
        listing, so_far.floor(POSTS), lambda page: [fact for post in page for fact in of_post(post, places.spaces)]
    )


def _comments(so_far: ReadSoFar, places: _Places) -> Pages:
    listing = _Listing(path="/comments", params={}, form=Comment, time=lambda comment: comment.created_at)
    return _pages(
        listing, so_far.floor(COMMENTS), lambda page: [fact for one in page for fact in of_comment(one, places.spaces)]
    )


def _events(so_far: ReadSoFar, places: _Places, began: datetime) -> Pages:
    """Read events by their begin, and of those that ended since the last time who was to be there."""
    since = so_far.until.get(EVENTS, so_far.first)
    ended: list[Event] = []

    def take(page: Sequence[Event]) -> tuple[Fact, ...]:
        ended.extend(event for event in page if since < event.over_at <= began and _is_taken(event, places))
        return ()

    listing = _Listing(
        path="/events", params={"sort": "start_date_desc"}, form=Event, time=lambda event: event.starts_at
    )
    if not (yield from _pages(listing, since - _LONGEST_EVENT, take)):
        return False
    for event in ended:
        yield from _attendees(event, places)
    return True


def _is_taken(event: Event, places: _Places) -> bool:
    space = event.space.id if event.space else event.space_id
    return space in places.spaces


def _attendees(event: Event, places: _Places) -> Pages:
    attending: list[Attendee] = []
    page = 1
    while True:
        path, params = "/event_attendees", {"event_id": str(event.id), "page": str(page), "per_page": str(_PER_PAGE)}
        answer = yield Ask(path=path, params=params)
        if not isinstance(answer, Answered):
            yield Odd(why=_refusal(path, answer))
            return False
        try:
            found = decoded(answer.body, _List)
        except NotUnderstoodError as error:
            yield Odd(why=f"{path}: {error}")
            return False
        attending = yield from _records(path, found.records, Attendee)
        facts = []
        for one in attending:
            user = yield from _user(one, places)
            if user is not None:
                facts.append(attended(event, user, one))
        if facts:
            yield Found(facts=tuple(facts))
        if not found.has_next_page:
            return True
        page += 1


def _user(attendee: Attendee, places: _Places) -> Generator[Step, Answer, int | None]:
    member = attendee.community_member_id
    if member is None or attendee.rsvp_status != "yes":
        return None
    if member not in places.known:
        answer = yield Ask(path=f"/community_members/{member}")
        if not isinstance(answer, Answered):
            yield Odd(why=_refusal("/community_members/{id}", answer))
            return None
        found = yield from _records("/community_members/{id}", (msgspec.Raw(answer.body),), Membership)
        if not found:
            return None
        if len(places.known) >= _MOST_KNOWN:
            return found[0].user_id
        places.known[member] = found[0].user_id
    return places.known[member]


def _refusal(path: str, answer: Refused | None) -> str:
    status = answer.status if answer else "nothing"
    return f"{path}: Circle answers {status}; see whether the plan and the token allow it"
