"""Discord: messages of a server's channels as facts, whatever road they came by. Pure.

A thread has the id of the message that it began with, so a message outside of threads is the conversation of its id,
and so is the thread that grows from it. A reply goes on with the conversation of what it answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.ingest.platforms.facts import Fact, edit_id, link, member_fact_id, post_id, reaction_id, stamp, text_of
from services.ingest.platforms.reading import EVERYWHERE, HookSettings
from shared.contracts.member_events import Edited, Joined, Member, Posted, Reacted
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


def message_facts(message: Message, place: Place) -> Iterator[Fact]:
    """Yield that it was posted, edited and reacted to."""
    conversation = place.channel if place.thread else message.root or message.answers or message.id
    url = link(f"https://discord.com/channels/{place.guild}/{place.channel}/{message.id}")
    text = text_of(message.text)
    yield Fact(
        id=post_id(message.id),
        time=message.at,
        data=Posted(
            member=message.author,
            conversation=conversation,
            message=message.id,
            text=text,
            reply_to=message.answers,
            channel=place.name,
            audience=place.audience,
            mentions=message.mentions,
            url=url,
            place=None if place.thread else place.channel,
        ),
    )
    if message.edited is not None:
        yield Fact(
            id=edit_id(message.id, stamp(message.edited)),
            time=message.edited,
            data=Edited(
                member=message.author,
                conversation=conversation,
                message=message.id,
                text=text,
                audience=place.audience,
                url=url,
            ),
        )
    for reaction, member in message.reactions:
        yield Fact(
            id=reaction_id(message.id, member.id, reaction),
            time=message.at,
            data=Reacted(member=member, conversation=conversation, message=message.id, reaction=reaction, url=url),
        )


def joined_fact(member: Member, at: datetime) -> Fact:
    """Return that somebody came into the server."""
    return Fact(id=member_fact_id("joined", member.id, "1"), time=at, data=Joined(member=member))
