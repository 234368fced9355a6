"""Row 5: a copy comes when the stream has forgotten the original, or NATS was killed: it is absorbed downstream."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES
from tests import servers
from tests.end_to_end.harbour import event, post, write_policy
from tests.end_to_end.running_system import RunningSystem, started
from tests.waiting import until

T = TypeVar("T")
WINDOW = timedelta(minutes=10)
SHORT = timedelta(milliseconds=100)
"""The least that a stream takes."""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with started(policy=write_policy(tmp_path_factory.mktemp("policy"))) as running:
        yield running


def asked(system: RunningSystem, work: Callable[[Client], Awaitable[T]]) -> T:
    """Do something with a connection to NATS, as its operator."""

    async def connected() -> T:
        async with servers.nats_client(system.run.nats_url) as client:
            return await work(client)

    return asyncio.run(connected())


def remembers_for(system: RunningSystem, window: timedelta) -> None:
    nanoseconds = int(window.total_seconds() * 1e9)
    for stream in (MEMBER_EVENTS, TOUCHES):
        asked(system, lambda client, stream=stream: servers.reconfigure(client, stream, duplicate_window=nanoseconds))


def stored(system: RunningSystem, stream: str) -> int:
    async def messages(client: Client) -> int:
        return (await client.jetstream().stream_info(stream)).state.messages

    return asked(system, messages)


def rows(system: RunningSystem, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(system.run.postgres_url) as connection:
        return connection.execute(query.encode()).fetchall()


def told(number: int) -> list[dict[str, Any]]:
    """A newcomer joins and asks, and nobody answers: a touch for two reasons."""
    name = f"newcomer{number}"
    return [
        event(f"join:{name}", "joined", name, timedelta(hours=3)),
        post(f"q{number}", name, timedelta(hours=2), "Where is the library?"),
    ]


def reasons_of(system: RunningSystem, number: int) -> list[list[str]]:
    items = system.get("/api/v1/queue?limit=200")["items"]
    return [one["reasons"] for one in items if one["member"]["name"] == f"Newcomer{number}" and one["responder"]]


BOTH = [["unanswered", "welcome"]]


def everything(system: RunningSystem) -> dict[str, Any]:
    """All that a copy must leave as it is."""
    return {
        "history": rows(system, "SELECT count(*) FROM view_history.history"),
        "touches": rows(system, "SELECT touch, standing, fact_revision FROM view_queue.touches ORDER BY touch"),
        "published": (stored(system, TOUCHES), stored(system, "TOUCH_FACTS")),
    }


def read_to_the_end(system: RunningSystem, service: str, stream: str) -> None:
    """Wait until the partition to which the last message belongs has read it."""
    last = stored(system, stream)
    tables = [f"SELECT * FROM {service}.p{partition}_tracking" for partition in range(system.run.partitions)]
    query = f"SELECT max(notification_id) FROM ({' UNION '.join(tables)}) AS t WHERE application_name LIKE '{stream}@%'"
    until(lambda: rows(system, query) == [(last,)], seconds=60, what=f"{service} to have read {stream}")


def send_again(system: RunningSystem, events: list[dict[str, Any]]) -> int:
    """Post ``events`` once more and return how many of them the stream has stored again."""
    before = stored(system, MEMBER_EVENTS)
    assert system.post(events)["refused"] == 0
    return stored(system, MEMBER_EVENTS) - before


def test_within_the_window_the_stream_absorbs_it(system: RunningSystem) -> None:
    system.post(told(1))
    until(lambda: reasons_of(system, 1) == BOTH, seconds=60, what="both reasons")
    assert send_again(system, told(1)) == 0


def test_after_the_window_it_is_stored_again_and_absorbed_downstream(system: RunningSystem) -> None:
    system.post(told(2))
    until(lambda: reasons_of(system, 2) == BOTH, seconds=60, what="both reasons")
    before = everything(system)
    remembers_for(system, SHORT)
    try:
        until(lambda: send_again(system, told(2)) == 2, seconds=60, what="the stream to forget")
    finally:
        remembers_for(system, WINDOW)
    read_to_the_end(system, "triage", MEMBER_EVENTS)
    assert everything(system) == before
    verified = system.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "stored more than once" in verified.stdout


def test_a_text_that_was_redacted_does_not_come_back(system: RunningSystem) -> None:
    def standing() -> list[tuple[str, bool]]:
        async def look(client: Client) -> list[tuple[str, bool]]:
            js, found = client.jetstream(), []
            for seq in range(1, (await js.stream_info(MEMBER_EVENTS)).state.last_seq + 1):
                with contextlib.suppress(NotFoundError):
                    message = await js.get_msg(MEMBER_EVENTS, seq)
                    if b'"q9"' in (message.data or b""):
                        found.append(((message.subject or "").split(".")[-1], b"secret" in (message.data or b"")))
            return found

        return asked(system, look)

    written = [post("q9", "newcomer9", timedelta(hours=2), "Where is the secret library?")]
    edited = {"conversation": "c-q9", "message": "q9", "text": "Never mind."}
    system.post(written)
    system.post([event("edit:q9:1", "edited", "newcomer9", timedelta(hours=1), **edited)])
    once = [("edited", False), ("redacted", False)]
    until(lambda: standing() == once, seconds=60, what="the text to have left the stream")
    remembers_for(system, SHORT)
    try:
        until(lambda: send_again(system, written) == 1, seconds=60, what="the stream to forget")
    finally:
        remembers_for(system, WINDOW)
    until(lambda: standing() == [*once, ("redacted", False)], seconds=60, what="it to have left once more")
    assert rows(system, "SELECT count(*) FROM view_history.history WHERE text LIKE '%secret%'") == [(0,)]
    verified = system.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_copy_of_a_needs_touch_is_absorbed_too(system: RunningSystem) -> None:
    system.post(told(3))
    until(lambda: reasons_of(system, 3) == BOTH, seconds=60, what="both reasons")
    before = everything(system)

    async def repeat(client: Client) -> None:
        js = client.jetstream()
        last = (await js.stream_info(TOUCHES)).state.last_seq
        message = await js.get_msg(TOUCHES, last)
        headers = {**(message.headers or {}), "Nats-Msg-Id": "another"}
        await js.publish(message.subject or "", message.data or b"", headers=headers)

    asked(system, repeat)
    read_to_the_end(system, "notifier", TOUCHES)
    after = everything(system)
    assert (after["history"], after["touches"]) == (before["history"], before["touches"])
    assert after["published"] == (before["published"][0] + 1, before["published"][1])


def test_after_nats_was_killed(system: RunningSystem) -> None:
    system.post(told(4))
    until(lambda: reasons_of(system, 4) == BOTH, seconds=60, what="both reasons")
    before = everything(system)
    (pid_file,) = Path(system.data).glob("nats*/**/nats.pid")
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    assert system.post(told(4))["refused"] == 0
    until(lambda: system.command("status").returncode == 0, seconds=60, what="everything to be well again")
    assert everything(system) == before
