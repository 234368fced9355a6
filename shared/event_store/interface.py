"""What an owner asks of its partition's store, whatever keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import ParamSpec, Protocol, TypeVar

from eventsourcing.persistence import Notification

from shared.decider import Place
from shared.event_store.codec import EventCodec
from shared.event_store.recorder import Commit, DeadlineRow, Lease
from shared.event_store.stored import Loaded, Opened, Outlet

P = ParamSpec("P")
T = TypeVar("T")


class Store(Protocol):
    """One partition's store; ``PartitionStore`` says what each method means and raises."""

    partition: int
    codec: EventCodec

    async def aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do ``work``, which reads or writes the store, without holding up the event loop."""
        ...

    def beside(self, work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[None]:
        """Begin ``work`` as ``aside`` does it, and go on."""
        ...

    def open(self, lease: Lease, readers: Iterable[str]) -> Opened: ...  # noqa: D102

    def load(self, streams: Sequence[str]) -> dict[str, Loaded]: ...  # noqa: D102

    def known(self, ids: Sequence[str]) -> set[str]: ...  # noqa: D102

    def deadlines(self, *, after: DeadlineRow | None, suspended: Sequence[str], limit: int) -> list[DeadlineRow]: ...  # noqa: D102

    def waiting(self, line: str, limit: int, after: Place | None = None) -> list[Place]: ...  # noqa: D102

    def events_after(self, position: int, *, limit: int, topics: Sequence[str]) -> Sequence[Notification]: ...  # noqa: D102

    def head(self) -> int: ...  # noqa: D102

    def confirm(self, lease: Lease) -> Outlet: ...  # noqa: D102

    def relayed(self, lease: Lease) -> int: ...  # noqa: D102

    def note_relayed(self, lease: Lease, position: int, seq: int = 0) -> None: ...  # noqa: D102

    def outlet(self, lease: Lease) -> Outlet: ...  # noqa: D102

    def note_halted(self, lease: Lease, why: str | None) -> None: ...  # noqa: D102

    def commit(self, lease: Lease, commit: Commit) -> None: ...  # noqa: D102
