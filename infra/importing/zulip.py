"""One file of a Zulip archive (the format of zulip-archive) to member events; pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from infra.importing.zulip_names import Topic, topic_of
from infra.importing.zulip_text import plain_text
from infra.outgoing_event import OutgoingEvent
from shared.contracts.member_events import Member, Posted, Solved
from shared.contracts.names import digest

PLATFORM: Final = "zulip"
INDEX: Final = "stream_index.json"
"""The file that names the streams, if the archive has it."""

_BOTS: Final = frozenset(("Notification Bot", "Welcome Bot"))
_MAX_MENTIONS: Final = 100
_FIELDS: Final = (("id", int), ("sender_full_name", str), ("timestamp", (int, float)), ("content", str))


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an archive comes from: ``site`` is the address of its Zulip, if links to messages are wanted."""

    community: str
    source_name: str
    site: str | None = None

    @property
    def source(self) -> str:
        """The CloudEvents source."""
        return f"/{PLATFORM}/{self.source_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What could not be read: the file, the item in it (from 1; None means the whole file), and why."""

    file: str
    item: int | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    item: int
    id: int
    sender: str
    time: datetime
    content: str


def stream_names(body: bytes) -> dict[int, str]:
    """Return id to name from ``stream_index.json``; what cannot be read of it is left out."""
    try:
        streams = json.loads(body)["streams"]
        return {int(entry["id"]): name.encode("utf-8", "replace").decode() for name, entry in streams.items()}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return {}


def read_topic(
    path: str, body: bytes, origin: Origin, streams: Mapping[int, str]
) -> Iterator[tuple[int, OutgoingEvent] | Skipped]:
    """Yield each message as an event with its item number, oldest first, or why it is skipped; never raises.

    A resolved topic ends with its opener's ``solved``, at the time of the last message.
    """
    topic = topic_of(path, streams)
    if topic is None:
        yield Skipped(file=path, item=None, why="not in a folder such as 123-general")
        return
    try:
        items = json.loads(body)
    except (ValueError, RecursionError) as error:
        yield Skipped(file=path, item=None, why=f"not JSON: {error}")
        return
    if not isinstance(items, list):
        yield Skipped(file=path, item=None, why="not a list of messages")
        return
    messages = []
    for number, item in enumerate(items, start=1):
        read = _message(path, number, item)
        if isinstance(read, Skipped):
            yield read
        else:
            messages.append(read)
    messages.sort(key=lambda message: (message.time, message.id))
    for message in messages:
        yield message.item, _posted(message, topic, origin)
    people = [message for message in messages if message.sender not in _BOTS]
    if topic.resolved and people:
        yield people[0].item, _solved(people[0], messages[-1].time, topic, origin)


def _message(path: str, number: int, item: Any) -> _Message | Skipped:
    why = _fault(item)
    if why is not None:
        return Skipped(file=path, item=number, why=why)
    try:
        time = datetime.fromtimestamp(item["timestamp"], UTC)
    except (ValueError, OverflowError, OSError):
        return Skipped(file=path, item=number, why=f"timestamp {item['timestamp']} is no time")
    return _Message(item=number, id=item["id"], sender=item["sender_full_name"], time=time, content=item["content"])


def _fault(item: Any) -> str | None:
    if not isinstance(item, dict):
        return "not a message but another value"
    for name, kind in _FIELDS:
        if name not in item:
            return f"{name} is missing"
        if not isinstance(item[name], kind) or isinstance(item[name], bool):
            return f"{name} has the wrong type"
    if not item["sender_full_name"].strip():
        return "sender_full_name is empty"
    try:
        (item["sender_full_name"] + item["content"]).encode()
    except UnicodeEncodeError:
        return "the text holds half a character (a lone surrogate)"
    return None


def _posted(message: _Message, topic: Topic, origin: Origin) -> OutgoingEvent:
    plain = plain_text(message.content)
    return OutgoingEvent(
        id=f"post:{message.id}:1",
        source=origin.source,
        time=message.time,
        data=Posted(
            community=origin.community,
            platform=PLATFORM,
            member=_member(message),
            conversation=topic.conversation,
            message=str(message.id),
            text=plain.text,
            channel=topic.stream,
            mentions=plain.mentions[:_MAX_MENTIONS],
            url=topic.url(origin.site, message.id) if origin.site else None,
        ),
    )


def _solved(opening: _Message, time: datetime, topic: Topic, origin: Origin) -> OutgoingEvent:
    return OutgoingEvent(
        id=f"solved:{digest(topic.conversation)}:1",
        source=origin.source,
        time=time,
        data=Solved(
            community=origin.community,
            platform=PLATFORM,
            member=_member(opening),
            conversation=topic.conversation,
            url=topic.url(origin.site, opening.id) if origin.site else None,
        ),
    )


def _member(message: _Message) -> Member:
    return Member(id=message.sender, name=message.sender, bot=message.sender in _BOTS)
