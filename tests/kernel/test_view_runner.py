"""The loop that owns a shard of a read model, with a view that adds up, on real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, LiteralString

import msgspec
import psycopg
import pytest
import pytest_asyncio
from msgspec.structs import replace
from nats.aio.client import Client
from psycopg import sql

from shared.bounded_wait import end
from shared.delivery import Delivered
from shared.event_store.errors import FencedError, StreamReplacedError
from shared.event_store.recorder import Lease
from shared.publisher import DurablePublisher, Outgoing
from shared.view import ViewShard, create_view, schema_of
from shared.view_runner import ViewRunner
from shared.view_writer import TRIES
from tests import servers
from tests.kernel.counter import outgoing, post
from tests.kernel.kernel_tables import own, rows, running, stores
from tests.waiting import until_async


class Adding:
    """Lists ids as they come; refuses some."""

    name = "adding"
    streams: tuple[str, ...] = ("MEMBER_EVENTS",)
    partitioned = True
    kept: Mapping[str, LiteralString] = MappingProxyType({})
    ddl = "CREATE TABLE seen (place bigserial, id text UNIQUE)"

    def __init__(self) -> None:
        self.batches: list[int] = []

    async def fold(self, connection: psycopg.AsyncConnection[Any], messages: Sequence[Delivered]) -> None:
        self.batches.append(len(messages))
        for message in messages:
            await connection.execute("INSERT INTO seen (id) VALUES (%s)", (message.event.id,))
            if message.event.data.text == "poison":
                raise ValueError("poison \0 with a NUL")
            if message.event.data.text == "bad sql":
                await connection.execute("SELECT 1/0")


VIEW = Adding()
SHARD = ViewShard(view=VIEW, partition=0)


@pytest_asyncio.fixture
async def url(database_url: str) -> AsyncIterator[str]:
    with stores(database_url):
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            schema = sql.Identifier(schema_of(VIEW))
            await connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema))
            await create_view(connection, VIEW, schema_of(VIEW))
            await connection.execute("INSERT INTO service.shards (shard) VALUES (%s)", (SHARD.name,))
        yield database_url


@pytest.fixture(autouse=True)
def _new_batches() -> None:
    VIEW.batches.clear()


def runner(client: Client, url: str, lease: Lease | None = None) -> ViewRunner:
    return ViewRunner(client, url, "service", lease or own(url, SHARD.name), SHARD)


_sent = iter(range(1_000_000))


async def publish(client: Client, *messages: Any) -> None:
    sent = [one if isinstance(one, Outgoing) else outgoing(one) for one in messages]
    await DurablePublisher(client, "MEMBER_EVENTS").publish([replace(one, msg_id=f"{next(_sent)}") for one in sent])


def bad(body: bytes) -> Outgoing:
    return Outgoing(subject="p.0.member.c.discord.posted", headers={"x": "a\0bé"}, body=body, msg_id="")


def seen(url: str) -> list[str]:
    return [row[0] for row in rows(url, "SELECT id FROM view_adding.seen ORDER BY place")]


def position(url: str) -> int:
    found = rows(url, "SELECT position FROM view_adding.positions")
    return int(found[0][0]) if found else 0


async def read(url: str, count: int) -> None:
    await until_async(lambda: position(url) >= count)


async def test_everything_is_taken_once_in_order_over_restarts(client: Client, url: str) -> None:
    posts = [post(number) for number in range(1_500)]
    await publish(client, *posts[:1_000])
    async with running(runner(client, url).run()):
        await until_async(lambda: position(url) > 0)
    async with running(runner(client, url).run()):
        await publish(client, *posts[1_000:])
        await read(url, 1_500)
    assert seen(url) == [one.id for one in posts]
    assert max(VIEW.batches) > 100


async def test_a_bad_message_is_parked_and_the_rest_is_taken_one_by_one(client: Client, url: str) -> None:
    foreign = msgspec.json.encode(msgspec.to_builtins(post(0)) | {"type": "com.example.sang"})
    await publish(client, post(1), post(2, "poison"), bad(b"\x00{"), post(3), bad(foreign), post(4, "bad sql"), post(5))
    async with running(runner(client, url).run()):
        await read(url, 7)
        await publish(client, post(6))
        await read(url, 8)
    assert seen(url) == ["post:1", "post:3", "post:5", "post:6"]
    parked = rows(url, "SELECT shard, stream, seq, error, tries, body FROM service.dead_letters ORDER BY seq")
    assert [row[:3] for row in parked] == [("adding-0", "MEMBER_EVENTS", seq) for seq in (2, 3, 6)]
    assert parked[0][3] == "ValueError: poison \ufffd with a NUL"
    assert parked[1][5] == b"\x00{"
    assert "division by zero" in parked[2][3]
    assert {row[4] for row in parked} == {TRIES}


async def test_a_view_folded_anew_parks_the_same_message_again(client: Client, url: str) -> None:
    await publish(client, post(1, "poison"), post(2))
    for _ in range(2):
        async with running(runner(client, url).run()):
            await read(url, 2)
        rows(url, "TRUNCATE view_adding.seen, view_adding.positions")
    assert rows(url, "SELECT seq FROM service.dead_letters") == [(1,)]


async def test_a_type_of_ours_that_is_unknown_halts_until_a_build_knows_it(client: Client, url: str) -> None:
    unknown = msgspec.json.encode(msgspec.to_builtins(post(2)) | {"type": "warmline.member.sang.v9"})
    await publish(client, post(1), bad(unknown), post(3))
    async with running(runner(client, url).run()) as (task,):
        ((why,),) = await until_async(lambda: rows(url, "SELECT halted FROM service.shards WHERE halted IS NOT NULL"))
        assert "holds at 2 an event of the type warmline.member.sang.v9" in why
        assert (seen(url), position(url), task.done()) == (["post:1"], 1, False)
    rows(url, "UPDATE view_adding.positions SET position = 2")
    async with running(runner(client, url).run()):
        await read(url, 3)
    assert rows(url, "SELECT 1 FROM service.shards WHERE halted IS NOT NULL") == []


async def test_who_lost_the_lease_writes_nothing(client: Client, url: str) -> None:
    lease = own(url, SHARD.name)
    task = asyncio.create_task(runner(client, url, lease).run())
    await publish(client, post(1))
    await read(url, 1)
    own(url, SHARD.name, owner="another")
    await publish(client, post(2))
    with pytest.raises(FencedError):
        await task
    assert (seen(url), position(url)) == (["post:1"], 1)
    expired = own(url, SHARD.name, seconds=0)
    with pytest.raises(FencedError):
        await runner(client, url, expired).run()
    assert seen(url) == ["post:1"]


async def test_two_at_the_same_position_cannot_both_write(client: Client, url: str) -> None:
    lease = own(url, SHARD.name)
    tasks = [asyncio.create_task(runner(client, url, lease).run()) for _ in range(2)]

    async def both_read() -> bool:
        return len(await client.jetstream().consumers_info("MEMBER_EVENTS")) == 2

    await until_async(both_read)
    await publish(client, *(post(number) for number in range(50)))
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION, timeout=10)
    assert [type(task.exception()) for task in done] == [FencedError]
    await read(url, 50)
    await end(*tasks)
    assert seen(url) == [f"post:{number}" for number in range(50)]


async def test_a_lost_connection_ends_it_and_the_next_goes_on(client: Client, url: str) -> None:
    task = asyncio.create_task(runner(client, url).run())
    await publish(client, post(1))
    await read(url, 1)
    rows(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    await publish(client, post(2))
    with pytest.raises(psycopg.OperationalError):
        await task
    async with running(runner(client, url).run()):
        await read(url, 2)
    assert seen(url) == ["post:1", "post:2"]


async def test_a_stream_made_anew_is_refused(client: Client, url: str) -> None:
    async with running(runner(client, url).run()):
        await publish(client, post(1))
        await read(url, 1)
    await servers.fresh_streams(client)
    with pytest.raises(StreamReplacedError, match="warmline reconcile"):
        await runner(client, url).run()
    assert rows(url, "SELECT halted LIKE '%reconcile%' FROM service.shards WHERE shard = 'adding-0'") == [(True,)]
