"""Reading dead letters out of all services' schemas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Composed, Identifier

from infra.dead_letters.letter import DEADLINE, Letter, Wanted
from infra.operator_error import OperatorError
from infra.shards import SERVICES
from shared.contracts.subjects import MEMBER_EVENTS

_ID: Final = re.compile(r"[0-9a-f]{4,12}")
_COLUMNS: Final = SQL(
    "id, service, shard, stream, seq, community, subject, headers, error, trace_id, tries, parked_at, outcome, "
    "ended_at, ended_by"
)
_OF_SERVICE: Final = SQL("""(
    SELECT left(md5(concat_ws('/', {service}, shard, stream, seq)), 12) AS id, {service} AS service, *,
        nullif(CASE WHEN starts_with(stream, {deadline}) THEN headers ->> 'community'
            WHEN stream = {member_events} THEN split_part(subject, '.', 4)
            ELSE split_part(subject, '.', 2) END, '') AS community
    FROM {table})""")


async def find(connection: psycopg.AsyncConnection[Any], wanted: Wanted) -> list[Letter]:
    """Return the letters that are meant, oldest first."""
    return await _select(
        connection,
        SQL(
            "(%(service)s::text IS NULL OR service = %(service)s) "
            "AND (%(community)s::text IS NULL OR community = %(community)s) "
            "AND (%(stream)s::text IS NULL OR stream = %(stream)s) AND (%(ended)s OR outcome IS NULL)"
        ),
        {
            "service": wanted.service,
            "community": wanted.community,
            "stream": wanted.stream,
            "ended": wanted.ended,
        },
    )


async def by_id(connection: psycopg.AsyncConnection[Any], ids: Sequence[str]) -> list[Letter]:
    """Return the letters with these ids, or beginnings of ids; raises OperatorError where it is not one letter."""
    letters = []
    for start in dict.fromkeys(ids):
        if not _ID.fullmatch(start):
            raise OperatorError(f"{start!r} is no id of a dead letter. For all of them: warmline dead list")
        found = await _select(connection, SQL("starts_with(id, %(start)s)"), {"start": start})
        if not found:
            raise OperatorError(f"There is no dead letter {start}. For all of them: warmline dead list --ended")
        if len(found) > 1:
            among = ", ".join(letter.id for letter in found)
            raise OperatorError(f"{start} is the beginning of several ids: {among}. Write more of the one you mean.")
        letters += found
    return letters


async def copies_parked(connection: psycopg.AsyncConnection[Any], stream: str, seq: int) -> list[Letter]:
    """Return the open letters of one message."""
    return await _select(
        connection, SQL("stream = %(stream)s AND seq = %(seq)s AND outcome IS NULL"), {"stream": stream, "seq": seq}
    )


async def body_of(connection: psycopg.AsyncConnection[Any], letter: Letter) -> bytes:
    """Return the body of the letter's message."""
    query = SQL("SELECT body FROM {} WHERE (shard, stream, seq) = (%s, %s, %s)").format(
        Identifier(letter.service, "dead_letters")
    )
    row = await (await connection.execute(query, (letter.shard, letter.stream, letter.seq))).fetchone()
    return bytes(row[0]) if row else b""


async def _select(connection: psycopg.AsyncConnection[Any], condition: SQL, parameters: dict[str, Any]) -> list[Letter]:
    query = SQL("SELECT {} FROM ({}) AS letters WHERE {} ORDER BY parked_at, service, shard, stream, seq").format(
        _COLUMNS, _letters(), condition
    )
    async with connection.cursor(row_factory=class_row(Letter)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()


def _letters() -> Composed:
    return SQL(" UNION ALL ").join(
        _OF_SERVICE.format(
            service=service,
            table=Identifier(service, "dead_letters"),
            deadline=DEADLINE,
            member_events=MEMBER_EVENTS,
        )
        for service in SERVICES
    )
