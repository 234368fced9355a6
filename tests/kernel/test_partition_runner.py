"""The loop that owns a partition, with the counter as its service, on real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from eventsourcing.persistence import PersistenceError
from nats.aio.client import Client

from shared.contracts.cloudevents import MemberEvent
from shared.contracts.commands import ClaimTouch
from shared.event_store.store import PartitionStore, StreamReplacedError
from shared.partition.folding import BATCH, TRIES
from shared.partition.runner import NotServedError, PartitionRunner
from shared.partition.service import Input
from shared.publisher import DurablePublisher, Outgoing
from tests import servers
from tests.kernel.counter import Counted, CounterService, Reminded, counter, outgoing, post
from tests.kernel.kernel_tables import contents, own, rows, running, stores, until

INPUTS = (Input(stream="MEMBER_EVENTS", subjects=("p.0.member.>",)),)


@pytest.fixture
def store(database_url: str) -> Iterator[PartitionStore]:
    with stores(database_url) as made:
        yield made[0]


class Partition:
    """One partition under test: publish to it, run it, and read its log."""

    def __init__(self, client: Client, store: PartitionStore, url: str) -> None:
        self.client, self.store, self.url = client, store, url
        self._published = 0

    def runner(self) -> PartitionRunner:
        lease = own(self.url)
        return PartitionRunner(self.client, self.store, lease, CounterService(), INPUTS, after_commit=lambda: None)

    async def publish(self, *messages: MemberEvent | Outgoing) -> None:
        """Publish, each message under an id of its own: the stream's window absorbs nothing."""
        sent = []
        for message in messages:
            self._published += 1
            one = outgoing(message) if isinstance(message, MemberEvent) else message
            sent.append(replace(one, msg_id=f"{self._published}"))
        await DurablePublisher(self.client, "MEMBER_EVENTS").publish(sent)

    def log(self) -> list[tuple[str, Any]]:
        found = self.store.recorder.select_notifications(0, 100_000, inclusive_of_start=False)
        recorded = [self.store.codec.to_domain_event(one) for one in found]
        return [(one.originator_id.rpartition(":")[2], one.event) for one in recorded]

    def counted(self) -> list[str]:
        return [event.by for _, event in self.log() if isinstance(event, Counted)]

    def position(self) -> int:
        query = "SELECT max(notification_id) FROM service.p0_tracking WHERE application_name LIKE 'MEMBER_EVENTS@%'"
        return int(rows(self.url, query)[0][0] or 0)

    async def folded(self, position: int) -> None:
        await until(lambda: self.position() >= position)


@pytest.fixture(autouse=True)
def _little_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.workspace.LATE_GRACE", timedelta(milliseconds=100))


@pytest.fixture
def partition(client: Client, store: PartitionStore, database_url: str) -> Partition:
    return Partition(client, store, database_url)


async def test_everything_is_folded_in_order_once_over_restarts(partition: Partition) -> None:
    posts = [post(number, member=f"m{number % 7}") for number in range(2_000)]
    async with running(partition.runner().run()):
        await partition.publish(*posts[:1_200])
        await until(lambda: partition.store.head() > 100)
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


async def test_more_deadlines_than_a_batch_are_stored_in_parts_before_the_next_message(partition: Partition) -> None:
    due = datetime.now(UTC) + timedelta(seconds=2)
    count = 2 * BATCH + 10
    await partition.publish(*(reminder(number, due, member=f"m{number:04}") for number in range(count)))
    await until(lambda: datetime.now(UTC) > due)
    await partition.publish(post("last"), post("very last"))
    async with running(partition.runner().run()):
        await partition.folded(count + 2)
    log = partition.log()
    assert [who for who, event in log if isinstance(event, Reminded)] == [f"m{number:04}" for number in range(count)]
    assert [event.by for _, event in log[-2:]] == ["post:last", "post:very last"]
    assert len(log) == 2 * count + 2
    assert contents(partition.url)["shard"][0][1] == 5


