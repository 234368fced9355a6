"""What the other processes of ingest take, so that a community's rate holds for all of them together."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.ingest.rates import Rates
from shared.contracts.subjects import INGEST_TAKEN

_EVERY_SECONDS: Final = 0.5

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How many events of each community one process has taken since it last said so."""

    process: str
    events: dict[str, int]


_decoder: Final = msgspec.json.Decoder(Taken)


class TakenElsewhere:
    """Tells the other processes twice a second what this one took, and takes what they say out of the same buckets.

    So several processes take no more than one would, but for what comes to each within half a second. What is not heard
    is not made up for: the bus on which it is told is the one without which nothing is taken at all.
    """

    def __init__(self, nc: Client, rates: Rates) -> None:
        self._nc = nc
        self._rates = rates
        self._process = secrets.token_hex(8)
        self._untold: Counter[str] = Counter()
        self._clock = asyncio.get_running_loop().time

    def took(self, community: str, events: int) -> None:
        """Note that this process took so many events of the community."""
        self._untold[community] += events

    async def run(self) -> None:
        """Listen and tell until cancelled."""
        await self._nc.subscribe(INGEST_TAKEN, cb=self._hear)
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            if not self._untold:
                continue
            told, self._untold = self._untold, Counter()
            try:
                await self._nc.publish(INGEST_TAKEN, msgspec.json.encode(Taken(process=self._process, events=told)))
            except NatsError as error:
                _log.warning("quota_untold", error=str(error) or type(error).__name__)

    async def _hear(self, message: Msg) -> None:
        try:
            taken = _decoder.decode(message.data)
        except msgspec.DecodeError as error:
            _log.warning("quota_not_understood", error=str(error))
            return
        if taken.process != self._process:
            for community, events in taken.events.items():
                self._rates.take(community, events, self._clock())
