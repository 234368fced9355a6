"""What stands in a partition's store, as the store tells it: where the partition is, its outlet, and a stream."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from eventsourcing.persistence import StoredEvent

from shared.event_store.codec import EventCodec

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Where a partition stands when its owner opens it; ``positions`` is by reader."""

    head: int
    commits: int
    clock: datetime
    positions: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Where the log was last published: the stream with its identity, and the last sequence there, 0 when unknown."""

    reader: str
    seq: int


class Loaded(NamedTuple):
    """A stream as its log has it; ``size`` is that of the stored state, ``since`` that of the events it lags behind.

    ``earlier_form`` when the state is stored as an earlier build wrote it.
    """

    version: int
    state: Any
    size: int
    since: int = 0
    earlier_form: bool = False

    def followed_by(self, events: Iterable[StoredEvent], codec: EventCodec) -> Loaded:
        """Return the stream after the ``events`` that follow in its log; raises as ``EventCodec.whole_event`` does."""
        version, state, size, since, earlier_form = self
        for event in events:
            version, since = event.originator_version, since + len(event.state)
            state = codec.decider_of(str(event.originator_id)).evolve(state, codec.whole_event(event).event)
        return Loaded(version, state, size, since, earlier_form)
