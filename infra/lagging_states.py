"""States that lag behind their log, brought up to date as their owner does it when he loads them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Composable

from infra.log_folding import FoldedStream, Rows, folded
from shared.event_store.codec import EventCodec, UnknownStoredTypeError

_CHUNK: Final = 500
_SINCE: Final = SQL(
    "SELECT stream, originator_version, topic, state FROM unnest(%s::text[], %s::bigint[]) AS known (stream, version) "
    "JOIN {} ON originator_id = stream AND originator_version > version ORDER BY 1, 2"
)
_LAGGING: Final = SQL(
    "SELECT stream, version, state FROM {states} WHERE stream > %s AND stream < %s AND EXISTS "
    "(SELECT FROM {log} WHERE originator_id = stream AND originator_version > version) ORDER BY 1 LIMIT %s"
)
_WRITE: Final = SQL(
    "UPDATE {} AS s SET version = n.version, state = n.state "
    "FROM unnest(%s::text[], %s::bigint[], %s::bytea[]) AS n (stream, version, state) WHERE s.stream = n.stream"
)

Stored = tuple[str, int, bytes]
"""A row of a table of states: stream, version and state."""


async def current_states(
    connection: psycopg.AsyncConnection[Any], codec: EventCodec, log: Composable, stored: Sequence[Stored]
) -> dict[str, Any]:
    """Return the states of the streams that are ``stored``, each after all that its ``log`` holds.

    Raises UnknownStoredTypeError for what this build cannot read.
    """
    since = await _since(connection, codec, log, stored)
    return {one[0]: codec.decode_state(one[0], _after(codec, one, since.get(one[0], ())).state) for one in stored}


async def bring_up(
    connection: psycopg.AsyncConnection[Any], codec: EventCodec, *, states: Composable, log: Composable
) -> None:
    """Write into the table of ``states`` those that lag as they are after the ``log``; what cannot be read stays."""
    for category in codec.lagging:
        last, end = f"{category}:", f"{category};"
        lagging = _LAGGING.format(states=states, log=log)
        while rows := await (await connection.execute(lagging, (last, end, _CHUNK))).fetchall():
            since = await _since(connection, codec, log, rows)
            new = []
            for row in rows:
                try:
                    new.append(_after(codec, row, since[row[0]]))
                except (UnknownStoredTypeError, KeyError):
                    continue
            columns = ([one.stream for one in new], [one.version for one in new], [one.state for one in new])
            await connection.execute(_WRITE.format(states), columns)
            last = rows[-1][0]


async def _since(
    connection: psycopg.AsyncConnection[Any], codec: EventCodec, log: Composable, stored: Sequence[Stored]
) -> dict[str, Rows]:
    lagging = [one for one in stored if codec.decider_of(one[0]).lags]
    versions = ([stream for stream, _, _ in lagging], [version for _, version, _ in lagging])
    rows = await (await connection.execute(_SINCE.format(log), versions)).fetchall()
    return {stream: list(events) for stream, events in groupby(rows, key=itemgetter(0))}


def _after(codec: EventCodec, stored: Stored, events: Rows) -> FoldedStream:
    stream, version, state = stored
    return folded(codec, stream, events, (version, codec.decode_state(stream, bytes(state))))
