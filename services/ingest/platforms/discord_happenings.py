"""What Discord's gateway tells of a server, to member events. Pure.

Forms: https://docs.discord.com/developers/events/gateway-events. What a message is about is told by ids, so that the
server has to be known, and a message of which more than its id is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec import Struct

from services.ingest.platforms.discord import joined_fact
from services.ingest.platforms.discord_entitlements import ENTITLEMENTS, EntitlementObject, of_entitlement
from services.ingest.platforms.discord_hearing import Hearing
from services.ingest.platforms.discord_moderation import moderated
from services.ingest.platforms.discord_objects import (
    AuditObject,
    ChannelObject,
    EmojiObject,
    MemberObject,
    MessageObject,
    PresentObject,
    RoleObject,
    ScheduledEventObject,
    Snowflake,
    UserObject,
    member_of,
)
from services.ingest.platforms.discord_scheduled import ACTIVE, coming, interested, no_longer_interested, planned
from services.ingest.platforms.facts import (
    Fact,
    link,
    member_fact_id,
    name_of,
    solved_id,
)
from services.ingest.platforms.polled import Answer, Step
from services.ingest.platforms.reading import decoded
from shared.contracts.member_events import Edited, Left, Member, Solved, Updated

Facts = Generator[Step, Answer, list[Fact]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event of the gateway, heard ``at``; ``revision`` stands for it, however often it is told."""

    name: str
    data: bytes
    at: datetime
    revision: str


class _Where(Struct, frozen=True, kw_only=True):
    guild_id: str | None = None


class _Version(Struct, frozen=True, kw_only=True):
    edited_timestamp: str | None = None


class _Deleted(Struct, frozen=True, kw_only=True):
    channel_id: Snowflake
    id: Snowflake | None = None
    ids: tuple[Snowflake, ...] = ()


class _Reacted(Struct, frozen=True, kw_only=True):
    user_id: Snowflake
    channel_id: Snowflake
    message_id: Snowflake
    emoji: EmojiObject
    member: MemberObject | None = None


class _Gone(Struct, frozen=True, kw_only=True):
    user: UserObject


class _Threads(Struct, frozen=True, kw_only=True):
    threads: tuple[ChannelObject, ...] = ()


class _Role(Struct, frozen=True, kw_only=True):
    role: RoleObject


class _RoleGone(Struct, frozen=True, kw_only=True):
    role_id: Snowflake


class _Interest(Struct, frozen=True, kw_only=True):
    guild_scheduled_event_id: Snowflake
    user_id: Snowflake


def facts_of(happening: Happening, hearing: Hearing) -> Facts:
    """Return what an event means; raises NotUnderstoodError. What concerns no server, or another, is dropped."""
    if happening.name in ENTITLEMENTS:  # which are of no server
        return list(of_entitlement(happening.name, decoded(happening.data, EntitlementObject), happening.at))
    told, asking = _TOLD.get(happening.name), _ASKING.get(happening.name)
    if (told is None and asking is None) or decoded(happening.data, _Where).guild_id != hearing.server.id:
        return []
    if told is not None:
        return told(happening, hearing)
    return (yield from asking(happening, hearing)) if asking is not None else []


def _message_created(happening: Happening, hearing: Hearing) -> Facts:
    message = decoded(happening.data, MessageObject)
    facts = yield from hearing.said(message)
    hearing.note_time(message.id, happening.at)
    return facts


def _message_updated(happening: Happening, hearing: Hearing) -> Facts:
    """A message is told anew as well when a link in it is shown: only an edit has a time."""
    if decoded(happening.data, _Version).edited_timestamp is None:
        return []
    facts = yield from hearing.said(decoded(happening.data, MessageObject))
    return [fact for fact in facts if isinstance(fact.data, Edited)]


def _message_deleted(happening: Happening, hearing: Hearing) -> Facts:
    deleted = decoded(happening.data, _Deleted)
    place = yield from hearing.place(deleted.channel_id)
    if place is None:
        return []
    messages = deleted.ids or ((deleted.id,) if deleted.id is not None else ())
    return [hearing.deleted(message, place, happening.at) for message in messages]


def _reaction_added(happening: Happening, hearing: Hearing) -> Facts:
    reacted = decoded(happening.data, _Reacted)
    place, sign = (yield from hearing.place(reacted.channel_id)), name_of(reacted.emoji.name)
    if place is None or sign is None:
        return []
    member = hearing.member(reacted.user_id)
    if reacted.member is not None and reacted.member.user is not None:
        member = member_of(reacted.member.user, reacted.member, hearing.server.roles)
    return [hearing.reacted(reacted.message_id, place, sign, member, happening.at)]


def _member_came(happening: Happening, hearing: Hearing) -> list[Fact]:
    present = decoded(happening.data, PresentObject)
    member = member_of(present.user, present, hearing.server.roles)
    hearing.changed(member)
    return [joined_fact(member, present.joined_at or happening.at, again=present.came_again)]


def _member_left(happening: Happening, hearing: Hearing) -> list[Fact]:
    member = member_of(decoded(happening.data, _Gone).user, None, {})
    hearing.members.pop(member.id, None)
    fact_id = member_fact_id("left", member.id, happening.revision)
    return [Fact(id=fact_id, time=happening.at, data=Left(member=member))]


