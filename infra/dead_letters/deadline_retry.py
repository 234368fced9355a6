"""Retrying deadlines: each is set again, for now, in the store of its partition."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from infra.dead_letters.letter import Letter
from infra.dead_letters.message_retry import NotRetriedError
from infra.event_stores import STORES
from infra.lagging_states import current_states

_LEAST: Final = timedelta(microseconds=1)


async def retry_deadline(connection: psycopg.AsyncConnection[Any], letter: Letter, by: str) -> datetime:
    """Set the letter's deadline again and end the letter; return when it is due, which is at once.

    One transaction takes the partition from its owner, so that whoever owns it next reads the deadline from its table.
    It is due, and armed, at the moment that the letter says it ended: a replay that comes to the parked deadline moves
    it there, and fires it before the same message. Raises NotRetriedError.
    """
    name = letter.headers["name"]
    async with connection.transaction():
        clock = await _take(connection, letter)
        await _refuse_superseded(connection, letter, name)
        row = await _row(connection, "SELECT clock_timestamp()")
        due: datetime = max(row[0], clock + _LEAST)
        await connection.execute(
            SQL("INSERT INTO {} (stream, name, community, due, armed_at) VALUES (%s, %s, %s, %s, %s)").format(
                _table(letter, f"p{letter.shard}_deadlines")
            ),
            (letter.subject, name, letter.headers["community"], due, due),
        )
        ended = await connection.execute(
            SQL(
                "UPDATE {} SET outcome = 'retried', ended_at = %s, ended_by = %s "
                "WHERE (shard, stream, seq) = (%s, %s, %s) AND outcome IS DISTINCT FROM 'retried'"
            ).format(_table(letter, "dead_letters")),
            (due, by, letter.shard, letter.stream, letter.seq),
        )
        if ended.rowcount != 1:
            raise NotRetriedError("it was retried meanwhile")
    return due


async def _take(connection: psycopg.AsyncConnection[Any], letter: Letter) -> datetime:
    """Fence the partition's owner, so that no commit of it is under way until the end; return the partition's clock."""
    row = await _row(
        connection,
        SQL(
            "UPDATE {} SET owner = 'warmline dead retry', epoch = epoch + 1, expires_at = clock_timestamp() "
            "WHERE shard = %s RETURNING clock"
        ).format(_table(letter, "shards")),
        letter.shard,
    )
    clock: datetime = row[0]
    return clock


async def _refuse_superseded(connection: psycopg.AsyncConnection[Any], letter: Letter, name: str) -> None:
    later = await _row(
        connection,
        SQL("SELECT EXISTS (SELECT FROM {} WHERE (shard, stream) = (%s, %s) AND seq > %s)").format(
            _table(letter, "dead_letters")
        ),
        letter.shard,
        letter.stream,
        letter.seq,
    )
    if later[0]:
        raise NotRetriedError("a later letter stands for the same deadline: retry that one, and drop this")
    standing = await _row(
        connection,
        SQL("SELECT EXISTS (SELECT FROM {} WHERE (stream, name) = (%s, %s))").format(
            _table(letter, f"p{letter.shard}_deadlines")
        ),
        letter.subject,
        name,
    )
    if standing[0]:
        raise NotRetriedError("the deadline is set again by itself, for another time: drop the letter")
    states, log = (_table(letter, f"p{letter.shard}_{name}") for name in ("states", "events"))
    query = SQL("SELECT stream, version, state FROM {} WHERE stream = %s").format(states)
    stored = await (await connection.execute(query, (letter.subject,))).fetchall()
    codec = STORES[letter.service].codec()
    decider = codec.decider_of(letter.subject)
    state = (await current_states(connection, codec, log, stored)).get(letter.subject, decider.initial)
    if name not in {deadline.name for deadline in decider.deadlines(state)}:
        raise NotRetriedError("what it was set for has ended meanwhile: drop the letter")


async def _row(connection: psycopg.AsyncConnection[Any], query: Any, *parameters: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = await (await connection.execute(query, parameters)).fetchone()
    if row is None:
        raise NotRetriedError("its shard is not provisioned. Run: warmline provision")
    return row


def _table(letter: Letter, name: str) -> Identifier:
    return Identifier(letter.service, name)
