"""Ending letters: they stay as records of what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from infra.dead_letters.letter import Letter
from infra.shards import SERVICES


async def drop(connection: psycopg.AsyncConnection[Any], letters: Sequence[Letter], by: str) -> int:
    """End the open ones of ``letters`` as dropped by ``by``; return how many that were."""
    count = 0
    async with connection.transaction():
        for letter in letters:
            cursor = await connection.execute(
                SQL(
                    "UPDATE {} SET outcome = 'dropped', ended_at = clock_timestamp(), ended_by = %s "
                    "WHERE (shard, stream, seq) = (%s, %s, %s) AND outcome IS NULL"
                ).format(Identifier(letter.service, "dead_letters")),
                (by, letter.shard, letter.stream, letter.seq),
            )
            count += cursor.rowcount
    return count


async def end_as_retried(connection: psycopg.AsyncConnection[Any], stream: str, seq: int, by: str) -> None:
    """End every letter of one message as retried by ``by``, whosever it is: one copy serves all who parked it."""
    async with connection.transaction():
        for service in SERVICES:
            await connection.execute(
                SQL(
                    "UPDATE {} SET outcome = 'retried', ended_at = clock_timestamp(), ended_by = %s "
                    "WHERE (stream, seq) = (%s, %s) AND (outcome IS NULL OR outcome = 'dropped')"
                ).format(Identifier(service, "dead_letters")),
                (by, stream, seq),
            )
