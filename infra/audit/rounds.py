"""What the auditor goes round in the database: overdue deadlines, stuck touches, quiet or unread sources."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from infra.audit.alarm_kinds import AUDIT_INCOMPLETE, DEADLINE_MISSED, SOURCE_QUIET, SOURCE_UNREAD, TOUCH_STUCK
from infra.audit.eyes import Connection, DatabaseEye
from infra.audit.findings import Found, listed
from infra.audit.overdue import OverdueMemory, grace_in, oldest_overdue
from infra.audit.source_rounds import SourceRounds, unread_sources
from infra.audit.touch_rounds import TouchRounds
from infra.looking.look import Away, Look
from shared.contracts.audit import PartSaid

_log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsMade:
    """What was found, in words; None where a round could not be made. ``failed`` names the rounds that failed."""

    overdue: list[str] | None = None
    stuck: list[str] | None = None
    quiet: list[str] | None = None
    unread: list[str] | None = None
    failed: tuple[str, ...] = ()

    def found(self) -> Found:
        """Return what is wrong and what is well, by alarm."""
        kinds = (
            (DEADLINE_MISSED, self.overdue),
            (TOUCH_STUCK, self.stuck),
            (SOURCE_QUIET, self.quiet),
            (SOURCE_UNREAD, self.unread),
        )
        found: Found = {kind: listed(words) for kind, words in kinds if words is not None}
        found[AUDIT_INCOMPLETE] = listed(f"the round over {name} failed" for name in self.failed)
        return found


class Rounds:
    """Keeps what the rounds must remember from look to look."""

    def __init__(self, database: DatabaseEye) -> None:
        self._database = database
        self._overdue = OverdueMemory()
        self._touches = TouchRounds()
        self._sources = SourceRounds()
        self._failed: list[str] = []

    @property
    def sources_known(self) -> int:
        """How many sources are known."""
        return self._sources.known

    async def make(self, look: Look, now: float) -> RoundsMade:
        """Go on with each round at ``now`` (seconds that only grow); one that fails is logged, and the rest go on."""
        self._failed = []
        database, bus = look.database, look.bus
        if isinstance(database, Away) or isinstance(bus, Away) or not all(face.well for face in look.faces):
            self._sources.pause()  # nobody could have been heard
        if isinstance(database, Away):
            return RoundsMade()

        async def overdue(connection: Connection) -> list[str]:
            if isinstance(bus, Away):
                return []  # and it is not asked
            rows = await oldest_overdue(connection, database.partitions, grace_in(bus))
            return self._overdue.missed(now, rows, database, bus.lags)

        async def stuck(connection: Connection) -> list[str]:
            return await self._touches.look(connection, database.partitions, datetime.now(UTC))

        async def quiet(connection: Connection) -> list[str]:
            await self._sources.look(connection, now)
            return self._sources.too_quiet()

        return RoundsMade(
            overdue=None if isinstance(bus, Away) else await self._round("deadlines", overdue),
            stuck=await self._round("touches", stuck),
            quiet=await self._round("sources", quiet),
            unread=await self._round("polled sources", unread_sources),
            failed=tuple(self._failed),
        )

    async def close(self) -> None:
        """Keep what is known of the sources."""
        await self._round("sources", self._sources.save)

    def parts(self, made: RoundsMade) -> Iterator[PartSaid]:
        """Yield what the rounds say, part by part."""
        yield _part("deadlines", made.overdue, "all that are due have fired")
        yield _part("open touches", made.stuck, "something will happen to every one")
        known = self._sources.known
        yield _part("sources", made.quiet, f"{known:,} {'is' if known == 1 else 'are'} watched, none quiet too long")
        yield _part("polled sources", made.unread, "all are read")

    async def _round(self, name: str, look: Callable[[Connection], Awaitable[T]]) -> T | None:
        try:
            seen = await self._database.see(look)
        except Exception as error:  # noqa: BLE001 -- one check that fails must not blind the others
            _log.error("audit.round_failed", round=name, exc_info=error)
            self._failed.append(name)
            return None
        if isinstance(seen, Away):
            _log.warning("audit.round_failed", round=name, error=seen.why)
            self._failed.append(name)
            return None
        return seen


def _part(name: str, wrong: list[str] | None, well: str) -> PartSaid:
    if wrong is None:
        return PartSaid(name=name, well=False, says="could not be looked at")
    return PartSaid(name=name, well=not wrong, says=listed(wrong) or well)
