"""Each alarm, by causing it on a running system: raised, told, shown, and cleared once it is mended.

One system for all, from the harmless to the harmful: the tests of this file are meant to run in its order.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import nats
import psycopg
import pytest

from infra.provision import provision
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES, partition_of
from tests.audit.elsewhere import Pulses, taking_pulses
from tests.end_to_end.harbour import post, write_policy
from tests.end_to_end.running_system import RunningSystem, started
from tests.waiting import until

HOUR = timedelta(hours=1)
SOON = 25
"""Seconds within which an alarm must stand, or have cleared: looks are two seconds apart."""


class Watcher:
    """A running system with a switch, and what its auditor has told so far on NATS."""

    def __init__(self, system: RunningSystem, pulses: Pulses) -> None:
        self.system = system
        self.pulses = pulses
        self.told: list[tuple[str, bool]] = []
        self._metrics = httpx.Client(trust_env=False, timeout=5)

    def alarms(self) -> set[str]:
        """Return the alarms that stand, by the auditor's own port."""
        assert self.system.run.auditor_url is not None
        try:
            text = self._metrics.get(f"{self.system.run.auditor_url}/metrics").text
        except httpx.TransportError:
            return {"?"}
        lines = (line.partition('warmline_alarm{alarm="')[2] for line in text.splitlines())
        return {name for name, _, value in (line.partition('"} ') for line in lines) if name and float(value)}

    def expect(self, *names: str, seconds: float = SOON) -> None:
        """Wait until the alarms stand; others may, too."""
        until(lambda: set(names) <= self.alarms(), seconds=seconds, what=f"{names}; there are {self.alarms()}")

    def expect_none(self, seconds: float = SOON) -> None:
        """Wait until no alarm stands."""
        until(lambda: not self.alarms(), seconds=seconds, what=f"no alarm; there are {self.alarms()}")

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.system.run.postgres_url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def js(self, verb: str, request: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the JetStream API."""

        async def ask() -> bytes:
            client = await nats.connect(self.system.run.nats_url)
            try:
                return (await client.request(f"$JS.API.{verb}", json.dumps(request or {}).encode(), timeout=30)).data
            finally:
                await client.close()

        return dict(json.loads(asyncio.run(ask())))

    def reconfigure(self, stream: str, **changes: Any) -> None:
        config = self.js(f"STREAM.INFO.{stream}")["config"]
        answer = self.js(f"STREAM.UPDATE.{stream}", config | changes)
        assert "error" not in answer, answer


@pytest.fixture(scope="module")
def watcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    policy = write_policy(tmp_path_factory.mktemp("policy"))
    with taking_pulses() as pulses:
        told = {"WARMLINE_DEADMAN_URL": pulses.url, "WARMLINE_DEADMAN_SECONDS": "1"}
        with started(policy=policy, told=told) as system:
            watcher = Watcher(system, pulses)
            with listening(system.run.nats_url, watcher.told):
                yield watcher


@contextlib.contextmanager
def listening(url: str, told: list[tuple[str, bool]]) -> Iterator[None]:
    """Note each change of an alarm that is told on NATS."""
    over, ready = threading.Event(), threading.Event()

    async def listen() -> None:
        client = await nats.connect(url, max_reconnect_attempts=-1)

        async def note(message: Any) -> None:
            change = json.loads(message.data)
            assert message.subject == f"warmline.alarm.{change['name']}"
            told.append((change["name"], change["raised"]))

        await client.subscribe("warmline.alarm.>", cb=note)
        await client.flush()
        ready.set()
        await asyncio.to_thread(over.wait)
        await client.close()

    thread = threading.Thread(target=asyncio.run, args=(listen(),))
    thread.start()
    try:
        assert ready.wait(60)
        yield
    finally:
        over.set()
        thread.join()


def test_while_all_is_well_no_alarm_stands_and_the_switch_is_pulsed(watcher: Watcher) -> None:
    watcher.system.post([post("q1", "ada", timedelta(hours=3), "Who has a ladder?")])
    until(lambda: watcher.system.get("/api/v1/queue")["items"], seconds=60, what="a touch")
    until(lambda: watcher.pulses.count >= 2, seconds=SOON, what="pulses")
    watcher.expect_none()
    until(lambda: (status := watcher.system.command("status")).returncode == 0 and "no alarm stands" in status.stdout)


def test_whatever_is_wrong_is_an_alarm_until_it_is_mended(watcher: Watcher) -> None:
    before = watcher.pulses.count
    with contextlib.ExitStack() as wrong:
        for cause in CAUSES:
            wrong.enter_context(cause(watcher))
        watcher.expect(*CAUSED)
        shown = watcher.system.command("status")
        assert shown.returncode == 1
        said = " ".join(shown.stdout.split())
        for words in WORDS:
            assert words in said
        paused = watcher.pulses.count
        assert paused <= before + 2, "no pulse while anything is wrong"
    watcher.expect_none(seconds=40)
    until(lambda: watcher.pulses.count > paused, seconds=SOON, what="pulses again")
    for name in CAUSED:
        assert [raised for told, raised in watcher.told if told == name] == [True, False], name


CAUSED = (
    "dead-letters",
    "touch-stuck",
    "deadline-missed",
    "stream-filling",
    "stream-differs",
    "shard-halted",
    "shard-unowned",
    "reader-still",
    "service-away",
)
WORDS = (
    "planted-1 is raised, and offered to nobody",
    "planted-2 is held, and nothing will offer it again",
    "drain of roster:gone",
    "1 of notifier, the oldest for",
    "duplicate_window",
    "warmline.member.dreamed.v1",
    "triage: no process is alive",
)


@contextlib.contextmanager
def a_dead_letter(watcher: Watcher) -> Iterator[None]:
    watcher.sql(
        "INSERT INTO notifier.dead_letters (shard, stream, seq, subject, headers, body, error, tries) "
        "VALUES ('0', 'TOUCHES', 1, 's', '{}', '', 'why', 3)"
    )
    yield
    watcher.sql("DELETE FROM notifier.dead_letters")


@contextlib.contextmanager
def stuck_touches(watcher: Watcher) -> Iterator[None]:
    """One that is offered to nobody, and one that nothing will offer again."""
    states = f"notifier.p{partition_of('acme', 4)}_states"
    ((state,),) = watcher.sql(f"SELECT state FROM {states} WHERE line LIKE 'assigned:acme:%' LIMIT 1")
    unwatched = re.sub(rb'"look_due":"[^"]*"', b'"look_due":null', bytes(state))
    raised = unwatched.replace(b'"status":"assigned"', b'"status":"raised"')
    held = raised.replace(b'"status":"raised"', b'"status":"held"').replace(b'"hold":null', b'"hold":"over-limit"')
    assert b"over-limit" in held
    watcher.sql(f"INSERT INTO {states} VALUES ('touch:planted-1', 1, %s), ('touch:planted-2', 1, %s)", raised, held)
    yield
    watcher.sql(f"DELETE FROM {states} WHERE stream LIKE 'touch:planted-%'")


@contextlib.contextmanager
def a_missed_deadline(watcher: Watcher) -> Iterator[None]:
    """A deadline that its owner knows nothing of, for its book is complete."""
    watcher.sql(
        "INSERT INTO notifier.p0_deadlines VALUES ('roster:gone', 'drain', '', now() - interval '1 hour', now())"
    )
    yield
    watcher.sql("DELETE FROM notifier.p0_deadlines WHERE stream = 'roster:gone'")


@contextlib.contextmanager
def a_full_stream(watcher: Watcher) -> Iterator[None]:
    found = watcher.js(f"STREAM.INFO.{TOUCHES}")
    watcher.reconfigure(TOUCHES, max_bytes=int(found["state"]["bytes"] / 0.85))
    yield
    watcher.reconfigure(TOUCHES, max_bytes=found["config"]["max_bytes"])


@contextlib.contextmanager
def a_differing_stream(watcher: Watcher) -> Iterator[None]:
    watcher.reconfigure(TOUCH_FACTS, duplicate_window=120_000_000_000)
    yield
    watcher.reconfigure(TOUCH_FACTS, duplicate_window=600_000_000_000)


@contextlib.contextmanager
def a_halt(watcher: Watcher) -> Iterator[None]:
    """An event of a newer build: triage and history halt at it."""
    fields = {"type": "warmline.member.dreamed.v1", "organisation": "acme", "community": "acme", "platform": "discord"}
    subject = f"p.{partition_of('acme', 4)}.member.acme.discord.dreamed"

    async def publish() -> int:
        client = await nats.connect(watcher.system.run.nats_url)
        ack = await client.jetstream().publish(subject, json.dumps(post("q3", "ada", HOUR, "?") | fields).encode())
        await client.close()
        return ack.seq

    seq = asyncio.run(publish())
    yield
    assert watcher.js(f"STREAM.MSG.DELETE.{MEMBER_EVENTS}", {"seq": seq})["success"]
    for service in ("triage", "projections"):
        for pid in watcher.system.pids(service):
            os.kill(pid, signal.SIGTERM)


@contextlib.contextmanager
def a_hanging_triage(watcher: Watcher) -> Iterator[None]:
    pids = watcher.system.pids("triage")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    watcher.system.post([post("q2", "bo", timedelta(minutes=3), "And who has a hammer?")])
    yield
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


# What is mended by starting services anew is mended last: none starts on a stream that differs.
CAUSES = (
    a_halt,
    a_dead_letter,
    stuck_touches,
    a_missed_deadline,
    a_full_stream,
    a_differing_stream,
    a_hanging_triage,
)


def test_a_stream_that_is_gone_is_an_alarm_within_15_seconds(watcher: Watcher) -> None:
    assert watcher.js(f"STREAM.DELETE.{TOUCHES}")["success"]
    watcher.expect("stream-missing", seconds=15)
    run = watcher.system.run
    asyncio.run(provision(run.nats_url, run.postgres_url, run.partitions))
    until(lambda: "stream-missing" not in watcher.alarms(), seconds=SOON, what="the stream is there again")
