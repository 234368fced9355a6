"""The partitions of ``history``: a month each, and a year each where events are few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.sql import SQL, Identifier, Literal

_FIRST_YEAR: Final = 2000
_FIRST_YEAR_OF_MONTHS: Final = 2020
_YEAR_AFTER: Final = 2100
MISSING: Final = (
    "SELECT name FROM unnest(%(periods)s::text[]) AS n (name) WHERE (SELECT oid FROM pg_class WHERE relname = name "
    "AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'history'::regclass)) IS NULL"
)
"""Which periods have no table yet. ``to_regclass`` would not see those that another has just made: it has a cache.

As a value of each name, it is looked up by index: as NOT EXISTS, PostgreSQL reads the names of all tables there are.
"""
_LOCK: Final = 0x706572696F64  # an advisory lock's number: two folds that need the same partition make it once


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time whose events have a table of their own: from ``first``, before ``after``; None is unbounded.

    There is a bounded number of them, whatever times a source claims.
    """

    table: str
    first: datetime | None
    after: datetime | None


def period_of(time: datetime) -> Period:
    """Return the period that ``time`` belongs to, by UTC."""
    moment = time.astimezone(UTC)
    year, month = moment.year, moment.month
    if year < _FIRST_YEAR:
        return Period(table="history_earlier", first=None, after=_beginning(_FIRST_YEAR))
    if year >= _YEAR_AFTER:
        return Period(table="history_later", first=_beginning(_YEAR_AFTER), after=None)
    if year < _FIRST_YEAR_OF_MONTHS:
        return Period(table=f"history_{year}", first=_beginning(year), after=_beginning(year + 1))
    following = _beginning(year + 1) if month == 12 else _beginning(year, month + 1)
    return Period(table=f"history_{year}_{month:02}", first=_beginning(year, month), after=following)


def period_named(table: str) -> Period:
    """Return the period whose table is ``table``."""
    if table == "history_earlier":
        return period_of(_beginning(_FIRST_YEAR - 1))
    if table == "history_later":
        return period_of(_beginning(_YEAR_AFTER))
    return period_of(_beginning(*map(int, table.split("_")[1:])))


def periods_of(times: Iterable[datetime]) -> list[str]:
    """Return the names of the periods that events of ``times`` belong to."""
    moments = (time.astimezone(UTC) for time in times)
    of_each_month = {(moment.year, moment.month): moment for moment in moments}
    return sorted({period_of(moment).table for moment in of_each_month.values()})


async def make_periods(connection: psycopg.AsyncConnection[Any], tables: Sequence[str]) -> None:
    """Make those of the periods named ``tables`` that are missing, within the caller's transaction.

    Nobody who reads or writes ``history`` waits for it.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    missing = await connection.execute(MISSING, {"periods": tables})
    for (table,) in await missing.fetchall():
        period = period_named(table)
        await connection.execute(SQL("CREATE TABLE {} (LIKE history INCLUDING ALL)").format(Identifier(table)))
        # Attached and not created as a partition: that would lock the whole history for everybody.
        await connection.execute(
            SQL("ALTER TABLE history ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                Identifier(table), _bound(period.first, "MINVALUE"), _bound(period.after, "MAXVALUE")
            )
        )


def _beginning(year: int, month: int = 1) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


def _bound(moment: datetime | None, unbounded: LiteralString) -> Literal | SQL:
    return SQL(unbounded) if moment is None else Literal(moment.isoformat())
