"""A batch is folded while the one before it is being stored: in order, once, and never stored without it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import psycopg
import pytest

from shared.contracts.cloudevents import encode_member_event
from shared.delivery import Message
from shared.event_store.errors import FencedError
from shared.event_store.store import PartitionStore
from shared.partition.folding import Folding
from tests.kernel.counter import START, CounterService, counter, post
from tests.kernel.cutting_proxy import Cut, CuttingProxy
from tests.kernel.kernel_tables import BLOCKED, contents, own, rows
from tests.waiting import until_async

READER = "MEMBER_EVENTS@2026"
ADA = counter("c", "ada")


def message(number: int, *, event: int | None = None) -> Message:
    return Message(
        stream="MEMBER_EVENTS",
        seq=number,
        stored=START + timedelta(seconds=number),
        subject="p.0.member.c.discord.posted",
        headers=None,
        body=encode_member_event(post(number if event is None else event)),
    )


async def opened(store: PartitionStore, url: str) -> Folding:
    return await Folding.open(store, own(url), CounterService(), [READER])


@pytest.mark.parametrize("cut", ["before it arrives", "before the reply"])
async def test_a_commit_that_is_cut_off_while_the_next_batch_is_folded(
    store: PartitionStore, proxy: CuttingProxy, database_url: str, cut: Cut
) -> None:
    folding = await opened(store, database_url)
    proxy.cut = cut
    for number in range(1, 4):
        await folding.fold_ahead(READER, [message(number)])
        assert folding.storing is not None
    await folding.settle()
    held = contents(database_url)
    assert proxy.cuts == 1
    assert [(row[0], row[1], row[4]) for row in held["events"]] == [(ADA, 1, 1), (ADA, 2, 2), (ADA, 3, 3)]
    assert held["shard"] == [(3, 3, START + timedelta(seconds=3))]
    assert (READER, 3) in held["tracking"]
    assert len(held["inbox"]) == 3


async def test_nothing_is_stored_after_a_batch_that_was_not(store: PartitionStore, database_url: str) -> None:
    folding = await opened(store, database_url)
    with psycopg.connect(database_url) as other:
        other.execute("UPDATE service.shards SET owner = 'another', epoch = epoch + 1")
        await folding.fold_ahead(READER, [message(1)])
        following = asyncio.ensure_future(folding.fold_ahead(READER, [message(2)]))
        await until_async(lambda: bool(rows(database_url, BLOCKED)) and folding.work.version(ADA) == 2)
        assert not following.done()
        other.commit()
    for _ in range(2):
        with pytest.raises(FencedError):
            await following
        with pytest.raises(FencedError):
            await folding.settle()
        following = asyncio.ensure_future(folding.fold_ahead(READER, [message(3)]))
    held = contents(database_url)
    assert (held["events"], held["states"], held["inbox"], held["shard"][0][:2]) == ([], [], [], (0, 0))
    assert (READER, 0) in held["tracking"]
    folding.abandon()
    await asyncio.gather(following, return_exceptions=True)


async def test_what_comes_again_while_it_is_being_stored_is_folded_once(
    store: PartitionStore, database_url: str
) -> None:
    folding = await opened(store, database_url)
    with psycopg.connect(database_url) as other:
        other.execute("SELECT FROM service.shards FOR UPDATE")
        await folding.fold_ahead(READER, [message(1)])
        following = asyncio.ensure_future(folding.fold_ahead(READER, [message(2, event=1), message(3)]))
        await until_async(lambda: bool(rows(database_url, BLOCKED)) and folding.work.version(ADA) == 2)
        other.rollback()
    await following
    await folding.settle()
    held = contents(database_url)
    assert [row[1] for row in held["events"]] == [1, 2]
    assert (READER, 3) in held["tracking"]
    assert len(held["inbox"]) == 2
