"""Circle: what is asked of its events: what is planned, who says that they come, and who was there. Pure."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.ingest.platforms.asked import answered, records_of
from services.ingest.platforms.circle_facts import (
    SAYS_NO,
    SAYS_YES,
    Attendee,
    Event,
    Membership,
    attended,
    planned,
    replied,
)
from services.ingest.platforms.circle_lists import listing_of
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.gatherings import Gatherings
from services.ingest.platforms.listing import Listing, Pages, all_of
from services.ingest.platforms.polled import OVERLAP, Answer, Ask, Found, ReadSoFar, Step
from shared.contracts.names import Audience

EVENTS: Final = "events"
_LONGEST_EVENT: Final = timedelta(days=7)
_AHEAD: Final = timedelta(days=7)
"""Who comes is asked of events that begin so soon: each costs a request of a monthly allowance."""
_GUESTS_EVERY: Final = timedelta(hours=6)
_MOST_KNOWN: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known in a round. ``spaces`` are those whose events are taken, by id."""

    spaces: dict[int, Audience]
    users: dict[int, int] = field(default_factory=dict)
    """Users by the membership by which attendees are named."""

    def know(self, member: Membership) -> None:
        """Keep which user a membership is of."""
        if len(self.users) < _MOST_KNOWN:
            self.users[member.id] = member.user_id

    def audience(self, event: Event) -> Audience | None:
        """Return who can read of an event; None for one that is not taken."""
        space = event.space.id if event.space else event.space_id
        return None if space is None else self.spaces.get(space)


def events(so_far: ReadSoFar, known: Known, began: datetime, *, everybody: bool) -> Pages:
    """Read events by their begin: those that are ahead, and those that ended since the last time.

    ``everybody`` is that all members were read in this round.
    """
    since, gatherings = so_far.until.get(EVENTS, so_far.first), Gatherings(so_far.marks)
    listing = listing_of("/events", Event, lambda event: event.starts_at, {"sort": "start_date_desc"})
    listed = yield from all_of(listing, since - _LONGEST_EVENT)
    if not listed.was_had:
        return False
    taken = {event.id: (event, audience) for event in listed.records if (audience := known.audience(event)) is not None}
    yield from _found(gatherings.news([planned(*one) for one in taken.values()], began, whole=listed.whole))
    for event, _ in taken.values():
        if since < event.over_at <= began:
            yield from _there(event, known)
        elif began < event.starts_at <= began + _AHEAD:
            yield from _coming(event, known, gatherings, began, everybody=everybody)
    yield from gatherings.kept()
    return True


def _there(event: Event, known: Known) -> Generator[Step, Answer, None]:
    facts: list[Fact] = []
    for one in (yield from all_of(_attendees(event))).records:
        user = (yield from _user(one, known)) if one.rsvp_status == SAYS_YES else None
        facts += [] if user is None else [attended(event, user, one)]
    yield from _found(facts)


def _coming(
    event: Event, known: Known, gatherings: Gatherings, began: datetime, *, everybody: bool
) -> Generator[Step, Answer, None]:
    """Read who replied since the last time. Who did so at no known time is taken where no request is needed for it."""
    gathering = str(event.id)
    until = gatherings.guests_until(gathering)
    if until is not None and began - until < _GUESTS_EVERY and not everybody:
        return
    listed, facts = (yield from all_of(_attendees(event))), []
    for one in listed.records:
        if one.rsvp_status not in {SAYS_YES, SAYS_NO}:
            continue
        at = one.replied_at
        if until is not None and (one.community_member_id not in known.users if at is None else at < until - OVERLAP):
            continue
        if (user := (yield from _user(one, known))) is not None:
            facts.append(replied(event, user, one, began))
    yield from _found(facts)
    if listed.was_had:
        gatherings.note_guests(gathering, began)


def _attendees(event: Event) -> Listing[Attendee]:
    return listing_of("/event_attendees", Attendee, params={"event_id": str(event.id)})


def _user(attendee: Attendee, known: Known) -> Generator[Step, Answer, int | None]:
    member = attendee.community_member_id
    if member is None:
        return None
    if member not in known.users:
        name = "/community_members/{id}"
        answer = yield from answered(name, Ask(path=f"/community_members/{member}"))
        if answer is None:
            return None
        found = yield from records_of(name, (msgspec.Raw(answer.body),), Membership)
        if not found:
            return None
        known.know(found[0])
        return found[0].user_id
    return known.users[member]


def _found(facts: Sequence[Fact]) -> Generator[Step, Answer, None]:
    if facts:
        yield Found(facts=tuple(facts))
