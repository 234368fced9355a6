"""Zulip: messages, and outgoing webhooks, which bring what mentions a bot, to member events. Pure.

Forms: https://zulip.com/api/outgoing-webhook-payload. A topic of a channel is the conversation.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from services.ingest.platforms.facts import Fact, link, name_of, post_id, text_of
from services.ingest.platforms.reading import (
    EVERYWHERE,
    Delivery,
    HookSettings,
    NotUnderstoodError,
    Passed,
    Reading,
    decoded,
    time_of,
)
from shared.contracts.member_events import Member, Posted
from shared.contracts.names import Audience, digest

SAMPLE: Final = (
    {"content-type": "application/json"},
    (
        b'{"trigger":"mention","message":{"id":1,"type":"stream","sender_id":1,"sender_full_name":"Ada","stream_id":1,'
        b'"display_recipient":"help","subject":"First steps","timestamp":1795335300,"content":"Does this arrive?"}}'
    ),
)
_RESOLVED: Final = re.compile(r"^✔\s*")
_MENTION: Final = re.compile(r"@\*\*[^*|]+\|(\d+)\*\*")
_MAX_CONVERSATION: Final = 300
_MAX_MENTIONS: Final = 100


class Message(Struct, frozen=True, kw_only=True):
    """A message as webhooks, event queues and lists have it. Addresses of its sender never enter."""

    id: int
    type: str
    sender_id: int
    sender_full_name: str
    timestamp: float
    content: str
    sender_email: str = ""
    stream_id: int | None = None
    display_recipient: object = None
    subject: str = ""


class _Event(Struct, frozen=True, kw_only=True):
    message: Message


class _Token(Struct, frozen=True, kw_only=True):
    token: str


def token(body: bytes) -> str:
    """Return the token of a request; raises NotUnderstoodError."""
    return decoded(body, _Token).token


def read(delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    message = decoded(delivery.body, _Event).message
    if is_direct(message):
        return Passed(why="direct-message")
    if message.stream_id is None:
        raise NotUnderstoodError("message.stream_id is missing")
    place = str(message.stream_id)
    if not {place, EVERYWHERE} & {*settings.public, *settings.private}:
        return Passed(why="private-place")
    return (post_fact(message, "private" if place in settings.private else "members", settings.site),)


def is_direct(message: Message) -> bool:
    """Tell whether a message is in no channel."""
    return message.type not in {"stream", "channel"}


def posted(message: Message, audience: Audience, site: str | None) -> Posted:
    """Return a message of a channel as an event; raises NotUnderstoodError."""
    if message.stream_id is None:
        raise NotUnderstoodError("stream_id is missing")
    return Posted(
        member=Member(
            id=str(message.sender_id),
            name=name_of(message.sender_full_name),
            bot=message.sender_email.partition("@")[0].endswith("-bot"),
        ),
        conversation=conversation_of(message.stream_id, unresolved(message.subject)),
        message=str(message.id),
        text=text_of(message.content),
        channel=name_of(message.display_recipient) if isinstance(message.display_recipient, str) else None,
        audience=audience,
        mentions=tuple(dict.fromkeys(_MENTION.findall(message.content)))[:_MAX_MENTIONS],
        url=_link(site, str(message.stream_id), message),
    )


def post_fact(message: Message, audience: Audience, site: str | None) -> Fact:
    """Return that a message was written; raises NotUnderstoodError."""
    return Fact(id=post_id(str(message.id)), time=time_of(message.timestamp), data=posted(message, audience, site))


def unresolved(topic: str) -> str:
    """Return a topic's name without the tick that resolving puts before it."""
    return _RESOLVED.sub("", topic) or topic


def conversation_of(stream: int, topic: str) -> str:
    """Return ``<stream id>/<topic>``; a longer one ends in a digest of the whole."""
    name = f"{stream}/{topic}"
    if len(name) <= _MAX_CONVERSATION:
        return name
    mark = f"#{digest(name)}"
    return name[: _MAX_CONVERSATION - len(mark)] + mark


def _link(site: str | None, place: str, message: Message) -> str | None:
    if site is None:
        return None
    topic = quote(message.subject, safe="").replace(".", "%2E").replace("%", ".")
    return link(f"{site.rstrip('/')}/#narrow/channel/{place}/topic/{topic}/near/{message.id}")
