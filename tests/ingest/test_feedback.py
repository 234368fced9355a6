"""Settled touches on their way back into MEMBER_EVENTS, on real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest_asyncio
from nats.aio.client import Client

from infra.provision import provision
from services.ingest.database import Database, open_database
from services.ingest.feedback import FEEDBACK_SHARD, Feedback
from services.ingest.policy_skew import PolicySkew
from shared.bounded_wait import end
from shared.contracts.cloudevents import decode_member_event, publication
from shared.contracts.subjects import MEMBER_EVENTS
from shared.contracts.touch_facts import TouchSettled
from shared.event_store.recorder import Lease
from shared.publisher import DurablePublisher
from shared.topology import GIB, StreamSettings
from tests.waiting import until_async

HALTED = "SELECT halted FROM ingest.shards WHERE shard = 'feedback'"


@pytest_asyncio.fixture
async def database(client: Client, nats_url: str, database_url: str) -> AsyncIterator[Database]:
    await provision(nats_url, database_url, 1, StreamSettings(max_bytes=GIB))
    async with open_database(database_url) as opened:
        async with opened.transaction() as connection:
            await connection.execute("TRUNCATE ingest.feedback_positions, ingest.dead_letters")
        yield opened


@asynccontextmanager
async def feeding(client: Client, database: Database) -> AsyncIterator[None]:
    """One owner after the other, each with the next epoch."""
    async with database.transaction() as connection:
        cursor = await connection.execute(
            "UPDATE ingest.shards SET owner = 'me', epoch = epoch + 1, "
            "expires_at = clock_timestamp() + interval '1h' WHERE shard = %s RETURNING epoch",
            [FEEDBACK_SHARD],
        )
        [row] = await cursor.fetchall()
    publisher = DurablePublisher(client, MEMBER_EVENTS)
    feedback = Feedback(client, database, publisher, PolicySkew(client, database), 1)
    task = asyncio.create_task(feedback.run(Lease(shard=FEEDBACK_SHARD, owner="me", epoch=row["epoch"])))
    try:
        yield
        assert not task.done()
    finally:
        await end(task)


async def settle(client: Client, touch: str, *, event_type: str | None = None) -> None:
    now = datetime.now(UTC)
    fact = TouchSettled(
        touch=touch,
        revision=3,
        organisation="harbour",
        community="acme",
        at=now,
        responder="mira",
        outcome="reached",
        about=f"member:acme:{touch}",
    )
    made = publication(
        "touch.acme.settled", fact, event_id=f"{touch}:fact:3", source="/warmline/notifier", time=now, extensions={}
    )
    headers = {**made.headers, "ce-type": event_type or made.headers["ce-type"]}
    await client.jetstream().publish(made.subject, made.body, headers=headers, timeout=30)


async def taken_back(client: Client) -> list[str]:
    js = client.jetstream()
    last = (await js.stream_info(MEMBER_EVENTS)).state.last_seq
    bodies = [(await js.get_msg(MEMBER_EVENTS, seq)).data or b"" for seq in range(1, last + 1)]
    return [decode_member_event(body).id for body in bodies]


async def test_what_cannot_be_read_is_parked_with_why_and_the_rest_goes_on(client: Client, database: Database) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"ce-type": "warmline.touch.settled.v1", "ce-id": "bad", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    await settle(client, "t-1")
    await client.jetstream().publish("touch.acme.settled", b'{"touch":"t-2\xff', headers=headers, timeout=30)
    await settle(client, "t-3")

    async def passed() -> bool:
        return await column(database, "SELECT position FROM ingest.feedback_positions") == 3

    async with feeding(client, database):
        await until_async(passed)
        assert await taken_back(client) == ["settled:t-1", "settled:t-3"]
        async with database.transaction() as connection:
            [letter] = await (await connection.execute("SELECT * FROM ingest.dead_letters")).fetchall()
        assert (letter["shard"], letter["stream"], letter["seq"]) == (FEEDBACK_SHARD, "TOUCH_FACTS", 2)
        assert (letter["body"], letter["trace_id"], letter["tries"]) == (b'{"touch":"t-2\xff', trace, 1)
        assert "DecodeError" in letter["error"]
        assert letter["headers"]["ce-id"] == "bad"
        await settle(client, "t-2")  # as a retry puts it: again, and whole
        await until_async(lambda: column(database, "SELECT 1 FROM ingest.feedback_positions WHERE position = 4"))
        assert (await taken_back(client))[-1] == "settled:t-2"


async def column(database: Database, query: str) -> object:
    async with database.transaction() as connection:
        row = await (await connection.execute(query.encode())).fetchone()
    return next(iter(row.values())) if row else None


async def test_a_newer_builds_fact_halts_it_loudly_after_all_before_it(client: Client, database: Database) -> None:
    await settle(client, "t-1")
    await settle(client, "t-2", event_type="warmline.touch.settled.v2")
    async with feeding(client, database):
        await until_async(lambda: column(database, HALTED))
        assert "warmline.touch.settled.v2" in str(await column(database, HALTED))
        assert await taken_back(client) == ["settled:t-1"]
        assert await column(database, "SELECT position FROM ingest.feedback_positions") == 1


async def test_what_was_published_but_not_noted_is_stored_once(client: Client, database: Database) -> None:
    await settle(client, "t-1")

    async def moved() -> bool:
        return await column(database, "SELECT position FROM ingest.feedback_positions ORDER BY 1 DESC") == 1

    async with feeding(client, database):
        await until_async(moved)
    async with database.transaction() as connection:
        await connection.execute("DELETE FROM ingest.feedback_positions")
    async with feeding(client, database):
        await until_async(moved)
    assert await taken_back(client) == ["settled:t-1"]
