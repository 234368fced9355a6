"""What the auditor says, asked every few seconds, so that no page waits for it."""

from __future__ import annotations

import asyncio
import time
import zlib
from dataclasses import dataclass
from typing import Final

import msgspec
import nats.errors
from nats.aio.client import Client

from shared.contracts.audit import Alarm, AuditReport
from shared.contracts.subjects import AUDIT_REPORT

_EVERY_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How Warmline stands: the alarms, or that nobody watches (``silent``). ``mark`` changes when any of it does."""

    alarms: tuple[Alarm, ...] = ()
    silent: bool = False

    @property
    def mark(self) -> int:
        """A number that stands for it."""
        return zlib.crc32(repr([self.silent, *((alarm.name, alarm.since) for alarm in self.alarms)]).encode())


class AuditWatch:
    """Keeps the auditor's last look. One that did not answer for a while is said to be silent."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._report: AuditReport | None = None
        self._heard = time.monotonic()  # whoever has just begun to listen may not say yet that nobody speaks

    @property
    def report(self) -> AuditReport | None:
        """The auditor's last look; None when it has not answered for a while."""
        return None if time.monotonic() - self._heard > _PATIENCE_SECONDS else self._report

    @property
    def standing(self) -> Standing:
        """What every page tells."""
        if time.monotonic() - self._heard > _PATIENCE_SECONDS:
            return Standing(silent=True)
        return Standing(alarms=self._report.alarms if self._report else ())

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self.ask()
            await asyncio.sleep(_EVERY_SECONDS)

    async def ask(self) -> None:
        """Ask once."""
        try:
            answer = await self._client.request(AUDIT_REPORT, b"", timeout=_ANSWER_SECONDS)
            report = msgspec.json.decode(answer.data, type=AuditReport)
        except (nats.errors.Error, msgspec.DecodeError):
            return
        self._report, self._heard = report, time.monotonic()
