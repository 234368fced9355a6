"""The rounds over the database, on a real one: page by page, and by a clock of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from nats.aio.client import Client

from infra.audit import touch_rounds
from infra.audit.overdue import OverdueMemory, oldest_overdue
from infra.audit.rhythm import DAY, HOUR
from infra.audit.source_rounds import ROUND_SECONDS, SourceRounds
from infra.audit.touch_rounds import TouchRounds
from infra.looking.database import DatabaseLook, look_at_database
from infra.provision import provision
from infra.readers import Lag, Reader
from services.notifier.service import notifier_codec
from services.notifier.touch import TouchState
from shared.contracts.subjects import MEMBER_EVENTS
from shared.topology import GIB, StreamSettings
from tests.notifier.people import need

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PARTITIONS = 2


@pytest_asyncio.fixture
async def database(nats_url: str, database_url: str, client: Client) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A provisioned database in which every shard is owned, read as the auditor does."""
    assert client.is_connected
    await provision(nats_url, database_url, PARTITIONS, StreamSettings(max_bytes=GIB))
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        for service in ("triage", "notifier"):
            await connection.execute(
                f"UPDATE {service}.shards SET owner = 'o', expires_at = 'infinity', halted = NULL, "
                "clock = to_timestamp(0)".encode()
            )
        for table in ("notifier.p0_states", "notifier.p1_states", "triage.p0_deadlines", "notifier.p1_deadlines",
                      "triage.p0_states", "ingest.source_activity", "auditor.rhythms"):  # fmt: skip
            await connection.execute(f"TRUNCATE {table}".encode())
        await connection.execute("SET default_transaction_read_only TO on")
        yield connection


async def write(connection: psycopg.AsyncConnection[Any], statement: str, *parameters: Any) -> None:
    async with connection.transaction():
        await connection.execute("SET TRANSACTION READ WRITE")
        await connection.execute(statement.encode(), parameters or None)


async def keep_touches(connection: psycopg.AsyncConnection[Any], partition: int, *touches: TouchState) -> None:
    codec = notifier_codec()
    rows = [(f"touch:{one.need.touch}", codec.encode_state(one)) for one in touches if one.need]
    await write(
        connection,
        f"INSERT INTO notifier.p{partition}_states SELECT *, NULL, NULL FROM "
        "unnest(%s::text[], %s::bigint[], %s::bytea[])",
        [stream for stream, _ in rows], [1] * len(rows), [state for _, state in rows],
    )  # fmt: skip


async def test_every_touch_is_seen_page_by_page_and_only_what_stays_stuck_is_told(
    database: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touch_rounds, "PAGE", 7)
    ended = [TouchState(need=need(f"e-{n:03}"), status="settled") for n in range(40)]
    claimed = [TouchState(need=need(f"c-{n:03}"), status="claimed", responder="mira") for n in range(10)]
    lost = [TouchState(need=need(f"d-{n:03}"), status="raised") for n in range(3)]
    await keep_touches(database, 0, *ended, *claimed)
    await keep_touches(database, 1, *ended, *lost)
    rounds, told, looks = TouchRounds(), [], 0
    while rounds.rounds < 3:
        looks += 1
        told = await rounds.look(database, PARTITIONS, NOW + timedelta(seconds=2 * looks))
    assert looks > 3 * 90 / 7
    assert sorted(told) == [f"d-00{n} is raised, and offered to nobody" for n in range(3)]
    await write(database, "DELETE FROM notifier.p1_states WHERE stream = 'touch:d-001'")
    await write(
        database,
        "UPDATE notifier.p1_states SET state = %s WHERE stream = 'touch:d-000'",
        notifier_codec().encode_state(TouchState(need=need("d-000"), status="claimed", responder="mira")),
    )
    told = await rounds.look(database, PARTITIONS, NOW + timedelta(hours=1))
    assert told == ["d-002 is raised, and offered to nobody"]


async def test_a_small_store_is_seen_whole_at_every_look(database: psycopg.AsyncConnection[Any]) -> None:
    await keep_touches(database, 1, TouchState(need=need("t-1"), status="raised"))
    rounds = TouchRounds()
    assert await rounds.look(database, PARTITIONS, NOW) == []
    assert await rounds.look(database, PARTITIONS, NOW + timedelta(seconds=6)) == [
        "t-1 is raised, and offered to nobody"
    ]
    assert rounds.rounds == 2


async def deadline(
    connection: psycopg.AsyncConnection[Any], service: str, partition: int, ago: str, community: str = "acme"
) -> None:
    await write(
        connection,
        f"INSERT INTO {service}.p{partition}_deadlines VALUES ('member:acme:m', 'welcome', %s, "
        "clock_timestamp() - %s::interval, clock_timestamp())",
        community, ago,
    )  # fmt: skip


def lag(service: str, shard: str, behind: int) -> Lag:
    reader = Reader(service=service, shard=shard, stream=MEMBER_EVENTS, subjects=("any",), position=5)
    return Lag(reader=reader, behind=behind)


async def missed(connection: psycopg.AsyncConnection[Any], *lags: Lag) -> list[str]:
    """Return what did not fire in the eyes of a memory that looks twice, seven seconds apart."""
    memory = OverdueMemory()
    database: DatabaseLook = await look_at_database(connection)
    rows = await oldest_overdue(connection, PARTITIONS)
    assert memory.missed(0.0, rows, database, lags) == []
    return memory.missed(7.0, rows, database, lags)


