"""tchop: what is asked of its GraphQL API, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Final, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from services.ingest.platforms.facts import Fact
from services.ingest.platforms.listing import Listing, Page, Pages, pages
from services.ingest.platforms.polled import (
    Answered,
    Ask,
    DeniedError,
    PollSettings,
    Read,
    ReadSoFar,
    Round,
)
from services.ingest.platforms.reading import EVERYWHERE, NotUnderstoodError, decoded
from services.ingest.platforms.tchop_facts import (
    Account,
    Card,
    Channel,
    Comment,
    Place,
    described,
    joined,
    of_card,
    of_comment,
)
from services.ingest.platforms.tchop_queries import CARDS, CHANNELS, COMMENTS, USERS

API: Final = "{site}/api/graphql/webapp"
MEMBERS, ALL_MEMBERS = "members", "all-members"
_WHOLE: Final = timedelta(days=1)
"""How often every user is read: a list of users does not tell which of them changed."""
_MOST_STATES: Final = 20_000
_SHORT: Final = 8
_EDITED_WITHIN: Final = timedelta(days=30)
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_NOT_KNOWN: Final = frozenset(("UNAUTHENTICATED", "UNAUTHORIZED"))

Record = TypeVar("Record")
_ErrorName = Annotated[str, Meta(max_length=100)]


class _Extensions(Struct, frozen=True, kw_only=True):
    code: _ErrorName | None = None


class _Error(Struct, frozen=True, kw_only=True):
    extensions: _Extensions | None = None


class _Reply(Struct, frozen=True, kw_only=True):
    """GraphQL answers 200 whatever is wrong."""

    data: dict[str, msgspec.Raw] | None = None
    errors: tuple[_Error, ...] = ()


class _PageInfo(Struct, frozen=True, kw_only=True, rename="camel"):
    has_next_page: bool
    total_items: int


class _Items(Struct, frozen=True, kw_only=True, rename="camel"):
    items: tuple[msgspec.Raw, ...]
    page_info: _PageInfo


class _Failure(Struct, frozen=True, kw_only=True):
    typename: _ErrorName = msgspec.field(name="__typename", default="")


class _Result(Struct, frozen=True, kw_only=True):
    payload: _Items | None = None
    error: _Failure | None = None


def _items(data: bytes) -> _Items:
    return decoded(data, _Items)


def _searched(data: bytes) -> _Items:
    found = decoded(data, _Result)
    if found.payload is None:
        raise NotUnderstoodError(f"tchop answers {_known(found.error.typename if found.error else None)}")
    return found.payload


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feed(Generic[Record]):
    """What is asked for, the field in which it comes, and how it stands there. ``size`` is the most that is given."""

    name: str
    query: str
    field: str
    form: type[Record]
    size: int = 15
    items: Callable[[bytes], _Items] = _items


_USERS: Final = _Feed(name="users", query=USERS, field="organisationUsers", form=Account, size=30)
_CARDS: Final = _Feed(name="cards", query=CARDS, field="storyCardsChannelSearch", form=Card, items=_searched)
_COMMENTS: Final = _Feed(name="comments", query=COMMENTS, field="storyCardCommentsFeedByChannelId", form=Comment)


def read(settings: PollSettings, so_far: ReadSoFar, began: datetime) -> Round:
    """Ask for what is new."""
    channels: list[Channel] = []

    def take(page: Sequence[Channel]) -> tuple[Fact, ...]:
        channels.extend(page)
        return ()

    if not (yield from pages(_channels(), so_far.first, take)):
        return
    whole = so_far.until.get(ALL_MEMBERS)
    everybody = whole is None or began - whole >= _WHOLE
    states = _states(so_far.marks.get(ALL_MEMBERS))
    if (yield from _all_members(so_far, began, states) if everybody else _new_members(so_far)):
        yield Read(collection=MEMBERS)
        if everybody:
            yield Read(collection=ALL_MEMBERS, mark=msgspec.json.encode(states).decode())
    for place in _places(settings, channels):
        for collection, reading in (
            (f"cards/{place.channel.id}", _cards),
            (f"comments/{place.channel.id}", _comments),
        ):
            if (yield from reading(place, so_far.floor(collection), so_far.first)):
                yield Read(collection=collection)


def _places(settings: PollSettings, channels: Sequence[Channel]) -> list[Place]:
    """Return the channels that are read: tchop does not tell which of them everybody can."""
    public, private = set(settings.public), set(settings.private)
    site = settings.site.rstrip("/") if settings.site else None
    places = []
    for channel in channels:
        if str(channel.id) in private:
            places.append(Place(channel=channel, audience="private", site=site))
        elif str(channel.id) in public or EVERYWHERE in public:
            places.append(Place(channel=channel, audience="public", site=site))
    return places


def _states(mark: str | None) -> dict[str, str]:
    try:
        return msgspec.json.decode(mark or "{}", type=dict[str, str])
    except msgspec.DecodeError:
        return {}


def _all_members(so_far: ReadSoFar, began: datetime, states: dict[str, str]) -> Pages:
    """Read every user: whose name, roles or tags are others than in ``states``, which are brought up to date.

    The first time everybody is described, for the policy may count users to the team by their roles.
    """
    since = so_far.floor(MEMBERS)

    def facts(page: Sequence[Account]) -> list[Fact]:
        fresh = [fact for account in page if (fact := joined(account)).time >= since]
        for account in page:
            now, number = described(account, began), str(account.id)
            state = now.state[:_SHORT]
            if states.get(number) != state:
                fresh.append(now.fact)
            if number in states or len(states) < _MOST_STATES:
                states[number] = state
        return fresh

    return pages(_listing(_USERS), _EVER, facts)


def _new_members(so_far: ReadSoFar) -> Pages:
    listing = _listing(_USERS, lambda account: account.registered_at)
    return pages(listing, so_far.floor(MEMBERS), lambda page: [joined(account) for account in page])


def _cards(place: Place, floor: datetime, first: datetime) -> Pages:
    """Read cards as they are listed: one that was made long ago may be published now."""
    since = max(floor, _EVER + _EDITED_WITHIN) - _EDITED_WITHIN
    listing = _listing(_CARDS, lambda card: card.posted_at, {"channel": place.channel.id, "from": since.isoformat()})

    def facts(page: Sequence[Card]) -> list[Fact]:
        return [fact for card in page for fact in of_card(card, place) if max(fact.time, card.posted_at) >= floor]

    return pages(listing, floor, facts, oldest=first)


def _comments(place: Place, floor: datetime, _first: datetime) -> Pages:
    listing = _listing(_COMMENTS, lambda comment: comment.created_at, {"channel": place.channel.id})
    return pages(listing, floor, lambda page: [fact for comment in page for fact in of_comment(comment, place)])


def _channels() -> Listing[Channel]:
    def page(answer: Answered) -> Page:
        return Page(records=decoded(_data(answer, "channels"), tuple[msgspec.Raw, ...]), more=False)

    return Listing(name="channels", ask=lambda _page: _ask(CHANNELS, {}), page=page, size=1, form=Channel)


def _listing(
    feed: _Feed[Record], time: Callable[[Record], datetime] | None = None, variables: Mapping[str, object] = _NOTHING
) -> Listing[Record]:
    def page(answer: Answered) -> Page:
        found = feed.items(_data(answer, feed.field))
        return Page(records=found.items, more=found.page_info.has_next_page, count=found.page_info.total_items)

    def ask(number: int) -> Ask:
        return _ask(feed.query, {**variables, "page": number, "size": feed.size})

    return Listing(name=feed.name, ask=ask, page=page, size=feed.size, form=feed.form, time=time)


def _ask(query: str, variables: Mapping[str, object]) -> Ask:
    return Ask(path="", body={"query": query, "variables": dict(variables)})


def _known(*names: str | None) -> str:
    """Return the names of errors that can be repeated: names alone."""
    return ", ".join(sorted(name for name in names if name and name.isidentifier())) or "an error"


def _data(answer: Answered, field: str) -> bytes:
    """Return what stands in ``field``; raises NotUnderstoodError, and DeniedError when the secret is not taken."""
    reply = decoded(answer.body, _Reply)
    codes = {error.extensions.code for error in reply.errors if error.extensions}
    if denied := _NOT_KNOWN.intersection(codes):
        raise DeniedError(f"it answers {min(denied)}: it does not take the secrets")
    if reply.errors or not reply.data or field not in reply.data:
        raise NotUnderstoodError(f"tchop answers {_known(*codes)}")
    return bytes(reply.data[field])
