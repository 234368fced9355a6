"""Redacted messages are read in their place, on a real server, by whoever reads from before it."""

from __future__ import annotations

import asyncio

import pytest
from nats.aio.client import Client

from shared import batch_consumer
from shared.batch_consumer import BatchConsumer
from shared.contracts.redaction import STANDS_FOR
from shared.delivery import Message
from shared.publisher import DurablePublisher, Outgoing
from shared.stand_ins import redacted_among
from shared.stream_identity import last_sequence

STREAM = "MEMBER_EVENTS"


def outgoing(body: str, kind: str = "posted", partition: int = 0, **headers: str) -> Outgoing:
    subject = f"p.{partition}.member.c.discord.{kind}"
    return Outgoing(subject=subject, headers=headers, body=body.encode(), msg_id=f"{partition}{body}")


async def redact(client: Client, seqs: list[int], partition: int = 0) -> None:
    js = client.jetstream()
    for seq in seqs:
        original = await js.get_msg(STREAM, seq)
        assert original.time is not None
        copy = outgoing(f"copy of {seq}", "redacted", partition, **{STANDS_FOR: f"{seq} {original.time.isoformat()}"})
        await DurablePublisher(client, STREAM).publish([copy])
        await js.delete_msg(STREAM, seq)


async def read(client: Client, start: int, last: int, subjects: tuple[str, ...] = ("p.0.member.>",)) -> list[Message]:
    arrived, taken = asyncio.Event(), list[Message]()
    consumer = BatchConsumer(client, STREAM, subjects, start, arrived)
    await consumer.open()
    try:
        async with asyncio.timeout(30):
            while not taken or taken[-1].seq < last:
                await arrived.wait()
                arrived.clear()
                taken += consumer.take(500)
    finally:
        await consumer.close()
    return taken


async def test_a_copy_is_read_where_the_original_stood_and_where_it_stands(client: Client) -> None:
    await DurablePublisher(client, STREAM).publish([outgoing(str(n)) for n in range(1, 9)])
    stored = {one.seq: one.stored for one in await read(client, 0, 8)}
    await redact(client, [6, 2])
    await redact(client, [1])
    found = await read(client, 0, 11)
    assert [(one.seq, one.body.decode()) for one in found] == [
        (1, "copy of 1"), (2, "copy of 2"), (3, "3"), (4, "4"), (5, "5"), (6, "copy of 6"), (7, "7"), (8, "8"),
        (9, "copy of 6"), (10, "copy of 2"), (11, "copy of 1"),
    ]  # fmt: skip
    assert {one.seq: one.stored for one in found if one.seq <= 8} == stored


async def test_who_has_passed_the_original_reads_the_copy_once(client: Client) -> None:
    await DurablePublisher(client, STREAM).publish([outgoing(str(n)) for n in range(1, 5)])
    await redact(client, [2, 4])
    assert [one.seq for one in await read(client, 2, 6)] == [3, 4, 5, 6]
    await redact(client, [3])
    assert [one.seq for one in await read(client, 6, 7)] == [7]


async def test_two_copies_of_one_message_are_one_in_its_place(client: Client) -> None:
    await DurablePublisher(client, STREAM).publish([outgoing("1"), outgoing("2")])
    stored = (await client.jetstream().get_msg(STREAM, 1)).time
    assert stored is not None
    header = {STANDS_FOR: f"1 {stored.isoformat()}"}
    copies = [outgoing(name, "redacted", **header) for name in ("a", "b")]
    await DurablePublisher(client, STREAM).publish(copies)
    await client.jetstream().delete_msg(STREAM, 1)
    assert [one.seq for one in await read(client, 0, 4)] == [1, 2, 3, 4]


async def test_a_copy_that_is_removed_before_it_is_read_is_not_waited_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def then_removed(client: Client, stream: str, subject: str) -> int:
        last = await last_sequence(client, stream, subject)
        if last == 5:
            await client.jetstream().delete_msg(STREAM, last)
        return last

    await DurablePublisher(client, STREAM).publish([outgoing(str(n)) for n in range(1, 4)])
    await redact(client, [1, 2])
    monkeypatch.setattr(batch_consumer, "last_sequence", then_removed)
    assert [one.seq for one in await read(client, 0, 4)] == [1, 3, 4]


async def test_the_copies_of_several_partitions_are_all_read(client: Client) -> None:
    both = [outgoing(str(n), partition=n % 2) for n in range(4)]
    await DurablePublisher(client, STREAM).publish(both)
    await redact(client, [1], partition=0)
    await redact(client, [2], partition=1)
    assert [one.seq for one in await read(client, 0, 6, ("p.1.member.>", "p.0.member.>"))] == [1, 2, 3, 4, 5, 6]


def test_copies_are_looked_for_where_all_kinds_are_read() -> None:
    assert redacted_among(STREAM, ["p.0.member.>"]) == ["p.0.member.*.*.redacted"]
    assert redacted_among(STREAM, [">"]) == ["*.*.*.*.*.redacted"]
    assert redacted_among(STREAM, ["p.*.member.*.warmline.policy-adopted"]) == []
    assert redacted_among("TOUCHES", ["needs-touch.>"]) == []
