"""Discord: messages of a server's channels as facts, whatever road they came by. Pure.

A thread has the id of the message that it began with, so a message outside of threads is the conversation of its id,
and so is the thread that grows from it. In a forum that message stands in the thread itself, which is a post with a
title. A reply goes on with the conversation of what it answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.ingest.platforms.facts import (
    Fact,
    edit_id,
    edit_of,
    link,
    member_fact_id,
    post_id,
    reaction_id,
    stamp,
    text_of,
)
from services.ingest.platforms.reading import EVERYWHERE, HookSettings
from shared.contracts.member_events import Joined, Member, Posted, Reacted
from shared.contracts.names import Audience

PLATFORM: Final = "discord"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel, or a ``thread``, and who can read it."""

    guild: str
    channel: str
    name: str | None
    thread: bool
    audience: Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it is now. ``answers`` is the message that it replies to, ``root`` where that exchange began."""

    id: str
    author: Member
    text: str
    at: datetime
    edited: datetime | None = None
    answers: str | None = None
    root: str | None = None
    mentions: tuple[str, ...] = ()
    reactions: tuple[tuple[str, Member], ...] = ()


def audience_of(channel: str, parent: str | None, settings: HookSettings, *, private_thread: bool) -> Audience | None:
    """Return who can read a channel or a thread; None for a place that nobody listed.

    ``parent`` is the channel that a thread is in, and the category of a channel: listing it lists all in it, but for
    private threads, which must be listed themselves. Only members of a server read in it.
    """
    if channel in settings.private or (parent in settings.private and not private_thread):
        return "private"
    if private_thread:
        return None
    listed = {channel, parent, EVERYWHERE} & set(settings.public)
    return "members" if listed else None


def conversation_in(place: Place, message: str, root: str | None = None) -> str:
    """Return the conversation that a message is in; ``root`` is where the exchange began that it goes on with."""
    return place.channel if place.thread else root or message


def message_facts(message: Message, place: Place) -> Iterator[Fact]:
    """Yield that it was posted, edited and reacted to. The message that opens a forum's post begins with its title."""
    title = place.name if place.thread and place.channel == message.id else None
    posted = Posted(
        member=message.author,
        conversation=conversation_in(place, message.id, message.root or message.answers),
        message=message.id,
        text=text_of("\n\n".join(part for part in (title, message.text) if part)),
        reply_to=message.answers,
        channel=place.name,
        audience=place.audience,
        mentions=message.mentions,
        url=message_link(place, message.id),
        place=None if place.thread else place.channel,
    )
    yield Fact(id=post_id(message.id), time=message.at, data=posted)
    if message.edited is not None:
        yield Fact(id=edit_id(message.id, stamp(message.edited)), time=message.edited, data=edit_of(posted))
    for reaction, member in message.reactions:
        data = Reacted(
            member=member, conversation=posted.conversation, message=message.id, reaction=reaction, url=posted.url
        )
        yield Fact(id=reaction_id(message.id, member.id, reaction), time=message.at, data=data)


def joined_fact(member: Member, at: datetime, *, again: bool = False) -> Fact:
    """Return that somebody came into the server, maybe ``again``."""
    revision = stamp(at) if again else "1"
    return Fact(id=member_fact_id("joined", member.id, revision), time=at, data=Joined(member=member))


def message_link(place: Place, message: str) -> str | None:
    """Return where people find a message."""
    return link(f"https://discord.com/channels/{place.guild}/{place.channel}/{message}")
