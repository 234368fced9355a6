"""Whether what should get on does: readers against their streams, relays against their logs. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where something stands, and the end that it should come to."""

    position: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    position: int
    moved_at: float
    goal: int
    goal_at: float


class Headway(Generic[K]):
    """Follows many of them from look to look; what is not in the newest look is forgotten."""

    def __init__(self) -> None:
        self._now = 0.0
        self._seen: dict[K, _Seen] = {}

    def update(self, now: float, stands: Mapping[K, Stand]) -> None:
        """Take in a look at ``now`` (seconds that only grow)."""
        self._now = now
        self._seen = {key: _follow(self._seen.get(key), stand, now) for key, stand in stands.items()}

    def still_for(self, key: K) -> float:
        """Return for how many seconds it has not moved although there is more; 0 when it has come to the end."""
        return self._now - self._seen[key].moved_at

    def age(self, key: K) -> float:
        """Return for how many seconds, at least, the oldest of what is before it has been waiting."""
        return self._now - self._seen[key].goal_at


def _follow(before: _Seen | None, stand: Stand, now: float) -> _Seen:
    at_end = stand.position >= stand.end
    moved = before is None or at_end or stand.position != before.position
    reached = before is None or at_end or stand.position >= before.goal or stand.position < before.position
    return _Seen(
        position=stand.position,
        moved_at=now if before is None or moved else before.moved_at,
        goal=stand.end if before is None or reached else before.goal,
        goal_at=now if before is None or reached else before.goal_at,
    )
