"""What members of a community say, without end: the events of one source, drawn from a seed."""

from __future__ import annotations

import random
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.world import PLATFORM, RESPONDERS, SOURCE

_MEMBERS = 300
_REMEMBERED = 500
_LOOKING_BACK = timedelta(hours=3)


class Talk:
    """Events of one community: mostly chatter, a few newcomers and questions, some answers, edits and deletions."""

    def __init__(self, community: str, seed: str) -> None:
        self._draw = random.Random(f"{seed} {community}")  # the same from run to run, unlike hash()
        self._said: deque[tuple[str, str, str]] = deque(maxlen=_REMEMBERED)
        self._number = 0

    def next(self) -> dict[str, Any]:
        """Return one event of the last hours."""
        self._number += 1
        chance = self._draw.random()
        if chance < 0.004:
            return self._event("joined", f"new{self._number}", f"join:{self._number}")
        if chance < 0.016 or not self._said:
            message = f"m{self._number}"
            return self._post(message, self._member(), f"c-{message}", "How do I book the meeting room?")
        conversation, message, member = self._draw.choice(self._said)
        if chance < 0.03:
            rewritten = {"conversation": conversation, "message": message, "text": "How do I book the room upstairs?"}
            return self._event("edited", member, f"edit:{message}:{self._number}", **rewritten)
        if chance < 0.035:
            self._said.remove((conversation, message, member))
            gone = {"conversation": conversation, "message": message}
            return self._event("deleted", member, f"delete:{message}", **gone)
        if chance < 0.06:
            reaction = {"conversation": conversation, "message": message, "reaction": "heart"}
            return self._event("reacted", self._member(), f"react:{self._number}", **reaction)
        speaker = f"u-{self._draw.choice(RESPONDERS)}" if chance < 0.08 else self._member()
        where = conversation if chance < 0.3 else "c-lounge"
        return self._post(f"m{self._number}", speaker, where, "Like this, with a bit of patience.")

    def _member(self) -> str:
        return f"member{self._draw.randrange(_MEMBERS)}"

    def _post(self, message: str, member: str, conversation: str, text: str) -> dict[str, Any]:
        self._said.append((conversation, message, member))
        said = {"conversation": conversation, "message": message, "text": text, "channel": "general"}
        return self._event("posted", member, f"post:{message}:1", **said)

    def _event(self, kind: str, member: str, event_id: str, **data: Any) -> dict[str, Any]:
        time = datetime.now(UTC) - _LOOKING_BACK * self._draw.random()
        return {
            "specversion": "1.0",
            "id": event_id,
            "source": SOURCE,
            "type": f"warmline.member.{kind}.v1",
            "time": time.isoformat(),
            "data": {"member": {"id": member, "name": member.title()}, "platform": PLATFORM, **data},
        }
