"""Firing a partition's deadlines, in the order in which they are due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import structlog
from msgspec.structs import replace

from shared.dead_letters import dead_deadline
from shared.deadline_book import WINDOW
from shared.decider import Refused
from shared.event_store.interface import Store
from shared.event_store.recorder import DeadLetter, DeadlineRow
from shared.partition.loading import HandlingError, Loading, cause_of
from shared.partition.service import Service
from shared.workspace import Workspace

ParkedDeadlines = Mapping[tuple[str, str, datetime], datetime | None]
"""Deadlines that were parked, by stream, name and due time; and for when they were set again, where they were."""

log = structlog.get_logger()


class Firing:
    """Fires what is in the book of ``work``; what fails is parked."""

    def __init__(
        self,
        store: Store,
        work: Workspace,
        service: Service,
        loading: Loading,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._work = work
        self._service = service
        self._loading = loading
        self._settle = settle
        self._parked: ParkedDeadlines = {}

    def pass_over(self, parked: ParkedDeadlines) -> None:
        """Fire none of ``parked``: for a replay, since the first run could not fire them either."""
        self._parked = parked

    async def next_deadline(self) -> DeadlineRow | None:
        """Return the deadline that is due first, suspended ones left out."""
        book = self._work.book
        while book.incomplete:
            await self._settle()
            rows = await self._store.aside(
                self._store.deadlines, after=book.last, suspended=sorted(book.suspended), limit=WINDOW
            )
            book.extend(rows, complete=len(rows) < WINDOW)
        return book.next()

    def may_be_due(self, clock: datetime) -> bool:
        """Tell whether something is due at ``clock``, or only the table knows."""
        return self._work.book.may_be_due(clock)

    async def make_ready(self, clock: datetime, most: int) -> None:
        """Load what firing the first ``most`` of those due at ``clock`` is likely to need, for all of them at once."""
        first = await self.next_deadline()
        if first is not None and first.due <= clock:
            coming = self._work.book.due(clock, most)
            await self._loading.admit([due.stream for due in coming])
            await self._loading.admit(self._service.streams_of_due(coming, self._work))

    async def fire_due(self, clock: datetime, letters: list[DeadLetter], most: int) -> bool:
        """Fire what is due at ``clock`` in order; tell whether there is more, for another transaction.

        At most ``most``, and each only once: what sets itself again goes through something long, part by part. They
        are best made ready before.
        """
        fired: set[tuple[str, str]] = set()
        while (row := await self.next_deadline()) is not None and row.due <= clock:
            if len(fired) == most or (row.stream, row.name) in fired:
                return True
            fired.add((row.stream, row.name))
            await self._fire(row, letters)
        return False

    async def _fire(self, row: DeadlineRow, letters: list[DeadLetter]) -> None:
        if (row.stream, row.name, row.due) in self._parked:
            self._work.book.drop(row.stream, row.name)
            again = self._parked[row.stream, row.name, row.due]
            if again is not None:
                self._work.book.set(replace(row, due=again, armed_at=again))
            return

        def on_deadline() -> None:
            self._service.on_deadline(row, self._work)
            self._work.keep(self._service.community_of)

        # Not the time at which it happens to fire: a replay fires it at another.
        self._work.clock = row.eligible_at
        failure: HandlingError | Refused | None
        try:
            await self._loading.until_done(on_deadline)
            failure = HandlingError("its stream still has it after it fired") if self._work.book.holds(row) else None
        except (HandlingError, Refused) as error:
            failure = error
        if failure is not None:
            shard = str(self._store.partition)
            log.error("deadline.parked", shard=shard, stream=row.stream, name=row.name, exc_info=failure)
            self._work.book.drop(row.stream, row.name)
            letters.append(dead_deadline(row, cause_of(failure)))
