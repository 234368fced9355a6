"""The checker is checked: each protection is taken away in turn, and the machines must find out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError

from services.projections.queue import rows
from shared import relay, workspace
from shared.contracts.touch_facts import TouchClaimed
from shared.event_store import certain_commit
from shared.event_store.recorder import Commit, Lease
from shared.partition.firing import Firing
from tests.simulation import memory_store
from tests.simulation.fake_bus import FakeConsumer
from tests.simulation.faulty_machine import FaultyMachine
from tests.simulation.kernel_machine import Kernel
from tests.simulation.line_machine import Line
from tests.simulation.memory_store import MemoryStore, Tables
from tests.simulation.owner import Owner
from tests.simulation.running import run

Plant = Callable[[pytest.MonkeyPatch], None]


def no_inbox(patch: pytest.MonkeyPatch) -> None:
    """What was processed is not remembered."""
    patch.setattr(MemoryStore, "known", lambda _self, _ids: set())
    commit = Tables.commit

    def forgetting(self: Tables, lease: Lease, one: Commit) -> bool:
        self.inbox.clear()
        return commit(self, lease, one)

    patch.setattr(Tables, "commit", forgetting)


def no_fence(patch: pytest.MonkeyPatch) -> None:
    """Whoever once had the lease may write, wherever the log and the position are by now."""
    patch.setattr(Tables, "fence", lambda _self, _lease, _commit: True)


def no_positions(patch: pytest.MonkeyPatch) -> None:
    """The position is not part of the transaction: a crash after COMMIT loses it."""
    commit = Tables.commit

    def apart(self: Tables, lease: Lease, one: Commit) -> bool:
        before = dict(self.tracking)
        done = commit(self, lease, one)
        if one.commits % 3 == 2:
            self.tracking = before
        return done

    patch.setattr(Tables, "commit", apart)
    patch.setattr(Tables, "fence", lambda self, lease, _commit: self.held(lease))
    no_inbox(patch)


def no_look_after_a_lost_reply(patch: pytest.MonkeyPatch) -> None:
    """A commit whose reply was lost counts as done."""

    def hopeful(lease: Lease, commit: Commit, write: Any, *_: Any) -> None:
        try:
            if not write(lease, commit):
                raise certain_commit.FencedError(lease.shard)
        except certain_commit.OperationalError:
            pass

    patch.setattr(memory_store, "commit_for_certain", hopeful)


def no_grace(patch: pytest.MonkeyPatch) -> None:
    """A deadline that is past when it is set fires in the same breath."""
    patch.setattr(workspace, "LATE_GRACE", timedelta())


def no_patience(patch: pytest.MonkeyPatch) -> None:
    """Deadlines fire by the wall clock while messages wait unread."""

    async def now(self: FakeConsumer) -> Any:
        return self._bus.now()

    patch.setattr(FakeConsumer, "idle_since", now)


def no_deadline_first(patch: pytest.MonkeyPatch) -> None:
    """Messages are folded past what is due before them."""
    patch.setattr(Firing, "may_be_due", lambda _self, _clock: False)


def no_cursor(patch: pytest.MonkeyPatch) -> None:
    """A relay does not look at how far its predecessor came."""

    async def nothing(_self: Owner, *_: Any) -> int:
        return 0

    patch.setattr(Owner, "_published", nothing)
    patch.setattr(MemoryStore, "relayed", lambda _self, _lease: 0)


def no_cursor_from_the_stream(patch: pytest.MonkeyPatch) -> None:
    """A relay goes by what it noted, not by what the stream holds."""

    async def nothing(_self: Owner, *_: Any) -> int:
        return 0

    patch.setattr(Owner, "_published", nothing)


def no_reading_again(patch: pytest.MonkeyPatch) -> None:
    """A relay whose publication failed goes on after it."""
    drain = relay.Relay._drain

    async def careless(self: relay.Relay, cursor: int) -> int:
        try:
            return await drain(self, cursor)
        except relay.PublishUnavailableError:
            return self._store.head()

    patch.setattr(relay.Relay, "_drain", careless)


def no_look_at_the_lease(patch: pytest.MonkeyPatch) -> None:
    """A relay publishes without looking whether the partition is still its own."""
    patch.setattr(MemoryStore, "confirm", lambda _self, _lease: None)


def no_limits(patch: pytest.MonkeyPatch) -> None:
    """Nobody's limit counts."""
    for module in ("choice", "roster"):
        patch.setattr(f"services.notifier.{module}.over_limit", lambda *_: None)


def no_claims_in_the_view(patch: pytest.MonkeyPatch) -> None:
    """The view takes a claim for no change."""
    patch.delitem(rows.STANDINGS, TouchClaimed)


PLANTS: list[tuple[Plant, type[FaultyMachine], str]] = [
    (no_inbox, Kernel, "not each message once"),
    (no_fence, Kernel, "the head is not where|events_pkey|a second writer"),
    (no_fence, Line, "the head is not where|events_pkey|a second writer"),
    (no_positions, Kernel, "not each message once"),
    (no_look_after_a_lost_reply, Kernel, "not each message once|did not fire|another log|of an earlier moment"),
    (no_grace, Line, "answered before"),
    (no_patience, Line, "answered before|another log"),
    (no_deadline_first, Kernel, "too late or too early|another log"),
    (no_deadline_first, Line, "another log|not in the queue|in the queue without need"),
    (no_cursor, Kernel, "published twice"),
    (no_cursor_from_the_stream, Kernel, "published twice"),
    (no_reading_again, Kernel, "not all is published|not the log's beginning"),
    (no_look_at_the_lease, Kernel, "published twice"),
    (no_limits, Line, "over the limit"),
    (no_claims_in_the_view, Line, "the view"),
]


@pytest.mark.parametrize(
    ("plant", "machine", "verdict"),
    PLANTS,
    ids=[f"{plant.__name__}-{machine.__name__}" for plant, machine, _ in PLANTS],
)
def test_it_is_found(plant: Plant, machine: type[FaultyMachine], verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError, ExceptionGroup)) as found:
        run(machine, 1_000, number=1, shrink=False)
    assert re.search(verdict, repr(found.value))
