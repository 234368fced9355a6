"""A Zulip as its API shows it. Forms: zulip.com/api/get-events, get-messages, get-streams, get-users."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

SECRETS = ("ada@example.org", "user3@zulip.example")
"""What the API gives and Warmline never takes."""


def message(number: int, minutes_ago: float = 1, *, stream: int = 5, topic: str = "First steps", **more: Any) -> Any:
    written = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return {
        "id": number,
        "type": "stream",
        "sender_id": 3,
        "sender_full_name": "Ada",
        "sender_email": SECRETS[1],
        "stream_id": stream,
        "display_recipient": "help",
        "subject": topic,
        "timestamp": int(written.timestamp()),
        "content": "Where do I begin?",
        "reactions": [],
        **more,
    }


DIRECT = message(90, type="private", stream_id=None, display_recipient=[{"id": 3, "email": SECRETS[0]}], content="psst")


@dataclass(slots=True, kw_only=True)
class Zulip:
    """What stands in the organisation; ``events`` are those of the queue, by number, which is lost when ``began``."""

    channels: dict[int, bool] = field(default_factory=lambda: {5: False, 6: True})
    messages: list[Any] = field(default_factory=list)
    people: list[Any] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    queue: str = "queue-1"
    registered: bool = False

    def happen(self, **event: Any) -> None:
        self.events.append({"id": len(self.events), **event})

    def write(self, written: Any) -> None:
        """Write a message, of which the queue tells if there is one."""
        self.messages.append(written)
        if self.registered:
            self.happen(type="message", message=written, flags=[])

    def lose_queue(self, name: str) -> None:
        self.queue, self.registered = name, False
        self.events.clear()

    def register(self) -> Any:
        self.registered = True
        return {"result": "success", "queue_id": self.queue, "last_event_id": len(self.events) - 1}

    def answer(self, path: str, params: dict[str, str]) -> Any:
        """Give what Zulip would; an HTTP status for what it refuses."""
        name = path.removeprefix("/api/v1")
        if name == "/register":
            return self.register()
        if name == "/streams":
            return {"streams": [{"stream_id": number, "invite_only": shut} for number, shut in self.channels.items()]}
        if name == "/users":
            return {"members": self.people}
        if name == "/messages":
            return self._messages(json.loads(params["narrow"])[0], params)
        if name.startswith("/messages/"):
            found = [one for one in self.messages if str(one["id"]) == name.rpartition("/")[2]]
            return {"message": found[0]} if found else 400
        return self._events(params) if name == "/events" else None

    def _messages(self, narrow: dict[str, Any], params: dict[str, str]) -> Any:
        public = narrow["operator"] == "streams"
        below = float("inf") if params["anchor"] == "newest" else int(params["anchor"])
        seen = [
            one
            for one in sorted(self.messages, key=lambda one: int(one["id"]))
            if one["id"] < below
            and (not self.channels.get(one["stream_id"], True) if public else one["stream_id"] == narrow["operand"])
        ]
        return {"messages": seen[-int(params["num_before"]) :], "found_oldest": len(seen) <= int(params["num_before"])}

    def _events(self, params: dict[str, str]) -> Any:
        if params["queue_id"] != self.queue or not self.registered:
            return 400
        new = [one for one in self.events if one["id"] > int(params["last_event_id"])]
        if not new and params.get("dont_block") != "true":
            self.happen(type="heartbeat")
            new = self.events[-1:]
        return {"events": new}
