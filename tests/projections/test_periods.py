"""The history's partitions: made when they are needed, once, whatever time an event claims."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from psycopg import sql

from services.projections.history import queries
from services.projections.history.periods import make_periods, period_of, periods_of
from services.projections.history.view import HistoryView
from shared.contracts import member_events as events
from tests.projections import making
from tests.projections.folding import fold
from tests.projections.making import ADA, ADA_KEY, NOON
from tests.waiting import until_async


@pytest.mark.parametrize(
    ("time", "table"),
    [
        (datetime(1991, 5, 1, tzinfo=UTC), "history_earlier"),
        (datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), "history_earlier"),
        (datetime(2000, 1, 1, tzinfo=UTC), "history_2000"),
        (datetime(2019, 12, 31, 23, 59, tzinfo=UTC), "history_2019"),
        (datetime(2020, 1, 1, tzinfo=UTC), "history_2020_01"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-1))), "history_2027_01"),
        (datetime(2100, 1, 1, tzinfo=UTC), "history_later"),
    ],
)
def test_a_time_belongs_to_its_month_or_long_ago_to_its_year(time, table):
    period = period_of(time)
    assert period.table == table
    assert period.first is None or period.first <= time
    assert period.after is None or time < period.after


def test_periods_follow_each_other_without_a_gap():
    period = period_of(datetime(1990, 1, 1, tzinfo=UTC))
    count = 1
    while period.after is not None:
        following = period_of(period.after)
        assert following.first == period.after
        period, count = following, count + 1
    assert count == 20 + 80 * 12 + 2


async def test_an_archive_of_many_years_is_told_in_order(connection, schemas):
    stream = making.MemberEvents()
    times = [NOON - timedelta(days=200 * number) for number in range(60)]
    messages = [stream.add(events.Joined(member=ADA), at=time) for time in times[::-1]]
    await fold(connection, HistoryView(), messages)
    place, told = None, []
    while page := await queries.history_page(connection, [ADA_KEY], place, 7):
        told += [row.time for row in page]
        place = queries.EventPlace(time=page[-1].time, key=page[-1].key)
    assert told == times
    found = await queries.events(connection, [messages[0].key, messages[-1].key, "unknown"])
    assert {row.time for row in found.values()} == {times[0], times[-1]}


async def test_a_repetition_with_another_time_changes_nothing(connection, schemas):
    stream = making.MemberEvents()
    first = stream.add(events.Joined(member=ADA), at=NOON, event_id="join:u1")
    again = stream.add(events.Joined(member=ADA), at=NOON + timedelta(days=90), event_id="join:u1")
    await fold(connection, HistoryView(), [first], [again])
    row = await (await connection.execute("SELECT count(*), max(time) FROM history")).fetchone()
    assert row == (1, NOON)
    assert (await queries.members(connection, [ADA_KEY]))[ADA_KEY].events == 1


async def test_two_folds_that_need_the_same_partitions_and_a_reader_do_not_hinder_each_other(
    postgres_url: str, connection: psycopg.AsyncConnection[Any], schemas: list[str]
) -> None:
    path = sql.SQL(", ").join(sql.Identifier(schema) for schema in schemas)
    times = [NOON - timedelta(days=40 * number) for number in range(10)]

    async def need_them() -> None:
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as other:
            await other.execute(sql.SQL("SET search_path TO {}").format(path))
            async with other.transaction():
                await make_periods(other, periods_of(times))

    async with connection.transaction():
        await connection.execute("SELECT count(*) FROM history")
        async with asyncio.timeout(60):
            await asyncio.gather(need_them(), need_them(), need_them())
    found = await connection.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'history'::regclass")
    assert await found.fetchone() == (10,)


async def test_a_fold_that_waits_until_another_has_made_the_partition_loses_nothing(
    postgres_url: str, connection: psycopg.AsyncConnection[Any], schemas: list[str]
) -> None:
    stream = making.MemberEvents()
    first, second = (stream.add(events.Joined(member=ADA), at=NOON, event_id=f"join:{number}") for number in range(2))
    path = sql.SQL(", ").join(sql.Identifier(schema) for schema in schemas)
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as other:
        await other.execute(sql.SQL("SET search_path TO {}").format(path))
        async with asyncio.timeout(60), connection.transaction():
            await HistoryView().fold(connection, [first])
            folding = asyncio.create_task(fold(other, HistoryView(), [second]))
            await until_async(lambda: _waits(connection, other.info.backend_pid))
        await folding
    row = await (await connection.execute("SELECT count(*) FROM history")).fetchone()
    assert row == (2,)


async def _waits(connection: psycopg.AsyncConnection[Any], pid: int) -> bool:
    found = await connection.execute("SELECT FROM pg_locks WHERE pid = %s AND NOT granted", (pid,))
    return found.rowcount == 1
