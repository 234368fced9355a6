"""Hivebrite: what is asked of its events: what is planned, who says that they come, and who was there. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.ingest.platforms.facts import Fact
from services.ingest.platforms.gatherings import Gatherings
from services.ingest.platforms.hivebrite_facts import Network
from services.ingest.platforms.hivebrite_gatherings import attended, planned, presence, replied
from services.ingest.platforms.hivebrite_lists import listing_of
from services.ingest.platforms.hivebrite_records import Coming, Event
from services.ingest.platforms.listing import Pages, all_of
from services.ingest.platforms.polled import Found, Odd, ReadSoFar
from shared.contracts.cloudevents import rfc3339
from shared.contracts.names import Audience

EVENTS: Final = "events"
_LONGEST_WORD: Final = 40


def events(so_far: ReadSoFar, began: datetime, network: Network) -> Pages:
    """Read what is ahead, and who was at what is over: what ended just now, and what was noted since of the others."""
    listed = yield from all_of(listing_of("/admin/v2/network_events", Event))
    if not listed.was_had:
        return False
    taken = {event.id: (event, seen_by) for event in listed.records if (seen_by := _audience(event, network))}
    gatherings = Gatherings(so_far.marks)
    plans = [planned(event, audience, network) for event, audience in taken.values()]
    if news := gatherings.news(plans, began, whole=listed.whole):
        yield Found(facts=tuple(news))
    since, first = so_far.floor(EVENTS), so_far.first
    on = [event for event, _ in taken.values() if not event.cancelled]
    over = {event.id: event for event in on if first <= event.over_at <= began}
    ahead = {event.id: event for event in on if event.start_date > began}
    new = {number for number in ahead if gatherings.guests_until(str(number)) is None}
    asked_anew = [event for event in over.values() if event.over_at >= since] + [ahead[number] for number in new]
    asked = min((since, *(event.created_at for event in asked_anew)))
    records: dict[int, list[Coming]] = {number: [] for number in (*over, *ahead)}
    had = True
    for path in ("/admin/v2/network_events/attendees", "/admin/v2/network_events/rsvp"):
        some = yield from all_of(listing_of(path, Coming, params={"updated_since": rfc3339(asked)}))
        had = had and some.was_had
        for one in some.records:
            if one.event_id in records:
                records[one.event_id].append(one)
    found: list[Fact] = []
    words: set[str] = set()
    for number, said in records.items():
        there = presence(said)
        words |= there.unknown
        if number in over:
            found += (attended(over[number], user, network) for user in sorted(there.came))
            continue
        fresh = [one for one in said if number in new or one.replied_at is None or one.replied_at >= since]
        found += (fact for one in fresh for fact in replied(one, began))
        if had and number in new:
            gatherings.note_guests(str(number), began)
    if found:
        yield Found(facts=tuple(found))
    for word in sorted(word for word in words if word.isidentifier() and len(word) <= _LONGEST_WORD):
        yield Odd(why=f"attendance: {word!r} is not known to mean that somebody came")
    yield from gatherings.kept()
    return had


def _audience(event: Event, network: Network) -> Audience | None:
    """Return who can read of an event that is published: everybody where one of its groups is open; None of others."""
    if event.published_at is None:
        return None
    if not event.topic_ids:
        return "public"
    audiences = {network.places[group].audience for group in event.topic_ids if group in network.places}
    return None if not audiences else "public" if "public" in audiences else "private"
