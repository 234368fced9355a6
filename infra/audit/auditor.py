"""The auditor at work: a look every few seconds, from eyes to alarms."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import msgspec
import nats.errors
import structlog
from nats.aio.msg import Msg

from infra.audit.alarm_board import AlarmBoard
from infra.audit.alarm_kinds import AUDIT_INCOMPLETE, NATS_AWAY, POSTGRESQL_AWAY
from infra.audit.care_rounds import CareRounds
from infra.audit.dead_man import DeadMansSwitch
from infra.audit.disk import look_at_disks
from infra.audit.eyes import BusEye, DatabaseEye
from infra.audit.findings import Found, Memory, find, remember
from infra.audit.measures import Measures
from infra.audit.rounds import Rounds
from infra.audit.server_rounds import ServerRounds
from infra.looking.database import look_at_database
from infra.looking.faces import Faces, look_at_faces
from infra.looking.look import Away, Look, look_at_streams, parts_of, with_lags
from infra.readers import Ends
from shared.contracts.audit import AlarmChanged, AuditReport, PartSaid
from shared.contracts.subjects import alarm_subject
from shared.topology import Stream

LOOK_SECONDS: Final = 2.0
STALE_SECONDS: Final = 15.0
_BLIND: Final = (NATS_AWAY, POSTGRESQL_AWAY, AUDIT_INCOMPLETE)
"""With one of these, not everything was seen."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the auditor is to look at, beside both servers."""

    faces: Faces
    folders: tuple[Path, ...]
    streams: tuple[Stream, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What one look found, and what the parts say."""

    found: Found
    parts: tuple[PartSaid, ...] = ()
    dead_letters: int = 0


class Auditor:
    """Looks, judges, and tells: by log, by metrics, on NATS, to the dead man's switch, and to whoever asks."""

    def __init__(
        self,
        watched: Watched,
        database: DatabaseEye,
        http: httpx.AsyncClient,
        measures: Measures,
        switch: DeadMansSwitch | None,
    ) -> None:
        self._watched = watched
        self._database = database
        self._http = http
        self._measures = measures
        self._switch = switch
        self._board = AlarmBoard()
        self._memory = Memory()
        self._ends = Ends()
        self._rounds = Rounds(database)
        self._care = CareRounds(measures.care)
        self._servers = ServerRounds(measures.servers)
        self._report: AuditReport | None = None
        self._looked_at = 0.0

    @property
    def fresh(self) -> bool:
        """Whether the last look ended not long ago."""
        return self._report is not None and time.monotonic() - self._looked_at < STALE_SECONDS

    async def run(self, bus: BusEye) -> None:
        """Look until cancelled; what is known of the sources is kept at the end."""
        try:
            while True:
                started = time.monotonic()
                await self.look(bus)
                await asyncio.sleep(max(0.5, started + LOOK_SECONDS - time.monotonic()))
        finally:
            await self._rounds.close()

    async def answer(self, message: Msg) -> None:
        """Answer with the last look; a stale one is not told."""
        if self._report is not None and self.fresh:
            await message.respond(msgspec.json.encode(self._report))

    async def look(self, bus: BusEye) -> None:
        """Look at everything once, and tell."""
        started = time.monotonic()
        try:
            seen = await self._see(bus)
        except Exception as error:  # noqa: BLE001 -- told, and an alarm
            _log.error("audit.look_failed", exc_info=error)
            seen = _Seen(found={AUDIT_INCOMPLETE: f"the look failed: {type(error).__name__}"})
        ended = datetime.now(UTC)
        for change in self._board.update(time.monotonic(), ended, seen.found):
            await self._tell(bus, change)
        # What is wrong is told at once to the switch, before it has lasted long enough to be an alarm.
        well = bool(seen.parts) and self._board.well(seen.found)
        self._report = AuditReport(
            at=ended,
            complete=bool(seen.parts) and all(seen.found.get(kind) is None for kind in _BLIND),
            alarms=self._board.standing,
            parts=seen.parts,
            dead_letters=seen.dead_letters,
        )
        self._looked_at = time.monotonic()
        if self._switch is not None:
            self._switch.tell(self._looked_at, well=well)
        self._measures.take_verdict(
            self._board,
            complete=self._report.complete,
            ended=ended.timestamp(),
            seconds=self._looked_at - started,
            pulses=self._switch.pulses if self._switch else 0,
        )

    async def _see(self, bus: BusEye) -> _Seen:
        faces, database, on_bus = await asyncio.gather(
            look_at_faces(self._http, self._watched.faces),
            self._database.see(look_at_database),
            bus.see(look_at_streams),
        )
        if not isinstance(database, Away) and not isinstance(on_bus, Away):
            streams, readers = on_bus, database.readers
            on_bus = await bus.see(lambda client: with_lags(client, streams, readers, self._ends))
        look = Look(faces=faces, bus=on_bus, database=database)
        now = time.monotonic()
        remember(look, self._memory, now)
        disks = look_at_disks(self._watched.folders)
        made = await self._rounds.make(look, now)
        if not isinstance(database, Away):
            await self._care.make(self._database, database.partitions, now)
        await self._servers.make(
            None if isinstance(database, Away) else self._database, None if isinstance(on_bus, Away) else bus, now
        )
        self._measures.take_look(look, disks, self._memory)
        self._measures.take_rounds(
            overdue=len(made.overdue or ()),
            stuck=len(made.stuck or ()),
            sources=self._rounds.sources_known,
            quiet=len(made.quiet or ()),
        )
        found = find(look, disks, self._watched.streams, self._memory, self._board.stands)
        return _Seen(
            found=found | made.found() | self._care.found(),
            parts=(*parts_of(look), *self._rounds.parts(made), self._care.part()),
            dead_letters=0 if isinstance(database, Away) else database.dead_letters,
        )

    async def _tell(self, bus: BusEye, change: AlarmChanged) -> None:
        if change.raised:
            _log.error("alarm.raised", alarm=change.name, wrong=change.wrong, mend=change.mend)
        else:
            _log.info("alarm.cleared", alarm=change.name, since=change.since.isoformat())
        if bus.client is None:
            return
        try:
            await bus.client.publish(alarm_subject(change.name), msgspec.json.encode(change))
        except nats.errors.Error as error:
            _log.warning("alarm.untold", alarm=change.name, error=str(error) or type(error).__name__)
