"""How fast each community may send, and each platform may be asked: token buckets. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_MOST_COMMUNITIES: Final = 10_000
"""Whoever sent longest ago is forgotten beyond these, which fills its bucket: memory stays bounded."""


@dataclass(slots=True)
class _Bucket:
    level: float
    since: float


class Rates:
    """``per_second`` events of a community in the long run, ``burst`` of them at once. Times are in seconds.

    A community may send while its bucket holds anything, and what it then sends is taken out whole, below zero if need
    be: so a batch that is larger than the burst is not refused for ever.
    """

    def __init__(self, per_second: float, burst: int) -> None:
        self.per_second = per_second
        self._burst = float(burst)
        self._bucket = lru_cache(_MOST_COMMUNITIES)(lambda _community: _Bucket(self._burst, -math.inf))

    def wait(self, community: str, now: float) -> float:
        """Return after how many seconds the community may send; 0 when it may now."""
        level = self._level(self._bucket(community), now)
        return 0.0 if level > 0 else (1 - level) / self.per_second

    def take(self, community: str, events: int, now: float) -> None:
        """Note that the community sends ``events``."""
        bucket = self._bucket(community)
        bucket.level, bucket.since = self._level(bucket, now) - events, now

    def _level(self, bucket: _Bucket, now: float) -> float:
        return min(self._burst, bucket.level + (now - bucket.since) * self.per_second)
