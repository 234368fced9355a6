"""Discord's messages as its gateway and its API give them, and what has to be known to understand them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from services.ingest.platforms.discord import Message, Place, conversation_in, message_facts, message_link
from services.ingest.platforms.discord_objects import (
    SAID,
    AnsweredObject,
    ChannelObject,
    MessageObject,
    ScheduledEventObject,
    member_of,
    time_of_id,
)
from services.ingest.platforms.discord_server import Server
from services.ingest.platforms.discord_text import plain_text
from services.ingest.platforms.facts import Fact, deletion_id, reaction_id
from services.ingest.platforms.gatherings import Gatherings
from services.ingest.platforms.last_known import keep
from services.ingest.platforms.polled import Answer, Answered, Ask, Step
from services.ingest.platforms.reading import decoded
from shared.contracts.member_events import Deleted, Member, Reacted

_NOBODY: Final = Member(id="0", bot=True)
"""Discord does not tell whose message was deleted."""
_MOST_KNOWN: Final = 10_000
_LONGEST_CLIMB: Final = 20
"""So far is the message looked for with which an exchange of replies began."""
_MOST_MENTIONS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message that was heard of, and where it stands: what is told of it later names it by its id alone."""

    channel: str
    conversation: str
    author: Member = _NOBODY


@dataclass(slots=True, kw_only=True)
class Hearing:
    """What is known while a server is listened to; of messages and members, those that were heard of last.

    ``heard`` is when anything was heard last; ``until`` when the newest message was written that was heard, by the
    platform's clock. ``gatherings`` is what was told of the events that are announced.
    """

    server: Server
    heard: datetime
    gatherings: Gatherings = field(default_factory=Gatherings)
    until: datetime | None = None
    messages: dict[str, Heard] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    events: dict[str, ScheduledEventObject] = field(default_factory=dict)
    knows_all_events: bool = False

    def place(self, channel: str) -> Generator[Step, Answer, Place | None]:
        """Return a channel or a thread whose messages are taken, asking for one that is not known."""
        if self.server.of(channel) is None:
            answer = yield Ask(path=f"/channels/{channel}")
            if isinstance(answer, Answered):
                found = decoded(answer.body, ChannelObject)
                if found.guild_id == self.server.id:
                    self.server.know((found,))
        return self.server.place(channel)

    def said(self, message: MessageObject) -> Generator[Step, Answer, list[Fact]]:
        """Return that a message was posted, and edited; nothing for one that is not taken, or no word of anybody."""
        place = yield from self.place(message.channel_id)
        if place is None or message.type not in SAID:
            return []
        root = None if place.thread else (yield from self._root(message))
        author = self.author_of(message)
        self.know(
            message.id,
            Heard(channel=place.channel, conversation=conversation_in(place, message.id, root), author=author),
        )
        return list(
            message_facts(
                Message(
                    id=message.id,
                    author=author,
                    text=plain_text(message.content, self._names(message)),
                    at=message.timestamp,
                    edited=message.edited_timestamp,
                    answers=message.answers,
                    root=root,
                    mentions=tuple(dict.fromkeys(user.id for user in message.mentions))[:_MOST_MENTIONS],
                ),
                place,
            )
        )

    def reacted(self, message: str, place: Place, sign: str, member: Member, at: datetime) -> Fact:
        """Return that somebody put a sign on a message."""
        conversation, url = self.heard_of(message, place).conversation, message_link(place, message)
        data = Reacted(member=member, conversation=conversation, message=message, reaction=sign, url=url)
        return Fact(id=reaction_id(message, member.id, sign), time=at, data=data)

    def deleted(self, message: str, place: Place, at: datetime) -> Fact:
        """Return that a message is gone."""
        heard = self.heard_of(message, place)
        data = Deleted(member=heard.author, conversation=heard.conversation, message=message)
        return Fact(id=deletion_id(message), time=at, data=data)

    def heard_of(self, message: str, place: Place) -> Heard:
        """Return what is known of a message, or follows from where it stands."""
        return self.messages.get(message) or Heard(channel=place.channel, conversation=conversation_in(place, message))

    def know_events(self, events: Iterable[ScheduledEventObject], *, all_of_them: bool) -> None:
        """Take the events that are announced now, as far as they are understood."""
        self.events = {event.id: event for event in events}
        self.knows_all_events = all_of_them

    def know(self, message: str, heard: Heard) -> None:
        """Keep what was heard of a message."""
        keep(self.messages, message, heard, _MOST_KNOWN)

    def author_of(self, message: MessageObject) -> Member:
        """Return who wrote a message; what a program wrote by a webhook is a bot's."""
        author = member_of(message.author, message.member, self.server.roles)
        return author if message.webhook_id is None else replace(author, bot=True)

    def changed(self, member: Member) -> bool:
        """Keep a member as it is now; tell whether that is known to be something else than before, or may be."""
        before = self.members.get(member.id)
        keep(self.members, member.id, member, _MOST_KNOWN)
        return before != member

    def member(self, user: str) -> Member:
        """Return a member who is named by id alone."""
        return self.members.get(user) or Member(id=user)

    def note_time(self, message: str, now: datetime) -> None:
        """Note that a message was heard of, so that what is older was too."""
        written = min(time_of_id(message), now)
        self.until = written if self.until is None else max(self.until, written)

    def _root(self, message: MessageObject) -> Generator[Step, Answer, str | None]:
        """Return the message with which the exchange began that this one goes on with; None if it answers none."""
        root, answered = message.answers, message.referenced_message
        if root is None:
            return None
        for _ in range(_LONGEST_CLIMB):
            if (known := self.messages.get(root)) is not None:
                return known.conversation
            if answered is None:
                answer = yield Ask(path=f"/channels/{message.channel_id}/messages/{root}")
                if not isinstance(answer, Answered):
                    break  # it is gone
                answered = decoded(answer.body, AnsweredObject)
            if answered.answers is None:
                break
            root, answered = answered.answers, None
        return root

    def _names(self, message: MessageObject) -> Callable[[str], str | None]:
        mentioned = {user.id: member_of(user, user.member, {}).name for user in message.mentions}
        return lambda named: mentioned.get(named) or self.server.name(named)
