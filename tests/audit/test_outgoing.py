"""What goes out, in the auditor's eyes: notices that nobody gets, and integrators that fall behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest_asyncio
from nats.aio.client import Client

from infra.audit.alarm_kinds import INTEGRATOR_LAGS, NOTICES_LATE, READER_STILL
from infra.audit.findings import Found, Memory, find, remember
from infra.looking.database import DatabaseLook, look_at_database
from infra.looking.look import BusLook, Look
from infra.provision import provision
from infra.readers import Lag
from shared.contracts.policy import Integrator, Limits, Policy
from shared.topology import GIB, StreamSettings
from tests.notifier.people import OFFICE

CRM = Integrator(name="crm", url="https://crm.example.org", community="acme")


@pytest_asyncio.fixture
async def database(nats_url: str, database_url: str, client: Client) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    assert client.is_connected
    await provision(nats_url, database_url, 1, StreamSettings(max_bytes=GIB))
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("TRUNCATE notifier.notices, notifier.integrators, ingest.policies")
        yield connection


async def notice(connection: psycopg.AsyncConnection[Any], touch: str, due: str, tries: int = 0) -> None:
    await connection.execute(
        "INSERT INTO notifier.notices (partition, touch, revision, organisation, responder, channel, due, tries) "
        "VALUES (0, %s, 1, 'harbour', 'mira', 'smtp', clock_timestamp() + %s::interval, %s)",
        (touch, due, tries),
    )


async def why_late(connection: psycopg.AsyncConnection[Any]) -> str | None:
    return (await look_at_database(connection)).notices.why_late


async def test_a_notice_that_nobody_gets_is_told(database: psycopg.AsyncConnection[Any]) -> None:
    assert await why_late(database) is None
    await notice(database, "t-waits-for-hours", "9 hours")
    await notice(database, "t-just-now", "-2 seconds")
    await notice(database, "t-once-more", "5 seconds", tries=3)
    assert await why_late(database) is None
    await notice(database, "t-old", "-50 seconds")
    assert (await why_late(database) or "").startswith("the oldest has been due for 5")
    await notice(database, "t-refused", "1 minute", tries=4)
    assert await why_late(database) == "1 could not be sent in 4 attempts or more"
    seen = await look_at_database(database)
    assert found_in(seen, Memory(), now=0, behind=0)[NOTICES_LATE] == seen.notices.why_late


def found_in(seen: DatabaseLook, memory: Memory, *, now: float, behind: int) -> Found:
    """Return what is wrong when every integrator is so far behind."""
    lags = tuple(Lag(reader=one.reader, behind=behind) for one in seen.integrators)
    look = Look(faces=(), bus=BusLook(streams=(), storage=0.0, lags=lags), database=seen)
    remember(look, memory, now)
    return find(look, (), (), memory, lambda _kind: False)


async def test_an_integrator_that_falls_behind_is_told_and_one_that_nobody_names_is_not(
    database: psycopg.AsyncConnection[Any],
) -> None:
    policy = Policy(organisation="harbour", responders=(), hours=OFFICE, limits=Limits(), integrators=(CRM,))
    await database.execute(
        "INSERT INTO ingest.policies VALUES ('harbour', 1, 'v-1', false, %s, %s)",
        (msgspec.json.encode(policy).decode(), datetime.now(UTC)),
    )
    for name in ("crm", "gone"):
        await database.execute(
            "INSERT INTO notifier.integrators (organisation, name, url, community, reader, position) "
            "VALUES ('harbour', %s, 'https://x.example.org', 'acme', 'TOUCHES@monday', 7)",
            (name,),
        )
    seen, memory = await look_at_database(database), Memory()
    assert [one.name for one in seen.integrators] == ["crm"]
    assert (seen.readers[-1].shard, seen.readers[-1].subjects) == ("harbour/crm", ("needs-touch.acme.>",))
    assert found_in(seen, memory, now=0, behind=3)[INTEGRATOR_LAGS] is None
    found = found_in(seen, memory, now=899, behind=3)
    assert (found[INTEGRATOR_LAGS], found[READER_STILL]) == (None, None)
    found = found_in(seen, memory, now=960, behind=4)
    assert found[INTEGRATOR_LAGS] == "harbour/crm is 4 behind in TOUCHES, for 16 min"
    paused = replace(seen, integrators=(replace(seen.integrators[0], paused=True),))
    assert found_in(paused, Memory(), now=0, behind=4)[INTEGRATOR_LAGS] == "harbour/crm is paused, 4 behind in TOUCHES"
    assert found_in(paused, Memory(), now=0, behind=0)[INTEGRATOR_LAGS] is None
