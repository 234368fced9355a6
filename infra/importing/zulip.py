"""A Zulip archive as zulip-archive writes it: a folder for each stream, in it a list of messages for each topic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from infra.importing.archive import ArchiveFile
from infra.importing.pieces import json_list, whole_file
from infra.importing.reading import Found, Piece, PieceReader, Read, Skipped
from infra.importing.zulip_names import Topic, topic_of
from services.ingest.platforms.facts import Fact, NotAFactError, post_id, solved_id
from services.ingest.platforms.html_text import plain_text
from shared.contracts.member_events import Member, Posted, Solved

PLATFORM: Final = "zulip"
_STREAMS: Final = "stream_index.json"

_BOTS: Final = frozenset(("Notification Bot", "Welcome Bot"))
_MAX_MENTIONS: Final = 100
_FIELDS: Final = (("id", int), ("sender_full_name", str), ("timestamp", (int, float)), ("content", str))


@dataclass(frozen=True, slots=True, kw_only=True)
class ZulipArchive:
    """``site`` is the address of the Zulip, if links to messages are wanted; ``bots`` are names: no file tells them."""

    site: str | None = None
    bots: frozenset[str] = frozenset()

    platform = PLATFORM
    index = frozenset((_STREAMS,))
    expected = "files such as 123-general/Topic.json, as zulip-archive writes them"
    selection = ""

    def holds(self, path: str) -> bool:
        """Messages stand in the files of topics."""
        return path.endswith(".json") and path.rpartition("/")[2] not in self.index

    def reader(self, index: Mapping[str, bytes]) -> PieceReader:
        """Return the reader; without stream_index.json, streams are named as their folders are."""
        streams = stream_names(index[_STREAMS]) if _STREAMS in index else {}
        return _Reader(site=self.site, bots=self.bots | _BOTS, streams=streams)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    bots: frozenset[str]
    site: str | None
    streams: Mapping[int, str]

    def __call__(self, file: ArchiveFile) -> Iterator[Piece | Skipped]:
        topic = topic_of(file.path, self.streams)
        if topic is None:
            yield Skipped(file=file.path, place=None, why="not in a folder such as 123-general")
            return
        # A topic and its resolved namesake are one conversation, so they must not be sent side by side.
        yield from whole_file(file, topic.conversation, lambda body: self._read(file.path, body, topic))

    def _read(self, path: str, body: bytes, topic: Topic) -> Read:
        """Yield each message as a fact, oldest first, or why it is skipped.

        A resolved topic ends with its opener's ``solved``, at the time of the last message.
        """
        try:
            items = json_list(body)
        except ValueError as error:
            yield Skipped(file=path, place=None, why=str(error))
            return
        messages = []
        for number, item in enumerate(items, start=1):
            try:
                messages.append(_message(f"item {number}", item))
            except NotAFactError as error:
                yield Skipped(file=path, place=f"item {number}", why=str(error))
        messages.sort(key=lambda message: (message.time, message.id))
        for message in messages:
            yield Found(place=message.place, fact=self._posted(message, topic))
        people = [message for message in messages if message.sender not in self.bots]
        if topic.resolved and people:
            yield Found(place=people[0].place, fact=self._solved(people[0], messages[-1].time, topic))

    def _posted(self, message: _Message, topic: Topic) -> Fact:
        plain = plain_text(message.content)
        return Fact(
            id=post_id(str(message.id)),
            time=message.time,
            data=Posted(
                member=self._member(message),
                conversation=topic.conversation,
                message=str(message.id),
                text=plain.text,
                channel=topic.stream,
                mentions=plain.mentions[:_MAX_MENTIONS],
                url=topic.url(self.site, message.id) if self.site else None,
            ),
        )

    def _solved(self, opening: _Message, time: datetime, topic: Topic) -> Fact:
        return Fact(
            id=solved_id(topic.conversation),
            time=time,
            data=Solved(
                member=self._member(opening),
                conversation=topic.conversation,
                url=topic.url(self.site, opening.id) if self.site else None,
            ),
        )

    def _member(self, message: _Message) -> Member:
        return Member(id=message.sender, name=message.sender, bot=message.sender in self.bots)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    place: str
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


def _message(place: str, item: Any) -> _Message:
    why = _fault(item)
    if why is not None:
        raise NotAFactError(why)
    try:
        time = datetime.fromtimestamp(item["timestamp"], UTC)
    except (ValueError, OverflowError, OSError):
        raise NotAFactError(f"timestamp {item['timestamp']} is no time") from None
    return _Message(place=place, id=item["id"], sender=item["sender_full_name"], time=time, content=item["content"])


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
