"""The loop that owns a partition, with the counter as its service, on real servers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import msgspec
import psycopg
import pytest
from eventsourcing.persistence import PersistenceError
from nats.aio.client import Client
from structlog.testing import capture_logs

from shared.contracts import cloudevents
from shared.contracts.commands import ClaimTouch
from shared.contracts.member_events import Posted
from shared.event_store.errors import StreamReplacedError
from shared.event_store.recorder import Commit, StateRow
from shared.partition.folding import TRIES
from shared.partition.runner import NotServedError
from shared.publisher import Outgoing
from tests import servers
from tests.kernel.counter import START, counter, post
from tests.kernel.kernel_tables import BLOCKED, contents, own, rows, running
from tests.kernel.partition import Partition
from tests.waiting import until_async


async def test_everything_is_folded_in_order_once_over_restarts(partition: Partition) -> None:
    posts = [post(number, member=f"m{number % 7}") for number in range(2_000)]
    async with running(partition.runner().run()):
        await partition.publish(*posts[:1_200])
        await until_async(lambda: partition.store.head() > 100)
    async with running(partition.runner().run()):
        await partition.publish(*posts[1_200:], *posts[:300])
        await partition.folded(2_300)
    assert partition.counted() == [one.id for one in posts]
    assert len(contents(partition.url)["inbox"]) == 2_000


async def test_a_copy_is_folded_once_within_a_batch_and_after_a_restart(partition: Partition) -> None:
    await partition.publish(post(1), post(1), post(2), post(1))
    async with running(partition.runner().run()):
        await partition.folded(4)
    await partition.publish(post(2), post(3))
    async with running(partition.runner().run()):
        await partition.folded(6)
    assert partition.counted() == ["post:1", "post:2", "post:3"]


def bad(body: bytes, headers: dict[str, str] | None = None) -> Outgoing:
    return Outgoing(subject="p.0.member.c.discord.posted", headers=headers or {}, body=body, msg_id="")


async def test_poison_is_parked_where_the_position_moves_and_the_rest_flows(partition: Partition) -> None:
    traceparent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
    async with running(partition.runner().run()):
        await partition.publish(
            post(1),
            post(2, "poison"),
            bad(b"\xff\x00{", {"traceparent": traceparent, "x-odd": "a\0bé"}),
            bad(b"[" * 50_000),
            bad(msgspec.json.encode({"no": "event"})),
            post(3),
            post(2, "mended"),
        )
        await partition.folded(7)
    assert partition.counted() == ["post:1", "post:3", "post:2"]
    held = contents(partition.url)
    assert len(held["inbox"]) == 3
    assert [(row[2], row[4]) for row in held["dead_letters"]] == [(2, TRIES), (3, 1), (4, 1), (5, 1)]
    assert held["dead_letters"][0][3] == "ValueError: poison \ufffd with a NUL"
    kept = rows(partition.url, "SELECT body, headers, trace_id, subject FROM service.dead_letters WHERE seq = 3")
    assert kept[0][0] == b"\xff\x00{"
    assert "�" in kept[0][1]["x-odd"]
    assert kept[0][2:] == ("0123456789abcdef0123456789abcdef", "p.0.member.c.discord.posted")


async def test_a_store_that_is_away_is_no_fault_of_the_message(partition: Partition) -> None:
    task = asyncio.create_task(partition.runner().run())
    await partition.publish(post(1, "everybody bo"))
    await partition.folded(1)
    rows(partition.url, "ALTER TABLE service.p0_states RENAME TO gone")
    await partition.publish(post(2, "everybody cleo"))
    with pytest.raises(PersistenceError, match="p0_states"):
        await task
    rows(partition.url, "ALTER TABLE service.gone RENAME TO p0_states")
    async with running(partition.runner().run()):
        await partition.folded(2)
    assert contents(partition.url)["dead_letters"] == []
    assert partition.counted() == ["post:1", "post:1", "post:2", "post:2"]


async def test_a_type_of_ours_that_is_unknown_halts_and_says_so_until_a_newer_build_goes_on(
    partition: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = msgspec.json.encode(msgspec.to_builtins(post(2)) | {"type": "warmline.member.sang.v9"})
    runner, told = partition.runner(), list[int]()
    runner.tell(told.append)
    await partition.publish(post(1), bad(unknown), post(3))
    async with running(runner.run()) as (task,):
        (why,) = await until_async(
            lambda: rows(partition.url, "SELECT halted FROM service.shards WHERE halted IS NOT NULL")
        )
        assert "MEMBER_EVENTS holds at 2 an event of the type warmline.member.sang.v9" in why[0]
        assert (partition.counted(), partition.position()) == (["post:1"], 1)
        assert not task.done()
        with pytest.raises(NotServedError):
            await runner.submit(command("late"))
        await until_async(lambda: told[-1] == 1)
    async with running(partition.runner().run()):
        await until_async(lambda: rows(partition.url, "SELECT 1 FROM service.shards WHERE halted LIKE '%sang%'"))
    monkeypatch.setitem(cloudevents._stream_decoders, "warmline.member.sang.v9", msgspec.json.Decoder(Posted))
    async with running(partition.runner().run()):
        await partition.folded(3)
    assert partition.counted() == ["post:1", "post:2", "post:3"]
    assert contents(partition.url)["dead_letters"] == []
    assert rows(partition.url, "SELECT halted FROM service.shards") == [(None,)]


async def test_a_state_of_a_newer_build_is_not_written_again_by_an_older_one(partition: Partition) -> None:
    async with running(partition.runner().run()):
        await partition.publish(post(1))
        await partition.folded(1)
    newer = b'{"total":1,"remind":null,"suspended":false,"mood":"low"}'
    rows(partition.url, "UPDATE service.p0_states SET state = %s", newer)
    async with running(partition.runner().run()):
        await partition.publish(post(2))
        await until_async(lambda: rows(partition.url, "SELECT 1 FROM service.shards WHERE halted LIKE '%would lose%'"))
    assert partition.counted() == ["post:1"]
    assert bytes(rows(partition.url, "SELECT state FROM service.p0_states")[0][0]) == newer


async def test_what_is_being_stored_when_the_partition_halts_is_stored_and_told(partition: Partition) -> None:
    newer = StateRow(stream=counter("c", "bo"), version=1, state=b'{"mood":"low"}')
    partition.store.commit(own(partition.url), Commit(head=0, commits=0, clock=START, states=(newer,)))
    runner, told = partition.runner(), list[int]()
    runner.tell(told.append)
    async with running(runner.run()):
        await until_async(lambda: told == [0])
        with psycopg.connect(partition.url) as other, capture_logs() as logged:
            other.execute("SELECT FROM service.shards FOR UPDATE")
            await partition.publish(post(1))
            await until_async(lambda: rows(partition.url, BLOCKED))
            await partition.publish(post(2, member="bo"))
            await until_async(lambda: "partition.halted" in [one["event"] for one in logged])
            other.rollback()
        await until_async(lambda: told == [0, 1])
        await until_async(lambda: rows(partition.url, "SELECT 1 FROM service.shards WHERE halted LIKE '%would lose%'"))


async def test_foreign_types_and_what_concerns_others_pass(partition: Partition) -> None:
    foreign = msgspec.json.encode(msgspec.to_builtins(post(1)) | {"type": "com.example.sang"})
    await partition.publish(bad(foreign), post(2, platform="elsewhere"), post(3))
    async with running(partition.runner().run()):
        await partition.folded(3)
    assert (partition.counted(), contents(partition.url)["dead_letters"]) == (["post:3"], [])


async def test_how_far_was_read_over_what_concerns_others_is_stored_now_and_then(partition: Partition) -> None:
    async with running(partition.runner().run()):
        begun = time.monotonic()
        for number in range(100):
            await partition.publish(post(number, platform="elsewhere"))
        await partition.folded(100)
        await partition.publish(post(100, platform="elsewhere"), post(101))
        await partition.folded(102)
        seconds = time.monotonic() - begun
    commits = rows(partition.url, "SELECT commits FROM service.shards")[0][0]
    assert partition.counted() == ["post:101"]
    assert commits <= seconds + 3, "once a second, and with what is this partition's"


def command(command_id: str, responder: str = "mira") -> ClaimTouch:
    return ClaimTouch(command_id=command_id, organisation="acme", touch="t-1", responder=responder, revision=1)


async def test_commands_are_answered_when_stored_and_carried_out_once(partition: Partition) -> None:
    runner = partition.runner()
    async with running(runner.run()):
        many = await asyncio.gather(*(runner.submit(command(f"c{number % 30}")) for number in range(60)))
        stored = contents(partition.url)
        assert stored["shard"][0][0] == 30
        assert {reply.position for reply in many} == {30}
        assert sorted({reply.revision for reply in many}) == list(range(1, 31))
    again = partition.runner()
    async with running(again.run()):
        reply = await again.submit(command("c7"))
        assert (reply.refused, reply.revision, reply.position) == (None, 30, 30)
        refused = await again.submit(command("r", "refused"))
        assert (refused.refused, refused.detail, refused.revision) == ("not-allowed", "never", 0)
        broken = await again.submit(command("b", "broken"))
        assert broken.refused == "bad-command"
        after = await again.submit(command("r", "mira"))
        assert (after.refused, after.revision, after.position) == (None, 31, 31)
    assert len(contents(partition.url)["inbox"]) == 31
    with pytest.raises(NotServedError):
        await again.submit(command("late"))


async def test_a_command_id_is_one_touch_s_and_may_hold_anything(partition: Partition) -> None:
    runner = partition.runner()
    async with running(runner.run()):
        for command_id in ("1", "\0", "é" * 300):
            before = await runner.submit(command(command_id))
            assert (before.refused, await runner.submit(command(command_id))) == (None, before)
            other = replace(command(command_id), touch="t-2")
            reply = await runner.submit(other)
            assert (reply.refused, reply.revision, reply.position) == (None, before.revision, before.position + 1)
            assert await runner.submit(other) == reply


@pytest.mark.parametrize("responder", ["refused", "mira"])
async def test_whoever_asked_an_owner_that_is_fenced_is_told(partition: Partition, responder: str) -> None:
    runner = partition.runner()
    task = asyncio.create_task(runner.run())
    await runner.submit(command("first"))
    own(partition.url, owner="another")
    with pytest.raises(NotServedError):
        await runner.submit(command("second", responder))
    with pytest.raises(Exception, match="0"):
        await task
    assert len(partition.counted()) == 1


async def test_a_stream_made_anew_is_refused_with_both_names(partition: Partition, client: Client) -> None:
    async with running(partition.runner().run()):
        await partition.publish(post(1))
        await partition.folded(1)
    await servers.fresh_streams(client)
    with pytest.raises(StreamReplacedError, match="The partition 0 read MEMBER_EVENTS@"):
        await partition.runner().run()
    assert rows(partition.url, "SELECT halted LIKE '%deleted or restored%' FROM service.shards") == [(True,)]
    assert counter("c", "ada") in [row[0] for row in contents(partition.url)["states"]]
