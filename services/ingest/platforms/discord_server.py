"""What is known of a Discord server: its channels, threads and roles, and so who can read what. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from services.ingest.platforms.discord import Place
from services.ingest.platforms.discord_objects import (
    FORUMS,
    PRIVATE_THREAD,
    SPOKEN_IN,
    THREADS,
    ChannelObject,
    RoleObject,
)
from services.ingest.platforms.facts import name_of
from services.ingest.platforms.last_known import keep
from services.ingest.platforms.polled import PollSettings
from services.ingest.platforms.reading import EVERYWHERE
from shared.contracts.names import Audience

_ADMINISTRATOR: Final = 1 << 3
_VIEW_CHANNEL: Final = 1 << 10
_CONNECT: Final = 1 << 20
_SOLVED: Final = re.compile(r"\W*(?:solved|resolved|answered)\W*", re.IGNORECASE)
_MOST_THREADS: Final = 10_000


@dataclass(slots=True, kw_only=True)
class Server:
    """A server as its last word tells it. ``everybody`` is what all members are permitted where nothing else is said.

    Of its threads, those that were heard of last are kept.
    """

    id: str
    settings: PollSettings
    everybody: int = 0
    roles: dict[str, str] = field(default_factory=dict)
    channels: dict[str, ChannelObject] = field(default_factory=dict)
    threads: dict[str, ChannelObject] = field(default_factory=dict)

    def know_roles(self, roles: Iterable[RoleObject]) -> None:
        """Take roles as they are now."""
        for role in roles:
            if role.id == self.id:
                self.everybody = int(role.permissions)
            elif name := name_of(role.name):
                self.roles[role.id] = name

    def know(self, channels: Iterable[ChannelObject]) -> None:
        """Take channels and threads as they are now."""
        for channel in channels:
            if channel.type in THREADS:
                keep(self.threads, channel.id, channel, _MOST_THREADS)
            else:
                self.channels[channel.id] = channel

    def forget(self, channel: str) -> None:
        """A channel or a thread is gone."""
        self.channels.pop(channel, None)
        self.threads.pop(channel, None)

    def of(self, channel: str) -> ChannelObject | None:
        """Return a channel or a thread, None for one that is not known."""
        return self.channels.get(channel) or self.threads.get(channel)

    def name(self, named: str) -> str | None:
        """Return the name of a role, a channel or a thread."""
        channel = self.of(named)
        return self.roles.get(named) or (name_of(channel.name) if channel is not None else None)

    def place(self, channel: str) -> Place | None:
        """Return a channel or a thread whose messages are taken, None for any other."""
        found = self.of(channel)
        audience = None if found is None else self._audience(found)
        if found is None or audience is None:
            return None
        return Place(
            guild=self.id,
            channel=found.id,
            name=name_of(found.name),
            thread=found.type in THREADS,
            audience=audience,
        )

    def is_post(self, thread: ChannelObject) -> bool:
        """Tell whether a thread is a post of a forum, so that it holds the message that it began with."""
        parent = self.channels.get(thread.parent_id or "")
        return thread.type in THREADS and parent is not None and parent.type in FORUMS

    def is_solved(self, thread: ChannelObject) -> bool:
        """Tell whether a post of a forum has a tag that says so."""
        forum = self.channels.get(thread.parent_id or "")
        tags = forum.available_tags if forum is not None else ()
        return any(tag.id in thread.applied_tags and _SOLVED.fullmatch(tag.name) for tag in tags)

    def _audience(self, found: ChannelObject) -> Audience | None:
        """Return who can read there: listing a channel or a category lists all in it, but for private threads."""
        channel, names = found, {found.id}
        if found.type in THREADS:
            parent = self.channels.get(found.parent_id or "")
            if parent is None:
                return None
            channel = parent
        if found.type != PRIVATE_THREAD:
            names |= {channel.id, channel.parent_id or channel.id}
        if names & set(self.settings.private):
            return "private"
        if found.type == PRIVATE_THREAD or not self._is_open(channel):
            return None
        public = set(self.settings.public)
        return "members" if not public or {EVERYWHERE, *names} & public else None

    def _is_open(self, channel: ChannelObject) -> bool:
        """Tell whether every member of the server can see a channel, and join it where what is said is heard."""
        if self.everybody & _ADMINISTRATOR:
            return True
        permitted = self.everybody
        for overwrite in channel.permission_overwrites:
            if overwrite.id == self.id:
                permitted = permitted & ~int(overwrite.deny) | int(overwrite.allow)
        needed = _VIEW_CHANNEL | _CONNECT if channel.type in SPOKEN_IN else _VIEW_CHANNEL
        return permitted & needed == needed
