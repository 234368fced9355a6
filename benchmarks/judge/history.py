"""What was said in an archive, as it is looked up: by its id, its conversation, its channel and its writer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

from services.ingest.platforms.facts import Fact
from shared.contracts.member_events import Edited, Joined, Posted

_SOON: Final = timedelta(hours=1)
"""So long it is shown what stands in the channel of a message, by whomever and to whomever."""


class History:
    """The posts of people, in the order of time. Bots are left out."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by_id: dict[str, Fact] = {}
        self.conversations: dict[str, list[Fact]] = {}
        self.members: dict[str, list[Fact]] = {}
        self.joined: dict[str, Fact] = {}
        self._places: dict[str, list[Fact]] = {}
        for fact in facts:
            if not fact.data.member.bot:
                self._note(fact)

    def _note(self, fact: Fact) -> None:
        self._by_id[fact.id] = fact
        match fact.data:
            case Posted(conversation=conversation, place=place):
                self.conversations.setdefault(conversation, []).append(fact)
                self.members.setdefault(fact.data.member.id, []).append(fact)
                if place is not None:
                    self._places.setdefault(place, []).append(fact)
            case Joined():
                self.joined.setdefault(fact.data.member.id, fact)

    @property
    def posts(self) -> list[Fact]:
        """All posts, conversation by conversation."""
        return [post for posts in self.conversations.values() for post in posts]

    @cached_property
    def begins(self) -> datetime:
        """When the first of them was written."""
        return min(posts[0].time for posts in self.members.values())

    @cached_property
    def ends(self) -> datetime:
        """When the last of them was written."""
        return max(posts[-1].time for posts in self.members.values())

    def get(self, event: str) -> Fact | None:
        """Return what has that id; None for what a bot did, or nobody here."""
        return self._by_id.get(event)

    def days(self, member: str, until: datetime | None = None) -> list[date]:
        """Return on which days the member wrote, up to ``until``."""
        posts = self.members.get(member, [])
        return sorted({post.time.date() for post in posts if until is None or post.time <= until})

    def conversation(self, said: Fact, until: datetime) -> list[Fact]:
        """Return what was said in the conversation of ``said`` up to ``until``."""
        conversation = said.data.conversation if isinstance(said.data, Posted | Edited) else ""
        return [post for post in self.conversations.get(conversation, []) if post.time <= until]

    def beside(self, post: Fact, until: datetime) -> list[Fact]:
        """Return what was said in the post's channel outside of its conversation: soon after it, or to its writer."""
        said = post.data
        if not isinstance(said, Posted) or said.place is None:
            return []
        return [
            other
            for other in self._places[said.place]
            if post.time < other.time <= until
            and isinstance(other.data, Posted)
            and other.data.conversation != said.conversation
            and (other.time <= post.time + _SOON or said.member.id in other.data.mentions)
        ]

    def before(self, post: Fact) -> list[Fact]:
        """Return what was said before it in its conversation or, where that begins with it, in its channel."""
        earlier = [other for other in self.conversation(post, post.time) if other.time < post.time]
        place = post.data.place if isinstance(post.data, Posted) else None
        return earlier or [other for other in self._places.get(place or "", []) if other.time < post.time]


def text_of(fact: Fact) -> str:
    """Return what stands in a message; nothing of what is none."""
    return fact.data.text if isinstance(fact.data, Posted | Edited) else ""
