"""How many dead letters wait for somebody to look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from infra.shards import SERVICES

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLetters:
    """The open letters of one service; ``oldest_seconds`` is for how long the oldest is parked, 0 without any.

    ``dropped`` are those that somebody has dropped: they are folded nowhere.
    """

    service: str
    count: int
    oldest_seconds: float
    dropped: int


async def open_letters(connection: psycopg.AsyncConnection[Any]) -> list[OpenLetters]:
    """Return the open letters of every service."""
    query = SQL(" UNION ALL ").join(
        SQL(
            "SELECT {service} AS service, count(*) FILTER (WHERE outcome IS NULL) AS count, "
            "coalesce(extract(epoch FROM clock_timestamp() - min(parked_at) FILTER (WHERE outcome IS NULL)), 0)"
            "::float8 AS oldest_seconds, count(*) FILTER (WHERE outcome = 'dropped') AS dropped FROM {table}"
        ).format(service=service, table=Identifier(service, "dead_letters"))
        for service in SERVICES
    )
    async with connection.cursor(row_factory=class_row(OpenLetters)) as cursor:
        await cursor.execute(query)
        return await cursor.fetchall()


def told(found: list[OpenLetters]) -> str:
    """Return the open letters in words."""
    parked = [one for one in found if one.count]
    if not parked:
        return "none: everything could be processed"
    services = ", ".join(f"{one.count:,} of {one.service}" for one in parked)
    oldest = age(max(one.oldest_seconds for one in parked))
    return f"{services}, the oldest for {oldest}. See: warmline dead list"


def age(seconds: float) -> str:
    """Return a length of time as people say it, by its largest unit."""
    for unit, length in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
