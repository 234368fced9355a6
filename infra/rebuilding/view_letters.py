"""The dead letters of a view that is rebuilt: some messages can be folded now, others not any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from shared.dead_letters import park
from shared.event_store.recorder import DeadLetter

_SERVICE = "projections"
_LETTERS = Identifier(_SERVICE, "dead_letters")


async def ended_letters(connection: psycopg.AsyncConnection[Any], shard: str) -> dict[str, frozenset[int]]:
    """Return, by stream, the sequences of the messages whose letters were retried or dropped."""
    cursor = await connection.execute(
        SQL(
            "SELECT stream, array_agg(seq) FROM {} WHERE shard = %s AND outcome IN ('retried', 'dropped') "
            "GROUP BY stream"
        ).format(_LETTERS),
        (shard,),
    )
    return {stream: frozenset(sequences) for stream, sequences in await cursor.fetchall()}


async def keep_letters(
    connection: psycopg.AsyncConnection[Any],
    shard: str,
    parked: Sequence[DeadLetter],
    passed_over: Mapping[str, frozenset[int]],
) -> None:
    """Park what the new copy could not fold, and end, as rebuilt, the letters of what it folded."""
    places = {(letter.stream, letter.seq) for letter in parked}
    cursor = await connection.execute(
        SQL("SELECT stream, seq, outcome FROM {} WHERE shard = %s").format(_LETTERS), (shard,)
    )
    for stream, seq, outcome in await cursor.fetchall():
        folded = (stream, seq) not in places and seq not in passed_over.get(stream, frozenset())
        if folded and outcome != "rebuilt":
            await connection.execute(
                SQL(
                    "UPDATE {} SET outcome = 'rebuilt', ended_at = clock_timestamp(), ended_by = 'warmline rebuild' "
                    "WHERE (shard, stream, seq) = (%s, %s, %s)"
                ).format(_LETTERS),
                (shard, stream, seq),
            )
    for letter in parked:
        await park(connection, _SERVICE, shard, letter)
