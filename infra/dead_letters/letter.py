"""A dead letter as an operator sees it, and which of them are meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

DEADLINE: Final = "deadline "
"""What the stream of a parked deadline's letter begins with: it is no stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message or a deadline that one shard could not process, without the message's body.

    ``outcome`` is null while it is parked: else ``retried``, ``dropped``, or ``rebuilt`` where a rebuild of its view
    has folded it. ``community`` is null where the subject names none.
    """

    id: str
    service: str
    shard: str
    stream: str
    seq: int
    community: str | None
    subject: str
    headers: dict[str, str]
    error: str
    trace_id: str | None
    tries: int
    parked_at: datetime
    outcome: str | None
    ended_at: datetime | None
    ended_by: str | None

    @property
    def is_deadline(self) -> bool:
        """Whether it is a deadline, and not a message."""
        return self.stream.startswith(DEADLINE)

    @property
    def what(self) -> str:
        """What was parked, in few words."""
        return self.stream if self.is_deadline else f"{self.stream} {self.seq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which letters are meant: all that are parked, within what is given. ``ended`` adds those that were ended."""

    service: str | None = None
    community: str | None = None
    stream: str | None = None
    ended: bool = False
