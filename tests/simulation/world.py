"""A whole deployment in memory: streams, two services with their stores, the way back, and clocks that can be wrong."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import structlog

from services.ingest.feedback import Feedback
from services.notifier.inputs import INPUTS
from services.notifier.publications import PUBLIC as TOUCH_FACTS_OF
from services.notifier.service import NotifierService, notifier_codec
from services.triage.publications import PUBLIC as NEEDS_OF
from services.triage.service import TriageService, triage_codec
from shared.contracts.commands import CommandReply, TouchCommand
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from shared.decider_process import Outlet
from shared.event_store import certain_commit
from shared.leases import TTL_SECONDS
from shared.partition.runner import NotServedError
from shared.partition.service import Input
from shared.publisher import Outgoing, PublishUnavailableError
from tests.simulation.fake_bus import FakeBus
from tests.simulation.memory_store import Tables
from tests.simulation.owner import Owner, Part
from tests.simulation.virtual_loop import VirtualLoop

BEGIN = datetime(2026, 3, 25, 9, 0, tzinfo=UTC)
"""A Wednesday; on the Sunday after it the clocks change in Europe."""

TRIAGE = Part(
    name="triage",
    codec=triage_codec(),
    service=TriageService,
    inputs=(Input(stream=MEMBER_EVENTS, subjects=("p.0.member.>",)),),
    outlet=Outlet(stream=TOUCHES, subject="needs-touch.>", public=NEEDS_OF),
)
NOTIFIER = Part(
    name="notifier",
    codec=notifier_codec(),
    service=lambda: NotifierService(0, 1),
    inputs=INPUTS,
    outlet=Outlet(stream=TOUCH_FACTS, subject="touch.>", public=TOUCH_FACTS_OF),
)

_loop = VirtualLoop()


class World:
    """The true time is ``time``; NATS and PostgreSQL go by clocks of their own, which ``skew`` sets wrong."""

    def __init__(self, *parts: Part, window: timedelta = timedelta(minutes=10)) -> None:
        self.time = BEGIN
        self.skew = {"nats": timedelta(), "postgres": timedelta()}
        self.loop = _loop
        self.parts = {part.name: part for part in parts or (TRIAGE, NOTIFIER)}
        self.bus = FakeBus(lambda: self.time + self.skew["nats"], MEMBER_EVENTS, TOUCHES, TOUCH_FACTS, window=window)
        self.tables = {name: Tables(lambda: self.time + self.skew["postgres"]) for name in self.parts}
        self.owners: list[Owner] = []
        self.broken = False
        """Whether a process ended as none may end."""
        self._names = 0
        self._fed_back = 0
        self._facts = Feedback(*cast("Any", (None, None, None, None)), 1)._facts

    # Time

    def idle(self) -> None:
        """Let everything happen that can without waiting."""
        self.loop.run_idle()
        self._reap()

    def tick(self, seconds: float = 1.01) -> None:
        """Let the loops turn: waits of up to so long end."""
        self.loop.run_idle(seconds)
        self._reap()

    def pass_time(self, duration: timedelta) -> None:
        """Let time pass, with the leases kept by those who are awake; then everybody looks at the clock."""
        awake = [owner for owner in self.owners if owner.holds and not owner.stopped]
        self.time += duration
        for owner in awake:
            tables = self.tables[owner.part.name]
            tables.shard.expires_at = tables.now() + timedelta(seconds=TTL_SECONDS)
        self.tick()

    def _reap(self) -> None:
        self.broken = True
        for owner in self.owners:
            owner.check()
        self.broken = False
        self.owners = [owner for owner in self.owners if owner.living]

    # Processes

    def start(self, name: str) -> Owner | None:
        """Let a new process take the partition, if its lease is free."""
        self._names += 1
        tables = self.tables[name]
        lease = None if tables.away else tables.own(f"process-{self._names}", TTL_SECONDS)
        if lease is None:
            return None
        owner = Owner(self.loop, self.bus, tables, self.parts[name], lease=lease, time=lambda: self.time)
        self.owners.append(owner)
        self.idle()
        return owner

    def beat(self) -> None:
        for owner in self.owners:
            if not self.tables[owner.part.name].away:
                owner.beat()
        self.idle()

    def owner_of(self, name: str) -> Owner | None:
        """Return the process that owns the partition and is awake."""
        found = (one for one in self.owners if one.part.name == name and one.holds and not one.stopped)
        return next(found, None)

    def of(self, name: str) -> list[Owner]:
        return [owner for owner in self.owners if owner.part.name == name]

    # What comes and goes

    def publish(self, *messages: Outgoing) -> bool:
        """Store messages as ingest does; tell whether they were accepted."""
        try:
            for message in messages:
                self.bus.publish(MEMBER_EVENTS, message)
        except PublishUnavailableError:
            return False
        return True

    def feed_back(self, *, crash: bool = False) -> None:
        """Let ingest take settled touches back to MEMBER_EVENTS; ``crash`` after publishing, before it notes so."""
        settled = [
            message
            for message in self.bus.streams[TOUCH_FACTS].messages[self._fed_back :]
            if message.subject.endswith(".settled")
        ]
        if all(self.publish(*self._facts(message)) for message in settled) and not crash:
            self._fed_back = len(self.bus.streams[TOUCH_FACTS].messages)

    def ask(self, command: TouchCommand) -> CommandReply | None:
        """Return the answer to a command; None where it was not answered, so that it must be asked again."""
        owner = self.owner_of("notifier")
        if owner is None:
            return None
        asked = owner.submit(command)
        self.idle()
        if not asked.done():
            asked.cancel()
            self.idle()
            return None
        try:
            return asked.result()
        except NotServedError:
            return None

    # How it ends

    def heal(self) -> None:
        """End every fault, let everybody catch up, and let time pass until nothing more happens."""
        self.skew = dict.fromkeys(self.skew, timedelta())
        for tables in self.tables.values():
            tables.away = False
        self.bus.come_back()
        for owner in self.owners:
            owner.skew = timedelta()
            owner.write_faults.clear()
            owner.publisher.faults.clear()
            owner.stop_in = None
            owner.resume()
            for consumer in owner.consumers:
                consumer.portion = 500
        self.idle()
        self.beat()
        for name, tables in self.tables.items():
            if not any(owner.holds for owner in self.of(name)):
                tables.shard.expires_at = min(tables.shard.expires_at, tables.now())
                self.start(name)
        for _ in range(20):
            before = self._marks()
            self.feed_back()
            self.pass_time(timedelta(seconds=10))
            self.tick()
            if self._marks() == before:
                return
        raise AssertionError(f"it never comes to rest: {self._marks()}")

    def _marks(self) -> Any:
        return (
            [len(stream.messages) for stream in self.bus.streams.values()],
            [(tables.shard.head, sorted(tables.tracking.items())) for tables in self.tables.values()],
            [sorted(tables.deadlines) for tables in self.tables.values()],
        )

    def close(self) -> None:
        for owner in self.owners:
            owner.kill()
        self.loop.run_idle()


class _Clock:
    """Time as ``commit_for_certain`` knows it: its pauses pass at once."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def monotonic(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self._seconds += seconds


@contextmanager
def simulated() -> Iterable[None]:  # type: ignore[misc]
    """Within this, nothing logs and nothing sleeps."""
    before, clock = certain_commit.time, _Clock()
    certain_commit.time = SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep)  # type: ignore[assignment]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("critical"), logger_factory=structlog.ReturnLoggerFactory()
    )
    try:
        yield
    finally:
        certain_commit.time = before
        structlog.reset_defaults()
