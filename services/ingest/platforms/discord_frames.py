"""What goes over Discord's gateway, and what it means when it hangs up. Pure.

Forms: https://docs.discord.com/developers/events/gateway and topics/opcodes-and-status-codes.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from services.ingest.platforms.connection import Say
from services.ingest.platforms.polled import Denied

QUERY: Final = "?v=10&encoding=json"
DISPATCH, HEARTBEAT, RECONNECT, INVALID, HELLO, ACK = 0, 1, 7, 9, 10, 11
_IDENTIFY, _RESUME = 2, 6
_INTENTS: Final = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 9 | 1 << 10 | 1 << 15 | 1 << 16
"""Guilds, members, moderation, messages, reactions, what messages say, and scheduled events: nothing direct."""
_TOKEN: Final = ("d", "token")
FATAL: Final = {
    4004: Denied(why="the token is not taken"),
    4010: Denied(why="the bot is expected in several shards", mend="Take a bot that is in this server only"),
    4011: Denied(why="the bot is in too many servers", mend="Take a bot that is in this server only"),
    4012: Denied(why="version 10 of the gateway is no more", mend="Take a newer Warmline"),
    4013: Denied(why="an intent is not known", mend="Take a newer Warmline"),
    4014: Denied(
        why="Server Members Intent or Message Content Intent is off",
        mend="Switch both on (discord.com/developers, the application, Bot), then: warmline source resume",
    ),
}
"""Why the gateway would hang up each time, by the code with which it does."""
LOST: Final = frozenset((4003, 4007, 4009))
"""There is no such session: it is not known, its place is none, or it timed out."""


class Frame(Struct, frozen=True, kw_only=True):
    """What the gateway sends; an event (``t``) has a number in its session."""

    op: int
    d: Raw = Raw(b"null")
    s: int | None = None
    t: str | None = None


class Hello(Struct, frozen=True, kw_only=True):
    """How often it wants to hear that somebody is there, in milliseconds."""

    heartbeat_interval: Annotated[float, Meta(ge=100, le=3_600_000)]


class Ready(Struct, frozen=True, kw_only=True):
    """A session has begun."""

    session_id: str
    resume_gateway_url: str


class Deleted(Struct, frozen=True, kw_only=True):
    """The bot is no longer in a server; or that is away for a while."""

    id: str
    unavailable: bool = False


class Limit(Struct, frozen=True, kw_only=True):
    """How many sessions may be begun, before so many milliseconds have passed."""

    remaining: int
    reset_after: int = 0


class Gateway(Struct, frozen=True, kw_only=True):
    """Where a session is begun."""

    url: str
    session_start_limit: Limit


class Session(Struct, frozen=True, kw_only=True):
    """A session, where it is resumed, and the number of the last event that is durable."""

    id: str
    url: str
    seq: int


def beat(session: Session | None) -> dict[str, object]:
    """Return the sign that somebody is there."""
    return {"op": HEARTBEAT, "d": session.seq if session is not None else None}


def opening(session: Session | None) -> Say:
    """Return the word by which a session is resumed, or begun."""
    if session is not None:
        return Say(body={"op": _RESUME, "d": {"session_id": session.id, "seq": session.seq}}, secret=_TOKEN)
    properties = {"os": "linux", "browser": "warmline", "device": "warmline"}
    return Say(body={"op": _IDENTIFY, "d": {"intents": _INTENTS, "properties": properties}}, secret=_TOKEN)