async def test_a_deadline_that_is_past_and_did_not_fire_is_told(database: psycopg.AsyncConnection[Any]) -> None:
    await deadline(database, "triage", 0, "20 seconds")
    await deadline(database, "notifier", 1, "2 seconds")
    (told,) = await missed(database)
    assert told.startswith("triage 0: welcome of member:acme:m, due ")


async def test_deadlines_that_are_not_due_are_not_read(database: psycopg.AsyncConnection[Any]) -> None:
    await write(
        database,
        "INSERT INTO notifier.p1_deadlines SELECT 'touch:t-' || n, 'look', 'acme', clock_timestamp() + "
        "make_interval(mins => n), clock_timestamp() FROM generate_series(1, 5000) AS n",
    )
    await write(database, "ANALYZE notifier.p1_deadlines")
    async with database.transaction():
        assert await oldest_overdue(database, PARTITIONS) == []
        cursor = await database.execute(
            "SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::int "
            "FROM pg_stat_xact_user_tables WHERE schemaname = 'notifier' AND relname = 'p1_deadlines'"
        )
        ((read,),) = await cursor.fetchall()
        assert read < 10  # the planner looks at one or two itself


async def test_while_messages_wait_unread_only_the_partitions_clock_counts(
    database: psycopg.AsyncConnection[Any],
) -> None:
    await deadline(database, "triage", 0, "1 hour")
    assert await missed(database, lag("triage", "0", 3)) == []
    assert len(await missed(database, lag("triage", "1", 3))) == 1
    await write(
        database, "UPDATE triage.shards SET clock = clock_timestamp() - interval '30 minutes' WHERE shard = '0'"
    )
    assert len(await missed(database, lag("triage", "0", 3))) == 1


async def test_what_an_import_holds_back_and_what_stands_still_anyway_is_not_told(
    database: psycopg.AsyncConnection[Any],
) -> None:
    await deadline(database, "triage", 0, "1 hour")
    await write(database, "INSERT INTO triage.p0_states VALUES ('community:acme', 1, '{}', 'importing', 0)")
    assert await missed(database) == []
    await write(database, "DELETE FROM triage.p0_states")
    for harm in ("halted = 'why'", "expires_at = now()"):
        await write(database, f"UPDATE triage.shards SET {harm} WHERE shard = '0'")
        assert await missed(database) == []


async def test_a_deadline_that_is_overtaken_by_others_is_not_told(database: psycopg.AsyncConnection[Any]) -> None:
    await deadline(database, "triage", 0, "1 hour")
    memory, look = OverdueMemory(), await look_at_database(database)
    assert memory.missed(0.0, await oldest_overdue(database, PARTITIONS), look, ()) == []
    await write(database, "UPDATE triage.p0_deadlines SET due = due + interval '1 second'")
    assert memory.missed(7.0, await oldest_overdue(database, PARTITIONS), look, ()) == []


async def hear(connection: psycopg.AsyncConnection[Any]) -> None:
    await write(
        connection,
        "INSERT INTO ingest.source_activity VALUES ('acme', '/discord/guild', clock_timestamp()) "
        "ON CONFLICT (community, source) DO UPDATE SET heard_at = excluded.heard_at",
    )


async def test_a_source_with_a_rhythm_that_goes_quiet_is_told_also_after_a_restart(
    database: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.audit.source_rounds.ROUND_SECONDS", 3 * HOUR)
    rounds, now = SourceRounds(), 0.0
    while now < 8 * DAY:
        await hear(database)
        await rounds.look(database, now)
        now += 3 * HOUR
        assert rounds.too_quiet() == []
    assert rounds.known == 1
    await rounds.save(database)

    again, now = SourceRounds(), 1000.0  # another process, another clock
    await again.look(database, now)
    while not again.too_quiet() and now < 3 * DAY:
        now += 3 * HOUR
        await again.look(database, now)
    (told,) = again.too_quiet()
    assert told.startswith("/discord/guild of acme: quiet for ")
    await hear(database)
    await again.look(database, now + 3 * HOUR)
    assert again.too_quiet() == []


async def test_time_in_which_nobody_could_be_heard_is_nobodys_quiet(
    database: psycopg.AsyncConnection[Any],
) -> None:
    rounds = SourceRounds()
    await hear(database)
    await rounds.look(database, 0.0)
    for number in range(1, 20):
        rounds.pause()
        await rounds.look(database, 1000.0 * number)
    await rounds.look(database, 19_000.0 + ROUND_SECONDS)
    await rounds.save(database)
    cursor = await database.execute("SELECT rhythm->>'quiet' FROM auditor.rhythms")
    assert [float(quiet) for (quiet,) in await cursor.fetchall()] == [ROUND_SECONDS]


async def test_a_source_that_was_removed_is_forgotten(database: psycopg.AsyncConnection[Any]) -> None:
    rounds = SourceRounds()
    await hear(database)
    await rounds.look(database, 0.0)
    await rounds.save(database)
    await write(database, "DELETE FROM ingest.source_activity")
    await rounds.look(database, ROUND_SECONDS)
    await rounds.save(database)
    assert rounds.known == 0
    assert await (await database.execute("SELECT 1 FROM auditor.rhythms")).fetchall() == []
