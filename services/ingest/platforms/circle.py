"""Circle: what its Admin API v2 lists, to member events. Pure.

Forms: https://api.circle.so/apis/admin-api and the examples of its endpoints. Whatever is assumed of them is told in
docs/sources/circle.md. A post is a conversation; comments answer in it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from services.ingest.platforms.facts import (
    Fact,
    attendance_id,
    edit_id,
    link,
    member_fact_id,
    name_of,
    post_id,
    stamp,
    text_of,
)
from services.ingest.platforms.html_text import text_of_html
from services.ingest.platforms.polled import (
    Answer,
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
from services.ingest.platforms.reading import NotUnderstoodError, Time, decoded
from shared.contracts.member_events import Attended, Edited, Joined, Member, MemberEventData, Posted, Updated
from shared.contracts.names import Audience

API: Final = "https://app.circle.so/api/admin/v2"
POSTS, COMMENTS, MEMBERS, ALL_MEMBERS, EVENTS = "posts", "comments", "members", "all-members", "events"
_PER_PAGE: Final = 100
_WHOLE: Final = timedelta(days=1)
"""How often every member is read: a list of members does not tell which of them changed."""
_LONGEST_EVENT: Final = timedelta(days=7)
_MOST_KNOWN: Final = 10_000
_MOST_TAGS: Final = 100

Record = TypeVar("Record")
Pages = Generator[Step, Answer, bool]


class _Body(Struct, frozen=True, kw_only=True):
    body: str | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


class _Post(Struct, frozen=True, kw_only=True):
    id: int
    space_id: int
    user_id: int
    created_at: Time
    published_at: Time | None = None
    user_name: str | None = None
    name: str | None = None
    status: str = "published"
    body: _Body | None = None
    space_name: str | None = None
    url: str | None = None


class _User(Struct, frozen=True, kw_only=True):
    id: int
    name: str | None = None


class _Place(Struct, frozen=True, kw_only=True):
    id: int
    name: str | None = None


class _Comment(Struct, frozen=True, kw_only=True):
    id: int
    created_at: Time
    user: _User
    post: _Place
    space: _Place
    parent_comment_id: int | None = None
    body: _Body | None = None
    url: str | None = None


class _Space(Struct, frozen=True, kw_only=True):
    id: int
    name: str | None = None
    is_private: bool = True


class _Tag(Struct, frozen=True, kw_only=True):
    name: str


class _Member(Struct, frozen=True, kw_only=True):
    """``id`` is that of the membership; posts and comments name the member by ``user_id``."""

    id: int
    user_id: int
    created_at: Time
    updated_at: Time
    profile_confirmed_at: Time | None = None
    name: str | None = None
    member_tags: tuple[_Tag, ...] = ()
    profile_url: str | None = None


class _Event(Struct, frozen=True, kw_only=True):
    id: int
    starts_at: Time
    name: str | None = None
    ends_at: Time | None = None
    space: _Place | None = None
    space_id: int | None = None
    url: str | None = None

    @property
    def over_at(self) -> datetime:
        return self.ends_at or self.starts_at


class _Attendee(Struct, frozen=True, kw_only=True):
    community_member_id: int | None = None
    member_name: str | None = None
    rsvp_status: str | None = None


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
    spaces: list[_Space] = []
    listing = _Listing(path="/spaces", params={}, form=_Space, time=lambda _space: began, stops=False)

    def take(page: Sequence[_Space]) -> tuple[Fact, ...]:
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
    page, count, ordered, last = 1, 0, True, None
    while True:
        params = {**listing.params, "page": str(page), "per_page": str(_PER_PAGE)}
        answer = yield Ask(path=listing.path, params=params)
        if not isinstance(answer, bytes):
            yield Odd(why=_refusal(listing.path, answer))
            return False
        try:
            found = decoded(answer, _List)
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
    listing = _Listing(path="/community_members", params={}, form=_Member, time=lambda member: member.created_at)
    return _pages(listing, so_far.floor(MEMBERS), lambda page: _of_members(page, places))


def _all_members(so_far: ReadSoFar, places: _Places) -> Pages:
    """Read every member: who was invited long ago and came now, whose profile or tags changed.

    The first time everybody is described, for the policy may count members to the team by their tags.
    """
    listing = _Listing(
        path="/community_members", params={}, form=_Member, time=lambda member: member.created_at, stops=False
    )
    since, never_read = so_far.floor(ALL_MEMBERS), ALL_MEMBERS not in so_far.until

    def facts(page: Sequence[_Member]) -> list[Fact]:
        joined = [fact for fact in _of_members(page, places) if fact.time >= since]
        return joined + [_described(member) for member in page if never_read or member.updated_at >= since]

    return _pages(listing, datetime.min.replace(tzinfo=UTC), facts)


def _of_members(page: Sequence[_Member], places: _Places) -> list[Fact]:
    for member in page:
        if len(places.known) < _MOST_KNOWN:
            places.known[member.id] = member.user_id
    return [_joined(member, member.profile_confirmed_at) for member in page if member.profile_confirmed_at is not None]


def _joined(member: _Member, at: datetime) -> Fact:
    who = _member(member.user_id, member.name, member.member_tags)
    return Fact(
        id=member_fact_id("joined", who.id, "1"), time=at, data=Joined(member=who, url=link(member.profile_url))
    )


def _described(member: _Member) -> Fact:
    who = _member(member.user_id, member.name, member.member_tags)
    fact_id = member_fact_id("updated", who.id, stamp(member.updated_at))
    return Fact(id=fact_id, time=member.updated_at, data=Updated(member=who, tags=who.roles))


def _member(user: int, name: str | None, tags: Sequence[_Tag] = ()) -> Member:
    names = dict.fromkeys(label for tag in tags if (label := name_of(tag.name)))
    return Member(id=str(user), name=name_of(name), roles=tuple(names)[:_MOST_TAGS])


def _posts(so_far: ReadSoFar, places: _Places) -> Pages:
    listing = _Listing(path="/posts", params={"status": "published", "sort": "latest"}, form=_Post, time=_published)
    return _pages(listing, so_far.floor(POSTS), lambda page: [fact for post in page for fact in _of_post(post, places)])


def _published(post: _Post) -> datetime:
    return post.published_at or post.created_at


def _of_post(post: _Post, places: _Places) -> list[Fact]:
    audience = places.spaces.get(post.space_id)
    if audience is None or post.status != "published":
        return []
    message, written = str(post.id), post.body or _Body()
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
    return _versions(data, _published(post), written)


def _comments(so_far: ReadSoFar, places: _Places) -> Pages:
    listing = _Listing(path="/comments", params={}, form=_Comment, time=lambda comment: comment.created_at)
    return _pages(
        listing, so_far.floor(COMMENTS), lambda page: [fact for one in page for fact in _of_comment(one, places)]
    )


def _of_comment(comment: _Comment, places: _Places) -> list[Fact]:
    audience = places.spaces.get(comment.space.id)
    if audience is None:
        return []
    conversation, parent = str(comment.post.id), comment.parent_comment_id
    written = comment.body or _Body()
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


def _versions(posted: Posted, at: datetime, written: _Body) -> list[Fact]:
    """Return a message as it was posted and, when its text was changed since, as an edit."""
    facts = [Fact(id=post_id(posted.message), time=at, data=posted)]
    changed = written.updated_at
    if changed is not None and written.created_at is not None and changed > max(written.created_at, at):
        data: MemberEventData = Edited(
            member=posted.member,
            conversation=posted.conversation,
            message=posted.message,
            text=posted.text,
            audience=posted.audience,
            url=posted.url,
        )
        facts.append(Fact(id=edit_id(posted.message, stamp(changed)), time=changed, data=data))
    return facts


def _events(so_far: ReadSoFar, places: _Places, began: datetime) -> Pages:
    """Read events by their begin, and of those that ended since the last time who was to be there."""
    since = so_far.until.get(EVENTS, so_far.first)
    ended: list[_Event] = []

    def take(page: Sequence[_Event]) -> tuple[Fact, ...]:
        ended.extend(event for event in page if since < event.over_at <= began and _is_taken(event, places))
        return ()

    listing = _Listing(
        path="/events", params={"sort": "start_date_desc"}, form=_Event, time=lambda event: event.starts_at
    )
    if not (yield from _pages(listing, since - _LONGEST_EVENT, take)):
        return False
    for event in ended:
        yield from _attendees(event, places)
    return True


def _is_taken(event: _Event, places: _Places) -> bool:
    space = event.space.id if event.space else event.space_id
    return space in places.spaces


def _attendees(event: _Event, places: _Places) -> Pages:
    attending: list[_Attendee] = []
    page = 1
    while True:
        path, params = "/event_attendees", {"event_id": str(event.id), "page": str(page), "per_page": str(_PER_PAGE)}
        answer = yield Ask(path=path, params=params)
        if not isinstance(answer, bytes):
            yield Odd(why=_refusal(path, answer))
            return False
        try:
            found = decoded(answer, _List)
        except NotUnderstoodError as error:
            yield Odd(why=f"{path}: {error}")
            return False
        attending = yield from _records(path, found.records, _Attendee)
        facts = []
        for one in attending:
            user = yield from _user(one, places)
            if user is not None:
                facts.append(_attended(event, user, one))
        if facts:
            yield Found(facts=tuple(facts))
        if not found.has_next_page:
            return True
        page += 1


def _user(attendee: _Attendee, places: _Places) -> Generator[Step, Answer, int | None]:
    member = attendee.community_member_id
    if member is None or attendee.rsvp_status != "yes":
        return None
    if member not in places.known:
        answer = yield Ask(path=f"/community_members/{member}")
        if not isinstance(answer, bytes):
            yield Odd(why=_refusal("/community_members/{id}", answer))
            return None
        found = yield from _records("/community_members/{id}", (msgspec.Raw(answer),), _Member)
        if not found:
            return None
        if len(places.known) >= _MOST_KNOWN:
            return found[0].user_id
        places.known[member] = found[0].user_id
    return places.known[member]


def _attended(event: _Event, user: int, attendee: _Attendee) -> Fact:
    data = Attended(
        member=_member(user, attendee.member_name),
        gathering=str(event.id),
        title=name_of(event.name),
        url=link(event.url),
    )
    return Fact(id=attendance_id(data.gathering, data.member.id), time=event.over_at, data=data)


def _refusal(path: str, answer: Refused | None) -> str:
    status = answer.status if answer else "nothing"
    return f"{path}: Circle answers {status}; see whether the plan and the token allow it"
