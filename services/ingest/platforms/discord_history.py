"""Discord: what is asked of its API: how a server is, and what happened in it while nobody listened. Pure.

Forms: https://docs.discord.com/developers/resources/guild, channel, message and audit-log.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import quote

from msgspec import Raw, Struct

from services.ingest.platforms.asked import records_of, understood
from services.ingest.platforms.discord import joined_fact
from services.ingest.platforms.discord_happenings import solved
from services.ingest.platforms.discord_hearing import Hearing
from services.ingest.platforms.discord_lists import PER_PAGE, Following
from services.ingest.platforms.discord_moderation import moderated
from services.ingest.platforms.discord_objects import (
    MESSAGES_IN,
    THREADS_IN,
    AuditObject,
    ChannelObject,
    EmojiObject,
    MessageObject,
    PresentObject,
    RoleObject,
    ScheduledEventObject,
    UserObject,
    id_at,
    member_of,
    time_of_id,
)
from services.ingest.platforms.discord_scheduled import coming, planned
from services.ingest.platforms.facts import Fact, name_of
from services.ingest.platforms.polled import Answer, Ask, Found, Odd, Step
from services.ingest.platforms.reading import NotUnderstoodError, decoded

_MEMBERS_PER_PAGE: Final = 1_000

Record = TypeVar("Record")
Pages = Generator[Step | None, Answer, None]
"""Reads lists; yields None after each page and each message, when there is time for something else."""


class _Threads(Struct, frozen=True, kw_only=True):
    threads: tuple[Raw, ...]
    has_more: bool = False


class _AuditLog(Struct, frozen=True, kw_only=True):
    audit_log_entries: tuple[Raw, ...]


def known(hearing: Hearing) -> Generator[Step, Answer, bool]:
    """Get to know a server as it is now; return whether it could be had."""
    server = hearing.server
    path = f"/guilds/{server.id}"
    roles = yield from _list(f"{path}/roles", RoleObject)
    channels = yield from _list(f"{path}/channels", ChannelObject)
    listed = f"{path}/scheduled-events"
    announced = yield from understood(listed, Ask(path=listed), tuple[Raw, ...])
    active = yield from understood(f"{path}/threads/active", Ask(path=f"{path}/threads/active"), _Threads)
    if roles is None or channels is None or announced is None or active is None:
        return False
    server.know_roles(roles)
    server.know(channels)
    server.know((yield from records_of(f"{path}/threads/active", active.threads, ChannelObject)))
    events = yield from records_of(listed, announced, ScheduledEventObject)
    hearing.know_events(events, all_of_them=len(events) == len(announced))
    for place in server.settings.private:
        if not place.isdecimal() or (server.of(place) is None and (yield from hearing.place(place)) is None):
            yield Odd(why=f"the bot does not see {place}, which is listed as private: let its role view that channel")
    return True


def missed(hearing: Hearing, floor: datetime) -> Pages:
    """Read what nobody listened to from ``floor`` on: who came, what moderators did, and what was written.

    What is planned, and who comes to it, is told as it is now.
    """
    server = hearing.server
    yield from _members(hearing, floor)
    yield from _moderation(hearing, floor)
    yield from _found(planned(hearing, hearing.heard))
    for event in list(hearing.events.values()):
        yield from _found((yield from coming(event, hearing, hearing.heard)))
        yield None
    for thread in list(server.threads.values()):
        yield from _thread(thread, hearing, floor)
    for channel in list(server.channels.values()):
        if server.place(channel.id) is None:
            continue
        if channel.type in MESSAGES_IN:
            yield from _messages(channel, hearing, floor)
        if channel.type in THREADS_IN:
            yield from _archived(channel, hearing, floor)


def _members(hearing: Hearing, floor: datetime) -> Pages:
    path = f"/guilds/{hearing.server.id}/members"
    members = Following(path=path, form=PresentObject, id_of=lambda one: one.user.id, size=_MEMBERS_PER_PAGE)
    while members.more:
        facts = []
        for one in (yield from members.page()):
            member = member_of(one.user, one, hearing.server.roles)
            hearing.changed(member)
            if one.joined_at is not None and one.joined_at >= floor:
                facts.append(joined_fact(member, one.joined_at, again=one.came_again))
        yield from _found(facts)
        yield None


def _moderation(hearing: Hearing, floor: datetime) -> Pages:
    log = Following(
        path=f"/guilds/{hearing.server.id}/audit-logs",
        form=AuditObject,
        id_of=lambda entry: entry.id,
        after=id_at(floor),
        within=lambda body: decoded(body, _AuditLog).audit_log_entries,
    )
    while log.more:
        entries = yield from log.page()
        yield from _found([fact for entry in entries for fact in moderated(entry, hearing)])
        yield None


def _thread(thread: ChannelObject, hearing: Hearing, floor: datetime) -> Pages:
    """Read what was written in a thread, and whether it is solved: if so, since its last message."""
    last = thread.last_message_id
    if last is None or int(last) < int(id_at(floor)) or hearing.server.place(thread.id) is None:
        return
    yield from _messages(thread, hearing, floor)
    yield from _found(solved(thread, hearing, time_of_id(last)))


def _archived(channel: ChannelObject, hearing: Hearing, floor: datetime) -> Pages:
    """Read the threads that were put away meanwhile, of which the last come first."""
    path, before = f"/channels/{channel.id}/threads/archived/public", None
    while True:
        params = {"limit": str(PER_PAGE), **({} if before is None else {"before": before.isoformat()})}
        listed = yield from understood(path, Ask(path=path, params=params), _Threads)
        threads = yield from records_of(path, listed.threads if listed is not None else (), ChannelObject)
        yield None
        recent = [thread for thread in threads if (at := thread.archived_at) is not None and at >= floor]
        for thread in recent:
            hearing.server.know((thread,))
            yield from _thread(thread, hearing, floor)
        if listed is None or not listed.has_more or not recent or len(recent) < len(threads):
            return
        oldest = min(at for thread in recent if (at := thread.archived_at) is not None)
        if before is not None and oldest >= before:
            return
        before = oldest


def _messages(channel: ChannelObject, hearing: Hearing, floor: datetime) -> Pages:
    """Read the messages of a channel or a thread, the oldest first."""
    path, newest = f"/channels/{channel.id}/messages", channel.last_message_id
    messages = Following(path=path, form=MessageObject, id_of=lambda message: message.id, after=id_at(floor))
    if newest is None or int(newest) <= int(messages.after):
        return
    while messages.more:
        facts: list[Fact] = []
        for message in (yield from messages.page()):
            try:
                said = yield from hearing.said(message)
            except NotUnderstoodError as error:
                yield Odd(why=f"{path}: {error}")
                continue
            facts += said
            for reaction in message.reactions if said else ():
                facts += yield from _reacted(message, reaction.emoji, hearing)
            yield None
        yield from _found(facts)
        yield None


def _reacted(message: MessageObject, emoji: EmojiObject, hearing: Hearing) -> Generator[Step, Answer, list[Fact]]:
    """Return who put a sign on a message: when is not told, so that it is when the message was written."""
    place, sign = hearing.server.place(message.channel_id), name_of(emoji.name)
    if place is None or sign is None:
        return []
    path = f"/channels/{message.channel_id}/messages/{message.id}/reactions"
    named = quote(sign if emoji.id is None else f"{sign}:{emoji.id}", safe="")
    users = Following(path=f"{path}/{named}", name=path, form=UserObject, id_of=lambda user: user.id)
    facts = []
    while users.more:
        for user in (yield from users.page()):
            member = hearing.members.get(user.id) or member_of(user, None, {})
            facts.append(hearing.reacted(message.id, place, sign, member, message.timestamp))
    return facts


def _list(path: str, form: type[Record]) -> Generator[Step, Answer, list[Record] | None]:
    """Return a list that is given as a whole, None where it is refused."""
    raw = yield from understood(path, Ask(path=path), tuple[Raw, ...])
    return None if raw is None else (yield from records_of(path, raw, form))


def _found(facts: Sequence[Fact]) -> Generator[Step, Answer, None]:
    if facts:
        yield Found(facts=tuple(facts))
