"""When the deadlines of rebuilt states are due and were armed: what the log does not say."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from infra.dead_letters.letter import DEADLINE
from shared.event_store.stored import EPOCH
from shared.workspace import LATE_GRACE

# A deadline that could not be fired stands in no table, but in a letter: a letter is of the time at which it was due,
# which is never before the time that its stream wants.
_PARKED: Final = SQL(
    "DELETE FROM {fresh} AS f WHERE NOT EXISTS (SELECT FROM {live} AS l WHERE (l.stream, l.name) = (f.stream, f.name)) "
    "AND EXISTS (SELECT FROM {letters} AS d WHERE d.shard = %(shard)s AND d.outcome IS DISTINCT FROM 'retried' "
    "AND d.stream = %(deadline)s || f.name || ' of ' || f.stream AND (d.headers ->> 'due')::timestamptz >= f.due)"
)
# One that was past when it was armed is due later than its stream wants, and is the same.
_AS_IT_STANDS: Final = SQL(
    "UPDATE {fresh} AS f SET due = l.due, armed_at = l.armed_at FROM {live} AS l "
    "WHERE (l.stream, l.name) = (f.stream, f.name) AND (l.due = f.due OR (l.due > f.due AND f.due <= l.armed_at))"
)
_NEW: Final = SQL(
    "UPDATE {fresh} AS f SET armed_at = s.clock, due = CASE WHEN due > s.clock THEN due ELSE s.clock + %(grace)s END "
    "FROM {shards} AS s WHERE s.shard = %(shard)s AND f.armed_at = %(epoch)s"
)


async def arm_deadlines(connection: psycopg.AsyncConnection[Any], service: str, partition: int, fresh: str) -> None:
    """Arm the deadlines of a partition's copy as the live ones are; those that do not stand there, at its clock.

    Nobody may write the partition meanwhile.
    """
    tables = {
        "fresh": Identifier(fresh, f"p{partition}_deadlines"),
        "live": Identifier(service, f"p{partition}_deadlines"),
        "letters": Identifier(service, "dead_letters"),
        "shards": Identifier(service, "shards"),
    }
    values = {"shard": str(partition), "deadline": DEADLINE, "grace": LATE_GRACE, "epoch": EPOCH}
    for statement in (_PARKED, _AS_IT_STANDS, _NEW):
        await connection.execute(statement.format(**tables), values)