async def test_a_type_of_ours_that_is_unknown_halts_and_says_so(partition: Partition) -> None:
    unknown = msgspec.json.encode(msgspec.to_builtins(post(2)) | {"type": "warmline.member.sang.v9"})
    runner = partition.runner()
    async with running(runner.run()) as (task,):
        await partition.publish(post(1), bad(unknown), post(3))
        (why,) = await until(lambda: rows(partition.url, "SELECT halted FROM service.shards WHERE halted IS NOT NULL"))
        assert "MEMBER_EVENTS holds at 2 an event of the type warmline.member.sang.v9" in why[0]
        assert (partition.counted(), partition.position()) == (["post:1"], 1)
        assert not task.done()
        with pytest.raises(NotServedError):
            await runner.submit(command("late"))
    async with running(partition.runner().run()):
        await until(lambda: rows(partition.url, "SELECT 1 FROM service.shards WHERE halted LIKE '%sang%'"))


async def test_foreign_types_and_what_concerns_others_pass(partition: Partition) -> None:
    foreign = msgspec.json.encode(msgspec.to_builtins(post(1)) | {"type": "com.example.sang"})
    await partition.publish(bad(foreign), post(2, platform="elsewhere"), post(3))
    async with running(partition.runner().run()):
        await partition.folded(3)
    assert (partition.counted(), contents(partition.url)["dead_letters"]) == (["post:3"], [])


def reminder(number: int, due: datetime, **changes: Any) -> MemberEvent:
    return post(number, f"remind {due.isoformat()}", **changes)


async def test_a_deadline_fires_before_the_first_message_stored_after_it(partition: Partition) -> None:
    due = datetime.now(UTC) + timedelta(seconds=1)
    await partition.publish(reminder(1, due, member="ada"), post(2, member="bo"))
    await until(lambda: datetime.now(UTC) > due)
    await partition.publish(post(3, member="ada"), post(4, member="ada"))
    async with running(partition.runner().run()):
        await partition.folded(4)
    log = partition.log()
    assert [type(event) for _, event in log] == [Counted, Counted, Reminded, Counted, Counted]
    assert log[2] == ("ada", Reminded(clock=due, total=1))
    assert log[1][1].clock < due < log[3][1].clock


async def test_the_wall_clock_fires_when_nothing_is_on_its_way(partition: Partition) -> None:
    due = datetime.now(UTC) + timedelta(seconds=1)
    async with running(partition.runner().run()):
        await partition.publish(reminder(1, due))
        await until(lambda: partition.store.head() == 2)
    assert partition.log()[-1] == ("ada", Reminded(clock=due, total=1))
    assert contents(partition.url)["deadlines"] == []
    assert contents(partition.url)["shard"][0][2] == partition.log()[0][1].clock  # not moved by what fired


async def test_a_suspended_communitys_deadlines_wait_over_a_restart(partition: Partition) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    runner = partition.runner()
    async with running(runner.run()):
        await partition.publish(
            post(1, "suspend"), reminder(2, past), reminder(3, past, member="bo", community="other")
        )
        await until(lambda: ("bo", Reminded) in [(who, type(event)) for who, event in partition.log()], seconds=20)
    async with running(partition.runner().run()):
        await partition.publish(post(4))
        await partition.folded(4)
        assert ("ada", Reminded) not in [(who, type(event)) for who, event in partition.log()]
        await partition.publish(post(5, "resume"), post(6))
        await until(lambda: ("ada", Reminded) in [(who, type(event)) for who, event in partition.log()])


async def test_a_deadline_that_fails_is_dropped_and_the_rest_flows(partition: Partition) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    async with running(partition.runner().run()):
        await partition.publish(reminder(1, past, member="broken"), reminder(2, past, member="zoe"))
        await until(lambda: ("zoe", Reminded) in [(who, type(event)) for who, event in partition.log()], seconds=20)
    assert contents(partition.url)["deadlines"] == []


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


async def test_whoever_asked_an_owner_that_is_fenced_is_told(partition: Partition) -> None:
    runner = partition.runner()
    task = asyncio.create_task(runner.run())
    await runner.submit(command("first"))
    own(partition.url, owner="another")
    with pytest.raises(NotServedError):
        await runner.submit(command("second"))
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
