"""The auditor's look at care: what it remembers from one to the next."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Final

import structlog

from infra.audit import care_look
from infra.audit.alarm_kinds import HOURS_UNCOVERED
from infra.audit.care_look import Connection, Step, Unclaimed
from infra.audit.care_measures import CareMeasures
from infra.audit.coverage import coverage_ahead, promised_by, standings, uncovered
from infra.audit.eyes import DatabaseEye
from infra.audit.findings import Found, listed
from infra.looking.look import Away
from services.notifier.roster import RosterState
from shared.contracts.audit import PartSaid
from shared.contracts.policy import Policy

_LEAST_SECONDS: Final = 5.0
_SHARE: Final = 0.01
"""The most of a processor's time that looks may take, here and in the database."""
_PEOPLE_SECONDS: Final = 60.0
_MOST_POLICIES: Final = 1_000
_ORIGINS: Final = ("need", "fact")
_log = structlog.get_logger()


class CareRounds:
    """Counts each touch's steps once, from those after its own start on; a restart counts nothing twice.

    A promise is kept when a touch is acknowledged in time, and broken at the moment when the time is over: an
    acknowledgement after that is no promise more.
    """

    def __init__(self, measures: CareMeasures) -> None:
        self._measures = measures
        self._after: dict[str, int] = {}
        self._broken: dict[str, str] | None = None
        """Touches whose time is over, with their urgency: they were counted."""
        self._policies: dict[str, Policy] = {}
        self._uncovered: list[str] | None = None
        self._due = 0.0
        self._people_due = 0.0

    async def make(self, database: DatabaseEye, partitions: int, now: float) -> None:
        """Look, if it is time at ``now`` (seconds that only grow). What fails is logged, and looked at again."""
        if now < self._due:
            return
        began = time.monotonic()

        async def look(connection: Connection) -> None:
            await self._look(connection, partitions, now)

        try:
            seen = await database.see(look)
        except Exception as error:  # noqa: BLE001 -- what is measured must not blind the watch
            _log.error("audit.care_failed", exc_info=error)
            seen = Away(name="care", why=type(error).__name__)
        if isinstance(seen, Away):
            _log.warning("audit.care_failed", error=seen.why)
        self._measures.take_complete(complete=not isinstance(seen, Away))
        self._due = now + max(_LEAST_SECONDS, (time.monotonic() - began) / _SHARE)

    def found(self) -> Found:
        """Return whether somebody is there in the hours to come, as far as that was looked at."""
        return {} if self._uncovered is None else {HOURS_UNCOVERED: listed(self._uncovered)}

    def part(self) -> PartSaid:
        """Return what is said of the hours to come."""
        if self._uncovered is None:
            return PartSaid(name="hours ahead", well=False, says="were not looked at yet")
        says = listed(self._uncovered) or "somebody works in those of the next day"
        return PartSaid(name="hours ahead", well=not self._uncovered, says=says)

    async def _look(self, connection: Connection, partitions: int, now: float) -> None:
        people = now >= self._people_due
        # One snapshot, lest a touch be late that was claimed in between.
        async with connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            if people:
                self._policies = await care_look.policies(connection, _MOST_POLICIES)
            rows = await care_look.waiting(connection)
            open_touches = await care_look.unclaimed(connection)
            steps = [step for origin in _ORIGINS for step in await self._steps(connection, origin)]
            carried = await care_look.rosters(connection, list(self._policies), partitions) if people else {}
        self._measures.take_waiting(rows)
        for step in steps:
            self._count(step)
        self._hold_against_promises(open_touches, datetime.now(UTC))
        if people:
            # Where no policy is in force yet, the first is not to wait for a minute.
            self._people_due = now + (_PEOPLE_SECONDS if self._policies else 0.0)
            self._take_people(carried)

    async def _steps(self, connection: Connection, origin: str) -> list[Step]:
        after = self._after.get(origin)
        if after is None:
            self._after[origin] = await care_look.end_of(connection, origin)
            return []
        end = await care_look.end_of(connection, origin)
        if end < after:  # the stream was made anew, and its places begin again
            self._after[origin] = end
            return []
        steps = await care_look.steps_after(connection, origin, after)
        self._after[origin] = steps[-1].seq if len(steps) == care_look.MOST_STEPS else end
        return steps

    def _count(self, step: Step) -> None:
        seconds = (step.at - step.since).total_seconds()
        if step.kind == "raised":
            self._measures.step("raised", step.urgency, seconds, step.traceparent)
        if step.acknowledges:
            self._measures.step("acknowledged", step.urgency, seconds, step.traceparent)
            self._acknowledge(step)
        if step.kind == "settled":
            self._measures.step("settled", step.urgency, seconds, step.traceparent)

    def _acknowledge(self, step: Step) -> None:
        policy = self._policies.get(step.organisation)
        if policy is None or self._broken is None or step.touch in self._broken:
            return
        self._measures.promise(step.urgency, kept=step.at <= promised_by(policy, step.urgency, step.raised_at))

    def _hold_against_promises(self, touches: list[Unclaimed], at: datetime) -> None:
        broken = {}
        for touch in touches:
            policy = self._policies.get(touch.organisation)
            if policy is not None and promised_by(policy, touch.urgency, touch.raised_at) < at:
                broken[touch.touch] = touch.urgency
        if self._broken is not None:  # what was late before the first look was counted by who looked then
            for touch_id in broken.keys() - self._broken.keys():
                self._measures.promise(broken[touch_id], kept=False)
        self._broken = broken
        self._measures.take_late(Counter(broken.values()))

    def _take_people(self, carried: dict[str, RosterState]) -> None:
        now = datetime.now(UTC)
        there, ahead = {}, {}
        for organisation, policy in self._policies.items():
            there[organisation] = standings(policy, carried.get(organisation, RosterState()), now)
            ahead[organisation] = coverage_ahead(policy, now)
        self._measures.take_people(there, ahead)
        words = (uncovered(policy, ahead[organisation]) for organisation, policy in self._policies.items())
        self._uncovered = [one for one in words if one is not None]
