"""IRC: lines of a channel to facts, and which lines belong together. Pure.

IRC knows neither threads nor ids. Whoever answers says so by the other's nick at the beginning of the line, or at its
end, so a line that addresses somebody goes on with the conversation in which they spoke last, and one that addresses
nobody with the speaker's own, until they have been silent for a while.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.ingest.platforms.facts import Fact, name_of, post_id, text_of
from services.ingest.platforms.last_known import keep
from shared.contracts.member_events import Member, Posted
from shared.contracts.names import Audience, digest

PLATFORM: Final = "irc"

_ADDRESSED: Final = re.compile(r"@?([^\s,:]{1,64})[,:]\s")
_FIRST_OR_LAST: Final = (re.compile(r"@?([^\s,:]{4,64})\s"), re.compile(r"\s@?([^\s,:]{4,64}?)[.!?;)]{0,3}$"))
"""A nick without a sign of its own; shorter ones are too often words."""
_NAMED: Final = timedelta(hours=1)
"""So long after somebody spoke, their nick without a sign is taken for their nick."""
_SILENCE: Final = timedelta(seconds=90)
"""After so long, who speaks again without addressing anybody begins something new.

Longer, and questions stand in the midst of older talk, where none is looked for; shorter, and they are cut in pieces.
"""
_FORGOTTEN: Final = timedelta(days=1)
"""After so long, nobody answers what was said last."""
_MOST_SPEAKERS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What ``nick`` wrote. ``stamp`` is when, as the log says it; ``time`` tells the lines of one stamp apart, too."""

    stamp: datetime
    time: datetime
    nick: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """Where somebody spoke last, or was spoken to."""

    time: datetime
    conversation: str
    message: str


@dataclass(slots=True, kw_only=True)
class Channel:
    """A channel as it is read, line after line; ``bots`` are nicks in lower case."""

    name: str
    audience: Audience
    bots: Collection[str] = ()
    _last: dict[str, _Last] = field(default_factory=dict)
    _stamp: datetime | None = None
    _of_stamp: dict[str, int] = field(default_factory=dict)

    def renamed(self, old: str, new: str) -> None:
        """Have ``new`` go on where ``old`` spoke last."""
        if (last := self._last.pop(old.lower(), None)) is not None:
            self._last[new.lower()] = last

    def posted(self, said: Said) -> Fact:
        """Return the line as a post in the conversation that it goes on with."""
        nick, message = said.nick.lower(), self._message(said)
        addressed = self._addressed(said, nick)
        answered = self._last[addressed] if addressed is not None else None
        own = self._last.get(nick)
        if answered is not None:
            conversation = answered.conversation
        elif own is not None and said.time - own.time <= _SILENCE:
            conversation = own.conversation
        else:
            conversation = f"{self.name}:{message}"
        last = _Last(time=said.time, conversation=conversation, message=message)
        keep(self._last, nick, last, _MOST_SPEAKERS)
        if addressed is not None and answered is not None:
            # Who was spoken to answers in that conversation, yet what they said last stays what one answers to.
            spoken_to = _Last(time=said.time, conversation=conversation, message=answered.message)
            keep(self._last, addressed, spoken_to, _MOST_SPEAKERS)
        return Fact(
            id=post_id(message),
            time=said.time,
            data=Posted(
                member=Member(id=nick, name=name_of(said.nick), bot=nick in self.bots),
                conversation=conversation,
                message=message,
                text=text_of(said.text),
                reply_to=answered.message if answered is not None else None,
                channel=self.name,
                audience=self.audience,
                mentions=(addressed,) if addressed is not None else (),
            ),
        )

    def _addressed(self, said: Said, nick: str) -> str | None:
        """Return whom the line is said to: somebody else who spoke, or was spoken to, not too long ago."""
        match = _ADDRESSED.match(said.text)
        if match is not None and match[1].lower() in self._last:
            return match[1].lower() if self._spoke(match[1].lower(), nick, said.time, _FORGOTTEN) else None
        text = said.text.rstrip()
        named = (match[1].lower() for form in _FIRST_OR_LAST if (match := form.search(text)) is not None)
        return next((other for other in named if self._spoke(other, nick, said.time, _NAMED)), None)

    def _spoke(self, other: str, nick: str, time: datetime, within: timedelta) -> bool:
        last = self._last.get(other)
        return other != nick and last is not None and time - last.time <= within

    def _message(self, said: Said) -> str:
        """Return what stands for the line: the same words of one person under one stamp are told apart by number."""
        if said.stamp != self._stamp:
            self._stamp, self._of_stamp = said.stamp, {}
        words = digest(self.name, said.stamp.isoformat(), said.nick.lower(), said.text)
        number = self._of_stamp[words] = self._of_stamp.get(words, 0) + 1
        return words if number == 1 else f"{words}-{number}"
