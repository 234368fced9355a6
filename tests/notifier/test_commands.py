"""Commands over a real NATS server, to real notifier processes."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import nats.errors
import psycopg
import pytest
import pytest_asyncio
from nats.aio.client import Client

from services.notifier.command_desk import CommandDesk, command_broker
from services.notifier.roster import RosterState
from services.notifier.service import notifier_codec
from services.notifier.streams import roster_stream
from shared.contracts.cloudevents import encode_member_event
from shared.contracts.commands import ClaimTouch, CommandReply, TouchCommand
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.partition.runner import NotServedError, PartitionRunner
from tests.notifier.desk import need_message, policy_event
from tests.notifier.people import ALWAYS, ORGANISATION, care, need, policy, responder
from tests.waiting import day_lasts, until_async

ROOT = Path(__file__).parents[2]


class Notifiers:
    """Notifier processes on one partition, and their owner."""

    def __init__(self, client: Client, nats_url: str, postgres_url: str, logs: Path) -> None:
        self.client = client
        self._postgres_url = postgres_url
        self._logs = logs
        self._env = {
            "WARMLINE_NATS_URL": nats_url,
            "WARMLINE_POSTGRES_URL": postgres_url,
            "WARMLINE_PARTITIONS": "1",
            "WARMLINE_STREAM_BYTES": "1GiB",  # as the tests' server has them
            "WARMLINE_TOKEN": "token",
            "WARMLINE_DESK_URL": "https://desk.example.org",
        }

    @asynccontextmanager
    async def running(self, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
        with (self._logs / name).open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "services.notifier.main",
                cwd=ROOT,
                env={**self._env, "WARMLINE_INSTANCE": name, "PYTHONPATH": str(ROOT)},
                stderr=log,
            )
            try:
                yield process
            finally:
                if process.returncode is None:
                    process.send_signal(signal.SIGTERM)
                assert await asyncio.wait_for(process.wait(), 60) in {0, -signal.SIGKILL}

    def said(self, name: str, event: str) -> list[dict[str, Any]]:
        lines = (self._logs / name).read_text().splitlines()
        return [found for found in map(json.loads, lines) if found.get("event") == event]

    async def owner(self) -> str:
        async with await psycopg.AsyncConnection.connect(self._postgres_url, autocommit=True) as connection:
            cursor = await connection.execute(
                "SELECT split_part(owner, ':', 1) FROM notifier.shards WHERE expires_at > clock_timestamp()"
            )
            row = await cursor.fetchone()
        return str(row[0]) if row else ""

    async def touches_today(self, responder: str) -> int:
        async with await psycopg.AsyncConnection.connect(self._postgres_url, autocommit=True) as connection:
            roster = roster_stream(ORGANISATION)
            cursor = await connection.execute("SELECT state FROM notifier.p0_states WHERE stream = %s", (roster,))
            row = await cursor.fetchone()
        state: RosterState = notifier_codec().decode_state(roster, row[0]) if row else RosterState()
        return state.load_of(responder).granted

    async def owned_by(self, name: str) -> None:
        """Wait until ``name`` owns the partition and answers."""

        async def answers() -> bool:
            if await self.owner() != name:
                return False
            return await self._answer("claim", b"") is not None

        await until_async(answers, seconds=90, what=f"{name} to own the partition")

    async def adopt_and_raise(self) -> None:
        js = self.client.jetstream()
        body = encode_member_event(policy_event(policy(responder("mira"), hours=ALWAYS), "v1"))
        await js.publish("p.0.member.acme.warmline.policy-adopted", body, timeout=30)
        body = encode_member_event(care(member="bea", when=datetime.now(UTC)))
        await js.publish("p.0.member.acme.warmline.care-logged", body, timeout=30)
        subject, headers, body = need_message(need())
        await js.publish(subject, body, headers=headers, timeout=30)

    async def send(self, verb: str, body: bytes, headers: dict[str, str] | None = None) -> CommandReply:
        """Send a command, again while the owner changes, as people do: a busy machine can cost an owner its lease."""
        reply: CommandReply = await until_async(
            lambda: self._answer(verb, body, headers), seconds=60, what=f"an answer to {verb}"
        )
        return reply

    async def _answer(self, verb: str, body: bytes, headers: dict[str, str] | None = None) -> CommandReply | None:
        """Send a command once; None when nobody answers. Two may not."""
        inbox = self.client.new_inbox()
        replies = await self.client.subscribe(inbox)
        await self.client.publish(f"command.touch.0.{verb}", body, reply=inbox, headers=headers)
        try:
            first = await replies.next_msg(timeout=5)
            if (first.headers or {}).get("Status") == "503":
                return None
            with pytest.raises(nats.errors.TimeoutError):
                await replies.next_msg(timeout=0.05)
            return msgspec.json.decode(first.data, type=CommandReply)
        except nats.errors.TimeoutError:
            return None
        finally:
            await replies.unsubscribe()

    async def claim(self, command_id: str, revision: int) -> CommandReply:
        command = ClaimTouch(
            command_id=command_id, organisation=ORGANISATION, touch="t-1", responder="mira", revision=revision
        )
        return await self.send("claim", msgspec.json.encode(command), {"content-type": "application/json"})


@pytest_asyncio.fixture
async def notifiers(client: Client, nats_url: str, provisioned_url: str, tmp_path: Path) -> Notifiers:
    return Notifiers(client, nats_url, provisioned_url, tmp_path)


GOOD = {
    "command_id": "c",
    "organisation": "harbour",
    "touch": "t-1",
    "responder": "mira",
    "revision": 1,
    "outcome": "reached",
}
BAD = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'"claim"',
    json.dumps({**GOOD, "revision": "one"}).encode(),
    json.dumps({**GOOD, "command_id": ""}).encode(),
    json.dumps({**GOOD, "organisation": "No Such Name"}).encode(),
    json.dumps({key: value for key, value in GOOD.items() if key != "responder"}).encode(),
    json.dumps({**GOOD, "touch": "t" * 301}).encode(),
    json.dumps({**GOOD, "touch": "t\0"}).encode(),
]


async def test_commands_are_answered_once_whoever_owns_the_partition(notifiers: Notifiers) -> None:
    async with AsyncExitStack() as stack:
        b = await stack.enter_async_context(notifiers.running("b"))
        await notifiers.owned_by("b")
        await until_async(day_lasts, seconds=90)
        await notifiers.adopt_and_raise()
        (notice,) = await until_async(lambda: notifiers.said("b", "notice"), seconds=60)
        assert (notice["responder"], notice["urgency"], notice["link"]) == (
            "mira",
            "routine",
            "https://desk.example.org/touches/t-1",
        )

        async def both() -> bool:
            return await notifiers.touches_today("mira") == 2

        await until_async(both, seconds=60, what="the care that was logged to count beside the touch")

        claimed = await notifiers.claim("c-1", 1)
        assert (claimed.refused, claimed.touch, claimed.revision) == (None, "t-1", 2)
        again = await notifiers.claim("c-1", 1)
        assert (again.refused, again.revision) == (None, 2)
        other = await notifiers.send("release", json.dumps({**GOOD, "command_id": "c-1", "revision": 1}).encode())
        assert other.refused == "stale-revision", "an id that a claim has had says nothing of a release"
        stale = await notifiers.claim("c-2", 1)
        assert stale.refused == "stale-revision"
        for body in BAD:
            for headers in (None, {"content-type": "application/json"}):
                reply = await notifiers.send("settle", body, headers)
                assert reply.refused == "bad-command", body
                assert "Nothing was changed" in reply.detail

        # Of two, the one that comes first by name has what cannot be shared: b hands over in good order.
        a = await stack.enter_async_context(notifiers.running("a"))
        await notifiers.owned_by("a")
        assert (await notifiers.claim("c-1", 1)).revision == 2
        assert b.returncode is None

        # And a is killed in the middle of its work.
        a.kill()
        await notifiers.owned_by("b")
        assert (await notifiers.claim("c-1", 1)).revision == 2
        assert (await notifiers.claim("c-3", 2)).refused == "not-allowed"
        assert len(notifiers.said("b", "notice")) == 1


async def test_wrong_settings_are_told_and_nothing_starts(notifiers: Notifiers) -> None:
    async def start(**changes: str) -> tuple[int | None, str]:
        env = {**notifiers._env, "WARMLINE_INSTANCE": "x", **changes}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.notifier.main",
            cwd=ROOT,
            env={key: value for key, value in env.items() if value},
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode, said.decode()

    for changes, word in (
        ({"WARMLINE_DESK_URL": ""}, "WARMLINE_DESK_URL is not set"),
        ({"WARMLINE_SMTP_URL": "mail.example.org"}, "WARMLINE_SMTP_URL cannot be read"),
    ):
        code, said = await start(**changes)
        assert code == 1
        assert word in said
        assert "Traceback" not in said


class Loop:
    """In place of a partition's loop: answers, or is not served."""

    def __init__(self) -> None:
        self.served = True

    async def submit(self, command: TouchCommand) -> CommandReply:
        if not self.served:
            raise NotServedError("the owner has changed")
        return CommandReply(touch=command.touch, revision=command.revision, position=0)


