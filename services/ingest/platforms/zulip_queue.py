"""Zulip: what is asked of its event queue, and of its lists where the queue was lost. Pure.

Forms: https://zulip.com/api/register-queue, get-events and get-messages. Zulip keeps a queue for ten minutes after it
was last asked: a restart goes on with it, and whoever comes later registers another and reads what was missed.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from services.ingest.platforms.asked import records_of, understood
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.last_known import keep
from services.ingest.platforms.listing import Pages
from services.ingest.platforms.polled import (
    Answer,
    Answered,
    Ask,
    Found,
    Odd,
    PollSettings,
    Read,
    ReadSoFar,
    Round,
    Step,
)
from services.ingest.platforms.reading import NotUnderstoodError, decoded, time_of
from services.ingest.platforms.zulip import Message, is_direct
from services.ingest.platforms.zulip_events import (
    Channel,
    Event,
    Listed,
    Person,
    Places,
    joined,
    of_event,
    of_message,
    places_of,
)
from shared.retry_after import http_date

EVENTS: Final = "events"
_TYPES: Final = ("message", "update_message", "delete_message", "reaction", "realm_user", "stream")
_HELD_SECONDS: Final = 120.0
"""Zulip answers at the latest when it has a heartbeat to tell of, about once a minute."""
_ANSWERS: Final = 10
"""After so many answers of the queue, or when nothing happens, a round ends: what the operator sees of it is fresh."""
_PER_PAGE: Final = 1_000
_MOST_KNOWN: Final = 10_000


class _Queue(Struct, frozen=True, kw_only=True):
    queue_id: str
    last_event_id: int


class _Events(Struct, frozen=True, kw_only=True):
    events: tuple[msgspec.Raw, ...]


class _Numbered(Struct, frozen=True, kw_only=True):
    id: int


class _Streams(Struct, frozen=True, kw_only=True):
    streams: tuple[msgspec.Raw, ...]


class _Users(Struct, frozen=True, kw_only=True):
    members: tuple[msgspec.Raw, ...]


class _Messages(Struct, frozen=True, kw_only=True):
    messages: tuple[msgspec.Raw, ...]
    found_oldest: bool = False


class _One(Struct, frozen=True, kw_only=True):
    message: Message


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What is known in a round. ``known`` are messages that were seen, for events name them by number alone."""

    settings: PollSettings
    places: Places
    known: dict[int, Message] = field(default_factory=dict)

    def know(self, message: Message) -> None:
        keep(self.known, message.id, message, _MOST_KNOWN)


def read(settings: PollSettings, so_far: ReadSoFar, began: datetime) -> Round:
    """Wait for what happens; where the queue is gone, register another and read what was missed."""
    places = yield from _places(settings)
    if places is None:
        return
    reading = _Reading(settings=settings, places=places)
    mark = so_far.marks.get(EVENTS)
    queue = None if mark is None else decoded(mark.encode(), _Queue)
    for _ in range(_ANSWERS):
        if queue is None:
            queue = yield from _registered()
            if queue is not None and (yield from _missed(reading, so_far.floor(EVENTS))):
                yield _up_to(queue)
            return
        asked = {"queue_id": queue.queue_id, "last_event_id": str(queue.last_event_id)}
        if so_far.at_once:
            asked["dont_block"] = "true"
        answer = yield Ask(path="/events", params=asked, seconds=_HELD_SECONDS)
        if not isinstance(answer, Answered):
            queue = None  # it was not asked for too long, or Zulip began anew
            continue
        try:
            listed = decoded(answer.body, _Events).events
            last = max((decoded(bytes(one), _Numbered).id for one in listed), default=queue.last_event_id)
        except NotUnderstoodError as error:
            yield Odd(why=f"/events: {error}")
            return
        if not listed and not so_far.at_once:
            yield Odd(why="/events: an answer that was waited for has no events")
            return
        events = yield from records_of("/events", listed, Event)
        if not (yield from _happened(reading, events, http_date(answer.headers.get("date", "")) or began)):
            return
        queue = _Queue(queue_id=queue.queue_id, last_event_id=max(queue.last_event_id, last))
        yield _up_to(queue)
        if so_far.at_once or all(event.type == "heartbeat" for event in events):
            return