def _member_changed(happening: Happening, hearing: Hearing) -> list[Fact]:
    """What is told of a member who changes a picture, too, is what was known before."""
    present = decoded(happening.data, PresentObject)
    member = member_of(present.user, present, hearing.server.roles)
    if not hearing.changed(member):
        return []
    fact_id = member_fact_id("updated", member.id, happening.revision)
    return [Fact(id=fact_id, time=happening.at, data=Updated(member=member))]


def _channel_known(happening: Happening, hearing: Hearing) -> list[Fact]:
    hearing.server.know((decoded(happening.data, ChannelObject),))
    return []


def _channel_gone(happening: Happening, hearing: Hearing) -> list[Fact]:
    """What stood in it is gone, as far as it was heard of; in a thread of a forum, its first message in any case."""
    gone = decoded(happening.data, ChannelObject)
    hearing.server.know((gone,))
    place = hearing.server.place(gone.id)
    hearing.server.forget(gone.id)
    if place is None:
        return []
    messages = {message: None for message, heard in hearing.messages.items() if heard.channel == gone.id}
    if hearing.server.is_post(gone):
        messages[gone.id] = None
    return [hearing.deleted(message, place, happening.at) for message in messages]


def _thread_known(happening: Happening, hearing: Hearing) -> list[Fact]:
    thread = decoded(happening.data, ChannelObject)
    hearing.server.know((thread,))
    return solved(thread, hearing, happening.at)


def solved(thread: ChannelObject, hearing: Hearing, at: datetime) -> list[Fact]:
    """Return that a post of a forum has a tag that says so: its author is taken to have put it."""
    place = hearing.server.place(thread.id)
    if place is None or thread.owner_id is None or not hearing.server.is_solved(thread):
        return []
    url = link(f"https://discord.com/channels/{place.guild}/{place.channel}")
    data = Solved(member=hearing.member(thread.owner_id), conversation=place.channel, url=url)
    return [Fact(id=solved_id(place.channel), time=at, data=data)]


def _threads_listed(happening: Happening, hearing: Hearing) -> list[Fact]:
    hearing.server.know(decoded(happening.data, _Threads).threads)
    return []


def _role_known(happening: Happening, hearing: Hearing) -> list[Fact]:
    hearing.server.know_roles((decoded(happening.data, _Role).role,))
    return []


def _role_gone(happening: Happening, hearing: Hearing) -> list[Fact]:
    hearing.server.roles.pop(decoded(happening.data, _RoleGone).role_id, None)
    return []


def _moderated(happening: Happening, hearing: Hearing) -> list[Fact]:
    return moderated(decoded(happening.data, AuditObject), hearing)


def _event_known(happening: Happening, hearing: Hearing) -> Facts:
    """Who is interested in an event is asked when it begins: it tells itself who becomes so before."""
    event = decoded(happening.data, ScheduledEventObject)
    hearing.events[event.id] = event
    facts = planned(hearing, happening.at)
    return facts + ((yield from coming(event, hearing, happening.at)) if event.status == ACTIVE else [])


def _event_gone(happening: Happening, hearing: Hearing) -> list[Fact]:
    hearing.events.pop(decoded(happening.data, ScheduledEventObject).id, None)
    return planned(hearing, happening.at)


def _interest_shown(happening: Happening, hearing: Hearing) -> list[Fact]:
    event, member = _interest(happening, hearing)
    return [] if event is None else interested(event, member, hearing, happening.at)


def _interest_lost(happening: Happening, hearing: Hearing) -> list[Fact]:
    event, member = _interest(happening, hearing)
    return [] if event is None else no_longer_interested(event, member, hearing, happening.at)


def _interest(happening: Happening, hearing: Hearing) -> tuple[ScheduledEventObject | None, Member]:
    interest = decoded(happening.data, _Interest)
    return hearing.events.get(interest.guild_scheduled_event_id), hearing.member(interest.user_id)


_TOLD: Final[dict[str, Callable[[Happening, Hearing], list[Fact]]]] = {
    "GUILD_MEMBER_ADD": _member_came,
    "GUILD_MEMBER_REMOVE": _member_left,
    "GUILD_MEMBER_UPDATE": _member_changed,
    "CHANNEL_CREATE": _channel_known,
    "CHANNEL_UPDATE": _channel_known,
    "CHANNEL_DELETE": _channel_gone,
    "THREAD_CREATE": _thread_known,
    "THREAD_UPDATE": _thread_known,
    "THREAD_DELETE": _channel_gone,
    "THREAD_LIST_SYNC": _threads_listed,
    "GUILD_ROLE_CREATE": _role_known,
    "GUILD_ROLE_UPDATE": _role_known,
    "GUILD_ROLE_DELETE": _role_gone,
    "GUILD_AUDIT_LOG_ENTRY_CREATE": _moderated,
    "GUILD_SCHEDULED_EVENT_DELETE": _event_gone,
    "GUILD_SCHEDULED_EVENT_USER_ADD": _interest_shown,
    "GUILD_SCHEDULED_EVENT_USER_REMOVE": _interest_lost,
}
_ASKING: Final[dict[str, Callable[[Happening, Hearing], Facts]]] = {
    "MESSAGE_CREATE": _message_created,
    "MESSAGE_UPDATE": _message_updated,
    "MESSAGE_DELETE": _message_deleted,
    "MESSAGE_DELETE_BULK": _message_deleted,
    "MESSAGE_REACTION_ADD": _reaction_added,
    "GUILD_SCHEDULED_EVENT_CREATE": _event_known,
    "GUILD_SCHEDULED_EVENT_UPDATE": _event_known,
}
"""What cannot be understood without asking for more."""
