"""A Discord as its API and its gateway show it, with one server. Origin of the forms: docs.discord.com/developers,
pages events/gateway, events/gateway-events, resources/{message,channel,guild,audit-log,guild-scheduled-event}; the
examples of these pages, with names and ids changed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

GUILD = "290926798626357999"
SITE = f"https://discord.com/channels/{GUILD}/5"
TOKEN = "bot-token"
HELP, FORUM, STAFF, STAFF_CATEGORY = "5", "6", "7", "8"
HELPER_ROLE, SOLVED_TAG = "30", "40"
VIEW = str(1 << 10)
_numbers = itertools.count(1)


def snowflake(minutes_ago: float = 0) -> str:
    """An id of that moment, unlike any other."""
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago) - datetime(2015, 1, 1, tzinfo=UTC)
    return str((at // timedelta(milliseconds=1) << 22) + next(_numbers) % (1 << 22))


def at(minutes_ago: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat()


def user(number: int = 3, **more: Any) -> dict[str, Any]:
    name = {3: "ada", 4: "grace"}.get(number, f"user{number}")
    return {"id": str(number), "username": name, "discriminator": "0", "global_name": name.title(), **more}


def member(
    number: int = 3, *, joined: float = 60 * 24 * 30, roles: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    return {"user": user(number), "nick": None, "roles": list(roles), "joined_at": at(joined), "flags": 0, **more}


def message(minutes_ago: float = 0, *, channel: str = HELP, author: int = 3, **more: Any) -> dict[str, Any]:
    """A message as the API gives it."""
    return {
        "id": snowflake(minutes_ago),
        "channel_id": channel,
        "author": user(author),
        "content": "Where do I begin?",
        "timestamp": at(minutes_ago),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        **more,
    }


def reply(answered: dict[str, Any], minutes_ago: float = 0, **more: Any) -> dict[str, Any]:
    reference = {"message_id": answered["id"], "channel_id": answered["channel_id"], "guild_id": GUILD}
    shown = {name: value for name, value in answered.items() if name != "referenced_message"}
    return message(
        minutes_ago,
        **{
            "channel": answered["channel_id"],
            "type": 19,
            "message_reference": reference,
            "referenced_message": shown,
            **more,
        },
    )


def thread(number: str, parent: str = FORUM, **more: Any) -> dict[str, Any]:
    metadata = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": at(), "locked": False}
    given = {"id": number, "type": 11, "guild_id": GUILD, "parent_id": parent, "owner_id": "3", "name": "How?"}
    return {**given, "last_message_id": None, "applied_tags": [], "thread_metadata": metadata, **more}


def channels() -> dict[str, dict[str, Any]]:
    hidden = [{"id": GUILD, "type": 0, "allow": "0", "deny": VIEW}]
    tags = [{"id": SOLVED_TAG, "name": "✅ Solved", "moderated": False}, {"id": "41", "name": "unsolved"}]
    listed = (
        {"id": HELP, "type": 0, "name": "help", "parent_id": "9", "permission_overwrites": []},
        {"id": FORUM, "type": 15, "name": "questions", "parent_id": None, "available_tags": tags},
        {"id": STAFF_CATEGORY, "type": 4, "name": "staff", "permission_overwrites": hidden},
        {"id": STAFF, "type": 0, "name": "staff", "parent_id": STAFF_CATEGORY, "permission_overwrites": hidden},
    )
    return {one["id"]: {"guild_id": GUILD, "last_message_id": None, **one} for one in listed}


@dataclass(slots=True)
class Session:
    """What was told in it, by its numbers, and to whom it is told now."""

    told: list[dict[str, Any]] = field(default_factory=list)
    deliver: Callable[[Any], None] | None = None

    def tell(self, name: str, data: Any) -> None:
        frame = {"op": 0, "t": name, "s": len(self.told) + 1, "d": data}
        self.told.append(frame)
        if self.deliver is not None:
            self.deliver(frame)


@dataclass(slots=True, kw_only=True)
class Discord:
    """``url`` is where the gateway is, and ``close_with`` the code by which it answers who begins a session.

    It wants to hear every ``interval`` milliseconds that somebody is there; a ``deaf`` one does not answer that.
    """

    url: str = "wss://gateway.discord.gg/"
    roles: list[Any] = field(default_factory=list)
    channels: dict[str, Any] = field(default_factory=channels)
    threads: dict[str, Any] = field(default_factory=dict)
    members: list[Any] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    audit: list[Any] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    interested: list[Any] = field(default_factory=list)
    reacted: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    identified: list[Any] = field(default_factory=list)
    resumed: list[Any] = field(default_factory=list)
    beats: list[Any] = field(default_factory=list)
    remaining: int = 1000
    close_with: int | None = None
    interval: int = 41_250
    deaf: bool = False
    lines: list[Callable[[Any], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.roles = self.roles or [
            {"id": GUILD, "name": "@everyone", "permissions": VIEW},
            {"id": HELPER_ROLE, "name": "helper", "permissions": "0"},
        ]

    def happen(self, name: str, /, **data: Any) -> None:
        """Tell of something in the server, in each session that there is."""
        for session in self.sessions.values():
            session.tell(name, {"guild_id": GUILD, **data})

    def write(self, written: dict[str, Any], **of_gateway: Any) -> dict[str, Any]:
        """Write a message, which the gateway tells with what the author is in the server."""
        self.messages.append(written)
        place = {**self.channels, **self.threads}.get(written["channel_id"])
        if place is not None:
            place["last_message_id"] = written["id"]
        self.happen("MESSAGE_CREATE", **{"member": {"roles": [], "nick": None}, **written, **of_gateway})
        return written

    def hang_up(self, code: int) -> None:
        """Close every connection."""
        for deliver in self.lines:
            deliver(code)
        self.lines.clear()

    def connected(self, deliver: Callable[[Any], None]) -> Gateway:
        """Greet somebody who connects."""
        self.lines.append(deliver)
        deliver({"op": 10, "d": {"heartbeat_interval": self.interval, "_trace": []}, "s": None, "t": None})
        return Gateway(self, deliver)

    def answer(self, path: str, params: dict[str, str]) -> Any:
        """Give what the API would; an HTTP status for what it refuses."""
        parts = path.strip("/").split("/")
        match parts:
            case ["gateway", "bot"]:
                limit = {"total": 1000, "remaining": self.remaining, "reset_after": 14_400_000, "max_concurrency": 1}
                return {"url": self.url, "shards": 1, "session_start_limit": limit}
            case ["guilds", guild, *asked]:
                return self._of_guild(asked, params) if guild == GUILD else 404
            case ["channels", channel, *asked]:
                return self._of_channel(channel, asked, params)
        return None

    def _of_guild(self, asked: list[str], params: dict[str, str]) -> Any:
        match asked:
            case ["roles"]:
                return self.roles
            case ["channels"]:
                return list(self.channels.values())
            case ["threads", "active"]:
                active = [one for one in self.threads.values() if not one["thread_metadata"]["archived"]]
                return {"threads": active, "members": []}
            case ["scheduled-events"]:
                return self.events
            case ["scheduled-events", _, "users"]:
                return [one for one in self.interested if int(one["user"]["id"]) > int(params["after"])]
            case ["members"]:
                later = [one for one in self.members if int(one["user"]["id"]) > int(params["after"])]
                return sorted(later, key=lambda one: int(one["user"]["id"]))[: int(params["limit"])]
            case ["audit-logs"]:
                later = [one for one in self.audit if int(one["id"]) > int(params["after"])]
                return {"audit_log_entries": later[: int(params["limit"])], "users": []}
        return None

    def _of_channel(self, channel: str, asked: list[str], params: dict[str, str]) -> Any:
        match asked:
            case []:
                return {**self.channels, **self.threads}.get(channel, 403)
            case ["threads", "archived", "public"]:
                return self._archived(channel, params)
            case ["messages", number, "reactions", sign]:
                return [one for one in self.reacted[number, sign] if int(one["id"]) > int(params["after"])][:100]
            case ["messages", number]:
                return next((one for one in self.messages if one["id"] == number), None)
            case ["messages"] if self.channels.get(channel, {}).get("type") not in {4, 15}:
                found = [one for one in self.messages if one["channel_id"] == channel]
                later = [one for one in found if int(one["id"]) > int(params["after"])]
                return sorted(later, key=lambda one: int(one["id"]))[: int(params["limit"])][::-1]
        return 400

    def _archived(self, channel: str, params: dict[str, str]) -> Any:
        put_away = [one for one in self.threads.values() if one["parent_id"] == channel]
        put_away = [one for one in put_away if one["thread_metadata"]["archived"]]
        put_away.sort(key=lambda one: str(one["thread_metadata"]["archive_timestamp"]), reverse=True)
        before = params.get("before", "9999")
        earlier = [one for one in put_away if one["thread_metadata"]["archive_timestamp"] < before]
        return {"threads": earlier[:2], "members": [], "has_more": len(earlier) > 2}


@dataclass(slots=True)
class Gateway:
    """One connection to the gateway: what is said on it is answered by ``deliver``, which closes it with a number."""

    discord: Discord
    deliver: Callable[[Any], None]

    def said(self, frame: dict[str, Any]) -> None:
        match frame["op"]:
            case 1:
                self.discord.beats.append(frame["d"])
                if not self.discord.deaf:
                    self.deliver({"op": 11, "d": None, "s": None, "t": None})
            case 2:
                self._identify(frame["d"])
            case 6:
                self._resume(frame["d"])

    def _identify(self, data: dict[str, Any]) -> None:
        self.discord.identified.append(data)
        if self.discord.close_with is not None:
            self.deliver(self.discord.close_with)
            return
        name = f"session-{len(self.discord.identified)}"
        session = self.discord.sessions[name] = Session(deliver=self.deliver)
        ready = {"v": 10, "user": user(1, bot=True), "guilds": [{"id": GUILD, "unavailable": True}]}
        session.tell("READY", {**ready, "session_id": name, "resume_gateway_url": self.discord.url})
        session.tell("GUILD_CREATE", {"id": GUILD, "name": "Acme", "members": [], "channels": []})

    def _resume(self, data: dict[str, Any]) -> None:
        self.discord.resumed.append(data)
        session = self.discord.sessions.get(data["session_id"])
        if session is None:
            self.deliver({"op": 9, "d": False, "s": None, "t": None})
            return
        session.deliver = self.deliver
        for frame in session.told[data["seq"] :]:
            self.deliver(frame)
        session.tell("RESUMED", {"_trace": []})
