"""What one community may take of what all share, so that none can fill the store or keep the others waiting."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Final

import structlog

from services.ingest.holdings import Holdings
from services.ingest.rates import Rates
from services.ingest.taken_elsewhere import TakenElsewhere

_FULL_SHARE_RETRY_SECONDS: Final = 60
_REMIND_SECONDS: Final = 60.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class OverQuota:
    """Why a community's events are not taken now: for its sender, who may come again after ``retry_after`` seconds."""

    community: str
    detail: str
    retry_after: int


class Quotas:
    """The quotas of every community. The rate is counted by all processes of ingest, the share by the stream."""

    def __init__(self, rates: Rates, elsewhere: TakenElsewhere, holdings: Holdings, share_percent: int) -> None:
        self._rates = rates
        self._elsewhere = elsewhere
        self._holdings = holdings
        self._share_percent = share_percent
        self._clock = asyncio.get_running_loop().time
        self._said: dict[str, float] = {}

    def over(self, community: str) -> OverQuota | None:
        """Return why nothing of the community is taken now; None when it may send."""
        now = self._clock()
        held = self._holdings.share(community, now) * 100
        if held >= self._share_percent:
            self._tell(community, "share", now)
            return OverQuota(
                community=community,
                detail=(
                    f"the community {community!r} holds {held:.0f} % of the event store, and its share is "
                    f"{self._share_percent} %: the operator can raise WARMLINE_QUOTA_SHARE or give the store more room"
                ),
                retry_after=_FULL_SHARE_RETRY_SECONDS,
            )
        wait = math.ceil(self._rates.wait(community, now))
        if wait:
            self._tell(community, "rate", now)
            return OverQuota(
                community=community,
                detail=(
                    f"the community {community!r} sends more than {self._rates.per_second} events a second: "
                    f"send again after {wait} s, or have the operator raise WARMLINE_QUOTA_RATE"
                ),
                retry_after=wait,
            )
        return None

    def take(self, community: str, events: int) -> None:
        """Note that so many events of the community are taken."""
        self._rates.take(community, events, self._clock())
        self._elsewhere.took(community, events)

    def stored(self, community: str, events: int, size: int) -> None:
        """Note that ``events`` of the community, of ``size`` bytes together, were not there and are now."""
        self._holdings.stored(community, events, size)

    def _tell(self, community: str, quota: str, now: float) -> None:
        """Log that a community is over a quota, once a minute: a flood of requests is no flood of lines."""
        if now - self._said.get(community, -_REMIND_SECONDS) < _REMIND_SECONDS:
            return
        self._said = {name: at for name, at in self._said.items() if now - at < _REMIND_SECONDS}
        self._said[community] = now
        _log.warning("over_quota", community=community, quota=quota)