def _up_to(queue: _Queue) -> Read:
    return Read(collection=EVENTS, mark=msgspec.json.encode(queue).decode())


def _happened(reading: _Reading, events: Sequence[Event], now: datetime) -> Pages:
    """Tell what ``events`` mean; where a channel changed, by who can read it now, and nothing if that is not known."""
    if any(event.type == "stream" for event in events):
        places = yield from _places(reading.settings)
        if places is None:
            return False
        reading.places = places
    facts: list[Fact] = []
    for event in events:
        if event.message is not None and not is_direct(event.message):
            reading.know(event.message)
        try:
            about = yield from _about(reading, event)
            facts += of_event(event, about, reading.places, reading.settings.site, now)
        except NotUnderstoodError as error:
            yield Odd(why=f"/events: {error}")
    if facts:
        yield Found(facts=tuple(facts))
    return True


def _about(reading: _Reading, event: Event) -> Generator[Step, Answer, Message | None]:
    """Return the message that an event names, as it stands now where it was edited; None for one in no channel."""
    number = event.about
    if number is None:
        return None
    if event.type != "update_message" and number in reading.known:
        return reading.known[number]
    answer = yield Ask(path=f"/messages/{number}", params={"apply_markdown": "false"})
    if not isinstance(answer, Answered):
        return None  # it is gone, or not for the bot
    message = decoded(answer.body, _One).message
    if is_direct(message):
        return None
    reading.know(message)
    return message


def _places(settings: PollSettings) -> Generator[Step, Answer, Places | None]:
    listed = yield from understood("/streams", Ask(path="/streams"), _Streams)
    if listed is None:
        return None
    channels = yield from records_of("/streams", listed.streams, Channel)
    return places_of(channels, settings)


def _registered() -> Generator[Step, Answer, _Queue | None]:
    form = {
        "event_types": json.dumps(_TYPES),
        "fetch_event_types": "[]",
        "all_public_streams": "true",
        "apply_markdown": "false",
        "client_capabilities": json.dumps({"notification_settings_null": True, "bulk_message_deletion": True}),
    }
    return (yield from understood("/register", Ask(path="/register", form=form), _Queue))


def _missed(reading: _Reading, floor: datetime) -> Pages:
    """Read what nobody waited for: messages of the public channels and of those that are listed, and who came."""
    narrows: list[Mapping[str, object]] = [{"operator": "streams", "operand": "public"}]
    narrows += [{"operator": "stream", "operand": place} for place, who in reading.places.items() if who == "private"]
    for narrow in narrows:
        if not (yield from _messages(reading, narrow, floor)):
            return False
    listed = yield from understood("/users", Ask(path="/users"), _Users)
    if listed is None:
        return False
    people = yield from records_of("/users", listed.members, Person)
    came = tuple(fact for person in people for fact in joined(person) if fact.time >= floor)
    if came:
        yield Found(facts=came)
    return True


def _messages(reading: _Reading, narrow: Mapping[str, object], floor: datetime) -> Pages:
    """Read messages, newest first, until they are from before ``floor``."""
    anchor = "newest"
    while True:
        params = {
            "anchor": anchor,
            "include_anchor": str(anchor == "newest").lower(),
            "num_before": str(_PER_PAGE),
            "num_after": "0",
            "narrow": json.dumps([narrow]),
            "apply_markdown": "false",
        }
        page = yield from understood("/messages", Ask(path="/messages", params=params), _Messages)
        if page is None:
            return False
        try:
            messages = yield from records_of("/messages", page.messages, Listed)
            times = [time_of(message.timestamp) for message in messages]
            found = [fact for one in messages for fact in of_message(one, reading.places, reading.settings.site)]
        except NotUnderstoodError as error:
            yield Odd(why=f"/messages: {error}")
            return False
        facts = tuple(fact for fact in found if fact.time >= floor)
        if facts:
            yield Found(facts=facts)
        if page.found_oldest or not times or min(times) < floor:
            return True
        anchor = str(min(message.id for message in messages))