async def test_handing_over_again_and_again_leaves_no_subscriber_behind(client: Client, nats_url: str) -> None:
    broker = command_broker(nats_url, "test commands")
    desk, loop = CommandDesk(broker), Loop()
    body = json.dumps(GOOD).encode()

    async def request(patience: float = 10.0) -> CommandReply | None:
        try:
            answer = await client.request("command.touch.7.claim", body, timeout=patience)
        except nats.errors.NoRespondersError:
            return None
        return msgspec.json.decode(answer.data, type=CommandReply)

    async def nobody() -> bool:
        try:
            return await request(0.3) is None
        except nats.errors.TimeoutError:  # it came while the subscription was just going
            return False

    class Store:
        partition = 7

    async with broker:
        for epoch in range(5):
            lease = Lease(shard="7", owner="me", epoch=epoch)
            async with desk.beside(cast("PartitionStore", Store()), cast("PartitionRunner", loop), lease):
                assert (await until_async(request)).touch == "t-1"
                loop.served = False
                with pytest.raises(nats.errors.TimeoutError):
                    await request(0.3)
                loop.served = True
                assert (await until_async(request)).touch == "t-1", "one that was not served must not stop the next"
            await until_async(nobody)
            gc.collect()  # the broker holds them weakly, and they hold themselves in a circle
            assert list(broker.subscribers) == []
