"""A connection that a platform keeps open to tell what happens: what a round says on it, and what it hears. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Connect to ``url`` (WebSocket), instead of the connection before; what is sent back is Closed if that fails."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Send ``body`` as JSON; the secret is put where the names ``secret`` lead in it."""

    body: Mapping[str, object]
    secret: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Send ``body`` again and again, every so many ``seconds``, whatever the round does or waits for."""

    body: Mapping[str, object]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """Wait so many ``seconds`` for what comes: Told or Closed is sent back, or None when nothing came."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message of the platform, that was taken ``at``."""

    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """There is no connection; ``code`` is what the platform gave for that, if anything (RFC 6455, 7.4)."""

    why: str
    code: int | None = None


ConnectionStep = Open | Say | Beat | Hear
ConnectionAnswer = Told | Closed | None
