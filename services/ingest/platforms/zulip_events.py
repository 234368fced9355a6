"""Zulip: the events of a queue, and what its lists hold, to member events. Pure.

Forms: https://zulip.com/api/get-events, get-messages and get-users. What is assumed of them is told in
docs/sources/zulip.md. An event names a message by its number alone, so that the message has to be known, or asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from services.ingest.platforms.facts import (
    Fact,
    deletion_id,
    edit_id,
    edit_of,
    member_fact_id,
    name_of,
    reaction_id,
    solved_id,
    stamp,
)
from services.ingest.platforms.polled import PollSettings
from services.ingest.platforms.reading import EVERYWHERE, Time, time_of
from services.ingest.platforms.zulip import Message, conversation_of, post_fact, posted, unresolved
from shared.contracts.member_events import Deleted, Joined, Member, Reacted, Solved
from shared.contracts.names import Audience

_ROLES: Final = {100: "owner", 200: "admin", 300: "moderator", 400: "member", 600: "guest"}
_NOBODY: Final = Member(id="0", bot=True)
"""Zulip does not tell whose message was deleted."""

Places = Mapping[int, Audience]
"""The channels whose events are taken, by number."""


class Listed(Message, frozen=True, kw_only=True):
    """A message as a list has it."""

    last_edit_timestamp: float | None = None


class Channel(Struct, frozen=True, kw_only=True):
    """A channel; private unless Zulip says otherwise."""

    stream_id: int
    invite_only: bool = True


class Person(Struct, frozen=True, kw_only=True):
    """An account. ``delivery_email`` is there where its owner lets the bot see it; ``email`` may be none of theirs."""

    user_id: int
    full_name: str | None = None
    is_bot: bool = False
    role: int | None = None
    date_joined: Time | None = None
    delivery_email: str | None = None


class Event(Struct, frozen=True, kw_only=True):
    """An event of a queue, as far as it is read."""

    id: int
    type: str
    op: str = ""
    message: Message | None = None
    message_id: int | None = None
    message_ids: tuple[int, ...] = ()
    message_type: str = ""
    stream_id: int | None = None
    topic: str = ""
    orig_subject: str | None = None
    subject: str | None = None
    content: str | None = None
    rendering_only: bool | None = None
    edit_timestamp: float | None = None
    user_id: int | None = None
    emoji_name: str | None = None
    person: Person | None = None

    @property
    def about(self) -> int | None:
        """The number of the message that has to be known: it was edited, or somebody reacted to it."""
        reacted = self.type == "reaction" and self.op == "add"
        edited = self.type == "update_message" and self.content is not None and not self.rendering_only
        return self.message_id if reacted or edited else None


def places_of(channels: list[Channel], settings: PollSettings) -> Places:
    """Return who can read what stands in the channels that are taken, as the webhook of the same source has it.

    Those that are listed as private are; of the public ones, those that are listed, or all where none is.
    """
    places: dict[int, Audience] = {}
    for channel in channels:
        name = str(channel.stream_id)
        if name in settings.private:
            places[channel.stream_id] = "private"
        elif not channel.invite_only and (not settings.public or {name, EVERYWHERE} & set(settings.public)):
            places[channel.stream_id] = "members"
    return places


def of_message(message: Message, places: Places, site: str | None) -> list[Fact]:
    """Return a message as it stands, and that it was edited; raises NotUnderstoodError."""
    audience = places.get(message.stream_id) if message.stream_id is not None else None
    if audience is None:
        return []
    facts = [post_fact(message, audience, site)]
    if isinstance(message, Listed) and message.last_edit_timestamp is not None:
        facts.append(edit_fact(message, time_of(message.last_edit_timestamp), audience, site))
    return facts


def edit_fact(message: Message, at: datetime, audience: Audience, site: str | None) -> Fact:
    """Return that a message was changed to what it says now; raises NotUnderstoodError."""
    return Fact(id=edit_id(str(message.id), stamp(at)), time=at, data=edit_of(posted(message, audience, site)))


def of_event(event: Event, about: Message | None, places: Places, site: str | None, now: datetime) -> list[Fact]:
    """Return what an event means, ``now`` where it has no time of its own; raises NotUnderstoodError.

    ``about`` is the message that it names.
    """
    match event.type:
        case "message" if event.message is not None:
            return of_message(event.message, places, site)
        case "update_message":
            return _solved(event, places) + _edited(event, about, places, site, now)
        case "delete_message":
            return _deleted(event, places, now)
        case "reaction" if event.op == "add" and about is not None:
            return _reacted(event, about, places, now)
        case "realm_user" if event.op == "add" and event.person is not None:
            return joined(event.person)
        case _:
            return []


def joined(person: Person) -> list[Fact]:
    """Return that somebody came; nothing for a bot."""
    if person.is_bot or person.date_joined is None:
        return []
    role = _ROLES.get(person.role or 0)
    who = Member(id=str(person.user_id), name=name_of(person.full_name), roles=(role,) if role else ())
    return [
        Fact(
            id=member_fact_id("joined", who.id, "1"),
            time=person.date_joined,
            data=Joined(member=who),
            address=person.delivery_email,
        )
    ]


def _edited(event: Event, about: Message | None, places: Places, site: str | None, now: datetime) -> list[Fact]:
    if event.about is None or about is None or (audience := places.get(about.stream_id or 0)) is None:
        return []
    at = now if event.edit_timestamp is None else time_of(event.edit_timestamp)
    return [edit_fact(about, at, audience, site)]


def _solved(event: Event, places: Places) -> list[Fact]:
    """Return that a topic was resolved: its name got the tick, and nothing else."""
    before, after, stream = event.orig_subject, event.subject, event.stream_id
    if before is None or after is None or stream is None or stream not in places:
        return []
    if after == before or unresolved(after) != before or event.user_id is None or event.edit_timestamp is None:
        return []
    conversation = conversation_of(stream, before)
    data = Solved(member=Member(id=str(event.user_id)), conversation=conversation)
    return [Fact(id=solved_id(conversation), time=time_of(event.edit_timestamp), data=data)]


def _deleted(event: Event, places: Places, now: datetime) -> list[Fact]:
    if event.stream_id is None or event.stream_id not in places:
        return []
    numbers = event.message_ids or ((event.message_id,) if event.message_id is not None else ())
    conversation = conversation_of(event.stream_id, unresolved(event.topic))
    gone = [Deleted(member=_NOBODY, conversation=conversation, message=str(number)) for number in numbers]
    return [Fact(id=deletion_id(data.message), time=now, data=data) for data in gone]


def _reacted(event: Event, about: Message, places: Places, now: datetime) -> list[Fact]:
    reaction = name_of(event.emoji_name)
    if about.stream_id is None or about.stream_id not in places or event.user_id is None or reaction is None:
        return []
    message, member = str(about.id), Member(id=str(event.user_id))
    conversation = conversation_of(about.stream_id, unresolved(about.subject))
    data = Reacted(member=member, conversation=conversation, message=message, reaction=reaction)
    return [Fact(id=reaction_id(message, member.id, reaction), time=now, data=data)]
