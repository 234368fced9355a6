"""Folding a partition's log stream by stream, as its states are made, without its owner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg.sql import SQL, Composable

from shared.decider import Deadline
from shared.event_store.codec import EventCodec

Rows = Sequence[tuple[Any, ...]]
"""Rows of a log: stream, version, topic, state."""

_CHUNK: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedStream:
    """A stream's state as it is stored, its place in a waiting line, and the deadlines that it wants."""

    stream: str
    version: int
    state: bytes
    line: str | None
    rank: float | None
    deadlines: tuple[Deadline, ...]


def folded(
    codec: EventCodec, stream: str, rows: Iterable[tuple[Any, ...]], before: tuple[int, Any] | None
) -> FoldedStream:
    """Return ``stream`` after ``rows``, which follow on the version and state in ``before``.

    Raises UnknownStoredTypeError or KeyError for what this build cannot read.
    """
    decider = codec.decider_of(stream)
    version, state = before or (0, decider.initial)
    for _, version, topic, stored in rows:
        event = StoredEvent(originator_id=stream, originator_version=version, topic=topic, state=stored)
        state = decider.evolve(state, codec.to_domain_event(event).event)
    place = decider.standing(state)
    return FoldedStream(
        stream=stream,
        version=version,
        state=codec.encode_state(state),
        line=place.line if place else None,
        rank=place.rank if place else None,
        deadlines=decider.deadlines(state),
    )


async def streams_of_log(
    connection: psycopg.AsyncConnection[Any], log: Composable, *, after: int, until: int
) -> AsyncIterator[list[tuple[str, list[tuple[Any, ...]]]]]:
    """Yield, in portions, each stream of ``log`` with its rows at the positions in (``after``, ``until``], in order."""
    query = SQL(
        "SELECT originator_id, originator_version, topic, state FROM {} "
        "WHERE (originator_id, originator_version) > (%s, %s) AND notification_id > %s AND notification_id <= %s "
        "ORDER BY 1, 2 LIMIT %s"
    ).format(log)
    last: tuple[Any, ...] = ("", 0)
    carry: list[tuple[Any, ...]] = []
    while True:
        rows = await (await connection.execute(query, (*last, after, until, _CHUNK))).fetchall()
        if not rows:
            break
        last = rows[-1][:2]
        carry += rows
        complete = [row for row in carry if row[0] != last[0]]
        carry = carry[len(complete) :]
        if complete:
            yield _by_stream(complete)
    if carry:
        yield _by_stream(carry)


def _by_stream(rows: Rows) -> list[tuple[str, list[tuple[Any, ...]]]]:
    return [(stream, list(group)) for stream, group in groupby(rows, key=itemgetter(0))]
